//! The storage crate against fake-gcs-server: objects, their names and lists of many, preconditions.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Instant;

use gapis_storage_v1::schemas::Object;
use gapis_storage_v1::{Error, Storage};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use crate::check::{Checked, ensure, note, passed};
use crate::fake_gcs::{PROJECT, bucket};

fn named(name: &str) -> Object {
    Object { name: Some(name.to_owned()), ..Default::default() }
}

const NAMES: [&str; 6] = ["a/b", "a b", "what?&=#", "50%25", "häuser/🐄", "x..y/.z/a+b;c,d'(e)"];

/// Names that have a meaning in addresses, alone and inside a batch.
pub(crate) async fn names(storage: &Storage) -> Checked {
    storage.buckets().insert(PROJECT, bucket("names")).await?;
    for name in NAMES {
        storage.objects().insert("names", named(name)).upload(name.to_owned()).send().await?;
        let alone = storage.objects().get("names", name).await?;
        ensure!(alone.name.as_deref() == Some(name), "{name}: {:?}", alone.name);
        let back = storage.objects().get("names", name).download().bytes().await?;
        ensure!(back == name.as_bytes(), "{name}: {back:?}");
    }
    let mut read = Vec::new();
    let mut batch = storage.batch();
    batch.queue_all(NAMES.map(|name| storage.objects().get("names", name)), |reply| {
        read.push(reply.result.map(|object| object.name));
    })?;
    batch.execute().await.error_for_failures()?;
    for (name, result) in NAMES.iter().zip(read) {
        ensure!(result.as_ref().is_ok_and(|read| read.as_deref() == Some(name)), "{name}: {result:?}");
    }
    let mut batch = storage.batch();
    batch.queue_all(NAMES.map(|name| storage.objects().delete("names", name)), |_| {})?;
    batch.execute().await.error_for_failures()?;
    let left = storage.objects().list("names").await?.items.unwrap_or_default();
    ensure!(left.is_empty(), "{left:?}");
    storage.buckets().delete("names").await?;
    passed("names with `/`, spaces, `?`, `#`, `%`, umlauts and a cow, alone and in batches");
    Ok(())
}

/// The server cuts a call's body at its `Content-Length`, which therefore counts bytes and not characters.
pub(crate) async fn text(storage: &Storage) -> Checked {
    storage.buckets().insert(PROJECT, bucket("text")).await?;
    let words = ["größer", "🐄🐄🐄", "line\r\nend", "--batch_\r\n--"];
    for (at, _) in words.iter().enumerate() {
        storage.objects().insert("text", named(&at.to_string())).upload("").send().await?;
    }
    let mut patched = Vec::new();
    let mut batch = storage.batch();
    let calls = words.iter().enumerate().map(|(at, word)| {
        let metadata = BTreeMap::from([("word".to_owned(), (*word).to_owned())]);
        let change = Object { metadata: Some(metadata), ..Default::default() };
        storage.objects().patch("text", &at.to_string(), change)
    });
    batch.queue_all(calls, |reply| patched.push(reply.result.map(|object| object.metadata)))?;
    batch.execute().await.error_for_failures()?;
    for (word, result) in words.iter().zip(patched) {
        let kept = result?.and_then(|metadata| metadata.get("word").cloned());
        ensure!(kept.as_deref() == Some(*word), "{word:?} became {kept:?}");
    }
    let mut batch = storage.batch();
    let all = (0..words.len()).map(|at| storage.objects().delete("text", &at.to_string()));
    batch.queue_all(all, |_| {})?;
    batch.execute().await.error_for_failures()?;
    storage.buckets().delete("text").await?;
    passed("objects patched and deleted in a batch, with bodies of more bytes than characters");
    Ok(())
}

