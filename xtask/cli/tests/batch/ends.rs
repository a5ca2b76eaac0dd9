//! `gapis batch` that ends early: by signals, by an output that takes no more, and what it says while it waits.
#![cfg(unix)]

use std::collections::BTreeSet;
use std::fs::{self, File};
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use gapis_mock::{Fault, MockError};
use serde_json::Value;

use crate::journal::insert;
use crate::{FARM, Job};

impl Job {
    fn command(&self, input: &str, more: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_gapis"));
        command
            .args(["batch", input, "--document", FARM, "--anonymous", "--endpoint", &self.mock.uri()])
            .args(more)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped());
        command
    }
}

fn signal(program: &Child, name: &str) {
    let kill = Command::new("kill").args([format!("-{name}"), program.id().to_string()]).status();
    assert!(kill.expect("kill").success());
}

fn replies(output: &str) -> Vec<Value> {
    output.lines().map(|line| serde_json::from_str(line).expect(line)).collect()
}

fn with_outcome<'r>(replies: &'r [Value], outcome: &str) -> Vec<&'r Value> {
    replies.iter().filter(|reply| reply["error"]["outcome"] == outcome).collect()
}

/// The input stays open. When the signal comes, calls are being sent, others wait for their turn, and lines wait to be read.
#[test]
fn a_signal_stops_the_job_and_loses_nothing() {
    for (name, status) in [("INT", 130), ("TERM", 143)] {
        let job = Job::new();
        job.mock.fault(Fault::delay(Duration::from_millis(300)).always());
        let journal = job.journal();
        let options = ["--journal", &journal, "--batch-size", "10", "--in-flight", "100"];
        let lines: String = (1..=500).map(insert).collect();
        let mut program = job.command("-", &options).spawn().expect("the program");
        let mut input = program.stdin.take().expect("its input");
        let text = lines.clone();
        let writer = std::thread::spawn(move || {
            // The program may end before it has read all.
            let _ = input.write_all(text.as_bytes());
            input
        });
        let mut stdout = BufReader::new(program.stdout.take().expect("its output"));
        let mut output = String::new();
        stdout.read_line(&mut output).expect("a reply");
        signal(&program, name);
        stdout.read_to_string(&mut output).expect("replies");
        let done = program.wait_with_output().expect("its end");
        drop(writer.join());
        let told = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(status), "{told}");
        let first = replies(&output);
        let seen: BTreeSet<u64> = first.iter().filter_map(|reply| reply["line"].as_u64()).collect();
        assert_eq!(seen, (1..=first.len() as u64).collect(), "each line that was read has one record");
        let answered = first.iter().filter(|reply| reply["status"] == 200).count();
        let not_sent = with_outcome(&first, "not sent").len();
        assert_eq!(answered + not_sent, first.len(), "{output}");
        assert_eq!(job.inserted().len(), answered, "what was sent has its reply");
        assert!(answered < 500 && not_sent > 0, "{answered}, {not_sent}");
        assert!(told.starts_with(&format!("SIG{name}: no more calls are sent")), "{told}");
        let summary = format!("{} calls, {not_sent} failed ({not_sent} not sent)\n", first.len());
        assert!(told.ends_with(&summary), "{told}");
        // The same command again sends the rest.
        let (code, second) = job.send(&lines, &options);
        assert_eq!((code, second.len(), job.inserted().len()), (0, 500, 500));
        assert!(job.inserted().values().all(|times| *times == 1));
    }
}

#[test]
fn a_second_signal_ends_the_program_at_once() {
    let job = Job::new();
    job.mock.fault(Fault::delay(Duration::from_secs(600)).always());
    let mut program = job.command("-", &[]).spawn().expect("the program");
    let mut input = program.stdin.take().expect("its input");
    input.write_all(insert(1).as_bytes()).expect("written");
    while job.mock.requests().is_empty() {
        std::thread::sleep(Duration::from_millis(5));
    }
    let mut told = BufReader::new(program.stderr.take().expect("its messages"));
    signal(&program, "TERM");
    let mut line = String::new();
    told.read_line(&mut line).expect("a line");
    assert!(line.contains("another SIGTERM ends at once"), "{line}");
    signal(&program, "TERM");
    assert_eq!(program.wait().expect("its end").code(), Some(143));
}

