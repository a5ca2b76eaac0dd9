//! Batches on a real connection: the HTTP level.

use gapis_mock::{Fault, MockResponse, MockServer};

use gapis_testkit::zoo::*;

#[tokio::test]
async fn the_length_of_the_body_is_known() {
    let server = MockServer::start().unwrap();
    server.on::<Insert>(|call| call.body::<Animal>());
    let zoo = Zoo::builder().anonymous().endpoint(&server.uri()).build().unwrap();
    let mut batch = zoo.batch();
    (0..100).for_each(|_| {
        let _ = batch.add(zoo.insert(&"é".repeat(500))).unwrap();
    });
    assert!(batch.execute().await.error_for_failures().is_ok());
    let request = &server.requests()[0];
    assert_eq!(request.headers["content-length"], request.body.len().to_string().as_str());
    assert!(!request.headers.contains_key("transfer-encoding"));
    assert_eq!((request.verb.as_str(), request.path.as_str()), ("POST", "/batch/zoo/v1"));
}

#[tokio::test]
async fn a_gzipped_answer_is_read() {
    let server = MockServer::start().unwrap();
    server.on::<Get>(|call| Ok(Animal::new(call.var("id")?)));
    server.fault(Fault::gzip().always());
    let zoo = Zoo::builder().anonymous().endpoint(&server.uri()).build().unwrap();
    let mut batch = zoo.batch();
    let tickets: Vec<_> = (0..50).map(|at| batch.add(zoo.get(&at.to_string())).unwrap()).collect();
    let report = batch.execute().await;
    for ticket in tickets {
        let at = ticket.index().to_string();
        assert_eq!(report.redeem(ticket).unwrap().id(), at);
    }
    assert_eq!(report.requests(), 1);
}

#[tokio::test]
async fn a_redirect_is_not_followed_with_credentials() {
    let server = MockServer::start().unwrap();
    let away = MockServer::start().unwrap();
    server.fault(Fault::respond(MockResponse::html(307, "").with_header("location", &away.uri())).always());
    let zoo = Zoo::builder()
        .credentials(gapis_runtime::BearerToken::new("t"))
        .endpoint(&server.uri())
        .build()
        .unwrap();
    let mut batch = zoo.batch();
    let ticket = batch.add(zoo.get("a")).unwrap();
    let refused = batch.execute().await.redeem(ticket).unwrap_err();
    assert!(refused.is_batch_refused() && refused.response().unwrap().status == 307);
    assert_eq!(zoo.get("a").await.unwrap_err().status().map(u16::from), Some(307));
    assert!(away.requests().is_empty());
}

#[tokio::test]
async fn a_server_that_is_not_there_is_a_connection_error_and_tried_again() {
    let server = MockServer::start().unwrap();
    let uri = server.uri();
    drop(server);
    let quick = policy(3).with_backoff(millis(1), millis(2));
    let zoo = Zoo::builder().anonymous().endpoint(&uri).retry(quick).build().unwrap();
    let mut batch = zoo.batch();
    batch.add(zoo.insert("a")).unwrap();
    let report = batch.execute().await;
    let error = report.error_for_failures().unwrap_err();
    assert!(error.is_connect() && error.to_string().contains(uri.trim_start_matches("http://")), "{error}");
    assert_eq!((report.requests(), report.retries()), (3, 2));
}
