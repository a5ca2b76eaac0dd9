//! Uploads a file to Drive in chunks, shows how much has arrived, and goes on where an earlier run was interrupted.
//!
//! `cargo run -p gapis-examples --example upload` sends a file of this repository to a local server.
//! `cargo run -p gapis-examples --example upload -- --token-env TOKEN FILE` sends FILE to Google.
#![allow(clippy::print_stderr)]

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use gapis_drive_v3::runtime::{Progress, Session, Source};
use gapis_drive_v3::schemas::File;
use gapis_drive_v3::{Drive, Result};
use gapis_examples::{Stage, servers};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::drive::start()?.0))?;
    let [path] = stage.arguments_or([concat!(env!("CARGO_MANIFEST_DIR"), "/../discovery/compute.v1.json")]);
    let show = |at: Progress| match at.total {
        Some(total) => eprintln!("{} of {total} bytes", at.bytes),
        None => eprintln!("{} bytes", at.bytes),
    };
    let file = upload(&stage.service()?, Path::new(&path), show).await?;
    eprintln!("uploaded as {}", file.id.unwrap_or_default());
    Ok(())
}

/// Uploads a file. Until that is done, the file `FILE.session` beside it says where to go on.
pub(crate) async fn upload(
    drive: &Drive,
    path: &Path,
    on_progress: impl FnMut(Progress) + Send + 'static,
) -> Result<File> {
    let mut notes = path.as_os_str().to_owned();
    notes.push(".session");
    let notes = PathBuf::from(notes);
    let modified = |path: &Path| std::fs::metadata(path).and_then(|file| file.modified());
    // If the file was changed after that, its beginning is no longer what the server has.
    let is_current = modified(&notes).is_ok_and(|noted| modified(path).is_ok_and(|changed| changed < noted));

    let name = path.file_name().map(|name| name.display().to_string());
    let call = drive.files().create(File { name, ..Default::default() }).fields("id,name,size");
    let mut upload = call
        .upload(Source::file(path).await?)
        // By default, media of up to 5 MiB is sent in one request, and larger media in chunks of 8 MiB.
        .resumable()
        .with_chunk_size(256 << 10)
        .on_progress(on_progress)
        .on_session({
            let notes = notes.clone();
            move |session| {
                if let Err(error) = keep(&notes, &session.save()) {
                    eprintln!("if the program is interrupted, the upload starts again: {error}");
                }
            }
        });
    if is_current && let Ok(saved) = std::fs::read_to_string(&notes) {
        upload = upload.resume(Session::load(&saved)?);
    }
    let file = upload.await?;
    let _ = std::fs::remove_file(&notes);
    Ok(file)
}

/// Writes a file that only its owner can read: anybody who has the text of a session can write to the upload.
fn keep(path: &Path, text: &str) -> std::io::Result<()> {
    let mut options = OpenOptions::new();
    options.write(true).create(true).truncate(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path)?.write_all(text.as_bytes())
}
