//! Runs each program on its server and looks at what it printed, what it left behind and what went over the wire.

use gapis_examples::{Output, servers};
use gapis_farm_v2::runtime::mock::MockServer;
use gapis_farm_v2::runtime::{Builder, FromClient};

#[allow(dead_code)]
#[path = "../examples/farm.rs"]
mod farm;

/// The service over a server.
fn service<T: FromClient>(mock: &MockServer) -> T {
    Builder::new().anonymous().endpoint(&mock.uri()).build().unwrap()
}

/// What was printed.
fn text(buffer: &std::sync::Mutex<Vec<u8>>) -> String {
    String::from_utf8(buffer.lock().unwrap().clone()).unwrap()
}

#[tokio::test]
async fn the_farm() {
    let (mock, state) = servers::farm::start().unwrap();
    let (out, printed) = Output::buffer();
    farm::run(&service(&mock), &out).await.unwrap();
    assert_eq!(
        text(&printed),
        "\
== Two types of reply in one batch, and an error of one call
animals: horse
farmers: 2
ghost failed: 404 Not Found: Not Found: animal 404 (notFound)
3 calls in 1 HTTP request, 1 of them failed
== One closure for many calls, which keeps what it learns
refused: farm.animals.list: the batch has a call with the id \"llama\" already
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
    assert_eq!(state.animals(), ["horse", "sheep", "Dolly"]);
    // Two batches of one request each, and one of two, because of its barrier.
    let paths: Vec<String> = mock.requests().into_iter().map(|request| request.path).collect();
    assert_eq!(paths, ["/batch/farm/v2"; 4]);
    assert_eq!(mock.call_count(), 3 + 4 + 4);
}
