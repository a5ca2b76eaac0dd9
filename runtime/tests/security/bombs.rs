//! Responses that are small on the wire and huge in memory, and deeply nested ones.

use std::io::Write as _;

use flate2::write::GzEncoder;
use flate2::{Compression, FlushCompress};
use gapis_runtime::{Error, Json, ReadLimits, RetryPolicy};

use gapis_testkit::shop::Shop;
use gapis_testkit::socket::Socket;
use gapis_testkit::zoo::*;

/// The zeros in one piece.
const PIECE: usize = 1 << 20;

/// A gzip stream of 1 GiB of zeros, which is about a thousandth of that on the wire: one compressed piece, repeated.
/// It has no trailer, because no reader should get that far.
fn gigabyte(before: &[u8]) -> Vec<u8> {
    let mut head = GzEncoder::new(Vec::new(), Compression::best());
    head.write_all(before).unwrap();
    // A flush ends a block at a byte boundary, so that others can follow.
    head.flush().unwrap();
    let mut bomb = head.get_ref().clone();
    let mut deflate = flate2::Compress::new(Compression::best(), false);
    let mut piece = Vec::with_capacity(PIECE);
    deflate.compress_vec(&vec![0; PIECE], &mut piece, FlushCompress::Full).unwrap();
    for _ in 0..1024 {
        bomb.extend_from_slice(&piece);
    }
    assert!(bomb.len() < 3 << 20, "{} bytes", bomb.len());
    bomb
}

/// Starts a server that responds to every request with these bytes. Returns its address.
fn serve(head: &str, body: Vec<u8>) -> String {
    let head = format!("{head}\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", body.len());
    let answer = [head.as_bytes(), &body].concat();
    Socket::answering(move |_| answer.clone()).url()
}

const GZIP: &str = "Content-Encoding: gzip\r\nContent-Type: application/json";

fn service(address: &str) -> Zoo {
    let builder = Zoo::builder().anonymous().endpoint(address).retry(RetryPolicy::none());
    builder.max_response(8 << 20).build().unwrap()
}

/// The peak memory of this process in bytes, if it can be read.
fn peak() -> usize {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find(|line| line.starts_with("VmHWM:")).unwrap_or_default();
    line.split_whitespace().nth(1).map_or(0, |kib| kib.parse::<usize>().unwrap() << 10)
}

/// All bombs are in one test, because memory is measured for the process.
#[tokio::test]
async fn a_gigabyte_of_zeros_costs_no_more_than_the_limit() {
    let before = peak();

    let zoo = service(&serve(&format!("HTTP/1.1 200 OK\r\n{GZIP}"), gigabyte(b"{")));
    let error = zoo.get("a").await.unwrap_err();
    assert_eq!(error.to_string(), "the response is larger than 8388608 bytes");

    // The request asks for stored bytes, but a server may compress them anyway.
    let address = serve(&format!("HTTP/1.1 200 OK\r\n{GZIP}"), gigabyte(b"{"));
    let builder = Shop::builder().anonymous().endpoint(&address).retry(RetryPolicy::none());
    let shop = builder.max_response(8 << 20).build().unwrap();
    assert!(shop.get("a").download().bytes().await.unwrap().len() < 3 << 20, "it comes as it is");
    let error = shop.get("a").download().with_decompression().bytes().await.unwrap_err();
    assert_eq!(error.to_string(), "shop.get: the media is larger than 8388608 bytes");

    // The status says what is wrong, so not all of the body is needed.
    let zoo = service(&serve(&format!("HTTP/1.1 404 Not Found\r\n{GZIP}"), gigabyte(b"{")));
    let error = zoo.get("a").await.unwrap_err();
    assert!(error.is_not_found() && error.response().unwrap().body.len() <= 1 << 20, "{error}");

    // As a batch that ends in zeros, as a part of a batch, and as a refusal.
    let multipart = "Content-Encoding: gzip\r\nContent-Type: multipart/mixed; boundary=B";
    let limits = ReadLimits::default().with_part_bytes(1 << 20).with_total_bytes(16 << 20);
    for (status, head, begin) in [
        ("200 OK", multipart, &b"zeros before any boundary"[..]),
        ("200 OK", multipart, b"--B\r\nContent-Type: application/http\r\n\r\nHTTP/1.1 200 OK\r\n\r\n"),
        ("200 OK", GZIP, b"{"),
        ("500 Oops", GZIP, b"{"),
    ] {
        let zoo = service(&serve(&format!("HTTP/1.1 {status}\r\n{head}"), gigabyte(begin)));
        let mut batch = zoo.batch().with_limits(limits);
        batch.queue_all(["a", "b"].map(|id| zoo.insert(id)), drop).unwrap();
        let report = batch.execute().await;
        assert_eq!(report.failures(), 2);
        for reply in report.records() {
            let error = reply.error.as_ref().unwrap();
            assert!(
                error.is_unknown_outcome() || error.status().map(u16::from) == Some(500),
                "{status} {head}: {error:?}"
            );
            if head == multipart {
                let said = format!("{error:?}");
                assert!(said.contains("16777216 bytes") || said.contains("larger than"), "{said}");
            }
        }
    }

    let grown = peak().saturating_sub(before);
    assert!(grown < 200 << 20, "{} MiB", grown >> 20);
}

