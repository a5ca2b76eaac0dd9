//! The storage crate against fake-gcs-server: buckets, one by one and in batches.
//!
//! Its answers are well-formed, but spell the header `Content-Id`, answer a delete with 200 and the body `null`, and
//! need each call's length in bytes and its id. `quirks.py` shows that they are still so.

use std::collections::BTreeSet;

use gapis_storage_v1::schemas::{Bucket, inline};
use gapis_storage_v1::{Error, RetryPolicy, Storage};

use crate::check::{Checked, ensure, passed};
use crate::{media, objects};

pub(crate) const PROJECT: &str = "interop";

pub(crate) fn service(endpoint: &str) -> Checked<Storage> {
    // What a server gets wrong must show at once and not vanish in a second attempt.
    Ok(Storage::builder().anonymous().endpoint(endpoint).retry(RetryPolicy::none()).build()?)
}

pub(crate) fn bucket(name: &str) -> Bucket {
    Bucket { name: Some(name.to_owned()), ..Default::default() }
}

pub(crate) async fn run(endpoint: &str) -> Checked {
    let storage = service(endpoint)?;
    one_by_one(&storage).await?;
    ten_inserts(&storage).await?;
    ten_of_many_kinds(&storage).await?;
    ten_deletes(&storage).await?;
    in_order(&storage).await?;
    objects::names(&storage).await?;
    objects::text(&storage).await?;
    objects::preconditions(&storage).await?;
    media::run(&storage, endpoint).await?;
    objects::pagination(&storage, 2_500).await
}

async fn one_by_one(storage: &Storage) -> Checked {
    let made = storage.buckets().insert(PROJECT, bucket("alone")).await?;
    ensure!(made.name.as_deref() == Some("alone"), "inserted {made:?}");
    let read = storage.buckets().get("alone").await?;
    ensure!(read.time_created.is_some() && read.metageneration == Some(1), "read {read:?}");
    let versioning = inline::BucketVersioning { enabled: Some(true), ..Default::default() };
    let change = Bucket { versioning: Some(versioning.clone()), ..Default::default() };
    let patched = storage.buckets().patch("alone", change).await?;
    ensure!(patched.versioning.as_ref() == Some(&versioning), "patched {patched:?}");
    let listed = storage.buckets().list(PROJECT).await?.items.unwrap_or_default();
    ensure!(listed.iter().any(|bucket| bucket.name.as_deref() == Some("alone")), "listed {listed:?}");
    storage.buckets().delete("alone").await?;
    let gone = storage.buckets().get("alone").await.err();
    ensure!(gone.as_ref().is_some_and(Error::is_not_found), "read after the delete: {gone:?}");
    passed("buckets inserted, read, patched, listed, deleted (200 with `null`), missed: one by one");
    Ok(())
}

fn herd(number: usize) -> String {
    format!("herd-{number}")
}

/// Ten calls in one request; the fifth fails and harms no other.
async fn ten_inserts(storage: &Storage) -> Checked {
    let mut made = Vec::new();
    let mut batch = storage.batch();
    // The fifth has the name of the first.
    let calls = (0..10)
        .map(|number| storage.buckets().insert(PROJECT, bucket(&herd(if number == 4 { 0 } else { number }))));
    batch.queue_all(calls, |reply| made.push((reply.index, reply.result.map(|bucket| bucket.name))))?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && report.calls() == 10, "{report:?}");
    let failed: Vec<_> = made
        .iter()
        .filter_map(|(at, result)| Some((*at, result.as_ref().err()?.status()?.as_u16())))
        .collect();
    ensure!(failed == [(4, 409)] && report.failures() == 1, "{failed:?}");
    for (at, result) in &made {
        let fits = result.as_ref().map_or(*at == 4, |name| name.as_ref() == Some(&herd(*at)));
        ensure!(fits, "call {at} has the reply of another: {result:?}");
    }
    passed("ten buckets inserted in one batch, one of them a conflict: 9 values, one 409");
    Ok(())
}

