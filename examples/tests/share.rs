//! Tests to copy, for a program that sends batches. The program is `examples/share.rs`.
//!
//! `cargo test -p gapis-examples --test share`. The server is a table of handlers in the same process: there is no socket
//! and no sleep. These are the dependencies:
//!
//! ```toml
//! [dev-dependencies]
//! gapis-mock = { path = "../gapis/runtime/mock" }
//! tokio = { version = "1", features = ["macros", "rt", "test-util"] }
//! ```

use std::time::Duration;

use gapis_drive_v3::schemas::Permission;
use gapis_drive_v3::{Drive, permissions};
use gapis_mock::{Fault, Handlers, MockError};
use tokio::time::Instant;

#[allow(dead_code)] // Its `main` is not run here.
#[path = "../examples/share.rs"]
mod share;

const PEOPLE: [&str; 2] = ["ada@example.com", "bob@example.com"];

/// A server that has every file but `gone`, and the service that sends its calls there.
fn server() -> (Handlers, Drive) {
    let server = Handlers::new();
    server.on::<permissions::Create>(|call| match call.var("fileId")? {
        "gone" => Err(MockError::not_found("file gone")),
        _ => call.body(),
    });
    let drive = Drive::builder().anonymous().transport(server.clone()).build().unwrap();
    (server, drive)
}

#[tokio::test]
async fn every_person_may_read_every_file() {
    let (server, drive) = server();
    let failed = share::share(&drive, &["a", "b"], &PEOPLE).await.unwrap();
    assert!(failed.is_empty());

    // What the server received: one HTTP request with four calls.
    assert_eq!((server.request_count(), server.call_count()), (1, 4));
    let last = server.calls_of::<permissions::Create>().pop().unwrap();
    assert_eq!(last.path(), "/drive/v3/files/b/permissions");
    assert_eq!(last.query("sendNotificationEmail").as_deref(), Some("false"));
    let permission: Permission = last.body().unwrap();
    assert_eq!(permission.email_address.as_deref(), Some("bob@example.com"));
    assert_eq!(permission.role.as_deref(), Some("reader"));
}

#[tokio::test]
async fn a_file_that_does_not_exist_does_not_stop_the_others() {
    let (server, drive) = server();
    let failed = share::share(&drive, &["gone", "b"], &PEOPLE).await.unwrap();
    assert_eq!(failed.len(), 2);
    assert_eq!(failed[0], "gone with ada@example.com: 404 Not Found: Not Found: file gone (notFound)");
    let granted = server.calls().into_iter().filter(|call| call.status() == Some(200));
    assert!(granted.map(|call| call.path().to_owned()).eq(["/drive/v3/files/b/permissions"; 2]));
}

// The clock is paused. A wait ends at once, and the clock shows the time that it would have taken.
#[tokio::test(start_paused = true)]
async fn calls_that_a_rate_limit_refuses_are_sent_again_later() {
    let (server, drive) = server();
    server.fault(Fault::error(MockError::too_many_requests(Some(7))).times(2));
    let began = Instant::now();
    let failed = share::share(&drive, &["a", "b"], &PEOPLE).await.unwrap();
    assert!(failed.is_empty());
    assert!(began.elapsed() >= Duration::from_secs(7), "the server's `Retry-After` is respected");
    let refused = server.calls().into_iter().filter(|call| call.status() == Some(429));
    assert_eq!((refused.count(), server.call_count()), (2, 6));
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stays_unavailable_is_reported_for_each_call() {
    let (server, drive) = server();
    server.fault(Fault::respond(MockError::unavailable(None)).always());
    let failed = share::share(&drive, &["a"], &PEOPLE).await.unwrap();
    assert_eq!(failed.len(), 2);
    assert!(failed.iter().all(|line| line.contains("503 Service Unavailable")), "{failed:?}");
}

#[tokio::test]
async fn a_response_that_is_lost_is_reported_because_the_call_may_have_been_executed() {
    let (server, drive) = server();
    // The server grants the second permission, but its part of the response is missing.
    server.fault(Fault::drop_part().on_call(1));
    let failed = share::share(&drive, &["a"], &PEOPLE).await.unwrap();
    assert_eq!(failed.len(), 1);
    assert!(failed[0].starts_with("a with bob@example.com: "), "{failed:?}");
    assert_eq!(server.call_count(), 2, "a second attempt could grant it twice");
}
