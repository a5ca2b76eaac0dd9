//! Our mock server as a small Drive, for clients in other languages: prints its endpoint and serves until standard input
//! ends.

use std::collections::BTreeMap;
use std::io::{Read as _, Write as _};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gapis_drive_v3::files::{Create, Delete, Get, Update};
use gapis_drive_v3::schemas::File;
use gapis_mock::{BatchRules, ContentIds, MockError, MockMedia, MockResult, MockServer};

use crate::check::Checked;

#[derive(Clone, Default)]
struct Store(Arc<Mutex<BTreeMap<String, (File, MockMedia)>>>);

impl Store {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<String, (File, MockMedia)>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn create(&self, file: File, media: MockMedia) -> File {
        let mut files = self.lock();
        let id = format!("file-{:04}", files.len());
        let file = File { id: Some(id.clone()), ..file };
        files.insert(id, (file.clone(), media));
        file
    }

    fn with<T>(&self, id: &str, work: impl FnOnce(&mut (File, MockMedia)) -> T) -> MockResult<T> {
        let mut files = self.lock();
        let file = files.get_mut(id).filter(|(file, _)| file.trashed != Some(true));
        file.map(work).ok_or_else(|| MockError::not_found(id))
    }
}

fn nothing() -> MockMedia {
    MockMedia::new("application/octet-stream", "")
}

pub(crate) fn run() -> Checked {
    let mock = MockServer::start()?;
    mock.require_bearer("valid").batch_rules(BatchRules::new().content_ids(ContentIds::Unique));
    let store = Store::default();
    let files = store.clone();
    mock.on::<Create>(move |call| Ok(files.create(call.body()?, nothing())));
    let files = store.clone();
    mock.on_upload::<Create>(move |call, media| Ok(files.create(call.body()?, media)));
    let files = store.clone();
    mock.on::<Get>(move |call| files.with(call.var("fileId")?, |(file, _)| file.clone()));
    let files = store.clone();
    mock.on_download::<Get>(move |call| files.with(call.var("fileId")?, |(_, media)| media.clone()));
    let files = store.clone();
    mock.on::<Update>(move |call| {
        let change: File = call.body()?;
        files.with(call.var("fileId")?, |(file, _)| {
            file.name = change.name.or(file.name.take());
            file.clone()
        })
    });
    // The id is kept, so that another file does not get it.
    mock.on::<Delete>(move |call| store.with(call.var("fileId")?, |(file, _)| file.trashed = Some(true)));
    println!("{}", mock.uri());
    std::io::stdout().flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
