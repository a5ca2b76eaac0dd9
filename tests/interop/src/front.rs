//! Requests without a body through a front that refuses them if they do not say so: `front.py`.

use gapis_runtime::{BearerToken, RetryPolicy};
use gapis_storage_v1::Storage;
use gapis_storage_v1::schemas::Object;

use crate::check::{Checked, ensure, passed};

pub(crate) async fn run(endpoint: &str) -> Checked {
    let builder = Storage::builder().credentials(BearerToken::new("token")).endpoint(endpoint);
    let storage = builder.retry(RetryPolicy::none()).build()?;
    storage.buckets().lock_retention_policy("reeds", 1).await?;
    storage.objects().restore("reeds", "otter", 1).await?;
    for verb in ["POST", "PUT", "PATCH"] {
        without_a_length(endpoint, verb).await?;
    }
    passed("411: calls without a body say that they have none");

    let named = || Object { name: Some("empty".to_owned()), ..Default::default() };
    let insert = || storage.objects().insert("reeds", named());
    let without_metadata = storage.objects().insert("reeds", Object::default()).name("empty");
    for made in [
        insert().upload("").multipart().await?,
        insert().upload("").resumable().await?,
        without_metadata.upload("").simple().await?,
    ] {
        ensure!(made.size == Some(0), "{made:?}");
    }
    passed("411: empty uploads in one request, with metadata and in chunks");
    Ok(())
}

/// The front does what it is here for: it refuses what does not say its length.
async fn without_a_length(endpoint: &str, verb: &str) -> Checked {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let address = endpoint.trim_start_matches("http://");
    let mut stream = tokio::net::TcpStream::connect(address).await?;
    stream.write_all(format!("{verb} /x HTTP/1.1\r\nHost: {address}\r\n\r\n").as_bytes()).await?;
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await?;
    ensure!(answer.starts_with("HTTP/1.1 411 "), "{verb}: {answer}");
    Ok(())
}