/// Preconditions by generation hold back a write. The server does not look at `If-Match` and `If-None-Match`.
pub(crate) async fn preconditions(storage: &Storage) -> Checked {
    storage.buckets().insert(PROJECT, bucket("checked")).await?;
    let insert = || storage.objects().insert("checked", named("one"));
    let made = insert().if_generation_match(0).upload("first").send().await?;
    let again = insert().if_generation_match(0).upload("second").send().await.err();
    ensure!(again.as_ref().is_some_and(Error::is_precondition_failed), "made twice: {again:?}");
    let generation = made.generation.ok_or("no generation")?;
    let third = insert().if_generation_match(generation).upload("third").send().await?;
    ensure!(third.generation != Some(generation), "the generation is still {generation}");
    let back = storage.objects().get("checked", "one").download().bytes().await?;
    ensure!(back == b"third"[..], "{back:?}");

    // 412 inside a batch too: this server gives it for a bucket that is not empty.
    let mut batch = storage.batch();
    let full = batch.add(storage.buckets().delete("checked"))?;
    let full = batch.execute().await.redeem(full).err();
    ensure!(full.as_ref().is_some_and(Error::is_precondition_failed), "{full:?}");
    passed("a write whose generation does not match is a failed precondition (412), alone and in a batch");

    let etag = third.etag.unwrap_or_default();
    let same = storage.objects().get("checked", "one").if_none_match(&etag).await.err();
    let other = storage.objects().get("checked", "one").if_match("\"other\"").await.err();
    for (header, seen, holds) in [
        ("If-None-Match", &same, same.as_ref().is_some_and(Error::is_not_modified)),
        ("If-Match", &other, other.as_ref().is_some_and(Error::is_precondition_failed)),
    ] {
        match seen {
            None => note(format!("the server does not look at {header}: 200")),
            Some(error) => {
                ensure!(holds, "{header}: {error}");
                passed(format!("{header} is told apart: {error}"));
            }
        }
    }
    storage.objects().delete("checked", "one").await?;
    storage.buckets().delete("checked").await?;
    Ok(())
}

fn numbered(number: usize) -> String {
    format!("animal-{number:05}")
}

/// Uploads that many objects from many tasks, walks them by page and by item, and deletes them in batches.
pub(crate) async fn pagination(storage: &Storage, count: usize) -> Checked {
    storage.buckets().insert(PROJECT, bucket("many")).await?;
    let start = Instant::now();
    upload_all(storage, count).await?;
    passed(format!("{count} objects uploaded by 16 tasks in {:.1?}", start.elapsed()));

    let expected: BTreeSet<_> = (0..count).map(numbered).collect();
    let mut pages = storage.objects().list("many").max_results(100).pages();
    let (mut number, mut names) = (0, BTreeSet::new());
    while let Some(page) = pages.next().await {
        number += 1;
        names.extend(page?.items.into_iter().flatten().filter_map(|object| object.name));
    }
    ensure!(names == expected, "{} of {count} objects on {number} pages", names.len());
    ensure!(number == count.div_ceil(100), "{number} pages of 100");
    passed(format!("{count} objects on {number} pages"));

    // With the caller's own `fields`: the token must come along nevertheless.
    let mut items = storage.objects().list("many").max_results(333).fields("items(name)").items();
    let mut listed = Vec::new();
    while let Some(object) = items.next().await {
        listed.extend(object?.name);
    }
    ensure!(listed.iter().cloned().collect::<BTreeSet<_>>() == expected, "{} items", listed.len());
    ensure!(listed.len() == count, "{} items, some of them twice", listed.len());
    passed(format!("{count} objects item by item"));

    let start = Instant::now();
    let gone = AtomicUsize::new(0);
    let mut batch = storage.batch();
    batch.queue_all(listed.iter().map(|name| storage.objects().delete("many", name)), |reply| {
        gone.fetch_add(usize::from(reply.result.is_ok()), Ordering::Relaxed);
    })?;
    let report = batch.execute().await;
    report.error_for_failures()?;
    ensure!(gone.into_inner() == count && report.requests() == count.div_ceil(100), "{report:?}");
    passed(format!("{count} objects deleted by {} requests in {:.1?}", report.requests(), start.elapsed()));
    storage.buckets().delete("many").await?;
    Ok(())
}

async fn upload_all(storage: &Storage, count: usize) -> Checked {
    let places = Arc::new(Semaphore::new(16));
    let mut uploads = JoinSet::new();
    for number in 0..count {
        let name = numbered(number);
        let upload = storage.objects().insert("many", named(&name)).upload(name);
        let places = Arc::clone(&places);
        uploads.spawn(async move {
            let _place = places.acquire().await;
            upload.send().await
        });
    }
    while let Some(done) = uploads.join_next().await {
        done??;
    }
    Ok(())
}
