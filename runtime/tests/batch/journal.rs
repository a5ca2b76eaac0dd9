//! A run that is started again with its journal, wherever it was cut off.

use std::collections::{BTreeMap, BTreeSet};
use std::io;
use std::path::PathBuf;
use std::sync::{Arc, Mutex};

use gapis_runtime::private::Store;
use gapis_runtime::{Reply, Result, Run, RunReport};
use gapis_testkit::zoo::*;

use super::request_ids::Lab;

/// A journal in memory, which outlives its runs, on a disk of limited size.
#[derive(Clone, Default)]
struct Disk(Arc<Mutex<Bytes>>);

#[derive(Default)]
struct Bytes {
    kept: Vec<u8>,
    size: Option<usize>,
    syncs: usize,
    sync_fails: bool,
}

impl Disk {
    fn of(kept: &[u8]) -> Self {
        let disk = Disk::default();
        disk.0.lock().unwrap().kept = kept.to_vec();
        disk
    }

    fn length(&self) -> usize {
        self.0.lock().unwrap().kept.len()
    }

    fn bytes(&self) -> Vec<u8> {
        self.0.lock().unwrap().kept.clone()
    }
}

impl Store for Disk {
    fn read(&mut self, at: u64, into: &mut [u8]) -> io::Result<usize> {
        let disk = self.0.lock().unwrap();
        // A few bytes at a time, as a file may give them.
        let rest = &disk.kept[usize::try_from(at).unwrap().min(disk.kept.len())..];
        let count = rest.len().min(into.len()).min(1000);
        into[..count].copy_from_slice(&rest[..count]);
        Ok(count)
    }

    fn write(&mut self, at: u64, bytes: &[u8]) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        let at = usize::try_from(at).unwrap();
        assert!(at <= disk.kept.len(), "there is no hole");
        disk.kept.truncate(at);
        let room = disk.size.map_or(bytes.len(), |size| size.saturating_sub(at).min(bytes.len()));
        disk.kept.extend(&bytes[..room]);
        if room < bytes.len() { Err(io::ErrorKind::StorageFull.into()) } else { Ok(()) }
    }

    fn sync(&mut self) -> io::Result<()> {
        let mut disk = self.0.lock().unwrap();
        disk.syncs += 1;
        if disk.sync_fails { Err(io::Error::other("the cable")) } else { Ok(()) }
    }

    fn truncate(&mut self, length: u64) -> io::Result<()> {
        self.0.lock().unwrap().kept.truncate(usize::try_from(length).unwrap());
        Ok(())
    }
}

/// What a server did, over all runs.
#[derive(Clone, Default)]
struct Server(Arc<Mutex<Executed>>);

#[derive(Default)]
struct Executed {
    /// How often it executed each call.
    times: BTreeMap<String, usize>,
    /// How long the journal was when it first did.
    at: BTreeMap<String, usize>,
    /// Calls that it has refused for the moment.
    refused: BTreeSet<String>,
}

impl Server {
    /// Inserts, of which one fails, one is refused at first, one executed without an answer.
    fn zoo(&self, disk: &Disk) -> (Zoo, Peer) {
        let (server, disk) = (self.clone(), disk.clone());
        zoo(move |sent| {
            sent.answer(|part| {
                let id = part.animal();
                let mut executed = server.0.lock().unwrap();
                if id.starts_with("busy") && executed.refused.insert(id.clone()) {
                    return Some(failed(503, "backendError"));
                }
                if id.starts_with("gone") {
                    return Some(failed(404, "notFound"));
                }
                executed.at.entry(id.clone()).or_insert_with(|| disk.length());
                *executed.times.entry(id.clone()).or_default() += 1;
                (!id.starts_with("lost")).then(|| animal(&id))
            })
            .after(millis(100))
        })
    }
}

const JOB: [&str; 10] = ["a", "gone", "b", "lost", "c", "busy", "d", "twice1", "e", "lost2"];

