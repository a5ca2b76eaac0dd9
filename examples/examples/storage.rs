//! Moves all objects below a prefix of a Cloud Storage bucket: a batch that copies, then one that deletes.
//!
//! `cargo run -p gapis-examples --example storage` asks a local server.
//! `cargo run -p gapis-examples --example storage -- --token-env TOKEN BUCKET PREFIX` asks Google.

use gapis_examples::{Output, Stage, servers};
use gapis_storage_v1::schemas::Object;
use gapis_storage_v1::{Result, Storage};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<()> {
    let stage = Stage::new(|| Ok(servers::storage::start()?.0))?;
    let [bucket, prefix] = stage.arguments_or(["bucket", "logs/"]);
    run(&stage.service()?, &bucket, &prefix, &Output::stdout()).await
}

/// The program itself, which a test runs too. Moves `logs/1.txt` to `archive/logs/1.txt`.
pub(crate) async fn run(storage: &Storage, bucket: &str, prefix: &str, out: &Output) -> Result<()> {
    let objects = storage.objects();
    let mut originals = Vec::new();
    let mut list = objects.list(bucket).prefix(prefix).fields("items(name,generation)").items();
    while let Some(object) = list.next().await {
        let object = object?;
        originals.extend(object.name.zip(object.generation));
    }

    // Batches of Cloud Storage go to `/batch/storage/v1`, 100 calls in each request. A copy that takes longer than half
    // a minute is for `rewrite`.
    let mut copied = Vec::new();
    let mut batch = storage.batch();
    let copies = originals.iter().map(|(name, generation)| {
        let call = objects.copy(bucket, name, bucket, &format!("archive/{name}"), Object::default());
        // With generation 0 nothing is overwritten. With a generation, a call may also be sent again.
        call.if_source_generation_match(*generation).if_generation_match(0).fields("name").with_id(name)
    });
    batch.queue_all(copies, |reply| match reply.result {
        Ok(_) => copied.push(reply.index),
        Err(error) => out.line(format_args!("{} is not copied: {error}", reply.id)),
    })?;
    let _report = batch.execute().await;

    // Only what was copied is deleted, and only if nobody has written to it since.
    let mut batch = storage.batch();
    let deletions = copied.iter().filter_map(|&index| {
        let (name, generation) = originals.get(index)?;
        Some(objects.delete(bucket, name).if_generation_match(*generation).with_id(name))
    });
    batch.queue_all(deletions, |reply| {
        if let Err(error) = reply.result {
            out.line(format_args!("{} is not deleted: {error}", reply.id));
        }
    })?;
    let report = batch.execute().await;
    out.line(format_args!("{} of {} objects are moved", report.calls() - report.failures(), originals.len()));
    Ok(())
}
