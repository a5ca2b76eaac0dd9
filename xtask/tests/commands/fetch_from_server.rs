//! Documents from a server, which needs the feature `web`: CI has it on.

use serde_json::{Value, json};

use crate::fetch::{POND, newer};
use crate::server::{Answer, Server};
use crate::{Repository, document};

fn directory(items: &[(&str, &str)]) -> Answer {
    let items: Vec<Value> =
        items.iter().map(|(id, url)| json!({ "id": id, "discoveryRestUrl": url })).collect();
    Answer::ok(json!({ "kind": "discovery#directoryList", "items": items }).to_string())
}

#[test]
fn from_a_server_that_lists_it() {
    let (repository, server) = (Repository::with(&["pond:v1"]), Server::start());
    server.answer("/apis", directory(&[("pond:v1", &server.url("/somewhere?version=v1"))]));
    server.answer("/somewhere?version=v1", Answer::ok(newer("pond:v1")));
    repository.run_well(&["fetch", "--from", &server.url("/apis/")]);
    assert!(repository.read(POND).contains("20260303"));
    let table = repository.read("discovery/apis.toml");
    assert!(table.contains(&format!("source = \"{}\"", server.url("/somewhere?version=v1"))), "{table}");
    assert_eq!(server.asked(), ["/apis", "/somewhere?version=v1"]);
}

#[test]
fn from_a_server_that_does_not_list_it() {
    let (repository, server) = (Repository::with(&["pond:v1"]), Server::start());
    server.answer("/apis/pond/v1/rest", Answer::ok(newer("pond:v1")));
    server.answer("/$discovery/rest?version=v2.1", Answer::ok(document("lake:v2.1").to_string()));
    repository.run_well(&["fetch", "pond:v1", "lake:v2.1", "--from", &server.url("/apis")]);
    assert!(repository.read(POND).contains("20260303"));
    assert!(repository.exists("discovery/lake.v2.1.json"));
    let (well, out) = repository.run(&["fetch", "sea:v1", "--from", &server.url("/apis")]);
    assert!(!well && out.contains("cannot fetch it: ") && out.contains("404 Not Found"), "{out}");
    assert!(!repository.exists("discovery/sea.v1.json"));
}

#[test]
fn only_the_named_host_is_asked() {
    let (repository, server, other) = (Repository::with(&["pond:v1"]), Server::start(), Server::start());
    let before = repository.read(POND);
    other.answer("/pond", Answer::ok(newer("pond:v1")));
    server.answer("/apis", directory(&[("pond:v1", &other.url("/pond"))]));
    let moved = |to: &str| Answer::head("302 Found").with(&format!("Location: {to}"));
    server.answer("/apis/pond/v1/rest", moved(&other.url("/pond")));
    server.answer("/$discovery/rest?version=v1", moved("/$discovery/rest?version=v1"));
    let (well, out) = repository.run(&["fetch", "pond:v1", "--from", &server.url("/apis")]);
    assert!(!well && out.contains("not on the host of the directory"), "{out}");
    assert!(out.contains("redirect to another host") && out.contains("too many redirects"), "{out}");
    assert_eq!((repository.read(POND), other.asked()), (before, vec![]));
    server.answer("/apis/pond/v1/rest", moved("/moved"));
    server.answer("/moved", Answer::ok(newer("pond:v1")));
    repository.run_well(&["fetch", "pond:v1", "--from", &server.url("/apis")]);
}

#[test]
fn odd_replies_are_refused() {
    let (repository, server) = (Repository::with(&["pond:v1"]), Server::start());
    let before = repository.read(POND);
    let cases = [
        (Answer::ok(newer("pond:v1")).with("Content-Encoding: gzip"), "compressed"),
        (Answer::ok("{}").with("Content-Length: 99999999999"), "too large for a document"),
        (Answer::ok(newer("pond:v1")).with("Content-Length: 99999"), "/apis/pond/v1/rest"),
        (Answer::head("500 Internal Server Error"), "500 Internal Server Error"),
        (Answer::ok("<html>"), "is not JSON"),
    ];
    for (answer, complaint) in cases {
        server.answer("/apis/pond/v1/rest", answer);
        let (well, out) = repository.run(&["fetch", "pond:v1", "--from", &server.url("/apis")]);
        assert!(!well && out.contains(complaint), "{complaint}: {out}");
        assert_eq!(repository.read(POND), before);
    }
}

#[test]
fn credentials_in_an_address_are_refused() {
    let repository = Repository::with(&["pond:v1"]);
    repository.try_run(&["fetch", "--from", "http://user:word@127.0.0.1/"]).expect_err("credentials");
}
