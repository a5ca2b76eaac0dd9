//! `gapis batch --journal`: what a job that is started again sends, and what it says.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use gapis_mock::{Fault, MockError};
use gapis_testkit::farm::animals;
use gapis_testkit::farm::schemas::Animal;
use serde_json::{Value, json};

use crate::{FARM, Job, run};

/// A call that must not be executed twice. (By itself it may be, because the library gives it a `requestId`.)
pub(crate) fn insert(number: usize) -> String {
    let body = format!("{{\"name\":\"n{number}\"}}");
    format!("{{\"method\":\"farm.animals.insert\",\"body\":{body},\"id\":{number},\"idempotent\":false}}\n")
}

impl Job {
    pub(crate) fn journal(&self) -> String {
        self.folder.path().join("journal").display().to_string()
    }

    /// How often the server got each animal.
    pub(crate) fn inserted(&self) -> BTreeMap<String, usize> {
        let mut counts = BTreeMap::new();
        for request in self.mock.requests() {
            let body = String::from_utf8_lossy(&request.body).into_owned();
            for piece in body.split("{\"name\":\"").skip(1) {
                *counts.entry(piece.split('"').next().unwrap_or_default().to_owned()).or_default() += 1;
            }
        }
        counts
    }

    /// The program, with an input that stays open.
    fn program(&self) -> Child {
        Command::new(env!("CARGO_BIN_EXE_gapis"))
            .args(["batch", "--document", FARM, "--anonymous", "--endpoint", &self.mock.uri()])
            .args(["--journal", &self.journal(), "--batch-size", "10", "--in-flight", "40", "--quiet"])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .expect("the program")
    }
}

#[test]
fn the_same_command_again_sends_nothing_and_says_the_same() {
    let job = Job::new();
    let lines = "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"7\"}}\n\
                 {\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"8\"},\"id\":\"8\"}\n\
                 {\"method\":\"farm.animals.insert\",\"body\":{\"name\":\"Ann\"},\"id\":{\"row\":3}}\n\
                 {\"method\":\"farm.animals.delete\",\"params\":{\"animalId\":\"9\"}}\n";
    let journal = job.journal();
    let first = job.send(lines, &["--journal", &journal]);
    assert_eq!((first.0, first.1.len()), (3, 4), "one is not there");
    assert_eq!((&first.1[1]["status"], &first.1[2]["response"]["name"]), (&json!(404), &json!("Ann")));
    let before = job.mock.requests().len();
    let mut second = job.send(lines, &["--journal", &journal]);
    assert_eq!(job.mock.requests().len(), before, "nothing was sent");
    // The file has the message of an error, and not its whole response.
    let told =
        [&first.1[1], &second.1[1]].map(|reply| reply["error"]["message"].as_str().unwrap_or_default());
    assert!(told[0].contains("404") && told[1].contains("404"), "{told:?}");
    second.1[1]["error"] = first.1[1]["error"].clone();
    assert_eq!(second, first);
}

#[test]
fn ids_stand_for_one_call_each() {
    let job = Job::new();
    let get = |id: &str, animal: &str| {
        format!("{{\"method\":\"farm.animals.get\",\"params\":{{\"animalId\":\"{animal}\"}},\"id\":{id}}}\n")
    };
    // The last one has the id that a line without one would have, in quotes.
    let lines =
        [get("1", "7"), get("1", "7"), get("1", "8"), get("\"1\"", "7"), get("\"line 4\"", "7")].concat();
    let (code, replies) = job.send(&lines, &["--journal", &job.journal()]);
    assert_eq!(code, 3, "{replies:?}");
    let message = |line: usize| replies[line]["error"]["message"].as_str().unwrap_or_default().to_owned();
    let statuses: Vec<&Value> = replies.iter().map(|reply| &reply["status"]).collect();
    assert_eq!(statuses, [&json!(200), &Value::Null, &Value::Null, &json!(200), &json!(200)]);
    assert!(message(1).contains("already has a call with the id"), "{}", message(1));
    assert!(message(2).contains("different request with the id"), "{}", message(2));
    // Another input with the same ids.
    let (_, replies) = job.send(&get("1", "9"), &["--journal", &job.journal()]);
    assert!(replies[0]["error"]["message"].as_str().is_some_and(|text| text.contains("different request")));
}

