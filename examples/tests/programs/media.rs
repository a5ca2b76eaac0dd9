//! The programs that upload and download, also where the connection breaks or the program was interrupted.

use std::sync::{Arc, Mutex};

use gapis_drive_v3::files;
use gapis_drive_v3::schemas::File;
use gapis_examples::{Output, servers};
use gapis_mock::{Fault, MockError, MockMedia, MockServer};
use gapis_storage_v1::objects;
use gapis_storage_v1::runtime::Source;

use crate::{download, object, service, text, upload};

/// A file of 600 KiB, which is sent in three chunks, and a folder that is deleted at the end.
fn a_file() -> (tempfile::TempDir, std::path::PathBuf, Vec<u8>) {
    let folder = tempfile::TempDir::new().unwrap();
    let path = folder.path().join("film.mp4");
    let bytes: Vec<u8> = (0..600_usize << 10).map(|at| (at % 251) as u8).collect();
    std::fs::write(&path, &bytes).unwrap();
    // A session that is noted now is newer.
    let before = std::time::SystemTime::now() - std::time::Duration::from_secs(60);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(before).unwrap();
    (folder, path, bytes)
}

fn names(folder: &tempfile::TempDir) -> Vec<String> {
    let entries = std::fs::read_dir(folder.path()).unwrap();
    let mut names: Vec<_> = entries.map(|entry| entry.unwrap().file_name().into_string().unwrap()).collect();
    names.sort_unstable();
    names
}

/// Uploads, and gives the progress as well.
async fn upload(mock: &MockServer, path: &std::path::Path) -> (gapis_drive_v3::Result<File>, Vec<u64>) {
    let progress = Arc::new(Mutex::new(Vec::new()));
    let kept = progress.clone();
    let drive = service(mock);
    let uploaded = upload::upload(&drive, path, move |at| {
        assert!(at.total.is_none_or(|total| total == 600 << 10));
        kept.lock().unwrap().push(at.bytes);
    });
    let uploaded = uploaded.await;
    let progress = progress.lock().unwrap().clone();
    (uploaded, progress)
}

#[tokio::test]
async fn an_upload_shows_its_progress_and_leaves_no_session() {
    let (mock, state) = servers::drive::start().unwrap();
    let (folder, path, bytes) = a_file();
    let (file, progress) = upload(&mock, &path).await;
    assert_eq!(
        progress.iter().filter(|&&bytes| bytes > 0).collect::<Vec<_>>(),
        [&(256 << 10), &(512 << 10), &(600 << 10)]
    );
    let id = file.unwrap().id.unwrap();
    assert_eq!(state.lock().files[&id].1.bytes(), &bytes);
    assert_eq!(state.lock().files[&id].0.name.as_deref(), Some("film.mp4"));
    assert_eq!(names(&folder), ["film.mp4"]);
}

/// Stands for the interruption of a program that uploads: what the server has is one piece.
fn second_piece_refused() -> Fault {
    Fault::respond(MockError::new(403, "forbidden", "Forbidden")).when(|call| call.verb() == "PUT").skip(1)
}

/// The number of requests that opened a session, and of those that sent a piece to one or asked for its state.
fn requests(mock: &MockServer) -> (usize, usize) {
    let requests = mock.requests();
    let of = |verb: &str| requests.iter().filter(|request| request.verb == verb).count();
    (of("POST"), of("PUT"))
}

#[tokio::test]
async fn an_upload_goes_on_after_the_program_was_interrupted() {
    let (mock, state) = servers::drive::start().unwrap();
    let (folder, path, bytes) = a_file();
    mock.fault(second_piece_refused());
    let (failed, _) = upload(&mock, &path).await;
    assert_eq!(failed.unwrap_err().status().map(|status| status.as_u16()), Some(403));
    assert_eq!(names(&folder), ["film.mp4", "film.mp4.session"]);
    assert_eq!(requests(&mock), (1, 2));
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let session = std::fs::metadata(folder.path().join("film.mp4.session")).unwrap();
        assert_eq!(session.permissions().mode() & 0o777, 0o600);
    }

    let (file, progress) = upload(&mock, &path).await;
    assert_eq!(progress, [256 << 10, 512 << 10, 600 << 10], "the first piece was there");
    assert_eq!(requests(&mock), (1, 2 + 3), "the same session is asked how much it has, and gets the rest");
    assert_eq!(state.lock().files[&file.unwrap().id.unwrap()].1.bytes(), &bytes);
    assert_eq!(names(&folder), ["film.mp4"]);
}