/// Nobody reads the output, so that the job cannot look at signals.
#[test]
fn two_signals_end_a_program_whose_output_is_stuck() {
    let job = Job::new();
    let line = "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"7\"}}\n";
    let input = job.input(&line.repeat(5000));
    let mut program = job.command(&input.to_string_lossy(), &[]).spawn().expect("the program");
    // Nothing is sent for a while. On a busy machine a short pause would not mean that the output is stuck.
    let (mut requests, mut pauses) = (0, 0);
    while pauses < 5 {
        std::thread::sleep(Duration::from_millis(200));
        let now = job.mock.requests().len();
        pauses = if now > 0 && now == requests { pauses + 1 } else { 0 };
        requests = now;
    }
    assert!(requests < 50, "the output is stuck");
    signal(&program, "INT");
    std::thread::sleep(Duration::from_millis(200));
    assert!(program.try_wait().expect("its state").is_none());
    signal(&program, "INT");
    assert_eq!(program.wait().expect("its end").code(), Some(130));
}

/// As with `| head -3`, and on a full disk. Calls that were sent are in the journal, so that none is unknown afterwards.
#[test]
fn an_output_that_takes_no_more_stops_the_job_in_order() {
    for is_full in [false, true] {
        if is_full && !fs::exists("/dev/full").unwrap_or_default() {
            continue;
        }
        let job = Job::new();
        job.mock.fault(Fault::delay(Duration::from_millis(50)).always());
        let journal = job.journal();
        let options = ["--journal", &journal, "--batch-size", "10", "--in-flight", "100"];
        let lines: String = (1..=500).map(insert).collect();
        let input = job.input(&lines);
        let mut command = job.command(&input.to_string_lossy(), &options);
        if is_full {
            command.stdout(File::create("/dev/full").expect("a full disk"));
        }
        let mut program = command.spawn().expect("the program");
        if let Some(stdout) = program.stdout.take() {
            let mut line = String::new();
            BufReader::new(stdout).read_line(&mut line).expect("a reply");
        }
        let done = program.wait_with_output().expect("its end");
        let told = String::from_utf8(done.stderr).expect("text");
        assert_eq!(done.status.code(), Some(1), "{told}");
        let unwritten = told.split("replies that could not be written: ").nth(1).expect("their number");
        let unwritten = unwritten.split_once("; run the command again to get them").expect("what to do").0;
        assert_eq!(
            told.contains("error: cannot write the replies: No space left on device"),
            is_full,
            "{told}"
        );
        let sent = job.inserted().len();
        assert!(sent < 500, "{sent} calls were sent");
        let unwritten: usize = unwritten.parse().expect("a number");
        assert!(unwritten > 0 && unwritten <= sent, "{unwritten} of {sent}");
        let (code, again) = job.send(&lines, &options);
        assert_eq!((code, again.len()), (0, 500), "nothing is unknown");
        assert!(job.inserted().values().all(|times| *times == 1) && job.inserted().len() == 500);
    }
}

/// Without a terminal, a long wait has one line. A signal ends the wait.
#[test]
fn a_wait_is_mentioned_and_can_be_ended() {
    let job = Job::new();
    let busy = MockError::too_many_requests(Some(100));
    job.mock.fault(Fault::respond(busy).always());
    let begun = Instant::now();
    let mut program = job.command("-", &[]).spawn().expect("the program");
    let mut input = program.stdin.take().expect("its input");
    input.write_all(insert(1).as_bytes()).expect("written");
    let mut told = BufReader::new(program.stderr.take().expect("its messages"));
    let mut line = String::new();
    told.read_line(&mut line).expect("a line");
    assert!(line.starts_with("farm:v2 takes no calls for ") && line.contains(" UTC"), "{line}");
    signal(&program, "INT");
    let mut rest = String::new();
    told.read_to_string(&mut rest).expect("lines");
    assert_eq!(program.wait().expect("its end").code(), Some(130), "{rest}");
    assert!(rest.ends_with("1 call, 1 failed\n"), "{rest}");
    assert!(begun.elapsed() < Duration::from_secs(60));
}
