//! A run whose process is killed again and again, against a server that remembers what it executed.
//!
//! The process is this test itself, started with the address of the server and the place of the journal. A few kills of a
//! small job by default. The wide run, of jobs of 20,000 inserts:
//! `GAPIS_KILLS=1000 cargo test --release -p gapis-runtime --all-features --test crashes -- --nocapture`
#![cfg(unix)]
#![allow(missing_docs, clippy::print_stdout)]

use std::collections::BTreeSet;
use std::fmt::Write as _;
use std::io::Read as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::atomic::{AtomicU8, Ordering};
use std::sync::mpsc::{Receiver, RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use gapis_testkit::socket::Socket;
use gapis_testkit::zoo::*;

/// How many requests are on their way at once, and how many calls each has at most.
const AT_ONCE: (usize, usize) = (4, 25);

/// How many inserts a job has, and how often processes are killed.
fn sizes() -> (usize, usize) {
    match std::env::var("GAPIS_KILLS") {
        Ok(kills) => (20_000, kills.parse().unwrap()),
        Err(_) => (2_000, 3),
    }
}

/// How often the server has executed each insert.
type Executed = Arc<Vec<AtomicU8>>;

/// What happens while a process does the job.
enum Event {
    /// The server has executed a request.
    Executed,
    /// The process has ended.
    Ended,
}

/// A server that executes what it reads, whether the client is still there or not.
fn server(calls: usize) -> (Socket, Executed, Sender<Event>, Receiver<Event>) {
    let executed: Executed = Arc::new((0..calls).map(|_| AtomicU8::new(0)).collect());
    let (send, receive) = channel();
    let (counts, events) = (executed.clone(), Mutex::new(send.clone()));
    let server = Socket::answering(move |request| {
        let answer = answer(&request.body, &counts);
        let _ = events.lock().unwrap().send(Event::Executed);
        // Some of the kills come between the execution and the answer.
        std::thread::sleep(Duration::from_micros(500));
        answer
    });
    (server, executed, send, receive)
}

fn answer(body: &str, executed: &[AtomicU8]) -> String {
    let mut parts = String::new();
    let ids = body.split("Content-ID: <").skip(1).map(|part| part.split_once('>').unwrap().0);
    let animals = body.split("{\"id\":\"").skip(1).map(|part| part.split_once('"').unwrap().0);
    for (id, animal) in ids.zip(animals) {
        executed[animal.parse::<usize>().unwrap()].fetch_add(1, Ordering::SeqCst);
        let inner = gapis_testkit::zoo::animal(animal);
        let _ = write!(
            parts,
            "--B\r\nContent-Type: application/http\r\nContent-ID: <response-{id}>\r\n\r\n{inner}\r\n"
        );
    }
    parts += "--B--\r\n";
    let length = parts.len();
    format!(
        "HTTP/1.1 200 OK\r\nContent-Type: multipart/mixed; boundary=B\r\nContent-Length: {length}\r\n\r\n{parts}"
    )
}

/// The process that is killed: does the job, and prints how it went.
#[test]
#[ignore = "the other test starts it"]
fn child() {
    let [Ok(server), Ok(journal)] = ["GAPIS_SERVER", "GAPIS_JOURNAL"].map(std::env::var) else { return };
    let zoo = Zoo::builder().anonymous().endpoint(&server).build().unwrap();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let report = runtime.block_on(async {
        let calls = (0..sizes().0).map(|at| zoo.insert(&at.to_string()).with_id(at));
        let run = zoo.run(calls).with_concurrency(AT_ONCE.0).with_max_calls(AT_ONCE.1);
        let mut run = run.journal(&journal).unwrap();
        while let Some(reply) = run.next().await {
            assert!(reply.result.is_ok_and(|animal| reply.id == animal.id()) || reply.response.is_none());
        }
        run.finish()
    });
    if let Some(error) = report.stopped {
        panic!("{error}");
    }
    let mut text = format!("done {} {} {}", report.succeeded, report.skipped, report.failed);
    report.unknown.iter().for_each(|id| text += &format!(" {id}"));
    std::fs::write(format!("{journal}.report"), text).unwrap();
}

fn start(server: &Socket, journal: &Path) -> Child {
    Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "child", "--ignored", "--nocapture"])
        .env("GAPIS_SERVER", server.url())
        .env("GAPIS_JOURNAL", journal)
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Kills the process when the server has executed so many more requests, and a moment later, unless it ends before.
/// Whether it did.
fn run_for(
    mut child: Child,
    (sender, events): (&Sender<Event>, &Receiver<Event>),
    rng: &mut fastrand::Rng,
) -> bool {
    let mut errors = child.stderr.take().unwrap();
    let (words, ended) = (Arc::new(Mutex::new(String::new())), sender.clone());
    let kept = words.clone();
    let reader = std::thread::spawn(move || {
        // The end of the process closes the pipe.
        let _ = errors.read_to_string(&mut kept.lock().unwrap());
        let _ = ended.send(Event::Ended);
    });
    // One in eight is killed while it starts, or reads the journal.
    let (requests, patience) = match rng.u8(..8) {
        0 => (usize::MAX, Duration::from_micros(rng.u64(..30_000))),
        _ => (rng.usize(..40), Duration::from_secs(60)),
    };
    let mut executed = 0;
    let mut has_ended = false;
    while executed <= requests && !has_ended {
        match events.recv_timeout(patience) {
            Ok(Event::Executed) => executed += 1,
            Ok(Event::Ended) => has_ended = true,
            Err(RecvTimeoutError::Timeout) => break,
            Err(RecvTimeoutError::Disconnected) => unreachable!("this thread has a sender"),
        }
    }
    if !has_ended {
        std::thread::sleep(Duration::from_micros(rng.u64(..1500)));
        child.kill().unwrap();
    }
    let status = child.wait().unwrap();
    reader.join().unwrap();
    // What came late is not the next one's.
    while events.try_recv().is_ok() {}
    let was_killed = std::os::unix::process::ExitStatusExt::signal(&status).is_some();
    assert!(status.success() || was_killed, "{}", words.lock().unwrap());
    status.success()
}

