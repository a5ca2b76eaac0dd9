//! A caller's value cannot leave its position: its header line, its path segment, its query value or its part. Where
//! any text is possible it is encoded; otherwise an invalid value is refused before anything is sent.

use gapis_runtime::private::Request;
use gapis_runtime::{
    ApiKey, BearerToken, Client, Error, HttpBody, IntoCall, Json, Result, RetryPolicy, Session, Source,
};
use serde_json::json;

use gapis_testkit::shop::Shop;
use gapis_testkit::zoo::*;

/// Text that would be another header line, or the end of a text, without encoding.
const EVIL: [&str; 5] =
    ["a\r\nX-Evil: 1", "a\nX-Evil: 1", "a\rX-Evil: 1", "a\0X-Evil: 1", "a\u{7f}X-Evil: 1"];

/// A method whose body has any media type.
enum Put {}
gapis_runtime::method! { Put: Zoo => Json; "zoo.put" POST "put" }

struct Ready(Request);

impl<'cb> IntoCall<'cb, Zoo> for Ready {
    type Value = Json;
    fn into_parts(self) -> gapis_runtime::private::Parts<'cb, Json> {
        gapis_runtime::private::Parts::new::<Put, gapis_runtime::AsDocumented>(self.0)
    }
}

fn put(zoo: &Zoo, body: &HttpBody) -> Ready {
    Ready(Request::new::<Put>(zoo.client(), &[], Some(body)))
}

fn answering() -> (Zoo, Peer) {
    zoo(|sent| if sent.parts.is_empty() { Answer::json(200, "{}") } else { sent.echo() })
}

fn assert_refused<T>(place: &str, result: Result<T>) {
    let error = result.err().unwrap_or_else(|| panic!("{place} was taken"));
    assert!(error.is_input() || error.is_credentials(), "{place}: {error}");
    let shown = format!("{error} {error:?}");
    // A name may be shown in quotes; without, it could be another line of a log.
    assert!(!shown.chars().any(char::is_control), "{place}: {shown}");
}

#[tokio::test]
async fn what_a_header_cannot_hold_is_refused_before_anything_is_sent() {
    let (zoo, peer) = answering();
    for evil in EVIL {
        assert_refused("a header's value", zoo.get("a").with_header("x", evil).await);
        assert_refused("a header's name", zoo.get("a").with_header(evil, "x").await);
        assert_refused("an ETag", zoo.get("a").if_match(evil).await);
        assert_refused("an ETag", zoo.get("a").if_none_match(evil).await);
        assert_refused("a content type", put(&zoo, &HttpBody::new(evil, "x")).into_parts().send().await);
        let mut batch = zoo.batch();
        assert_refused("a queued header", batch.add(zoo.get("a").with_header("x", evil)));
        let ticket = batch.add(put(&zoo, &HttpBody::new(evil, "x")));
        match ticket {
            Ok(ticket) => assert_refused("a queued content type", batch.execute().await.redeem(ticket)),
            Err(error) => assert_refused("a queued content type", Err::<(), _>(error)),
        }
        for batch in [zoo.batch().with_header("x", evil), zoo.batch().with_header(evil, "x")] {
            let mut batch = batch;
            let ticket = batch.add(zoo.get("a")).unwrap();
            assert_refused("a batch's header", batch.execute().await.redeem(ticket));
        }
        assert_refused("a user agent", peer.builder().user_agent(evil).build());
        assert_refused("a quota project", peer.builder().quota_project(evil).build());
        assert_refused("an endpoint", peer.builder().endpoint(&format!("http://h/{evil}")).build());
        assert_refused("a universe", peer.builder().universe_domain(evil).build());
        for zoo in [
            peer.builder().credentials(BearerToken::new(evil)).build().unwrap(),
            peer.builder().credentials(ApiKey::new(evil)).build().unwrap(),
        ] {
            assert_refused("a token", zoo.get("a").await);
        }
    }
    assert!(peer.sent().is_empty());
}

