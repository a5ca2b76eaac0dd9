//! The storage crate's uploads and downloads against fake-gcs-server: every way and size, ranges, and connections that
//! break on the way.
//!
//! What that server does not do is tested against our scripted one, in `runtime/tests/media`: it looks at no `If-Match`,
//! `If-None-Match` or `ifGenerationMatch` of a download, has no 308 without a range and no part of a chunk, and takes
//! the question what it has of an upload for its end.

use std::collections::BTreeMap;
use std::time::Duration;

use gapis_storage_v1::schemas::Object;
use gapis_storage_v1::{Error, RetryPolicy, Source, Storage};

use crate::check::{Checked, ensure, passed};
use crate::fake_gcs::{PROJECT, bucket};
use crate::proxy::{Asked, Break, Proxy};

const MIB: usize = 1 << 20;

/// Bytes that tell where they belong, in which all of the 256 occur.
fn media(size: usize) -> Vec<u8> {
    (0..size).map(|at| (at.wrapping_mul(31) >> 3) as u8 ^ (at >> 16) as u8).collect()
}

fn named(name: &str) -> Object {
    Object { name: Some(name.to_owned()), ..Default::default() }
}

pub(crate) async fn run(storage: &Storage, endpoint: &str) -> Checked {
    storage.buckets().insert(PROJECT, bucket("large")).await?;
    for size in [0, 1, MIB, 100 * MIB] {
        every_way(storage, size).await?;
    }
    ranges(storage).await?;
    behind_the_end(storage).await?;
    // Asked what it has of an upload, this server ends it.
    let (proxy, broken) = through_proxy(endpoint, Asked::Proxy)?;
    broken_downloads(&broken, &proxy).await?;
    broken_range(&broken, &proxy).await?;
    changed_bytes(&broken, &proxy).await?;
    broken_uploads(&broken, &proxy).await?;
    clear(storage).await
}

/// The same against gcp-storage-emulator, which answers what it has of an upload, and keeps what arrived of a chunk whose
/// connection broke. Its ranges have neither ETag nor checksum.
pub(crate) async fn of_emulator(storage: &Storage, endpoint: &str) -> Checked {
    storage.buckets().insert(PROJECT, bucket("large")).await?;
    // Media of no bytes breaks that server.
    for size in [1, MIB] {
        every_way(storage, size).await?;
    }
    ranges(storage).await?;
    let (proxy, broken) = through_proxy(endpoint, Asked::Server)?;
    broken_downloads(&broken, &proxy).await?;
    broken_range_of_nothing(&broken, &proxy).await?;
    changed_bytes(&broken, &proxy).await?;
    broken_uploads(&broken, &proxy).await?;
    clear(storage).await
}

async fn clear(storage: &Storage) -> Checked {
    for name in ["simple", "multipart", "resumable", "broken"] {
        storage.objects().delete("large", name).await?;
    }
    storage.buckets().delete("large").await?;
    Ok(())
}

/// A service whose requests go through a proxy.
fn through_proxy(endpoint: &str, asked: Asked) -> Checked<(Proxy, Storage)> {
    let proxy = Proxy::start(endpoint, asked)?;
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(10));
    let storage = Storage::builder().anonymous().endpoint(&proxy.endpoint()).retry(quick).build()?;
    Ok((proxy, storage))
}

/// The same media alone, with metadata and in chunks; back as a whole, with its checksum.
async fn every_way(storage: &Storage, size: usize) -> Checked {
    let bytes = bytes::Bytes::from(media(size));
    let source = || Source::from(bytes.clone()).with_content_type("application/x-farm");
    let simple = storage.objects().insert("large", Object::default()).name("simple");
    let animal = BTreeMap::from([("animal".to_owned(), "cow".to_owned())]);
    let described = Object { metadata: Some(animal.clone()), ..named("multipart") };
    let made = [
        simple.upload(source()).simple().await?,
        storage.objects().insert("large", described).upload(source()).multipart().await?,
        storage.objects().insert("large", named("resumable")).upload(source()).resumable().await?,
    ];
    for object in &made {
        let name = object.name.as_deref().unwrap_or_default();
        ensure!(object.size == Some(size as u64), "{name}: {size} bytes became {:?}", object.size);
        ensure!(object.md5_hash.is_some() && object.md5_hash == made[0].md5_hash, "{name}: other bytes");
        ensure!(object.crc32c.is_some() && object.crc32c == made[0].crc32c, "{name}: other bytes");
        ensure!(object.content_type.as_deref() == Some("application/x-farm"), "{name}: {object:?}");
        // The largest comes back once: that the three are the same is known.
        if size <= MIB || name == "resumable" {
            download(storage, name, &bytes).await?;
        }
    }
    ensure!(made[1].metadata.as_ref() == Some(&animal), "{:?}", made[1].metadata);
    passed(format!(
        "{size} bytes uploaded alone, with metadata and in chunks, downloaded the same, checksum verified"
    ));
    Ok(())
}

/// As a stream whose headers have the checksums, so that they were compared when it has come to its end.
async fn download(storage: &Storage, name: &str, bytes: &[u8]) -> Checked {
    let mut stream = storage.objects().get("large", name).download().stream().await?;
    let hash = stream.headers().get("x-goog-hash").and_then(|hash| hash.to_str().ok()).unwrap_or_default();
    ensure!(hash.contains("crc32c=") && hash.contains("md5="), "{name}: x-goog-hash is {hash:?}");
    ensure!(stream.length() == Some(bytes.len() as u64), "{name}: {:?}", stream.length());
    let mut at = 0;
    while let Some(chunk) = stream.next().await {
        let chunk = chunk?;
        ensure!(bytes.get(at..at + chunk.len()) == Some(&chunk[..]), "{name}: other bytes after {at}");
        at += chunk.len();
    }
    ensure!(at == bytes.len(), "{name}: {at} bytes came back");
    Ok(())
}

