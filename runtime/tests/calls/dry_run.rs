use gapis_mock::Handlers;
use gapis_runtime::BearerToken;

use gapis_testkit::photos::Photos;
use gapis_testkit::zoo::{Animal, Zoo};

fn zoo() -> (Zoo, Handlers) {
    let handlers = Handlers::new();
    let zoo =
        Zoo::builder().credentials(BearerToken::new("s3cret")).user_agent("me/1").transport(handlers.clone());
    (zoo.build().unwrap(), handlers)
}

#[test]
fn a_dry_run_prints_what_would_be_sent_and_sends_nothing() {
    let (zoo, handlers) = zoo();
    let change = Animal { name: Some("Ann's \"$HOME\"".into()), ..Default::default() };
    let run = zoo.patch("a/b", change).fields("name").with_header("x-one", "1").dry_run().unwrap();
    let agent = concat!("me/1 gapis/", env!("CARGO_PKG_VERSION"), " (gzip)");
    let expected = format!(
        r#"curl -X PATCH 'https://zoo.test/zoo/v1/animals/a%2Fb?fields=name&alt=json' \
  -H 'user-agent: {agent}' \
  -H 'accept: application/json' \
  -H 'content-type: application/json' \
  -H 'x-one: 1' \
  --data-binary '{{"name":"Ann'\''s \"$HOME\""}}'"#
    );
    assert_eq!(run.to_string(), expected);
    assert_eq!((run.verb.as_str(), run.text().unwrap()), ("PATCH", r#"{"name":"Ann's \"$HOME\""}"#));
    assert_eq!(handlers.request_count(), 0);
}

#[test]
fn secrets_are_masked() {
    let (zoo, _) = zoo();
    let call = zoo.get("1").with_query("key", "s3cret").with_query("access_token", "s3cret");
    let call = call.with_header("Authorization", "Bearer s3cret").with_header("x-goog-api-key", "s3cret");
    // Keys that Cloud Storage encrypts objects with.
    let call = call.with_header("X-Goog-Encryption-Key", "s3cret");
    let call = call.with_header("x-goog-copy-source-encryption-key", "s3cret");
    let call = call.with_header("x-goog-encryption-algorithm", "AES256");
    let run = call.dry_run().unwrap();
    for text in [run.to_string(), format!("{run:?}")] {
        assert!(!text.contains("s3cret"), "{text}");
    }
    assert!(run.to_string().contains("'x-goog-encryption-key: ***'"), "{run}");
    assert!(run.to_string().contains("'x-goog-encryption-algorithm: AES256'"), "{run}");
    assert!(run.url.ends_with("?key=***&access_token=***&alt=json"), "{}", run.url);
}

#[test]
fn a_call_that_cannot_be_sent_has_no_dry_run() {
    let (zoo, _) = zoo();
    let error = zoo.get("").dry_run().unwrap_err();
    assert!(error.is_input() && error.to_string().starts_with("zoo.animals.get: "), "{error}");
}

#[test]
fn media_has_dry_runs_too() {
    let photos = Photos::builder().anonymous().transport(Handlers::new()).build().unwrap();
    let text = |run: gapis_runtime::DryRun| {
        let text = run.to_string();
        let lines = text.lines().filter(|line| !line.contains("user-agent"));
        lines.map(|line| line.trim().trim_end_matches(" \\")).collect::<Vec<_>>().join("\n")
    };
    let source = || gapis_runtime::Source::from("pixels").with_content_type("image/png");
    let metadata = || serde_json::json!({"title": "me"});
    let resumable = photos.insert(metadata()).upload(source()).resumable().dry_run().unwrap();
    assert_eq!(
        text(resumable),
        "curl -X POST 'https://photos.test/upload/photos/v1/photos?uploadType=resumable&alt=json'\n\
         -H 'accept: application/json'\n-H 'content-type: application/json'\n\
         -H 'x-upload-content-type: image/png'\n-H 'x-upload-content-length: 6'\n\
         --data-binary '{\"title\":\"me\"}'"
    );
    let simple = photos.insert(serde_json::json!({})).upload(source()).dry_run().unwrap();
    assert_eq!(
        text(simple),
        "curl -X POST 'https://photos.test/upload/photos/v1/photos?uploadType=media&alt=json'\n\
         -H 'accept: application/json'\n-H 'content-type: image/png'\n--data-binary @-"
    );
    let multipart = text(photos.insert(metadata()).upload(source()).dry_run().unwrap());
    assert!(multipart.contains("uploadType=multipart") && multipart.contains("multipart/related; boundary="));
    let download = photos.get("7").download().with_range(5..9).dry_run().unwrap();
    assert_eq!(
        text(download),
        "curl -X GET 'https://photos.test/photos/v1/photos/7?alt=media'\n\
         -H 'accept-encoding: identity'\n-H 'accept: */*'\n-H 'range: bytes=5-8'"
    );
    assert!(photos.get("7").download().with_range(5..5).dry_run().unwrap_err().is_input());
}
