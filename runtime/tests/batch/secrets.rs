//! No token, key, header, query or body is printed.

use std::fmt::Write;
use std::sync::Mutex;

use gapis_runtime::{ApiKey, AuthHeaders, BearerToken, Client, Error};

use gapis_testkit::zoo::*;

#[tokio::test]
async fn nothing_that_is_printed_shows_a_secret() {
    let text = Mutex::new(String::new());
    let print = |value: &dyn std::fmt::Debug| writeln!(text.lock().unwrap(), "{value:?} {value:#?}").unwrap();
    print(&AuthHeaders::bearer("s3cret").unwrap());
    print(&BearerToken::new("s3cret"));
    print(&ApiKey::new("s3cret"));
    let peer = Peer::new(|sent| match sent.number {
        0 => Answer::error(Error::transport("broke", "x")),
        1 => Answer::json(401, error_body(401, "authError")),
        2 => sent.answer(|_| None),
        _ => sent.echo().header("set-cookie", "s3cret"),
    });
    let client: Client = Client::builder()
        .credentials(BearerToken::new("s3cret"))
        .transport(peer.clone())
        .user_agent("s3cret")
        .build()
        .unwrap();
    print(&client);
    let zoo = Zoo::new(&client);
    print(&zoo);
    let call = || {
        zoo.insert("s3cret").with_header("x-key", "s3cret").with_query("key", "s3cret").quota_user("s3cret")
    };
    print(&call());
    print(&call().send());
    for _ in 0..4 {
        let mut batch = zoo.batch().with_header("x", "s3cret").with_query("key", "s3cret");
        call()
            .queue(&mut batch, |reply| {
                let shown = format!("{:?} {:?}", reply.result.err(), reply.response);
                text.lock().unwrap().push_str(&shown);
            })
            .unwrap();
        print(&batch);
        let report = batch.execute().await;
        print(&report);
        for reply in report.records() {
            print(reply);
            check_display(&reply.error);
        }
    }
    let (batcher, driver) = zoo.batcher();
    print(&(batcher, driver));
    print(&call().with_header("bad header", "s3cret").await.map(|_| ()));
    print(&call().with_header("x", "s3cret\r\n").await.map(|_| ()));
    print(&Zoo::builder().anonymous().quota_project("s3cret\n").build().map(|_| ()));
    print(&Zoo::builder().anonymous().endpoint("https://user:s3cret@host/").build().map(|_| ()));
    print(
        &Zoo::builder()
            .credentials(BearerToken::new("s3cret\n"))
            .transport(peer)
            .build()
            .unwrap()
            .get("a")
            .await,
    );
    let text = text.into_inner().unwrap();
    assert!(!text.contains("s3cret"), "{text}");
}

fn check_display(error: &Option<Error>) {
    let text = error.as_ref().map(ToString::to_string).unwrap_or_default();
    assert!(!text.contains("s3cret"), "{text}");
}

#[tokio::test]
async fn a_response_prints_its_status_and_size_only() {
    let (zoo, _) = zoo(|_| Answer::json(200, r#"{"id":"s3cret"}"#).header("set-cookie", "s3cret"));
    let (_, response) = zoo.get("a").send_with_response().await.unwrap();
    let text = format!("{response:?}");
    assert!(!text.contains("s3cret") && text.contains("200") && text.contains("15 bytes"), "{text}");
}
