//! A call's headers are the same bytes in a batch and alone, or they are refused in both.

use proptest::prelude::*;

use gapis_testkit::zoo::*;

/// Whether the header lines of a batch's part and of a call that was sent alone are the same for that name. `None` if
/// the call was refused in both cases.
async fn both(set: &[(String, String)], name: &str) -> Option<(Vec<Vec<u8>>, Vec<Vec<u8>>)> {
    let (zoo, peer) = zoo(|sent| if sent.parts.is_empty() { Answer::json(200, "{}") } else { sent.echo() });
    let call = || set.iter().fold(zoo.get("a"), |call, (name, value)| call.with_header(name, value));
    let single = call().await;
    let mut batch = zoo.batch();
    let queued = call().queue(&mut batch, |reply| assert!(reply.result.is_ok()));
    if let Err(error) = single {
        assert!(error.is_input(), "{error}");
        assert!(queued.unwrap_err().is_input());
        return None;
    }
    queued.unwrap();
    let _ = batch.execute().await;
    let sent = peer.sent();
    let alone = sent[0].headers.get_all(name).iter().map(|value| value.as_bytes().to_vec()).collect();
    // Headers that all calls of a batch have may be in the outer request.
    let outside = sent[1].headers.get_all(name).iter().map(|value| value.as_bytes().to_vec());
    let inside = sent[1].parts[0].headers.iter().filter(|(other, _)| other.eq_ignore_ascii_case(name));
    let inside: Vec<Vec<u8>> = inside.map(|(_, value)| value.clone().into_bytes()).collect();
    let inside = if inside.is_empty() { outside.collect() } else { inside };
    Some((alone, inside))
}

fn run<T>(future: impl Future<Output = T>) -> T {
    tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build()
        .unwrap()
        .block_on(future)
}

#[tokio::test]
async fn a_condition_beyond_ascii_is_sent_as_it_is() {
    for etag in ["\"é\"", "W/\"\u{80}\"", "\"日本\"", "", "\"a\tb\"", " \"a\" "] {
        let set = [("if-match".to_owned(), etag.to_owned())];
        let (alone, batched) = both(&set, "if-match").await.unwrap();
        assert_eq!(alone, [etag.as_bytes()], "{etag:?}");
        assert_eq!(batched, alone, "{etag:?}");
    }
    for etag in ["\"\n\"", "\"a\r\nx: y\"", "\0", "\u{7f}"] {
        assert!(both(&[("if-match".to_owned(), etag.to_owned())], "if-match").await.is_none(), "{etag:?}");
    }
}

#[tokio::test]
async fn headers_of_the_message_and_the_connection_are_refused() {
    for name in [
        "Content-Length",
        "Host",
        "Connection",
        "Expect",
        "Keep-Alive",
        "Proxy-Connection",
        "TE",
        "Trailer",
        "Transfer-Encoding",
        "Upgrade",
        "",
        "a b",
        "é",
    ] {
        assert!(both(&[(name.to_owned(), "1".to_owned())], "x").await.is_none(), "{name}");
    }
}

const NAMES: [&str; 12] = [
    "if-match",
    "If-None-Match",
    "X-Goog-Request-Reason",
    "x-goog-user-project",
    "accept",
    "Accept-Language",
    "content-type",
    "user-agent",
    "authorization",
    "cookie",
    "x-http-method-override",
    "x-own",
];

proptest! {
    #![proptest_config(ProptestConfig::with_cases(300))]

    #[test]
    fn every_value_is_sent_both_ways_or_neither(
        first in 0..NAMES.len(),
        value in any::<String>(),
        again in proptest::option::of("[ -~]{0,9}"),
        other in "[ -~é]{0,9}",
    ) {
        let name = NAMES[first];
        let mut set = vec![(name.to_owned(), value), ("x-other".to_owned(), other)];
        set.extend(again.map(|again| (name.to_ascii_uppercase(), again)));
        for name in [name, "x-other"] {
            if let Some((alone, batched)) = run(both(&set, name)) {
                prop_assert_eq!(&alone, &batched, "{}", name);
                prop_assert_eq!(alone.len(), 1, "the last one counts");
            }
        }
    }
}

/// More headers than a map has room for harm nobody.
#[tokio::test]
async fn forty_thousand_headers_panic_nowhere() {
    let lines: String = (0..40_000).map(|at| format!("X-{at}: 1\r\n")).collect();
    let (zoo, _) = zoo(move |sent| {
        sent.answer(|part| {
            Some(match &*part.animal() {
                "many" => format!("HTTP/1.1 200 OK\r\n{lines}\r\n{{\"id\":\"many\"}}"),
                id => animal(id),
            })
        })
    });
    let limits = gapis_runtime::ReadLimits::default().with_headers_per_part(100_000);
    let seen = &Log::default();
    let mut batch = zoo.batch().with_limits(limits);
    for id in ["many", "other"] {
        let queued = zoo.get(id).queue(&mut batch, move |reply| {
            let headers = reply.response.map_or(0, |response| response.headers().len());
            seen.add(format!("{} {}", reply.result.unwrap().id(), headers > 10_000));
        });
        queued.unwrap();
    }
    assert!(batch.execute().await.error_for_failures().is_ok());
    assert_eq!(seen.take(), ["many true", "other false"]);

    let many = (0..40_000).fold(zoo.get("a"), |call, at| call.with_header(&format!("x-{at}"), "1"));
    assert!(zoo.batch().add(many).unwrap_err().to_string().contains("more than 1000 headers"));
    let mut many = (0..40_000).fold(zoo.batch(), |batch, at| batch.with_header(&format!("x-{at}"), "1"));
    many.add(zoo.get("a")).unwrap();
    assert!(many.execute().await.error_for_failures().unwrap_err().is_input());
}
