//! `gapis batch` against a mock server: lines in, lines out, and what the server got.

mod accounts;
mod ends;
mod journal;

use std::collections::BTreeSet;
use std::fs;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use anyhow::Result;
use clap::Parser;
use gapis_cli::{Gapis, Terminal};
use gapis_mock::{Fault, MockError, MockServer};
use gapis_testkit::farm::animals;
use gapis_testkit::farm::schemas::Animal;
use serde_json::{Value, json};
use tempfile::TempDir;

const FARM: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/../../discovery/farm.v2.json");

/// A server that knows some animals, and a folder for input.
struct Job {
    mock: MockServer,
    folder: TempDir,
}

impl Job {
    fn new() -> Self {
        let mock = MockServer::start().expect("a server");
        mock.on::<animals::Get>(|call| match call.var("animalId")? {
            "7" => Ok(Animal { name: Some("Dolly".to_owned()), ..Default::default() }),
            other => Err(MockError::not_found(other)),
        });
        mock.on::<animals::Insert>(|call| call.body());
        mock.on::<animals::Delete>(|_| Ok(()));
        Job { mock, folder: tempfile::tempdir().expect("a folder") }
    }

    fn input(&self, text: &str) -> PathBuf {
        let path = self.folder.path().join("calls.ndjson");
        fs::write(&path, text).expect("written");
        path
    }

    /// Sends lines to the server: the exit status, and the replies in the order of the lines.
    fn send(&self, lines: &str, more: &[&str]) -> (u8, Vec<Value>) {
        let uri = self.mock.uri();
        let arguments = [&["--anonymous", "--endpoint", &uri], more].concat();
        run(&self.input(lines), &arguments).expect("a job that runs")
    }
}

fn run(input: &Path, more: &[&str]) -> Result<(u8, Vec<Value>)> {
    let input = input.to_string_lossy();
    let line = [&["gapis", "batch", &input, "--document", FARM, "--quiet"], more].concat();
    let gapis = Gapis::try_parse_from(line)?;
    let mut out = Vec::new();
    let code = gapis.run(Path::new("."), &mut Terminal { out: &mut out, progress: false })?;
    let mut replies: Vec<Value> =
        String::from_utf8(out)?.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
    replies.sort_by_key(|reply| reply["line"].as_u64());
    Ok((code, replies))
}

#[test]
fn calls_of_several_methods_travel_together() {
    let job = Job::new();
    let (code, replies) = job.send(
        "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":7,\"fields\":\"name\"},\"id\":\"row 7\"}\n\
         \n\
         {\"method\":\"farm.animals.insert\",\"params\":{\"requestId\":\"r\"},\"body\":{ \"name\": \"Ann\", \"n\": 12345678901234567890123 }}\n\
         {\"method\":\"farm.animals.delete\",\"params\":{\"animalId\":\"9\"},\"id\":{\"a\":1}}\n",
        &[],
    );
    assert_eq!(code, 0, "{replies:?}");
    assert_eq!(
        replies[0],
        json!({ "line": 1, "id": "row 7", "method": "farm.animals.get", "status": 200, "response": { "name": "Dolly" } })
    );
    assert_eq!((&replies[1]["line"], &replies[1]["response"]["name"]), (&json!(3), &json!("Ann")));
    assert_eq!(replies[2]["id"], json!({ "a": 1 }));
    let requests = job.mock.requests();
    let [batch] = &requests[..] else { panic!("{} requests", requests.len()) };
    assert_eq!(batch.path, "/batch/farm/v2");
    let body = String::from_utf8(batch.body.to_vec()).expect("text");
    assert!(body.contains("\r\nGET /farm/v2/animals/7?fields=name&alt=json HTTP/1.1\r\n"), "{body}");
    assert!(body.contains("POST /farm/v2/animals?requestId=r&alt=json HTTP/1.1"), "{body}");
    assert!(
        body.contains("{ \"name\": \"Ann\", \"n\": 12345678901234567890123 }"),
        "no digit is lost: {body}"
    );
}

