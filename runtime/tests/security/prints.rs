//! No token, session, key or value of the caller is printed, logged or traced, by this library or by its dependencies.
//! The output of batches is tested in `batch/secrets.rs`.

use std::fmt::{Debug, Write as _};
use std::sync::{Arc, Mutex, PoisonError};

use gapis_mock::{Fault, MockError, MockResponse};
use gapis_runtime::{
    Anonymous, ApiKey, AuthHeaders, BearerToken, Client, Error, RetryPolicy, Session, Source,
};
use serde_json::json;

use gapis_testkit::shop::{Shop, Store, bytes};

/// Parts of the token, of the session's URL, and of what a caller sends.
const SECRETS: [&str; 3] = ["s3cret", "s3ssion", "pr1vate"];

/// Everything that was written, by any crate.
static WRITTEN: Mutex<String> = Mutex::new(String::new());

fn write(text: std::fmt::Arguments<'_>) {
    let mut written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    writeln!(written, "{text}").unwrap();
}

struct Logger;

impl log::Log for Logger {
    fn enabled(&self, _: &log::Metadata<'_>) -> bool {
        true
    }
    fn log(&self, record: &log::Record<'_>) {
        write(format_args!("log {} {} {}", record.level(), record.target(), record.args()));
    }
    fn flush(&self) {}
}

#[cfg(feature = "tracing")]
mod traces {
    use std::fmt::Debug;

    use tracing::field::{Field, Visit};
    use tracing::span::{Attributes, Id, Record};
    use tracing::{Event, Metadata, Subscriber};

    /// Records every span and event of every crate.
    pub struct Recorder;

    struct Fields;

    impl Visit for Fields {
        fn record_debug(&mut self, field: &Field, value: &dyn Debug) {
            super::write(format_args!("trace field {}={value:?}", field.name()));
        }
    }

    impl Subscriber for Recorder {
        fn enabled(&self, _: &Metadata<'_>) -> bool {
            true
        }
        fn new_span(&self, span: &Attributes<'_>) -> Id {
            super::write(format_args!("trace span {}", span.metadata().name()));
            span.record(&mut Fields);
            Id::from_u64(1)
        }
        fn record(&self, _: &Id, values: &Record<'_>) {
            values.record(&mut Fields);
        }
        fn record_follows_from(&self, _: &Id, _: &Id) {}
        fn event(&self, event: &Event<'_>) {
            super::write(format_args!("trace event {}", event.metadata().target()));
            event.record(&mut Fields);
        }
        fn enter(&self, _: &Id) {}
        fn exit(&self, _: &Id) {}
    }
}

fn listen() {
    log::set_logger(&Logger).unwrap();
    log::set_max_level(log::LevelFilter::Trace);
    #[cfg(feature = "tracing")]
    tracing::subscriber::set_global_default(traces::Recorder).unwrap();
}

fn print(value: &dyn Debug) {
    write(format_args!("{value:?} {value:#?}"));
}

/// An error with all of its causes.
fn print_error(error: &Error) {
    print(error);
    let mut cause: Option<&dyn std::error::Error> = Some(error);
    while let Some(error) = cause {
        write(format_args!("{error} {error:?}"));
        cause = error.source();
    }
    print(&error.api_error());
    print(&error.response());
}

fn print_credentials() {
    print(&BearerToken::new("s3cret"));
    print(&ApiKey::new("s3cret"));
    print(&Anonymous::new());
    print(&AuthHeaders::bearer("s3cret").unwrap().with_universe_domain("example.com"));
    for bad in ["s3cret\n", "s3cret\0"] {
        print_error(&AuthHeaders::bearer(bad).unwrap_err());
    }
}

async fn use_calls(shop: &Shop) {
    let call = || {
        let call = shop.get("pr1vate").fields("pr1vate").quota_user("pr1vate").with_query("key", "s3cret");
        call.with_header("x-key", "pr1vate").if_match("pr1vate")
    };
    print(&call());
    print(&call().send());
    print(&call().with_timeout(std::time::Duration::from_secs(1)).reply_as::<gapis_runtime::Json>());
    print_error(&call().await.unwrap_err());
    let insert = || shop.insert(json!({ "pr1vate": "pr1vate" }));
    print(&insert());
    print_error(&insert().await.unwrap_err());
    let run =
        shop.get("a").with_header("authorization", "s3cret").with_query("upload_id", "s3ssion").dry_run();
    let run = run.unwrap();
    write(format_args!("{run}"));
    print(&run);
}