#[tokio::test]
async fn headers_that_describe_the_message_are_the_library_s() {
    let (zoo, peer) = answering();
    for name in ["Host", "Content-Length", "Transfer-Encoding", "Connection"] {
        assert_refused(name, zoo.get("a").with_header(name, "x").await);
        assert_refused(name, zoo.batch().add(zoo.get("a").with_header(name, "x")));
    }
    assert!(peer.sent().is_empty());
}

#[tokio::test]
async fn media_types_and_sessions_are_checked_too() {
    let peer = Peer::new(|_| Answer::json(200, "{}"));
    let client =
        Client::builder().anonymous().retry(RetryPolicy::none()).transport(peer.clone()).build().unwrap();
    let shop = Shop::new(&client);
    for evil in EVIL {
        let media_type = format!("image/{evil}");
        let source = || Source::from("x").with_content_type(&media_type);
        let upload = |body: Json| shop.insert(body).upload(source());
        assert_refused("a media type", upload(json!({})).simple().await);
        assert_refused("a media type", upload(json!({"a": 1})).multipart().await);
        assert_refused("a media type", upload(json!({})).resumable().await);
        let address = json!({ "method": "shop.insert", "address": format!("https://shop.test/{evil}") });
        let session = Session::load(&address.to_string()).unwrap();
        let resumed = shop.insert(json!({})).upload("x").resume(session).await;
        let error: Error = resumed.unwrap_err();
        assert!(error.is_protocol() && !error.to_string().contains("Evil"), "{error}");
    }
    assert!(peer.sent().is_empty());
}

#[tokio::test]
async fn where_any_text_may_stand_it_is_encoded() {
    let (zoo, peer) = answering();
    for evil in EVIL.into_iter().chain(["a&key=1#x?y=%0d%0a", "../../b", "a b+c\u{e4}"]) {
        let call = || zoo.get(evil).fields(evil).quota_user(evil).with_query("q", evil).with_query(evil, "v");
        call().await.unwrap();
        let mut batch = zoo.batch().with_query("q", evil).with_query(evil, "v");
        call().with_id(evil).queue(&mut batch, |reply| assert_eq!(reply.id.to_string(), evil)).unwrap();
        zoo.insert(evil).queue(&mut batch, drop).unwrap();
        let _ = batch.execute().await;
    }
    let sent = peer.sent();
    assert_eq!(sent.len(), 2 * (EVIL.len() + 3));
    for sent in sent {
        let inner = sent.parts.iter().map(|part| part.line.split(' ').nth(1).unwrap());
        for target in inner.chain([&*sent.url]) {
            let plain = target.bytes().all(|byte| byte.is_ascii_graphic());
            assert!(plain && !target.contains("key=1") && !target.contains('#'), "{target}");
            assert_eq!(target.matches('?').count(), 1, "{target}");
        }
        assert!(sent.headers.keys().all(|name| name != "x-evil"));
        for part in &sent.parts {
            assert!(part.header("x-evil").is_none(), "{part:?}");
            assert_eq!(part.line.split(' ').count(), 3, "{}", part.line);
            // JSON can represent any text.
            assert!(part.body.is_empty() || serde_json::from_str::<Json>(&part.body).is_ok());
        }
        let lines = String::from_utf8(sent.body.to_vec()).unwrap();
        assert!(lines.lines().all(|line| !line.starts_with("X-Evil")), "{lines}");
    }
}

/// A body in the format of a batch does not end its part.
#[tokio::test]
async fn a_body_cannot_end_its_part() {
    let peer = Peer::new(|sent| sent.echo());
    let zoo = peer.zoo();
    let mut batch = zoo.batch();
    batch.add(zoo.get("a")).unwrap();
    batch.execute().await.error_for_failures().unwrap();
    let first = String::from_utf8(peer.sent()[0].body.to_vec()).unwrap();
    // Not even with the boundary of an earlier request.
    let body = HttpBody::new("text/plain", format!("\r\n{first}"));
    let mut batch = zoo.batch();
    batch.add(put(&zoo, &body)).unwrap();
    batch.add(zoo.get("b")).unwrap();
    let _ = batch.execute().await;
    let sent = &peer.sent()[1];
    assert_eq!(sent.parts.len(), 2, "the two that were queued");
    assert_eq!(sent.parts[0].body, format!("\r\n{first}"));
}
