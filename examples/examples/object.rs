//! Uploads an object to Cloud Storage without overwriting one, downloads it again, and shows the progress of both.
//!
//! `cargo run -p gapis-examples --example object` asks a local server.
//! `cargo run -p gapis-examples --example object -- --token-env TOKEN BUCKET OBJECT FILE` sends FILE to Google.

use gapis_examples::{Output, Stage, servers};
use gapis_storage_v1::runtime::Source;
use gapis_storage_v1::schemas::Object;
use gapis_storage_v1::{Result, Storage};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::storage::start()?.0))?;
    let file = concat!(env!("CARGO_MANIFEST_DIR"), "/examples/object.rs");
    let [bucket, object, file] = stage.arguments_or(["bucket", "sources/object.rs", file]);
    let media = Source::file(&file).await?.with_content_type("text/plain");
    run(&stage.service()?, &bucket, &object, media, &Output::stdout()).await
}

/// The program itself, which a test runs too.
pub(crate) async fn run(
    storage: &Storage,
    bucket: &str,
    name: &str,
    media: Source,
    out: &Output,
) -> Result<()> {
    let metadata = Object { name: Some(name.to_owned()), ..Default::default() };
    let progress = out.clone();
    let uploaded = storage
        .objects()
        .insert(bucket, metadata)
        // The object must not exist. This also allows the upload to be sent again.
        .if_generation_match(0)
        .upload(media)
        .with_chunk_size(256 << 10)
        .on_progress(move |at| progress.line(format_args!("up: {} of {:?} bytes", at.bytes, at.total)))
        .await;
    match uploaded {
        Ok(object) => out.line(format_args!("{name} has the generation {:?}", object.generation)),
        Err(error) if error.is_precondition_failed() => out.line(format_args!("{name} was there before")),
        Err(error) => return Err(error),
    }

    let progress = out.clone();
    let mut content = Vec::new();
    storage
        .objects()
        .get(bucket, name)
        .download()
        .on_progress(move |at| progress.line(format_args!("down: {} of {:?} bytes", at.bytes, at.total)))
        // The checksum that the server sends is verified. Any `AsyncWrite` will do, such as `tokio::fs::File`.
        .write_to(&mut content)
        .await?;
    out.line(format_args!("{} bytes came back", content.len()));
    Ok(())
}