/// `{"x":[[[…` and `{"x":{"x":…`, closed or not.
fn deep() -> Vec<String> {
    let levels = 100_000;
    let (open, close) = ("[".repeat(levels), "]".repeat(levels));
    let (objects, ends) = ("{\"x\":".repeat(levels), "}".repeat(levels));
    vec![
        format!("{{\"x\":{open}{close}}}"),
        format!("{{\"id\":{open}"),
        format!("{open}{close}"),
        format!("{objects}1{ends}"),
        format!("{{\"error\":{objects}1{ends}}}"),
        format!("{{\"error\":{{\"details\":{open}{close}}}}}"),
    ]
}

/// The thread has a stack of 2 MiB, like the threads for tests by default.
fn on_a_small_stack(work: impl Future<Output = ()> + Send + 'static) {
    let thread = std::thread::Builder::new().stack_size(2 << 20);
    let run = || {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.unwrap().block_on(work);
    };
    thread.spawn(run).unwrap().join().unwrap();
}

fn is_about_depth(error: &Error) -> bool {
    error.is_decode() && error.to_string().contains("recursion limit")
}

#[test]
fn depth_is_an_error_and_no_stack_overflow() {
    on_a_small_stack(async {
        for text in deep() {
            let body = text.clone();
            let (zoo, _) = zoo(move |_| Answer::json(200, body.clone()));
            let error = zoo.get("a").await.unwrap_err();
            assert!(error.is_decode(), "{error}");
            assert!(zoo.call(http::Method::GET, "x", None).await.is_err_and(|error| is_about_depth(&error)));
            assert!(zoo.get("a").reply_as::<Json>().await.is_err_and(|error| is_about_depth(&error)));

            // The body of an error is still an error.
            let body = text.clone();
            let (zoo, _) = gapis_testkit::zoo::zoo(move |_| Answer::json(404, body.clone()));
            assert!(zoo.get("a").await.is_err_and(|error| error.is_not_found()));

            let (zoo, _) = gapis_testkit::zoo::zoo(move |sent| {
                sent.answer(|part| {
                    Some(match &*part.animal() {
                        "deep" => ok(&text),
                        "wrong" => format!("HTTP/1.1 404 Not Found\r\n\r\n{text}"),
                        id => animal(id),
                    })
                })
            });
            let mut batch = zoo.batch();
            for id in ["deep", "wrong", "fine"] {
                batch.add(zoo.get(id).with_id(id)).unwrap();
            }
            let report = batch.execute().await;
            let error = |id| report.get(id).unwrap().error.clone();
            assert!(error("deep").unwrap().is_decode());
            assert!(error("wrong").unwrap().is_not_found());
            assert!(error("fine").is_none(), "another part's depth harms nobody else");
        }
    });
}
