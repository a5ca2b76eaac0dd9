//! `cargo xtask differential`: compares requests of generated crates with those of google-api-python-client for the
//! same calls.
//!
//! The Python script, `xtask/lab/python/requests_of_calls.py`, also lists known differences. Not compared are methods
//! whose request is raw bytes (`google.api.HttpBody`), which Python sends as JSON, and parameters whose values a dry
//! run masks.

use std::collections::BTreeMap;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use clap::Args;
use serde_json::{Map, Value, json};

use super::calls::{self, Call};
use super::choice::{Chosen, Documents, choose};
use super::compare::difference;
use super::program::Program;
use gapis_xtask::{Terminal, Workspace};

const PEER: &str = "google-api-python-client==2.202.0";
const SCRIPT: &str = include_str!("../../python/requests_of_calls.py");

/// Compares the requests of two clients.
#[derive(Args, Clone, Debug)]
pub struct Differential {
    /// The folder of documents
    #[arg(value_name = "DIR")]
    pub folder: PathBuf,
    /// How many documents, spread over all sizes, or their names
    #[arg(long, value_name = "N|a,b,c", default_value = "25")]
    pub documents: Documents,
    /// How many methods of all documents
    #[arg(long, value_name = "N", default_value_t = 200)]
    pub methods: usize,
    /// The seed: another number chooses other methods and arguments, and other documents if their number was given
    #[arg(long, value_name = "S", default_value_t = 0)]
    pub seed: u64,
}

