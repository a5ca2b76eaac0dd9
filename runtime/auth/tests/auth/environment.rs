//! Environment variables can only be set for another process: the tests here, which others run there.

use std::process::Command;

use gapis_auth::ApplicationDefault;

use crate::support::*;

/// What is found there, or the words of the error.
async fn found() {
    let credentials = ApplicationDefault::new();
    match std::env::var("EXPECTED_ERROR") {
        Ok(words) => {
            let failed = error(&credentials).await;
            assert!(failed.to_string().contains(&words), "{failed}");
        }
        Err(_) => {
            let expected = std::env::var("EXPECTED_TOKEN").unwrap();
            assert_eq!(bearer(&credentials).await, format!("Bearer {expected}"));
        }
    }
}

#[tokio::test]
#[ignore = "run by other tests, with an environment of their making"]
async fn on_the_real_clock() {
    found().await;
}

#[tokio::test(start_paused = true)]
#[ignore = "run by other tests, with an environment of their making"]
async fn on_a_paused_clock() {
    found().await;
}

fn run(test: &str, variables: &[(&str, &str)]) {
    let output = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", &format!("environment::{test}"), "--ignored"])
        .env_clear()
        .env("PATH", std::env::var_os("PATH").unwrap_or_default())
        .env("HOME", env!("CARGO_TARGET_TMPDIR"))
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = String::from_utf8_lossy(&output.stdout);
    assert!(output.status.success() && text.contains("1 passed"), "{text}");
}

/// In that environment there are credentials, whose token is this.
pub(crate) fn in_environment(expected: &str, variables: &[(&str, &str)]) {
    run("on_the_real_clock", &[variables, &[("EXPECTED_TOKEN", expected)]].concat());
}

/// In that environment there are none, and the error has these words.
pub(crate) fn fails_in_environment(words: &str, variables: &[(&str, &str)]) {
    run("on_the_real_clock", &[variables, &[("EXPECTED_ERROR", words)]].concat());
}

/// The same, as soon as nothing is left to do but wait.
pub(crate) fn times_out_in_environment(words: &str, variables: &[(&str, &str)]) {
    run("on_a_paused_clock", &[variables, &[("EXPECTED_ERROR", words)]].concat());
}
