//! Downloads a file of Drive, shows how much has arrived, and goes on where an earlier run was interrupted.
//!
//! `cargo run -p gapis-examples --example download` asks a local server.
//! `cargo run -p gapis-examples --example download -- --token-env TOKEN FILE_ID TARGET` asks Google.
#![allow(clippy::print_stderr)]

use std::path::Path;

use gapis_drive_v3::Drive;
use gapis_examples::{Stage, servers};
use tokio::fs::OpenOptions;

type Result<T> = std::result::Result<T, Box<dyn std::error::Error>>;

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::drive::start()?.0))?;
    let target = std::env::temp_dir().join(format!("gapis-film-{}.mp4", std::process::id()));
    let [id, target] = stage.arguments_or(["film", &target.display().to_string()]);
    let show = |bytes, size| eprintln!("{bytes} of {size} bytes");
    let size = download(&stage.service()?, &id, Path::new(&target), show).await?;
    eprintln!("{size} bytes are in {target}");
    Ok(())
}

/// Downloads a file and returns its size. Until that is done, its bytes are in `TARGET.CHECKSUM.part`, where the next
/// run goes on.
pub(crate) async fn download(
    drive: &Drive,
    id: &str,
    target: &Path,
    on_progress: impl Fn(u64, u64) + Send + 'static,
) -> Result<u64> {
    let call = || drive.files().get(id).fields("size,md5Checksum");
    let file = call().await?;
    let size = file.size.and_then(|size| u64::try_from(size).ok()).unwrap_or_default();
    let checksum = file.md5_checksum.clone().filter(|sum| sum.bytes().all(|byte| byte.is_ascii_hexdigit()));
    let checksum = checksum.ok_or("the file has no content of its own: it must be exported")?;

    // The checksum is in the name, so that the rest of one content does not follow the beginning of another.
    let mut part = target.as_os_str().to_owned();
    part.push(format!(".{checksum}.part"));
    let mut writer = OpenOptions::new().create(true).append(true).open(&part).await?;
    let before = writer.metadata().await?.len();
    on_progress(before, size);
    if before < size {
        // If the connection breaks, the download itself asks for the rest, as the client's retry policy says.
        let download = drive.files().get(id).download().with_range(before..);
        download.on_progress(move |at| on_progress(before + at.bytes, size)).write_to(&mut writer).await?;
    }
    if call().await? != file || writer.metadata().await?.len() != size {
        tokio::fs::remove_file(&part).await?;
        return Err("the file was changed while it was downloaded".into());
    }
    tokio::fs::rename(&part, target).await?;
    Ok(size)
}