#[test]
fn what_failed_can_be_fed_again() {
    let job = Job::new();
    let call = json!({
        "method": "farm.animals.get", "params": { "animalId": "8" }, "headers": { "x-trace": "t" }, "id": 1,
        "idempotent": true, "api": "farm:v2",
    });
    let (code, replies) = job.send(&format!("\n{call}\n"), &[]);
    assert_eq!(code, 3);
    let mut expected = call.clone();
    expected["line"] = json!(2);
    expected["status"] = json!(404);
    expected["error"] = replies[0]["error"].clone();
    assert_eq!(replies[0], expected);
    assert_eq!(
        (&replies[0]["error"]["outcome"], &replies[0]["error"]["reason"]),
        (&json!("failed"), &json!("notFound"))
    );
    job.mock.on::<animals::Get>(|_| Ok(Animal::default()));
    let (code, again) = job.send(&format!("{}\n", replies[0]), &[]);
    assert_eq!((code, &again[0]["line"]), (0, &json!(2)), "it keeps its number: {again:?}");
    let requests = job.mock.requests();
    let inner = |number: usize| String::from_utf8_lossy(&requests[number].body).contains("x-trace: t\r\n");
    assert!(inner(0) && inner(1), "the same call");
}

#[test]
fn a_line_that_is_no_call_stops_no_other() {
    let job = Job::new();
    let cases = [
        ("{\"method\":", "not a call: EOF while parsing a value at column 10"),
        ("[]", "not a call: "),
        ("{\"method\":\"farm.animals.get\",\"param\":{}}", "unknown field `param`"),
        (
            "{\"method\":\"farm.animals.gte\"}",
            "no method `farm.animals.gte`; did you mean `farm.animals.get`",
        ),
        (
            "{\"method\":\"drive.files.get\"}",
            "no method `drive.files.get`: there is no document of the API `drive`; give it by `--document`",
        ),
        (
            "{\"method\":\"Farm.Animals.Get\"}",
            "no method `Farm.Animals.Get`; did you mean `farm.animals.get`?",
        ),
        ("{\"method\":\"farm.animals.get\"}", "the parameter `animalId` is missing"),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":null}}",
            "the parameter `animalId` is missing",
        ),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":1,\"alt\":\"media\"}}",
            "the parameter `alt` cannot be set: replies are JSON, and media cannot be in a batch",
        ),
        (
            "{\"method\":\"farm.animals.list\",\"params\":{\"keeperIds\":[1,null]}}",
            "must be text, a number or a boolean",
        ),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalID\":1}}",
            "no parameter `animalID`; did you mean `animalId`?",
        ),
        ("{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":[1]}}", "takes one value, not a list"),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":{}}}",
            "must be text, a number or a boolean",
        ),
        ("{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"..\"}}", "`.` and `..`"),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":1},\"body\":{}}",
            "the method takes no body",
        ),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":1},\"subject\":\"a@b\"}",
            "needs `--service-account`",
        ),
        ("{\"method\":\"farm.animals.get\",\"api\":\"pond:v1\"}", "no API `pond:v1` among the documents"),
        (
            "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":1},\"headers\":{\"x\":\"a\\nb\"}}",
            "header",
        ),
    ];
    let mut lines: String = cases.iter().map(|(line, _)| format!("{line}\n")).collect();
    lines += "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"7\"}}";
    let (code, replies) = job.send(&lines, &[]);
    assert_eq!(code, 3);
    assert_eq!(replies.len(), cases.len() + 1);
    for ((line, expected), reply) in cases.iter().zip(&replies) {
        let error = &reply["error"];
        assert!(
            error["message"].as_str().is_some_and(|message| message.contains(expected)),
            "{line}: {reply}"
        );
        assert_eq!(error["outcome"], "not sent", "{line}");
    }
    assert_eq!(replies[0]["input"], "{\"method\":", "as it was");
    assert_eq!(replies[cases.len()]["status"], 200);
    assert_eq!(job.mock.requests().len(), 1);
}

