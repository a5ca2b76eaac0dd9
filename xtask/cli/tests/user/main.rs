//! `gapis` in a user's own repository: an empty folder, and a server on the loopback interface that has documents.

mod add;
mod describe;
#[path = "../../../tests/commands/server.rs"]
mod server;
mod update;

use std::fs;
use std::path::PathBuf;

use anyhow::Result;
use clap::Parser;
use gapis_cli::{Gapis, Terminal};
use serde_json::{Value, json};
use server::{Answer, Server};
use tempfile::TempDir;

const FARM: &str = include_str!("../../../../discovery/farm.v2.json");

/// A user's repository, and a directory of APIs that has the farm and a pond.
struct User {
    folder: TempDir,
    server: Server,
}

impl User {
    fn new() -> Self {
        let user = User { folder: tempfile::tempdir().expect("a folder"), server: Server::start() };
        let item = |id: &str, path: &str| json!({ "id": id, "discoveryRestUrl": user.server.url(path) });
        let items = [item("farm:v2", "/farm"), item("pond:v1", "/pond"), item("pond:v2", "/pond2")];
        user.server.answer("/apis", Answer::ok(json!({ "items": items }).to_string()));
        user.server.answer("/farm", Answer::ok(FARM));
        user.server.answer("/pond", Answer::ok(pond().to_string()));
        user
    }

    /// Runs `gapis` in the folder: its status, and what it printed.
    fn try_run(&self, arguments: &[&str]) -> Result<(u8, String)> {
        let gapis = Gapis::try_parse_from([&["gapis"], arguments].concat())?;
        let mut out = Vec::new();
        let mut terminal = Terminal { out: &mut out, progress: false };
        let code = gapis.run(self.folder.path(), &mut terminal)?;
        Ok((code, String::from_utf8(out)?))
    }

    fn run(&self, arguments: &[&str]) -> (u8, String) {
        self.try_run(arguments).expect("a command that runs")
    }

    fn run_well(&self, arguments: &[&str]) -> String {
        let (code, out) = self.run(arguments);
        assert_eq!(code, 0, "{out}");
        out
    }

    fn error(&self, arguments: &[&str]) -> String {
        format!("{:#}", self.try_run(arguments).expect_err("an error"))
    }

    /// `gapis add API --from the server`.
    fn add(&self, api: &str, more: &[&str]) -> String {
        self.run_well(&[&["add", api, "--from", &self.server.url("/apis")], more].concat())
    }

    fn path(&self, path: &str) -> PathBuf {
        self.folder.path().join(path)
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.path(path)).expect(path)
    }

    fn write(&self, path: &str, text: &str) {
        fs::write(self.path(path), text).expect("written");
    }

    fn exists(&self, path: &str) -> bool {
        self.path(path).exists()
    }
}

/// A document with one method.
fn pond() -> Value {
    json!({
        "kind": "discovery#restDescription", "id": "pond:v1", "name": "pond", "version": "v1", "revision": "20260102",
        "title": "Pond", "rootUrl": "https://pond.example.com/", "servicePath": "", "batchPath": "batch",
        "auth": { "oauth2": { "scopes": { "https://www.example.com/auth/pond": { "description": "All." } } } },
        "resources": { "fish": { "methods": { "get": {
            "id": "pond.fish.get", "httpMethod": "GET", "path": "fish/{fishId}",
            "description": "Gets a fish. It may be small.",
            "parameters": {
                "fishId": { "type": "string", "location": "path", "required": true, "description": "Which fish." },
                "view": { "type": "string", "location": "query" },
            },
            "parameterOrder": ["fishId"], "response": { "$ref": "Fish" },
            "scopes": ["https://www.example.com/auth/pond"],
        } } } },
        "schemas": { "Fish": { "id": "Fish", "type": "object", "properties": { "name": { "type": "string" } } } },
    })
}
