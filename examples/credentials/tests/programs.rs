//! Each program as it is, against servers of its own.

use std::process::Command;

fn run(program: &str) -> String {
    let output = Command::new(program).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn an_administrator_acts_for_two_users_in_one_batch() {
    let printed = run(env!("CARGO_BIN_EXE_administrator"));
    assert_eq!(
        printed,
        "ann@example.com: ann@example.com uses 1024 bytes\nben@example.com: ben@example.com uses 1024 bytes\n\
         2 users in 1 request\n"
    );
}

#[test]
fn a_desktop_s_user_logs_in() {
    assert_eq!(run(env!("CARGO_BIN_EXE_desktop")), "desktop@example.com uses 1024 bytes\n");
}

#[test]
fn a_program_on_cloud_run_is_who_the_metadata_server_says() {
    assert_eq!(run(env!("CARGO_BIN_EXE_cloud_run")), "cloud-run@example.com uses 1024 bytes\n");
}

#[test]
fn a_job_in_ci_acts_for_a_user() {
    assert_eq!(run(env!("CARGO_BIN_EXE_ci")), "ann@example.com uses 1024 bytes\n");
}

#[test]
fn a_service_account_acts_for_itself() {
    assert_eq!(run(env!("CARGO_BIN_EXE_robot")), "robot@example.com uses 1024 bytes\n");
}

#[test]
fn a_television_s_user_enters_a_code_elsewhere() {
    assert_eq!(run(env!("CARGO_BIN_EXE_television")), "television@example.com uses 1024 bytes\n");
}

#[test]
fn a_key_is_enough_for_public_data() {
    assert_eq!(run(env!("CARGO_BIN_EXE_public_data")), "hello.txt has 5 bytes\n");
}

#[test]
fn a_command_prints_the_token() {
    assert_eq!(run(env!("CARGO_BIN_EXE_command")), "command@example.com uses 1024 bytes\n");
}