/// Five types of reply in one request.
async fn ten_of_many_kinds(storage: &Storage) -> Checked {
    let buckets = storage.buckets();
    let mut batch = storage.batch();
    let mut read = Vec::new();
    for number in [0, 1, 2, 3, 5, 6] {
        read.push((herd(number), batch.add(buckets.get(&herd(number)))?));
    }
    let missing = batch.add(buckets.get("no-such-bucket"))?;
    let listed = batch.add(buckets.list(PROJECT))?;
    let on = inline::BucketVersioning { enabled: Some(true), ..Default::default() };
    let change = Bucket { versioning: Some(on.clone()), ..Default::default() };
    let patched = batch.add(buckets.patch(&herd(7), change))?;
    let objects = batch.add(storage.objects().list(&herd(8)))?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && report.calls() == 10 && report.failures() == 1, "{report:?}");
    for (name, ticket) in read {
        let bucket = report.redeem(ticket)?;
        ensure!(bucket.name.as_ref() == Some(&name), "{name}: {bucket:?}");
    }
    let missed = report.redeem(missing).err();
    ensure!(missed.as_ref().is_some_and(Error::is_not_found), "{missed:?}");
    let names: BTreeSet<_> =
        report.redeem(listed)?.items.into_iter().flatten().filter_map(|bucket| bucket.name).collect();
    let expected: BTreeSet<_> = (0..10).filter(|number| *number != 4).map(herd).collect();
    ensure!(names == expected, "{names:?}");
    ensure!(report.redeem(patched)?.versioning == Some(on), "not patched");
    ensure!(report.redeem(objects)?.items.is_none_or(|items| items.is_empty()), "objects in a new bucket");
    passed("ten calls of four kinds in one batch: read, missed (404), listed, patched");
    Ok(())
}

async fn ten_deletes(storage: &Storage) -> Checked {
    let (mut gone, mut failed) = (0, Vec::new());
    let mut batch = storage.batch();
    batch.queue_all((0..10).map(|number| storage.buckets().delete(&herd(number))), |reply| {
        match reply.result {
            Ok(()) => gone += 1,
            Err(error) => failed.push((reply.index, error)),
        }
    })?;
    let report = batch.execute().await;
    ensure!(report.requests() == 1 && gone == 9, "{gone} deleted, {failed:?}");
    ensure!(
        matches!(&failed[..], [(4, error)] if error.is_not_found()),
        "the bucket that never was: {failed:?}"
    );
    let left = storage.buckets().list(PROJECT).await?.items.unwrap_or_default();
    ensure!(left.is_empty(), "{left:?}");
    passed("ten buckets deleted in one batch, one of them missing: nine `200 null`, one 404");
    Ok(())
}

/// What stands behind a barrier sees what stands before it.
async fn in_order(storage: &Storage) -> Checked {
    let mut batch = storage.batch();
    batch.add(storage.buckets().insert(PROJECT, bucket("ordered")).with_id("made"))?;
    batch.barrier();
    batch.add(storage.buckets().get("ordered").with_id("read"))?;
    batch.barrier();
    batch.add(storage.buckets().delete("ordered").with_id("gone"))?;
    batch.barrier();
    batch.add(storage.buckets().get("ordered").with_id("missed"))?;
    let report = batch.execute().await;
    let of = |id: &str| report.get(id).ok_or_else(|| format!("no reply {id}"));
    ensure!(report.take::<Bucket>("read")?.name.as_deref() == Some("ordered"), "{report:?}");
    ensure!(of("gone")?.error.is_none(), "{:?}", of("gone")?);
    ensure!(of("missed")?.error.as_ref().is_some_and(Error::is_not_found), "{:?}", of("missed")?);
    ensure!(report.requests() == 4 && report.failures() == 1, "{report:?}");
    passed("inserted, read, deleted, missed behind barriers of one batch");
    Ok(())
}
