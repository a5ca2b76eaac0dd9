//! Operations over the loopback interface, with the mock server.

use std::sync::Mutex;
use std::time::Duration;

use gapis_mock::{Fault, MockError, MockServer};
use gapis_runtime::{BearerToken, PollPolicy, RetryPolicy};
use serde_json::json;

use gapis_testkit::longrunning::NAME;
use gapis_testkit::longrunning::farm::{Barn, Build, Farm, GetOperation, Operation};

/// A server whose operation is done at the third poll.
fn server() -> MockServer {
    let mock = MockServer::start().unwrap();
    let named = || Operation { name: Some(NAME.to_owned()), ..Operation::default() };
    mock.on::<Build>(move |_| Ok(named()));
    let asked = Mutex::new(0);
    mock.on::<GetOperation>(move |call| {
        if call.var("name")? != NAME {
            return Err(MockError::not_found("operation"));
        }
        let mut asked = asked.lock().unwrap();
        *asked += 1;
        let is_done = *asked == 3;
        let response = is_done.then(|| [("doors".to_owned(), json!(2))].into());
        Ok(Operation { done: Some(is_done), response, ..named() })
    });
    mock
}

fn farm(mock: &MockServer) -> Farm {
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let builder = Farm::builder().credentials(BearerToken::new("secret")).endpoint(&mock.uri());
    builder.retry(quick).build().unwrap()
}

fn quick() -> PollPolicy {
    PollPolicy::default().with_interval(Duration::from_millis(1), Duration::from_millis(2))
}

#[tokio::test]
async fn polls_are_calls_like_others() {
    let mock = server();
    mock.require_bearer("secret");
    mock.fault(Fault::respond(MockError::unavailable(None)).for_method::<GetOperation>().times(2));
    mock.fault(Fault::close().for_method::<GetOperation>().skip(2));
    let barn =
        farm(&mock).build(Barn::default()).wait().reply_as::<Barn>().with_policy(quick()).await.unwrap();
    assert_eq!(barn.doors, Some(2));
    // One call, two polls that are refused, and three that succeed; the response to one of them is lost.
    assert_eq!((mock.request_count(), mock.calls_of::<Build>().len()), (6, 1));
}

#[cfg(feature = "blocking")]
#[test]
fn on_a_plain_thread() {
    let mock = server();
    let farm = farm(&mock);
    let operation = farm.build(Barn::default()).wait().with_policy(quick()).block().unwrap();
    assert_eq!(operation.done, Some(true));
    assert!(farm.operation("farms/f/operations/none").wait().block().unwrap_err().is_not_found());
}

#[cfg(feature = "blocking")]
#[tokio::test]
async fn not_inside_an_async_runtime() {
    let mock = server();
    assert!(farm(&mock).build(Barn::default()).wait().block().unwrap_err().is_input());
    assert_eq!(mock.request_count(), 0);
}