/// Calls that are all the same, known by their lines. The server refuses some of them, some only once.
#[test]
fn a_failure_that_is_fed_again_is_another_attempt() {
    let job = Job::new();
    let journal = job.journal();
    job.mock.on::<animals::Insert>(|call| call.body::<Animal>());
    job.mock.fault(Fault::error(MockError::new(404, "notFound", "no such farm")).skip(1).times(3));
    let line = "{\"method\":\"farm.animals.insert\",\"body\":{\"name\":\"n\"},\"idempotent\":false}\n";
    let program = |input: &str| {
        let input = job.input(input);
        let output = Command::new(env!("CARGO_BIN_EXE_gapis"))
            .arg("batch")
            .arg(&input)
            .args(["--document", FARM, "--anonymous", "--endpoint", &job.mock.uri(), "--journal", &journal])
            .args(["--batch-size", "1", "--concurrency", "1"])
            .output()
            .expect("the program");
        let told = String::from_utf8(output.stderr).expect("text");
        (output.status.code(), String::from_utf8(output.stdout).expect("text"), told)
    };
    let failures = |output: &str| -> String {
        output.lines().filter(|line| line.contains("\"error\"")).map(|line| format!("{line}\n")).collect()
    };
    let lines_of = |output: &str| -> Vec<u64> {
        let line = |text: &str| serde_json::from_str::<Value>(text).ok()?["line"].as_u64();
        output.lines().filter_map(line).collect()
    };
    let (code, output, told) = program(&line.repeat(5));
    assert_eq!((code, told.as_str()), (Some(3), "5 calls, 3 failed\n"));
    let failed = failures(&output);
    assert_eq!(lines_of(&failed), [2, 3, 4]);
    // The same input again: nothing is sent.
    let (code, output, told) = program(&line.repeat(5));
    assert_eq!((code, job.mock.requests().len()), (Some(3), 5));
    assert_eq!(
        told,
        "5 calls, 3 failed, 5 replies from the journal\n\
         failed in an earlier run and not sent again: 3; to send them again, feed their lines of output\n"
    );
    // One of them is refused again, and keeps its number for the time after that.
    job.mock.fault(Fault::error(MockError::new(404, "notFound", "no such farm")).times(1));
    let (code, output_2, told) = program(&failures(&output));
    assert_eq!((code, told.as_str(), job.mock.requests().len()), (Some(3), "3 calls, 1 failed\n", 8));
    assert_eq!(lines_of(&failures(&output_2)), [2]);
    let (code, output_3, _) = program(&failures(&output_2));
    assert_eq!((code, lines_of(&output_3), job.mock.requests().len()), (Some(0), vec![2], 9));
    // After that all have succeeded, whatever is fed.
    for input in [failed, line.repeat(5)] {
        let (code, _, told) = program(&input);
        assert_eq!((code, job.mock.requests().len()), (Some(0), 9), "{told}");
    }
}

#[test]
fn a_journal_is_a_folder() {
    let job = Job::new();
    fs::write(job.journal(), "notes").expect("written");
    let (input, endpoint, journal) = (job.input(&insert(1)), job.mock.uri(), job.journal());
    let error = run(&input, &["--anonymous", "--endpoint", &endpoint, "--journal", &journal]);
    let error = format!("{:#}", error.expect_err("an error"));
    assert_eq!(
        error,
        format!("{journal} is a file; `--journal` takes a folder, in which each API has a journal")
    );
    assert_eq!(fs::read_to_string(&journal).expect("read"), "notes");
}

#[test]
fn two_commands_do_not_share_a_journal() {
    let job = Job::new();
    let mut program = job.program();
    let mut input = program.stdin.take().expect("its input");
    let mut output = BufReader::new(program.stdout.take().expect("its output"));
    input.write_all(insert(1).as_bytes()).expect("written");
    let mut line = String::new();
    output.read_line(&mut line).expect("a reply");
    assert!(line.contains("\"status\":200"), "{line}");
    let lines = job.input(&insert(2));
    let (endpoint, journal) = (job.mock.uri(), job.journal());
    let error = run(&lines, &["--anonymous", "--endpoint", &endpoint, "--journal", &journal]);
    let error = format!("{:#}", error.expect_err("an error"));
    assert!(error.contains("farm-v2.journal") && error.contains("another"), "{error}");
    drop(input);
    assert!(program.wait().expect("its end").success());
    assert_eq!(job.inserted().get("n2"), None);
}

#[test]
fn a_file_that_is_no_journal_is_an_error_and_stays_as_it_is() {
    let job = Job::new();
    fs::create_dir(job.journal()).expect("a folder");
    let path = job.folder.path().join("journal/farm-v2.journal");
    fs::write(&path, "my notes").expect("written");
    let lines = job.input(&insert(1));
    let (endpoint, journal) = (job.mock.uri(), job.journal());
    let error = run(&lines, &["--anonymous", "--endpoint", &endpoint, "--journal", &journal]);
    let error = format!("{:#}", error.expect_err("an error"));
    assert!(error.contains("farm-v2.journal") && error.contains("not a journal"), "{error}");
    assert_eq!(fs::read_to_string(&path).expect("read"), "my notes");
    assert!(job.mock.requests().is_empty());
}

#[test]
fn each_api_of_the_input_has_a_journal() {
    let job = Job::new();
    // Another API whose server is the same one.
    let barn = job.folder.path().join("barn.json");
    let text = fs::read_to_string(FARM).expect("read").replace("farm:v2", "barn:v2");
    let text = text
        .replace("\"name\": \"farm\"", "\"name\": \"barn\"")
        .replace("\"farm.animals.", "\"barn.animals.");
    fs::write(&barn, text).expect("written");
    let lines: String = (0..30)
        .map(|number| match number % 2 {
            0 => insert(number),
            _ => insert(number).replace("farm.", "barn."),
        })
        .collect();
    let barn = barn.display().to_string();
    let journal = job.journal();
    for _ in 0..2 {
        let (code, replies) = job.send(&lines, &["--document", &barn, "--journal", &journal]);
        assert_eq!((code, replies.len()), (0, 30), "{replies:?}");
    }
    assert!(job.inserted().values().all(|times| *times == 1) && job.inserted().len() == 30);
    let mut files: Vec<String> = fs::read_dir(&journal)
        .expect("a folder")
        .filter_map(|entry| entry.ok()?.file_name().into_string().ok())
        .collect();
    files.sort();
    assert_eq!(files, ["barn-v2.journal", "farm-v2.journal"]);
}