/// The job: calls that must not be executed twice, but for one.
fn calls<'z>(zoo: &'z Zoo, ids: &'z [&'z str]) -> impl Iterator<Item = Call<Insert>> + Send + 'z {
    ids.iter().map(|id| zoo.insert(id).with_id(*id).with_idempotent(id.starts_with("twice")))
}

fn run<'z>(zoo: &'z Zoo, ids: &'z [&'z str], disk: &Disk) -> Run<'z, Zoo, Animal> {
    let run = Run::new(zoo, calls(zoo, ids)).journal_in(disk.clone()).unwrap();
    run.with_max_calls(3).with_concurrency(2).with_linger(millis(0))
}

/// All replies by their ids, each with what `each` gives when it comes.
async fn replies<T>(
    mut run: Run<'_, Zoo, Animal>,
    each: impl Fn() -> T,
) -> (BTreeMap<String, (Reply<Animal>, T)>, RunReport) {
    let mut replies = BTreeMap::new();
    while let Some(reply) = run.next().await {
        let other = replies.insert(reply.id.to_string(), (reply, each()));
        assert!(other.is_none(), "one reply for each call");
    }
    (replies, run.finish())
}

fn names(ids: &[gapis_runtime::Id]) -> BTreeSet<String> {
    ids.iter().map(ToString::to_string).collect()
}

/// The journal of a whole run, what its server did, and how long the journal was at each reply.
async fn whole(values: bool) -> (Vec<u8>, Server, BTreeMap<String, usize>) {
    let (disk, server) = (Disk::default(), Server::default());
    let (zoo, _) = server.zoo(&disk);
    let mut run = run(&zoo, &JOB, &disk);
    if values {
        run = run.with_journal_values();
    }
    let (replies, report) = replies(run, || disk.length()).await;
    assert_eq!((report.calls, report.succeeded, report.failed, report.skipped), (10, 7, 3, 0));
    assert_eq!(names(&report.unknown), ["lost", "lost2"].map(str::to_owned).into());
    (disk.bytes(), server, replies.into_iter().map(|(id, (_, length))| (id, length)).collect())
}

/// The process ends when so many bytes are in the file: it has sent what was noted before, and all of it was executed.
async fn cut(journal: &[u8], at: usize, first: &Server, answered_at: &BTreeMap<String, usize>, values: bool) {
    let (disk, server) = (Disk::of(&journal[..at]), Server::default());
    let before = first.0.lock().unwrap().at.clone().into_iter().filter(|(_, sent)| *sent <= at);
    server.0.lock().unwrap().times = before.map(|(id, _)| (id, 1)).collect();
    let (zoo, peer) = server.zoo(&disk);
    let mut reversed = JOB;
    reversed.reverse();
    let mut run = run(&zoo, &reversed, &disk);
    if values {
        run = run.with_journal_values();
    }
    let (replies, report) = replies(run, || ()).await;
    assert_eq!(report.calls, report.succeeded + report.failed + report.skipped, "cut at {at}");
    assert_eq!((report.calls, replies.len() + report.skipped), (10, 10), "cut at {at}");
    let sent_again: BTreeSet<String> = peer.sent().iter().flat_map(Sent::animals).collect();
    let unknown = names(&report.unknown);
    assert_eq!(unknown.len(), report.unknown.len(), "each is listed once");
    for id in JOB {
        let times = server.0.lock().unwrap().times.get(id).copied().unwrap_or_default();
        let reply = replies.get(id).map(|(reply, _)| &reply.result);
        if answered_at[id] <= at {
            assert!(!sent_again.contains(id), "cut at {at}: {id} was answered");
        }
        if !id.starts_with("twice") {
            assert!(times <= 1, "cut at {at}: {id} was executed {times} times");
        }
        match reply {
            None => assert!(!values && !id.starts_with("gone") && !id.starts_with("lost"), "{id}"),
            Some(Ok(animal)) => assert!(animal.id() == id && times >= 1, "cut at {at}: {id}"),
            Some(Err(error)) => {
                assert_eq!(error.is_unknown_outcome(), unknown.contains(id), "cut at {at}: {id}: {error}");
                assert_eq!(error.is_not_found(), !unknown.contains(id), "cut at {at}: {id}: {error}");
                assert!(!error.is_not_found() || id == "gone" && error.reason() == Some("notFound"));
            }
        }
        if reply.is_none_or(|reply| !reply.as_ref().is_err_and(|error| error.is_unknown_outcome())) {
            assert!(times >= 1 || id == "gone", "cut at {at}: {id} was done");
        }
    }
    // A third run finds all of it answered or unknown.
    let (zoo, peer) = server.zoo(&disk);
    let (_, third) = self::replies(self::run(&zoo, &JOB, &disk), || ()).await;
    assert!(peer.sent().is_empty(), "cut at {at}");
    assert_eq!(names(&third.unknown), unknown, "cut at {at}");
}

