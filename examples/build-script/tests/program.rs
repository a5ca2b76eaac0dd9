//! The program as it is.

use std::process::Command;

#[test]
fn it_prints_what_a_call_would_send() {
    let run = Command::new(env!("CARGO_BIN_EXE_gapis-example-build-script")).output().unwrap();
    let printed = String::from_utf8(run.stdout).unwrap();
    assert!(printed.starts_with("GET https://"), "{printed}");
    assert!(printed.contains("/animals/7/vaccinations?maxResults=10"), "{printed}");
}