impl Differential {
    /// Runs the check. Returns whether there are no differences.
    ///
    /// # Errors
    /// If the folder cannot be read, if the crates do not compile, or if the other client cannot be installed or run.
    pub fn run(&self, workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<bool> {
        let begun = Instant::now();
        let program = Program::at(workspace, "differential");
        let runtime = program.runtime_path(workspace)?;
        let chosen = choose(&self.folder, &self.documents, self.seed, &runtime, &|documents| {
            calls::pick(documents, self.methods, self.seed)
        })?;
        let calls: Vec<Vec<Call>> =
            chosen.iter().map(|chosen| calls::of(chosen, self.seed)).collect::<Result<_>>()?;
        program.build(workspace, &chosen, &files(&chosen, &calls)?)?;
        let ours = program.run(None)?;
        let theirs = self.python(workspace, &program, &chosen, &calls)?;
        let all: Vec<(&Chosen, &Call)> = chosen
            .iter()
            .zip(&calls)
            .flat_map(|(chosen, calls)| calls.iter().map(move |call| (chosen, call)))
            .collect();
        if ours.len() != all.len() || theirs.len() != all.len() {
            bail!(
                "there are {} calls, but {} requests of ours and {} of Python's",
                all.len(),
                ours.len(),
                theirs.len()
            );
        }
        let (mut failures, mut skipped) = (0, 0);
        for (((chosen, call), ours), theirs) in all.iter().zip(&ours).zip(&theirs) {
            let theirs: Value = serde_json::from_str(theirs)?;
            if let Some(why) = theirs.get("skipped").and_then(Value::as_str) {
                skipped += 1;
                writeln!(terminal.out, "skipped: {} {}: {why}", chosen.name, call.wire)?;
                continue;
            }
            if let Some(what) = compare(call, ours, &theirs) {
                failures += 1;
                writeln!(terminal.out, "failed: {} {}: {what}", chosen.name, call.wire)?;
            }
        }
        writeln!(
            terminal.out,
            "{} of {} calls of {} documents are the same request in both, {skipped} skipped, seed {}, {:.1} s",
            all.len() - failures - skipped,
            all.len(),
            chosen.len(),
            self.seed,
            begun.elapsed().as_secs_f64(),
        )?;
        Ok(failures == 0)
    }

    /// Python's requests, one per line.
    fn python(
        &self,
        workspace: &Workspace,
        program: &Program,
        chosen: &[Chosen],
        calls: &[Vec<Call>],
    ) -> Result<Vec<String>> {
        let packages = packages(workspace)?;
        let cases: Vec<Value> = chosen
            .iter()
            .zip(calls)
            .map(|(chosen, calls)| {
                let document = std::path::absolute(self.folder.join(format!("{}.json", chosen.name)))?;
                Ok(json!({ "document": document, "calls": calls.iter().map(Call::for_python).collect::<Vec<_>>() }))
            })
            .collect::<Result<_>>()?;
        let (input, script) = (program.file("calls.json"), program.file("requests_of_calls.py"));
        fs::write(&input, Value::from(cases).to_string())?;
        fs::write(&script, SCRIPT)?;
        let output = python(&packages).arg(&script).arg(&input).output().context("cannot start python3")?;
        if !output.status.success() {
            bail!("{}: {}", script.display(), String::from_utf8_lossy(&output.stderr).trim());
        }
        Ok(String::from_utf8(output.stdout)?.lines().map(str::to_owned).collect())
    }
}

/// Python with the packages of that folder.
fn python(packages: &Path) -> Command {
    let mut command = Command::new("python3");
    command.env("PYTHONPATH", packages).env("PYTHONDONTWRITEBYTECODE", "1").env("PYTHONIOENCODING", "utf-8");
    command
}

/// The folder below `target/` in which the other client is installed, by name and version.
fn packages(workspace: &Workspace) -> Result<PathBuf> {
    let folder = workspace.root.join("target").join("checks").join(PEER.replace("==", "-"));
    let is_there = python(&folder).args(["-c", "import googleapiclient.discovery"]).output();
    if folder.exists() && is_there.context("cannot start python3")?.status.success() {
        return Ok(folder);
    }
    let installed = Command::new("python3")
        .args(["-m", "pip", "install", "--quiet", "--disable-pip-version-check", "--target"])
        .arg(&folder)
        .arg(PEER)
        .output()
        .context("cannot start python3")?;
    if !installed.status.success() {
        bail!("cannot install {PEER}: {}", String::from_utf8_lossy(&installed.stderr).trim());
    }
    Ok(folder)
}

/// The program: it prints the request of each call, or why there is none, as a line of JSON.
fn files(chosen: &[Chosen], calls: &[Vec<Call>]) -> Result<BTreeMap<String, String>> {
    let mut files = BTreeMap::new();
    let (mut modules, mut runs) = (String::new(), String::new());
    for (number, (chosen, calls)) in chosen.iter().zip(calls).enumerate() {
        let service = &chosen.inventory.service.path;
        let mut text = format!(
            "#![allow(deprecated, unused_imports)]\nuse c{number}::*;\nuse crate::{{body, parsed, print}};\n\n\
             pub fn run() {{\n    let service = c{number}::{service}::builder().anonymous().request_ids(false).build().expect(\"a service\");\n"
        );
        for call in calls {
            text.push_str(&format!("    print(service.{}.dry_run());\n", call.rust));
        }
        text.push_str("}\n");
        files.insert(format!("calls{number}.rs"), text);
        modules.push_str(&format!("mod calls{number};\n"));
        runs.push_str(&format!("    calls{number}::run();\n"));
    }
    files.insert("main.rs".to_owned(), MAIN.replace("MODULES", &modules).replace("RUNS", &runs));
    Ok(files)
}

const MAIN: &str = r#"use gapis_runtime::private::{Field, from_slice};
use gapis_runtime::{DryRun, Json, Result};

MODULES
#[allow(dead_code)]
fn body<T: Field>(text: &str) -> T {
    let mut value = T::empty();
    from_slice(text.as_bytes(), &mut value).expect("a body");
    value
}

#[allow(dead_code)]
fn parsed<T: std::str::FromStr>(text: &str) -> T {
    text.parse().ok().expect("a value")
}

fn print(made: Result<DryRun>) {
    let fields: Vec<(&str, Json)> = match made {
        Ok(made) => {
            let version = made.headers.iter().find(|(name, _)| name == "x-goog-api-version");
            vec![
                ("verb", made.verb.clone().into()),
                ("url", made.url.clone().into()),
                ("api_version", version.map(|(_, value)| value.clone()).into()),
                ("body", made.body.as_ref().map(|_| made.text().expect("text").to_owned()).into()),
            ]
        }
        Err(error) => vec![("error", error.to_string().into())],
    };
    println!("{}", fields.into_iter().collect::<Json>());
}

fn main() {
RUNS}
"#;

/// The difference between the requests, if there is one.
fn compare(call: &Call, ours: &str, theirs: &Value) -> Option<String> {
    let ours = match serde_json::from_str::<Value>(ours) {
        Ok(ours) => ours,
        Err(error) => return Some(format!("unexpected output {ours:?}: {error}")),
    };
    for (side, whose) in [(&ours, "ours"), (theirs, "Python's")] {
        if let Some(error) = side.get("error") {
            return Some(format!("{whose}: {error}"));
        }
    }
    let (mut ours, mut theirs) = match split(&ours) {
        Ok(ours) => (ours, theirs.clone()),
        Err(error) => return Some(format!("ours: {error}")),
    };
    for side in [&mut ours, &mut theirs] {
        side.get_mut("query").into_iter().for_each(|query| call.normalize_numbers(query));
    }
    difference(&theirs, &ours)
}

/// Converts our request to the format of Python's.
fn split(ours: &Value) -> Result<Value> {
    let text = |member: &str| ours.get(member).and_then(Value::as_str);
    let url = text("url").context("no URL")?;
    let (path, query) = url.split_once('?').unwrap_or((url, ""));
    let path = path.trim_start_matches("https://").trim_start_matches("http://");
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .map(|pair| {
            let (name, value) = pair.split_once('=').context("a parameter without `=`")?;
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect::<Result<_>>()?;
    pairs.sort();
    let body = text("body").map(serde_json::from_str::<Value>).transpose()?;
    let mut made = Map::new();
    made.insert("verb".to_owned(), json!(text("verb")));
    made.insert("path".to_owned(), json!(path));
    made.insert("query".to_owned(), json!(pairs));
    made.insert("api_version".to_owned(), json!(text("api_version")));
    made.insert("body".to_owned(), body.unwrap_or_default());
    Ok(made.into())
}

/// Decodes percent-encoding. A character that should have been encoded is an error.
fn decoded(text: &str) -> Result<String> {
    let mut bytes = Vec::new();
    let mut rest = text.bytes();
    while let Some(byte) = rest.next() {
        bytes.push(match byte {
            b'%' => {
                let digit = |byte: Option<u8>| char::from(byte?).to_digit(16);
                let (high, low) = (digit(rest.next()), digit(rest.next()));
                let value = high.zip(low).map(|(high, low)| high * 16 + low);
                value
                    .and_then(|value| value.try_into().ok())
                    .context("there are no two hexadecimal digits after `%`")?
            }
            b'A'..=b'Z' | b'a'..=b'z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => byte,
            other => bail!("the character {:?} in the query {text:?}", char::from(other)),
        });
    }
    Ok(String::from_utf8(bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn ours(url: &str, body: Value) -> String {
        json!({ "verb": "GET", "url": url, "api_version": null, "body": body }).to_string()
    }

    fn theirs(path: &str, query: Value, body: Value) -> Value {
        json!({ "verb": "GET", "path": path, "query": query, "api_version": null, "body": body })
    }

    #[test]
    fn requests_are_compared_part_by_part() {
        let call = Call::default();
        let compare = |ours: &str, theirs: Value| compare(&call, ours, &theirs);
        let query = json!([["alt", "json"], ["q", "a b&"]]);
        let same = ours("https://e.com/a%20b?q=a%20b%26&alt=json", Value::Null);
        assert_eq!(compare(&same, theirs("e.com/a%20b", query.clone(), Value::Null)), None);
        for (path, query, body) in [
            ("e.com/a b", query.clone(), Value::Null),
            ("e.com/a%20b", json!([["q", "a b&"]]), Value::Null),
            ("e.com/a%20b", json!([["alt", "json"], ["q", "a b"]]), Value::Null),
            ("e.com/a%20b", query, json!({})),
        ] {
            assert!(compare(&same, theirs(path, query, body)).is_some());
        }
        let body = ours("https://e.com/?alt=json", json!("{\"a\":1.0}"));
        assert_eq!(compare(&body, theirs("e.com/", json!([["alt", "json"]]), json!({ "a": 1 }))), None);
    }

    #[test]
    fn errors_of_either_side_are_failures() {
        let call = Call::default();
        let fine = theirs("e.com/", json!([]), Value::Null);
        assert!(
            compare(&call, "{\"error\": \"refused\"}", &fine).is_some_and(|what| what.contains("refused"))
        );
        let url = ours("https://e.com/?alt=json", Value::Null);
        assert!(
            compare(&call, &url, &json!({ "error": "TypeError" }))
                .is_some_and(|what| what.contains("Python"))
        );
        assert!(compare(&call, "", &fine).is_some());
    }

    #[test]
    fn queries_must_be_encoded() {
        assert_eq!(decoded("a%20%C3%A9~").ok().as_deref(), Some("a é~"));
        for bad in ["a b", "a+b", "%2", "%GG", "é", "a/b"] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }
}
