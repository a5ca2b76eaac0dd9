//! The commands on folders of their own: what they write, what they leave alone, and what they say.

mod diff;
mod fetch;
#[cfg(feature = "web")]
mod fetch_from_server;
mod generate;
mod msrv;
#[cfg(unix)]
mod processes;
mod release;
mod repository;
#[cfg(feature = "web")]
mod server;
mod show;

use std::fs;
use std::path::Path;

use anyhow::Result;
use clap::Parser;
use gapis_xtask::{Cli, Terminal, Workspace, run};
use serde_json::{Value, json};
use tempfile::TempDir;

const FARM: &str = include_str!("../../../discovery/farm.v2.json");

/// An empty repository with a `discovery/` that lists nothing.
struct Repository {
    folder: TempDir,
    workspace: Workspace,
}

impl Repository {
    fn new() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let workspace = Workspace::at(folder.path());
        fs::create_dir_all(&workspace.discovery).expect("made");
        fs::create_dir_all(workspace.root.join("runtime")).expect("made");
        fs::write(workspace.discovery.join("apis.toml"), "# A comment.\n").expect("written");
        Repository { folder, workspace }
    }

    /// A repository that lists these APIs, with documents as small as can be.
    fn with(apis: &[&str]) -> Self {
        let repository = Repository::new();
        for api in apis {
            repository.list(api);
        }
        repository
    }

    fn list(&self, api: &str) {
        let stem = api.replace(':', ".");
        let table = format!(
            "\n[\"{api}\"]\nfile = \"{stem}.json\"\nsource = \"a test\"\nrevision = \"1\"\nsha256 = \"0\"\n"
        );
        self.write("discovery/apis.toml", &(self.read("discovery/apis.toml") + &table));
        self.write(&format!("discovery/{stem}.json"), &document(api).to_string());
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder.path().join(path);
        fs::create_dir_all(path.parent().expect("a parent")).expect("made");
        fs::write(path, text).expect("written");
    }

    fn read(&self, path: &str) -> String {
        fs::read_to_string(self.folder.path().join(path)).expect(path)
    }

    fn exists(&self, path: &str) -> bool {
        self.folder.path().join(path).exists()
    }

    /// Runs a command line: whether all went well, and what was printed.
    fn try_run(&self, arguments: &[&str]) -> Result<(bool, String)> {
        let cli = Cli::try_parse_from([&["xtask"], arguments].concat())?;
        let mut out = Vec::new();
        let well = run(&cli, &self.workspace, &mut Terminal { out: &mut out, progress: false })?;
        Ok((well, String::from_utf8(out)?))
    }

    fn run(&self, arguments: &[&str]) -> (bool, String) {
        self.try_run(arguments).expect("a command that runs")
    }

    fn run_well(&self, arguments: &[&str]) -> String {
        let (well, out) = self.run(arguments);
        assert!(well, "{out}");
        out
    }
}

/// A document with one method and one schema.
fn document(api: &str) -> Value {
    let (name, version) = api.split_once(':').expect("an API");
    json!({
        "kind": "discovery#restDescription", "id": api, "name": name, "version": version, "revision": "20260102",
        "title": "A Test", "description": "Prose.",
        "rootUrl": format!("https://{name}.example.com/"), "servicePath": "", "batchPath": "batch",
        "resources": { "things": { "methods": { "get": {
            "id": format!("{name}.things.get"), "httpMethod": "GET", "path": "things/{id}", "description": "Prose.",
            "parameters": { "id": { "type": "string", "location": "path", "required": true } },
            "parameterOrder": ["id"], "response": { "$ref": "Thing" },
        } } } },
        "schemas": { "Thing": { "id": "Thing", "type": "object", "properties": { "description": { "type": "string" } } } },
    })
}

/// All files below a folder with their contents, by path.
fn contents(folder: &Path) -> Vec<(String, String)> {
    let mut found = Vec::new();
    let mut open = vec![folder.to_owned()];
    while let Some(path) = open.pop() {
        if path.is_dir() {
            open.extend(fs::read_dir(&path).expect("listed").map(|entry| entry.expect("an entry").path()));
        } else {
            let name = path.strip_prefix(folder).expect("below").to_string_lossy().into_owned();
            found.push((name, fs::read_to_string(&path).expect("read")));
        }
    }
    found.sort();
    found
}
