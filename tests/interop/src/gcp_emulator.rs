//! The storage crate against gcp-storage-emulator, whose batches are malformed: no blank line stands between the headers
//! of a part and its status line, and no part has a Content-ID. `gcp_emulator.py` shows what the Python client does there.

use gapis_storage_v1::schemas::Object;
use gapis_storage_v1::{Error, Storage};

use crate::check::{Checked, ensure, passed};
use crate::fake_gcs::{PROJECT, bucket, service};
use crate::media;

pub(crate) async fn run(endpoint: &str) -> Checked {
    let storage = service(endpoint)?;
    storage.buckets().insert(PROJECT, bucket("stable")).await?;
    for number in 0..20 {
        let object = Object { name: Some(stall(number)), ..Default::default() };
        storage.objects().insert("stable", object).upload(format!("horse {number}")).send().await?;
    }
    patches(&storage).await?;
    mixed(&storage).await?;
    deletes(&storage).await?;
    media::of_emulator(&storage, endpoint).await
}

fn stall(number: usize) -> String {
    format!("stall/{number}")
}

fn typed(content_type: &str) -> Object {
    Object { content_type: Some(content_type.to_owned()), ..Default::default() }
}

/// Each reply goes to the call at its place: the values differ from call to call.
async fn patches(storage: &Storage) -> Checked {
    let mut seen = Vec::new();
    let mut batch = storage.batch();
    let calls = (0..20)
        .map(|number| storage.objects().patch("stable", &stall(number), typed(&format!("x-horse/{number}"))));
    batch.queue_all(calls, |reply| seen.push((reply.index, reply.result)))?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && report.failures() == 0 && seen.len() == 20, "{report:?} {seen:?}");
    for (at, result) in seen {
        let object = result?;
        ensure!(object.name == Some(stall(at)), "call {at} has the reply of {:?}", object.name);
        ensure!(object.content_type == Some(format!("x-horse/{at}")), "{:?}", object.content_type);
    }
    passed("20 PATCHes in one batch: parts without Content-ID and blank line, matched by their order");
    Ok(())
}

/// Values, empty answers and errors side by side.
async fn mixed(storage: &Storage) -> Checked {
    let objects = storage.objects();
    let mut batch = storage.batch();
    let first = batch.add(objects.patch("stable", &stall(1), typed("x-horse/first")))?;
    let gone = batch.add(objects.delete("stable", &stall(2)))?;
    let missing = batch.add(objects.patch("stable", "nobody", typed("x")))?;
    let missed = batch.add(objects.delete("stable", "nobody either"))?;
    let last = batch.add(objects.patch("stable", &stall(3), typed("x-horse/last")))?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && report.failures() == 2, "{report:?}");
    ensure!(report.redeem(first)?.content_type.as_deref() == Some("x-horse/first"), "the first PATCH");
    report.redeem(gone)?;
    for (error, name) in
        [(report.redeem(missing).err(), "nobody"), (report.redeem(missed).err(), "nobody either")]
    {
        let said = error.as_ref().map(ToString::to_string).unwrap_or_default();
        let fits = said.contains(&format!("stable/{name}"));
        ensure!(fits && error.as_ref().is_some_and(Error::is_not_found), "{name}: {error:?}");
    }
    ensure!(report.redeem(last)?.content_type.as_deref() == Some("x-horse/last"), "the last PATCH");
    let again = objects.get("stable", &stall(2)).await.err();
    ensure!(again.as_ref().is_some_and(Error::is_not_found), "read after the delete: {again:?}");
    passed("PATCH and DELETE mixed in one batch, two of them missing: each reply to its call");
    Ok(())
}

async fn deletes(storage: &Storage) -> Checked {
    let mut gone = 0;
    let mut batch = storage.batch();
    let all = (0..20).filter(|number| *number != 2);
    batch.queue_all(all.map(|number| storage.objects().delete("stable", &stall(number))), |reply| {
        gone += usize::from(reply.result.is_ok());
    })?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && gone == 19, "{gone} of 19 deleted, {report:?}");
    let mut batch = storage.batch();
    let bucket = batch.add(storage.buckets().delete("stable"))?;
    batch.execute().await.redeem(bucket)?;
    passed("19 objects and their bucket deleted in batches: 204 without a body and without blank lines");
    Ok(())
}