/// One job, killed until it is done, and how often that was.
fn job(seed: u64, calls: usize, journal: &Path) -> usize {
    let (server, executed, sender, events) = server(calls);
    let mut rng = fastrand::Rng::with_seed(seed);
    let report = PathBuf::from(format!("{}.report", journal.display()));
    for path in [journal, &report] {
        let _ = std::fs::remove_file(path);
    }
    let mut kills = 0;
    while !run_for(start(&server, journal), (&sender, &events), &mut rng) {
        kills += 1;
    }
    let text = std::fs::read_to_string(&report).unwrap();
    let mut words = text.split(' ').skip(1).map(|word| word.parse::<usize>().unwrap());
    let mut count = || words.next().unwrap();
    let (succeeded, skipped, failed) = (count(), count(), count());
    let unknown: BTreeSet<usize> = words.collect();
    assert_eq!((succeeded + skipped + failed, failed), (calls, unknown.len()));
    assert!(unknown.len() <= kills * AT_ONCE.0 * AT_ONCE.1, "only what was on its way is unknown");
    for (at, times) in executed.iter().enumerate() {
        let times = times.load(Ordering::SeqCst);
        let is_unknown = unknown.contains(&at);
        assert!(
            times == 1 || times == 0 && is_unknown,
            "seed {seed}: insert {at} was executed {times} times"
        );
    }
    for path in [journal, &report] {
        std::fs::remove_file(path).unwrap();
    }
    kills
}

#[test]
fn no_insert_is_repeated_and_each_unknown_one_is_listed_however_often_the_process_is_killed() {
    let (calls, wanted) = sizes();
    let journal = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join(format!("kills-{}", std::process::id()));
    let (mut kills, mut jobs) = (0, 0);
    while kills < wanted {
        kills += job(jobs, calls, &journal);
        jobs += 1;
    }
    println!("{kills} kills of {jobs} jobs of {calls} inserts");
}