async fn use_batches(shop: &Shop) {
    let mut batch = shop.batch().with_query("key", "pr1vate");
    batch.add(shop.get("pr1vate")).unwrap();
    print(&batch);
    let report = batch.execute().await;
    print(&report);
    report.records().for_each(|reply| print(reply));
    print_error(&report.error_for_failures().unwrap_err());
}

async fn use_media(shop: &Shop) {
    let sessions = Arc::new(Mutex::new(Vec::new()));
    let kept = sessions.clone();
    let keep = move |session: &Session| kept.lock().unwrap().push(session.clone());
    let source = || Source::from(bytes(600_000));
    print(&source());
    let upload = shop.insert(json!({ "name": "pr1vate" })).upload(source()).resumable();
    let upload = upload.with_chunk_size(1).on_session(keep);
    print(&upload);
    upload.await.unwrap();
    let session = sessions.lock().unwrap()[0].clone();
    assert!(session.save().contains("s3ssion"), "here it must be");
    print(&session);
    let other = Session::load(r#"{"method":"shop.insert","address":"https://else.test/s3ssion"}"#).unwrap();
    print_error(&shop.insert(json!({})).upload("x").resume(other).await.unwrap_err());
    print_error(&Session::load("s3ssion").unwrap_err());

    let download = shop.get("pr1vate").download().with_range(0..500_000);
    print(&download);
    let mut stream = download.stream().await.unwrap();
    print(&stream);
    while let Some(chunk) = stream.next().await {
        chunk.unwrap();
    }
}

#[tokio::test]
async fn no_secret_is_printed_logged_or_traced() {
    listen();
    let store = Store::default();
    let (server, _, _) = store.services();
    // The messages of a server do not repeat the request here; otherwise they would be the server's own.
    server.route("GET", "/shop/v1/things/{id}", |_| MockResponse::html(404, "Nothing here"));
    server
        .route("POST", "/shop/v1/things", |_| MockResponse::json(400, &json!({"error": {"message": "No"}})));
    print_credentials();
    let builder =
        || Shop::builder().credentials(BearerToken::new("s3cret")).user_agent("farmer").quota_project("farm");
    print(&builder());
    print(&builder().endpoint("https://pr1vate:s3cret@host/"));
    let quick = RetryPolicy::default().with_backoff(std::time::Duration::ZERO, std::time::Duration::ZERO);
    let builder_there = || builder().endpoint(&server.uri()).download_path(true);
    let shop = builder_there().retry(quick.with_max_attempts(2)).build().unwrap();
    print(&shop);
    print(&shop.client());
    use_calls(&shop).await;
    use_batches(&shop).await;
    server.fault(Fault::error(MockError::unavailable(None)).skip(2));
    use_media(&shop).await;
    // The messages about a failed connection.
    let gone = builder().endpoint("http://127.0.0.1:1").retry(RetryPolicy::none()).build().unwrap();
    print_error(&gone.get("pr1vate").with_query("key", "s3cret").await.unwrap_err());
    server.fault(Fault::close().always());
    print_error(&shop.get("pr1vate").with_query("key", "s3cret").await.unwrap_err());
    let client: Client = Client::builder().credentials(BearerToken::new("s3cret\n")).build().unwrap();
    print_error(&Shop::new(&client).get("pr1vate").await.unwrap_err());

    let written = WRITTEN.lock().unwrap_or_else(PoisonError::into_inner);
    for secret in SECRETS {
        let line = written.lines().find(|line| line.contains(secret));
        assert_eq!(line, None, "{secret} is shown");
    }
    // The subscriber gets some events.
    assert!(written.contains("log ") && written.contains("Shop"));
    assert!(!cfg!(feature = "tracing") || written.contains("trace span gapis.call"));
}