#[test]
fn a_call_of_which_nobody_knows_whether_it_was_executed_has_a_status_of_its_own() {
    let job = Job::new();
    job.mock.fault(Fault::close().always());
    let (code, replies) = job.send("{\"method\":\"farm.farmers.insert\",\"body\":{},\"id\":1}\n", &[]);
    assert_eq!((code, &replies[0]["error"]["outcome"]), (4, &json!("unknown")), "{replies:?}");
}

#[test]
fn a_dry_run_sends_nothing_and_needs_no_credentials() {
    let job = Job::new();
    let lines = "{\"method\":\"farm.animals.list\",\"params\":{\"keeperIds\":[1,\"b c\"],\"maxResults\":5,\"pageToken\":null},\"id\":1}\n\
                 {\"method\":\"farm.animals.update\",\"params\":{\"animalId\":1},\"body\":{\"name\":\"A\"},\"headers\":{\"if-match\":\"*\"}}\n\
                 {\"method\":\"farm.animals.upate\"}\n";
    let (code, replies) = run(&job.input(lines), &["--dry-run"]).expect("a job that runs");
    assert_eq!(code, 3, "one of them could not be sent");
    assert_eq!(replies[0]["verb"], "GET");
    assert_eq!(
        replies[0]["url"],
        "https://farm.example.com/farm/v2/animals?keeperIds=1&keeperIds=b%20c&maxResults=5&alt=json"
    );
    assert_eq!(
        (&replies[1]["headers"]["if-match"], &replies[1]["body"]),
        (&json!("*"), &json!({ "name": "A" }))
    );
    assert_eq!(job.mock.requests().len(), 0);
}

#[test]
fn a_thousand_calls_in_few_requests_with_few_on_their_way() {
    let job = Job::new();
    let line = "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"7\"}}\n";
    let more = ["--batch-size", "50", "--in-flight", "100", "--concurrency", "2"];
    let (code, replies) = job.send(&line.repeat(1000), &more);
    assert_eq!((code, replies.len()), (0, 1000));
    let lines: Vec<u64> = replies.iter().filter_map(|reply| reply["line"].as_u64()).collect();
    assert_eq!(lines, (1..=1000).collect::<Vec<u64>>(), "each is answered once");
    let requests = job.mock.requests().len();
    assert!((20..=60).contains(&requests), "{requests}");
}

#[test]
fn input_that_cannot_be_read_is_an_error_that_names_the_place() {
    let job = Job::new();
    let error = |input: &Path, more: &[&str]| format!("{:#}", run(input, more).expect_err("an error"));
    let missing = job.folder.path().join("missing");
    let said = error(&missing, &["--anonymous"]);
    assert!(said.starts_with("cannot read ") && said.contains("missing"), "{said}");
    let document = missing.display().to_string();
    let said = error(&job.input("{}"), &["--anonymous", "--document", &document]);
    assert_eq!(said, format!("cannot read {document}: No such file or directory (os error 2)"));
    let path = job.folder.path().join("latin1");
    fs::write(&path, b"\n{\"method\":\"\xe4\"}\n").expect("written");
    assert_eq!(error(&path, &["--anonymous"]), "cannot read the input: line 2: it is not UTF-8");
    let empty = job.input("");
    assert!(
        error(&empty, &["--token-env", "GAPIS_TEST_NOT_SET"]).contains("`GAPIS_TEST_NOT_SET` is not set")
    );
    assert!(error(&empty, &["--subject", "a@b"]).contains("only a service account acts for users"));
    let two = ["--anonymous", "--token-env", "X"];
    assert!(error(&empty, &two).contains("cannot be used with"), "two kinds of credentials");
}