async fn ranges(storage: &Storage) -> Checked {
    let bytes = media(MIB);
    storage.objects().insert("large", named("simple")).upload(bytes.clone()).await?;
    let get = || storage.objects().get("large", "simple").download();
    for (from, to) in [(0, 1), (0, MIB), (1, 2), (65_535, 300_001), (MIB - 1, MIB), (MIB - 5, MIB + 99)] {
        let part = get().with_range(from as u64..to as u64).bytes().await?;
        ensure!(part == bytes[from..to.min(MIB)], "{from}..{to}: {} bytes", part.len());
    }
    let rest = get().with_range(1000..).bytes().await?;
    ensure!(rest == bytes[1000..], "1000..: {} bytes", rest.len());
    passed("ranges at the beginning, inside, at the end and over it");
    Ok(())
}

async fn behind_the_end(storage: &Storage) -> Checked {
    let behind =
        storage.objects().get("large", "simple").download().with_range(MIB as u64..).bytes().await.err();
    ensure!(
        behind.as_ref().and_then(Error::status).is_some_and(|status| status == 416),
        "behind the end: {behind:?}"
    );
    passed("a range behind the end is status 416");
    Ok(())
}

/// A download whose connection breaks three times goes on where it broke, and its checksum is verified over all parts.
async fn broken_downloads(storage: &Storage, proxy: &Proxy) -> Checked {
    let bytes = media(10 * MIB);
    storage.objects().insert("large", named("broken")).upload(bytes.clone()).multipart().await?;
    proxy.script([Break::Down(0), Break::Down(3_000_000), Break::Down(17)]);
    let back = storage.objects().get("large", "broken").download().bytes().await?;
    ensure!(back == bytes, "{} bytes came back", back.len());
    let seen = proxy.seen();
    ensure!(seen.len() == 4 && seen[0] == "GET -", "{seen:?}");
    let from = |line: &str| line.strip_prefix("GET bytes=")?.strip_suffix('-')?.parse::<u64>().ok();
    // What came before a break is not asked for again, but for what was still on its way.
    let places: Vec<_> = seen.iter().skip(1).filter_map(|line| from(line)).collect();
    ensure!(places.iter().all(|at| *at <= 3_000_017) && places.is_sorted(), "{seen:?}");

    passed(format!("10 MiB downloaded over four connections: {}", seen.join(", ")));
    Ok(())
}

async fn broken_range(storage: &Storage, proxy: &Proxy) -> Checked {
    proxy.script([Break::Down(100_000)]);
    let part = storage.objects().get("large", "broken").download().with_range(5..2_000_000).bytes().await?;
    ensure!(part == media(10 * MIB)[5..2_000_000], "{} bytes of a range", part.len());
    passed("a range goes on where its connection broke");
    Ok(())
}

/// Of a range that says of no state that it is its own, nothing else can be joined to it.
async fn broken_range_of_nothing(storage: &Storage, proxy: &Proxy) -> Checked {
    proxy.script([Break::Down(100_000)]);
    let error =
        storage.objects().get("large", "broken").download().with_range(5..2_000_000).bytes().await.err();
    ensure!(error.as_ref().is_some_and(Error::is_connection), "a range without ETag: {error:?}");
    passed("a broken range without ETag and checksum is an error");
    Ok(())
}

async fn changed_bytes(storage: &Storage, proxy: &Proxy) -> Checked {
    proxy.script([Break::Flip(5_000_000)]);
    let error = storage.objects().get("large", "broken").download().bytes().await.err();
    ensure!(error.as_ref().is_some_and(Error::is_checksum_mismatch), "a changed byte: {error:?}");
    passed("one bit that changed on the way is a checksum mismatch");
    Ok(())
}

/// Uploads whose connection breaks inside chunks, and whose answers are lost, arrive whole.
async fn broken_uploads(storage: &Storage, proxy: &Proxy) -> Checked {
    let bytes = media(3 * MIB + 7);
    // The first request opens the session; its metadata is shorter than the places of the breaks.
    for breaks in [
        vec![Break::Up(100_000)],
        vec![Break::Up(200_000), Break::Up(700_000), Break::Up(3_000)],
        vec![Break::Up(MIB as u64 - 1), Break::Up(600), Break::Up(500)],
    ] {
        let count = breaks.len();
        proxy.script(breaks);
        let insert = storage.objects().insert("large", named("broken"));
        let upload = insert.upload(bytes.clone()).resumable().with_chunk_size(MIB);
        let object = upload.await.map_err(|error| format!("{error}, after {:?}", proxy.seen()))?;
        let seen = proxy.seen();
        ensure!(object.size == Some(bytes.len() as u64), "{:?} after {seen:?}", object.size);
        let asked = seen.iter().filter(|line| line.contains("*/")).count();
        ensure!(asked == count, "asked {asked} times after {count} breaks: {seen:?}");
        download(storage, "broken", &bytes).await?;
    }
    passed("3 MiB in chunks, connections broken inside them: asked what is there, gone on, whole");

    proxy.script([Break::Up(100_000)]);
    let upload = storage.objects().insert("large", named("broken")).upload(bytes).multipart();
    let error = upload.await.err();
    ensure!(error.as_ref().is_some_and(Error::is_connection), "a broken upload in one request: {error:?}");
    passed("a broken upload in one request is an error, as it may not be repeated");
    Ok(())
}
