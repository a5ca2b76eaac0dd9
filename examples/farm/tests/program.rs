//! Runs the program on its server and looks at what it printed, what it left behind and what went over the wire.

use std::process::Command;

use gapis_example_farm::{Output, server};
use gapis_farm_v2::Farm;

// The program as it is; what it needs beside `run` to be one goes unused here.
#[allow(dead_code)]
#[path = "../src/main.rs"]
mod farm;

#[tokio::test]
async fn the_farm() {
    let (mock, state) = server::start().unwrap();
    let (out, printed) = Output::buffer();
    let service = Farm::builder().anonymous().endpoint(&mock.uri()).build().unwrap();
    farm::run(&service, &out).await.unwrap();
    assert_eq!(
        String::from_utf8(printed.lock().unwrap().clone()).unwrap(),
        "\
== Two types of reply in one batch, and an error of one call
animals: horse
farmers: 2
ghost failed: 404 Not Found: Not Found: animal 404 (notFound)
3 calls in 1 HTTP request, 1 of them failed
== One closure for many calls, which keeps what it learns
refused: farm.animals.list: the batch already has a call with the id \"llama\"
call 0 (farm.animals.insert) is answered
call 1 (farm.animals.insert) is answered
call 2 (farm.animals.insert) is answered
nameless: 400 Bad Request: Required: name (required)
call 3 (farm.animals.insert) is answered
the sheep is number 2, the pig 3, the llama 4
== Changes made offline, sent at once, and then a look at the result
the sheep weighs 92.5 kg
animals: horse, sheep, Dolly
"
    );
    assert_eq!(state.lock().names(), ["horse", "sheep", "Dolly"]);
    // Two batches of one request each, and one of two, because of its barrier.
    let paths: Vec<String> = mock.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/batch/farm/v2"; 4]);
    assert_eq!(mock.call_count(), 3 + 4 + 4);
}

#[test]
fn the_program_runs_by_itself() {
    let run = Command::new(env!("CARGO_BIN_EXE_gapis-example-farm")).output().unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(run.status.success() && printed.ends_with("animals: horse, sheep, Dolly\n"), "{printed}");
}