#[tokio::test(start_paused = true)]
async fn a_run_that_is_started_again_repeats_nothing_wherever_its_journal_was_cut() {
    for values in [false, true] {
        let (journal, server, answered_at) = whole(values).await;
        for at in 0..=journal.len() {
            cut(&journal, at, &server, &answered_at, values).await;
        }
    }
}

/// However large the disk is, each call has a reply, nothing is sent that is not noted, and another run goes on.
#[tokio::test(start_paused = true)]
async fn a_full_disk_stops_the_intake_and_loses_no_reply() {
    let (journal, ..) = whole(false).await;
    let head = 8 + 8 + 1 + 4 + 3 + 4 + 2;
    for size in head..journal.len() {
        let (disk, server) = (Disk::default(), Server::default());
        disk.0.lock().unwrap().size = Some(size);
        let (zoo, peer) = server.zoo(&disk);
        let (replies, report) = replies(run(&zoo, &JOB, &disk), || ()).await;
        assert_eq!(report.calls, replies.len());
        let stopped = report.stopped.expect("it says why");
        assert!(stopped.is_io() && stopped.to_string().contains("cannot be written"), "{stopped}");
        let sent: BTreeSet<String> = peer.sent().iter().flat_map(Sent::animals).collect();
        for (id, (reply, ())) in &replies {
            assert!(sent.contains(id) || reply.result.as_ref().is_err_and(|error| error.is_io()), "{id}");
        }
        disk.0.lock().unwrap().size = None;
        let (zoo, _) = server.zoo(&disk);
        let (_, report) = self::replies(run(&zoo, &JOB, &disk), || ()).await;
        assert_eq!((report.calls, report.stopped.is_none()), (10, true), "disk of {size}");
        for (id, times) in &server.0.lock().unwrap().times {
            assert!(*times == 1 || id == "twice1", "disk of {size}: {id} was executed {times} times");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn what_the_disk_does_not_confirm_is_not_sent() {
    let (disk, server) = (Disk::default(), Server::default());
    let (zoo, peer) = server.zoo(&disk);
    let run = run(&zoo, &JOB, &disk);
    disk.0.lock().unwrap().sync_fails = true;
    let (replies, report) = replies(run, || ()).await;
    assert!(peer.sent().is_empty() && report.unknown.is_empty());
    assert!(report.stopped.unwrap().is_io());
    assert!(replies.values().all(|(reply, ())| reply.result.as_ref().is_err_and(|error| error.is_io())));
    disk.0.lock().unwrap().sync_fails = false;
    let (_, report) = self::replies(self::run(&zoo, &JOB, &disk), || ()).await;
    assert_eq!((report.calls, report.unknown.len()), (10, 2), "nothing was noted as sent");
}

#[tokio::test(start_paused = true)]
async fn the_disk_confirms_each_request_or_each_so_many() {
    for (every, syncs) in [(1, 10), (4, 3)] {
        let (zoo, peer) = zoo(|sent| sent.echo().after(millis(10)));
        let disk = Disk::default();
        let ids: Vec<String> = (0..30).map(|at| at.to_string()).collect();
        let ids: Vec<&str> = ids.iter().map(String::as_str).collect();
        let mut run = run(&zoo, &ids, &disk).with_journal_sync_every(every).with_concurrency(1);
        let head = disk.0.lock().unwrap().syncs;
        run.drain().await;
        assert_eq!(peer.sent().len(), 10);
        // And once at the end.
        assert_eq!(disk.0.lock().unwrap().syncs - head, syncs + usize::from(every == 1), "each {every}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_id_stands_for_one_request() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(millis(100)));
    let disk = Disk::default();
    let error_of = |reply: &Reply<Animal>| reply.result.as_ref().unwrap_err().to_string();
    // In one run, before and after the answer.
    let calls = [zoo.insert("a").with_id("1"), zoo.insert("a").with_id("1"), zoo.insert("b").with_id("1")];
    let mut run = zoo.run(calls).journal_in(disk.clone()).unwrap();
    let mut errors = Vec::new();
    while let Some(reply) = run.next().await {
        errors.extend(reply.result.is_err().then(|| error_of(&reply)));
    }
    run.add(zoo.insert("a").with_id("1"));
    assert!(run.next().await.is_none());
    assert_eq!(run.finish().skipped, 1);
    let same = "zoo.animals.insert: the run already has a call with the id \"1\"";
    let other = "zoo.animals.insert: the journal has a different request with the id \"1\"";
    assert_eq!((errors, peer.sizes()), (vec![same.to_owned(), other.to_owned()], vec![1]));
    // In another one.
    let mut run = zoo.run([zoo.insert("b").with_id("1")]).journal_in(disk.clone()).unwrap();
    let reply = run.next().await.unwrap();
    assert!(error_of(&reply) == other && reply.result.unwrap_err().is_input());
    // And without one.
    let mut run = zoo.run([zoo.insert("b")]).journal_in(disk).unwrap();
    let error = run.next().await.unwrap().result.unwrap_err();
    assert!(error.is_input() && error.to_string().contains("needs an id"), "{error}");
    assert_eq!(peer.sizes(), [1]);
}

/// A tree whose run ends in the middle: with the values of the first run, the second makes the children again.
#[tokio::test(start_paused = true)]
async fn what_follows_from_calls_of_an_earlier_run_is_made_again() {
    let (zoo, peer) = zoo(|sent| sent.echo().after(millis(100)));
    let disk = Disk::default();
    let farm = &zoo;
    let tree = || {
        let run = zoo.run([zoo.insert("t").with_id("t")]).journal_in(disk.clone()).unwrap();
        run.then(move |reply| {
            let id = reply.result.as_ref().unwrap().id().to_owned();
            let children = (id.len() < 6).then(|| [format!("{id}l"), format!("{id}r")]);
            children.into_iter().flatten().map(|id| farm.insert(&id).with_id(id))
        })
    };
    let mut first = tree();
    for _ in 0..10 {
        assert!(first.next().await.unwrap().result.is_ok());
    }
    drop(first);
    let mut second = tree();
    let mut seen = BTreeSet::new();
    while let Some(reply) = second.next().await {
        assert!(seen.insert(reply.id.to_string()));
    }
    let report = second.finish();
    let unknown = report.unknown.len();
    assert_eq!((report.calls, report.failed, report.skipped), (seen.len(), unknown, 0));
    let sent: Vec<String> = peer.sent().iter().flat_map(Sent::animals).collect();
    assert_eq!(sent.len(), sent.iter().collect::<BTreeSet<_>>().len(), "none was sent twice");
    assert!(unknown > 0 && seen.len() + unknown > 20, "{} and {unknown}", seen.len());
}

#[tokio::test(start_paused = true)]
async fn a_call_goes_again_with_the_request_id_that_it_had() {
    let (peer, disk) = (Peer::new(|sent| sent.echo().after(secs(60))), Disk::default());
    let lab = Lab::builder().anonymous().transport(peer.clone()).build().unwrap();
    for _ in 0..2 {
        let mut run = Run::new(&lab, [lab.start().with_id("o")]).journal_in(disk.clone()).unwrap();
        assert!(tokio::time::timeout(secs(1), run.next()).await.is_err(), "no answer comes");
    }
    let sent = peer.sent();
    let ids: Vec<_> = sent.iter().map(|sent| sent.parts[0].query("requestId").unwrap().to_owned()).collect();
    assert!(ids.len() == 2 && ids[0] == ids[1] && !ids[0].is_empty(), "{ids:?}");
}

#[tokio::test(start_paused = true)]
async fn a_call_that_the_caller_forbids_to_repeat_does_not_go_again_with_its_request_id() {
    let (peer, disk) = (Peer::new(|sent| sent.echo().after(secs(60))), Disk::default());
    let lab = Lab::builder().anonymous().transport(peer.clone()).build().unwrap();
    let run = || {
        let call = lab.start().with_id("o").with_idempotent(false);
        Run::new(&lab, [call]).journal_in(disk.clone()).unwrap()
    };
    let mut first = run();
    assert!(tokio::time::timeout(secs(1), first.next()).await.is_err(), "no answer comes");
    drop(first);
    let reply = run().next().await.unwrap();
    assert!(reply.result.unwrap_err().is_unknown_outcome());
    assert_eq!(peer.sizes(), [1]);
}

#[tokio::test(start_paused = true)]
async fn a_damaged_journal_is_an_error_and_an_end_of_noise_is_cut() {
    let (journal, ..) = whole(false).await;
    let (zoo, peer) = zoo(Sent::echo);
    for at in 30..journal.len() - 40 {
        let mut damaged = journal.clone();
        damaged[at] ^= 0x10;
        let disk = Disk::of(&damaged);
        let error = zoo.run(calls(&zoo, &JOB)).journal_in(disk.clone()).unwrap_err();
        assert!(error.is_input() && error.to_string().contains("is damaged at byte"), "{at}: {error}");
        assert_eq!(disk.bytes(), damaged, "it is left as it is");
    }
    for noise in [vec![0; 5000], vec![b'x'; 7], vec![0xff; 300_000]] {
        let disk = Disk::of(&[&journal[..], &noise].concat());
        let mut run = run(&zoo, &JOB, &disk);
        assert_eq!(disk.bytes(), journal);
        run.drain().await;
        assert_eq!(run.finish().skipped, 7);
    }
    assert!(peer.sent().is_empty());
}

#[tokio::test]
async fn a_file_that_is_no_journal_of_this_job_is_left_as_it_is() {
    let (zoo, _) = zoo(Sent::echo);
    let park = park::Park::builder().anonymous().build().unwrap();
    let path = path("other");
    drop(zoo.run(calls(&zoo, &[])).journal(&path).unwrap());
    let error = Run::new(&park, none()).journal(&path).unwrap_err();
    assert!(
        error.is_input()
            && error.to_string().contains("belongs to a run of zoo v1, but this is a run of park v1")
    );
    for text in ["", "gapis-j", "no journal", "gapis-j\u{2}and what comes later"] {
        std::fs::write(&path, text).unwrap();
        let opened = zoo.run(calls(&zoo, &[])).journal(&path).map(drop);
        let is_begun = ["", "gapis-j"].contains(&text);
        assert_eq!(opened.is_ok(), is_begun, "{text:?}");
        if let Err(error) = opened {
            assert!(error.to_string().contains("is not a journal"), "{error}");
            assert_eq!(std::fs::read_to_string(&path).unwrap(), text);
        }
    }
    std::fs::remove_file(path).unwrap();
    let error = zoo.run(calls(&zoo, &[])).journal("no/such/folder/x").unwrap_err();
    assert!(error.is_io() && error.to_string().contains("no/such/folder/x"), "{error}");
}

fn none() -> impl Iterator<Item = park::Call<gapis_runtime::Raw<park::Park>>> + Send {
    std::iter::empty()
}

fn path(name: &str) -> PathBuf {
    PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("{name}-{}.journal", std::process::id()))
}

#[tokio::test]
async fn one_run_at_a_time_has_a_journal() {
    let (zoo, _) = zoo(Sent::echo);
    let path = path("two");
    let first = zoo.run(calls(&zoo, &JOB)).journal(&path).unwrap();
    let error = zoo.run(calls(&zoo, &JOB)).journal(&path).unwrap_err();
    assert!(error.is_io() && error.to_string().ends_with("another run is using it"), "{error}");
    drop(first);
    let mut second = zoo.run(calls(&zoo, &JOB)).journal(&path).unwrap();
    second.drain().await;
    assert_eq!(second.finish().succeeded, 10);
    let mut third = zoo.run(calls(&zoo, &JOB)).journal(&path).unwrap();
    third.drain().await;
    assert_eq!(third.finish().skipped, 10);
    std::fs::remove_file(path).unwrap();
}

#[tokio::test]
async fn pages_have_no_journal() {
    let (zoo, _) = zoo(Sent::echo);
    let error = zoo.run_pages([zoo.list().with_id("x")]).journal_in(Disk::default()).map(drop).unwrap_err();
    assert!(error.is_input() && error.to_string().contains("pages"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn what_is_refused_for_the_moment_goes_again_in_another_run() {
    for status in [429, 503, 401] {
        let (disk, mut requests) = (Disk::default(), 0);
        let (zoo, peer) = zoo(move |sent| {
            requests += 1;
            let refuses = requests == 1;
            sent.answer(|part| Some(if refuses { failed(status, "x") } else { animal(&part.animal()) }))
        });
        let calls = || [zoo.insert("a").with_id("a")];
        let mut lines = Vec::new();
        let first = zoo.run(calls()).journal_in(disk.clone()).unwrap();
        let mut first = first.with_failures_to(&mut lines).with_retry(policy(1));
        assert!(first.next().await.unwrap().result.is_err());
        assert!(first.finish().unknown.is_empty() && lines.is_empty(), "it has not failed for good");
        let mut second = zoo.run(calls()).journal_in(disk).unwrap();
        assert!(second.next().await.unwrap().result.is_ok(), "{status}");
        assert_eq!(peer.sizes(), [1, 1]);
    }
}

/// Many that were done before keep neither other tasks nor the source's end waiting.
#[tokio::test(start_paused = true)]
async fn skipping_many_calls_gives_other_tasks_their_turn() {
    let (zoo, peer) = zoo(Sent::echo);
    let disk = Disk::default();
    let calls = || (0..20_000).map(|at| zoo.insert("x").with_id(at.to_string()));
    zoo.run(calls()).journal_in(disk.clone()).unwrap().with_journal_sync_every(1000).drain().await;
    let requests = peer.sent().len();
    let mut again = zoo.run(calls()).journal_in(disk).unwrap();
    let turns = Arc::new(Mutex::new(0));
    let other = async {
        loop {
            *turns.lock().unwrap() += 1;
            tokio::task::yield_now().await;
        }
    };
    tokio::select! { biased; () = again.drain() => {}, () = other => {} }
    assert_eq!((again.finish().skipped, peer.sent().len()), (20_000, requests));
    assert!(*turns.lock().unwrap() >= 18);
}

/// Each line is all that is needed to make the call again, and has no credentials.
#[tokio::test(start_paused = true)]
async fn failures_are_lines_from_which_calls_are_made_again() -> Result<()> {
    let (zoo, peer) = zoo(|sent| {
        let fails = sent.number == 0;
        if sent.parts.is_empty() {
            return Answer::json(200, "{}");
        }
        sent.answer(|part| match part.animal().as_str() {
            "lost" => None,
            _ if fails => Some(failed(409, "conflict")),
            id => Some(animal(id)),
        })
    });
    let mut lines = Vec::new();
    let insert = |id: &str| zoo.insert(id).fields("id").with_query("key", "secret");
    let calls = [
        insert("a\n\"é").with_id("1").with_header("if-match", "\"e\"").with_header("x-token", "secret"),
        insert("b"),
        insert("lost").with_id("3"),
    ];
    let mut run = zoo.run(calls).with_failures_to(&mut lines);
    run.drain().await;
    assert_eq!(run.finish().failed, 3);
    let text = String::from_utf8(lines).unwrap();
    let path = r#""verb":"POST","path":"/zoo/v1/animals?fields=id""#;
    let method = r#""method":"zoo.animals.insert""#;
    let expected = [
        format!(
            r#"{{"id":"1",{method},"error":"409 Conflict: m (conflict)","status":409,"unknown":false,{path},"headers":{{"if-match":"\"e\""}},"body":{{"id":"a\n\"é"}}}}"#
        ),
        format!(
            r#"{{"id":null,{method},"error":"409 Conflict: m (conflict)","status":409,"unknown":false,{path},"body":{{"id":"b"}}}}"#
        ),
        format!(
            r#"{{"id":"3",{method},"error":"the server's response has no part for this call","status":null,"unknown":true,{path},"body":{{"id":"lost"}}}}"#
        ),
    ];
    assert_eq!(text.lines().collect::<Vec<_>>(), expected);
    for line in text.lines() {
        let line: gapis_runtime::Json = serde_json::from_str(line).unwrap();
        if line["unknown"] == false {
            let verb = line["verb"].as_str().unwrap().parse().unwrap();
            zoo.call(verb, line["path"].as_str().unwrap(), Some(line["body"].clone())).send().await?;
        }
    }
    let first = &peer.sent()[0].parts[1];
    let again = &peer.sent()[2];
    assert_eq!((again.body.as_ref(), first.line.split(' ').next()), (first.body.as_bytes(), Some("POST")));
    assert_eq!(again.url, "https://zoo.test/zoo/v1/animals?fields=id&alt=json");
    Ok(())
}

#[tokio::test(start_paused = true)]
async fn failures_that_cannot_be_written_stop_the_intake() {
    struct Broken;
    impl io::Write for Broken {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::ErrorKind::BrokenPipe.into())
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let (zoo, _) = zoo(|sent| sent.answer(|_| Some(failed(404, "notFound"))).after(millis(10)));
    let mut run = zoo.run((0..100_000).map(|at| zoo.get(&at.to_string()))).with_failures_to(Broken);
    let mut count = 0;
    while run.next().await.is_some() {
        count += 1;
    }
    let report = run.finish();
    assert!(report.stopped.unwrap().is_io());
    assert!(count == report.calls && count < 1000, "{count}");
}

/// A call fails, is queued again from its reply, and then succeeds. The second run may end at any byte of that.
#[tokio::test(start_paused = true)]
async fn a_failed_call_is_sent_again_if_it_is_queued_again() {
    let (disk, healed) = (Disk::default(), Arc::new(Mutex::new(false)));
    let server = || {
        let healed = Arc::clone(&healed);
        zoo(move |sent| {
            sent.answer(|part| {
                Some(if *healed.lock().unwrap() { animal(&part.animal()) } else { failed(404, "notFound") })
            })
        })
    };
    let (zoo, peer) = server();
    let job = |disk: &Disk| run(&zoo, &["a"], disk).with_journal_values();
    let first = job(&disk).next().await.unwrap();
    assert!(first.result.is_err() && !first.from_journal);
    *healed.lock().unwrap() = true;
    // The same job has the same error.
    let mut second = job(&disk);
    let reply = second.next().await.unwrap();
    assert!(reply.result.is_err_and(|error| error.is_not_found()) && reply.from_journal);
    assert_eq!(peer.sent().len(), 1);
    let before = disk.length();
    second.add(reply.failed.unwrap());
    let reply = second.next().await.unwrap();
    assert!(reply.result.is_ok() && !reply.from_journal);
    assert!(second.next().await.is_none());
    drop(second);
    let whole = disk.bytes();
    for at in before..=whole.len() {
        let sent = peer.sent().len();
        let reply = job(&Disk::of(&whole[..at])).next().await.unwrap();
        assert!(reply.from_journal && peer.sent().len() == sent, "cut at {at}");
        match reply.result {
            Ok(animal) => assert!(animal.id() == "a" && at == whole.len(), "cut at {at}"),
            // As long as the file does not say that it was sent again, it has failed.
            Err(error) => assert!(error.is_not_found() || error.is_unknown_outcome(), "cut at {at}: {error}"),
        }
    }
}