#[tokio::test]
async fn an_upload_starts_again_if_the_file_was_changed() {
    let (mock, state) = servers::drive::start().unwrap();
    let (_folder, path, mut bytes) = a_file();
    mock.fault(second_piece_refused());
    assert!(upload(&mock, &path).await.0.is_err());
    bytes[0] = 7;
    std::fs::write(&path, &bytes).unwrap();
    let later = std::time::SystemTime::now() + std::time::Duration::from_secs(60);
    std::fs::File::options().append(true).open(&path).unwrap().set_modified(later).unwrap();
    let (file, _) = upload(&mock, &path).await;
    assert_eq!(state.lock().files[&file.unwrap().id.unwrap()].1.bytes(), &bytes);
    assert_eq!(requests(&mock), (2, 2 + 3));
}

/// Downloads the film, and gives the progress as well.
async fn film(mock: &MockServer, target: &std::path::Path) -> (Result<u64, String>, Vec<u64>) {
    let progress = Arc::new(Mutex::new(Vec::new()));
    let kept = progress.clone();
    let drive = service(mock);
    let size = download::download(&drive, "film", target, move |bytes, size| {
        assert_eq!(size, 3 << 20);
        kept.lock().unwrap().push(bytes);
    });
    let size = size.await.map_err(|error| error.to_string());
    let progress = progress.lock().unwrap().clone();
    (size, progress)
}

#[tokio::test]
async fn a_download_goes_on_after_the_connection_broke_and_after_the_program_was_interrupted() {
    let (mock, state) = servers::drive::start().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let target = folder.path().join("film.mp4");
    // An earlier run got this far.
    let content = state.lock().files["film"].1.bytes().clone();
    let checksum = state.lock().files["film"].0.md5_checksum.clone().unwrap();
    let part = folder.path().join(format!("film.mp4.{checksum}.part"));
    std::fs::write(&part, &content[..1 << 20]).unwrap();
    // The connection breaks once, in the middle of the rest.
    let media = |call: &gapis_mock::MockCall| call.query("alt").as_deref() == Some("media");
    mock.fault(Fault::cut(1 << 20).when(media).times(1));

    let (size, progress) = film(&mock, &target).await;
    assert_eq!(size, Ok(3 << 20));
    assert_eq!((progress[0], progress.last()), (1 << 20, Some(&(3 << 20))));
    assert!(progress.is_sorted());
    assert_eq!(std::fs::read(&target).unwrap(), content);
    assert_eq!(names(&folder), ["film.mp4"]);
    let calls = mock.calls_of::<files::Get>();
    let ranges: Vec<_> =
        calls.iter().filter(|call| media(call)).map(|call| call.header("range").unwrap()).collect();
    assert_eq!(ranges[0], "bytes=1048576-");
    assert_eq!(ranges.len(), 2);
    assert!(ranges[1] > ranges[0], "{ranges:?}");
}

#[tokio::test]
async fn a_file_that_changes_while_it_is_downloaded_is_not_kept() {
    let (mock, state) = servers::drive::start().unwrap();
    let folder = tempfile::TempDir::new().unwrap();
    let target = folder.path().join("film.mp4");
    let handle = state.clone();
    mock.on_download::<files::Get>(move |_| {
        let mut state = handle.lock();
        let file = state.files["film"].0.clone();
        let media = MockMedia::new("video/mp4", vec![1; 3 << 20]);
        state.add("film", file, media.clone());
        Ok(media)
    });
    let (size, _) = film(&mock, &target).await;
    assert_eq!(size.unwrap_err(), "the file was changed while it was downloaded");
    assert!(names(&folder).is_empty());
}

#[tokio::test]
async fn an_object_is_uploaded_once_and_comes_back() {
    let (mock, state) = servers::storage::start().unwrap();
    let (out, printed) = Output::buffer();
    let media = || Source::from("An object.").with_content_type("text/plain");
    for _ in 0..2 {
        object::run(&service(&mock), "bucket", "new.txt", media(), &out).await.unwrap();
    }
    assert_eq!(
        text(&printed),
        "\
up: 10 of Some(10) bytes
new.txt has the generation Some(122)
down: 10 of Some(10) bytes
10 bytes came back
up: 10 of Some(10) bytes
new.txt was there before
down: 10 of Some(10) bytes
10 bytes came back
"
    );
    assert_eq!(state.lock().objects["new.txt"].1.content_type(), "text/plain");
    let inserted = &mock.calls_of::<objects::Insert>()[0];
    assert_eq!(inserted.query("ifGenerationMatch").as_deref(), Some("0"));
}