/// As editors and shells on Windows write it.
#[test]
fn a_byte_order_mark_and_line_ends_of_windows_belong_to_no_call() {
    let job = Job::new();
    let line = "{\"method\":\"farm.animals.get\",\"params\":{\"animalId\":\"7\"}}";
    let (code, replies) = job.send(&format!("\u{feff}{line}\r\n\r\n{line}\r\n"), &[]);
    let lines: Vec<&Value> = replies.iter().map(|reply| &reply["line"]).collect();
    assert_eq!((code, lines), (0, vec![&json!(1), &json!(3)]), "{replies:?}");
    assert_eq!(job.send("\u{feff}\r\n", &[]), (0, vec![]));
    let path = job.input("");
    let utf16: Vec<u8> = format!("\u{feff}{line}").encode_utf16().flat_map(u16::to_le_bytes).collect();
    fs::write(&path, utf16).expect("written");
    let error = format!("{:#}", run(&path, &["--anonymous"]).expect_err("an error"));
    assert_eq!(error, "cannot read the input: line 1: it is UTF-16, not UTF-8");
}

/// Runs that are stopped by their input, by what the input ends in: each call before that was sent and has its reply.
#[test]
fn input_that_cannot_be_read_to_its_end_loses_no_reply() {
    const CALLS: usize = 300;
    for ending in [&b"\xff\n"[..], b"{\"method\":\"\xe4\"}\n{}\n"] {
        let job = Job::new();
        job.mock.fault(Fault::delay(Duration::from_millis(50)).always());
        let line = "{\"method\":\"farm.animals.insert\",\"body\":{},\"idempotent\":false}\n";
        let input = job.input("");
        fs::write(&input, [line.repeat(CALLS).as_bytes(), ending].concat()).expect("written");
        let program = Command::new(env!("CARGO_BIN_EXE_gapis"))
            .arg("batch")
            .arg(&input)
            .args(["--document", FARM, "--anonymous", "--endpoint", &job.mock.uri()])
            .args(["--batch-size", "10"])
            .output()
            .expect("the program");
        let told = String::from_utf8(program.stderr).expect("text");
        assert_eq!(program.status.code(), Some(1), "{told}");
        assert!(told.contains("cannot read the input: line 301: it is not UTF-8"), "{told}");
        let output = String::from_utf8(program.stdout).expect("text");
        let replies: Vec<Value> =
            output.lines().map(|line| serde_json::from_str(line).expect(line)).collect();
        let lines: BTreeSet<u64> = replies.iter().filter_map(|reply| reply["line"].as_u64()).collect();
        assert_eq!((replies.len(), lines.len()), (CALLS, CALLS));
        assert!(replies.iter().all(|reply| reply["status"] == 200), "{output}");
    }
}

#[test]
fn the_program_answers_while_the_input_is_open_and_keeps_its_secret() {
    let job = Job::new();
    job.mock.require_bearer("secret-token");
    let mut program = Command::new(env!("CARGO_BIN_EXE_gapis"))
        .args(["batch", "--document", FARM, "--token-env", "GAPIS_TEST_TOKEN", "--endpoint", &job.mock.uri()])
        .env("GAPIS_TEST_TOKEN", "secret-token")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the program");
    let mut input = program.stdin.take().expect("its input");
    let mut output = BufReader::new(program.stdout.take().expect("its output"));
    for number in 1..=3 {
        writeln!(
            input,
            "{{\"method\":\"farm.animals.get\",\"params\":{{\"animalId\":\"7\"}},\"id\":{number}}}"
        )
        .expect("written");
        let mut line = String::new();
        output.read_line(&mut line).expect("a reply");
        let reply: Value = serde_json::from_str(&line).expect("JSON");
        assert_eq!((&reply["id"], &reply["status"]), (&json!(number), &json!(200)), "{line}");
    }
    drop(input);
    let done = program.wait_with_output().expect("its end");
    let told = String::from_utf8(done.stderr).expect("text");
    assert_eq!((done.status.code(), told.as_str()), (Some(0), "3 calls, 0 failed\n"));
}
