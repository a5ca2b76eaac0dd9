//! A Drive: folders, files with content, and permissions.

use std::collections::BTreeMap;
use std::hash::{DefaultHasher, Hash as _, Hasher as _};

use gapis_drive_v3::runtime::Result;
use gapis_drive_v3::schemas::{File, FileList, Permission};
use gapis_drive_v3::{files, permissions};
use gapis_mock::{MockCall, MockError, MockMedia, MockResult, MockServer};

use crate::Shared;

/// The files, and what was shared.
#[derive(Debug, Default)]
pub struct Files {
    /// The metadata and the content of each file, by its id.
    pub files: BTreeMap<String, (File, MockMedia)>,
    /// The id of a file, and a permission for it.
    pub permissions: Vec<(String, Permission)>,
}

impl Files {
    /// Adds a file, and returns its metadata.
    pub fn add(&mut self, id: &str, file: File, media: MockMedia) -> File {
        let file = File {
            id: Some(id.to_owned()),
            md5_checksum: Some(checksum(media.bytes())),
            size: i64::try_from(media.bytes().len()).ok(),
            ..file
        };
        self.files.insert(id.to_owned(), (file.clone(), media));
        file
    }

    fn get(&self, id: &str) -> MockResult<&(File, MockMedia)> {
        self.files.get(id).ok_or_else(|| MockError::not_found(format_args!("file {id}")))
    }

    fn share(&mut self, id: &str, permission: Permission) -> MockResult<Permission> {
        self.get(id)?;
        let number = self.permissions.len() + 1;
        let permission = Permission { id: Some(format!("permission{number}")), ..permission };
        self.permissions.push((id.to_owned(), permission.clone()));
        Ok(permission)
    }

    /// A page of the files, or of those in the folder that the query `'FOLDER' in parents` names.
    fn list(&self, call: &MockCall) -> MockResult<FileList> {
        let query = call.query("q").unwrap_or_default();
        let folder = query.split_once("' in parents").and_then(|(before, _)| before.rsplit('\'').next());
        let is_in = |file: &&File| {
            folder.is_none_or(|folder| file.parents.iter().flatten().any(|parent| parent == folder))
        };
        let most = call.query_as("pageSize")?.unwrap_or(100);
        let from: usize = call.query_as("pageToken")?.unwrap_or(0);
        let mut rest = self.files.values().map(|(file, _)| file).filter(is_in).skip(from);
        let files = rest.by_ref().take(most).cloned().collect();
        let next_page_token = rest.next().map(|_| (from + most).to_string());
        Ok(FileList { files: Some(files), next_page_token, ..Default::default() })
    }
}

/// A hash of the content. It is not MD5, as Drive's is, but of the same length.
fn checksum(bytes: &[u8]) -> String {
    let mut hasher = DefaultHasher::new();
    bytes.hash(&mut hasher);
    format!("{:032x}", hasher.finish())
}

/// Starts the service with two folders of 150 files each, and the file `film`, which has 3 MiB.
///
/// # Errors
/// If no port is free.
pub fn start() -> Result<(MockServer, Shared<Files>)> {
    let mock = MockServer::start()?;
    let mut files = Files::default();
    let named =
        |name: String, parents: Option<Vec<String>>| File { name: Some(name), parents, ..Default::default() };
    for folder in ["photos", "reports"] {
        for number in 1..=150 {
            let file = named(format!("{folder} {number}"), Some(vec![folder.to_owned()]));
            let content = format!("This is number {number} of the {folder}.");
            files.add(&format!("{folder}-{number:03}"), file, MockMedia::new("text/plain", content));
        }
    }
    let film: Vec<u8> = (0..3_usize << 20).map(|at| (at % 251) as u8).collect();
    files.add("film", named("film.mp4".to_owned(), None), MockMedia::new("video/mp4", film));
    let files = Shared::new(files);

    let state = files.clone();
    mock.on::<files::List>(move |call| state.lock().list(call));
    let state = files.clone();
    mock.on::<files::Get>(move |call| Ok(state.lock().get(call.var("fileId")?)?.0.clone()));
    let state = files.clone();
    mock.on_download::<files::Get>(move |call| Ok(state.lock().get(call.var("fileId")?)?.1.clone()));
    let state = files.clone();
    mock.on_upload::<files::Create>(move |call, media| {
        let mut files = state.lock();
        let id = format!("new{}", files.files.len());
        Ok(files.add(&id, call.body()?, media))
    });
    let state = files.clone();
    mock.on::<permissions::Create>(move |call| state.lock().share(call.var("fileId")?, call.body()?));
    Ok((mock, files))
}