/// Killed at different points, and started again until it ends: the server gets no insert twice, and each line has one
/// reply in the end, or an error that says that nobody knows.
#[test]
fn a_job_that_is_killed_repeats_nothing() {
    const CALLS: usize = 200;
    let job = Job::new();
    job.mock.on::<animals::Insert>(|call| call.body::<Animal>());
    job.mock.fault(Fault::delay(Duration::from_millis(3)).always());
    let lines: String = (0..CALLS).map(insert).collect();
    for replies in [0, 1, 25, 40, 77] {
        let mut program = job.program();
        let mut input = program.stdin.take().expect("its input");
        let mut output = BufReader::new(program.stdout.take().expect("its output"));
        let text = lines.clone();
        let writer = std::thread::spawn(move || {
            // The program is killed while it reads.
            let _ = input.write_all(text.as_bytes());
            input
        });
        for _ in 0..replies {
            let mut line = String::new();
            output.read_line(&mut line).expect("a reply");
        }
        program.kill().expect("killed");
        program.wait().expect("its end");
        drop(writer.join());
    }
    let (code, replies) =
        job.send(&lines, &["--journal", &job.journal(), "--batch-size", "10", "--in-flight", "40"]);
    let seen: BTreeSet<u64> = replies.iter().filter_map(|reply| reply["line"].as_u64()).collect();
    assert_eq!((replies.len(), seen.len()), (CALLS, CALLS), "each line has one reply");
    let inserted = job.inserted();
    assert!(inserted.values().all(|times| *times == 1), "{inserted:?}");
    let mut unknown = 0;
    for (number, reply) in replies.iter().enumerate() {
        let came = inserted.contains_key(&format!("n{number}"));
        match reply["error"]["outcome"].as_str() {
            None => assert!(came, "{reply}"),
            Some("unknown") => unknown += 1,
            Some(_) => panic!("{reply}"),
        }
    }
    assert_eq!(code, if unknown > 0 { 4 } else { 0 });
}

/// A disk without room, by a limit on the size of files.
#[cfg(unix)]
#[test]
fn when_the_journal_cannot_be_written_each_line_still_has_its_record() {
    const CALLS: usize = 300;
    let job = Job::new();
    let input = job.input(&(0..CALLS).map(insert).collect::<String>());
    let program = Command::new("sh")
        .args(["-c", "trap '' XFSZ; ulimit -f 8; exec \"$@\"", "sh", env!("CARGO_BIN_EXE_gapis"), "batch"])
        .arg(&input)
        .args(["--document", FARM, "--anonymous", "--endpoint", &job.mock.uri(), "--journal", &job.journal()])
        .args(["--batch-size", "10"])
        .output()
        .expect("the program");
    let told = String::from_utf8_lossy(&program.stderr).into_owned();
    assert_eq!(program.status.code(), Some(1), "{told}");
    assert!(told.contains("farm-v2.journal") && told.contains("too large"), "{told}");
    let output = String::from_utf8(program.stdout).expect("text");
    let replies: Vec<Value> = output.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    let lines: BTreeSet<u64> = replies.iter().filter_map(|reply| reply["line"].as_u64()).collect();
    assert_eq!((replies.len(), lines.len()), (CALLS, CALLS));
    let sent = replies.iter().filter(|reply| reply["status"] == 200).count();
    let left = replies.iter().filter(|reply| reply["error"]["outcome"] == "not sent").count();
    let other =
        replies.iter().find(|reply| reply["status"] != 200 && reply["error"]["outcome"] != "not sent");
    assert!(sent > 0 && left > 0 && sent + left == CALLS, "{sent}, {left}, {other:?}");
    assert_eq!(job.inserted().len(), sent, "what was not sent was not sent");
    // With room again, the rest is sent. Of the last replies the journal knows nothing, because it had no room for them.
    let (code, again) = job.send(&(0..CALLS).map(insert).collect::<String>(), &["--journal", &job.journal()]);
    assert_eq!(again.len(), CALLS);
    let unknown: Vec<&Value> = again.iter().filter(|reply| reply["error"]["outcome"] == "unknown").collect();
    let was_answered = |unknown: &Value| {
        replies.iter().any(|reply| reply["line"] == unknown["line"] && reply["status"] == 200)
    };
    assert!(unknown.iter().all(|reply| was_answered(reply)), "{unknown:?}");
    assert_eq!(code, if unknown.is_empty() { 0 } else { 4 });
    assert!(job.inserted().values().all(|times| *times == 1) && job.inserted().len() == CALLS);
}
