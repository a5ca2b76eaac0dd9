//! `cargo xtask differential`: compares requests of generated crates with those of google-api-python-client for the
//! same calls.
//!
//! Both clients send each call to a server on loopback, so that headers and bodies are compared as they are sent. Where a call
//! would go is compared by the URLs that they built before.
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
use serde_json::{Value, json};

use super::calls::{self, Call};
use super::choice::{Chosen, Documents, choose};
use super::compare::difference;
use super::listener::Listener;
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
        let program = Program::at(workspace, "differential", &["blocking"]);
        let runtime = program.runtime_path(workspace)?;
        let chosen = choose(&self.folder, &self.documents, self.seed, &runtime, &|documents| {
            calls::pick(documents, self.methods, self.seed)
        })?;
        let calls: Vec<Vec<Call>> =
            chosen.iter().map(|chosen| calls::of(chosen, self.seed)).collect::<Result<_>>()?;
        program.build(workspace, &chosen, &files(&chosen, &calls)?)?;
        let listener = Listener::start().context("cannot listen on loopback")?;
        let ours = with_sent(&program.run(&[listener.url()], None)?, &listener).context("our requests")?;
        let theirs = self.python(workspace, &program, &chosen, &calls, &listener)?;
        let theirs = with_sent(&theirs, &listener).context("Python's requests")?;
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
            if let Some(why) = theirs.get("skipped").and_then(Value::as_str) {
                skipped += 1;
                writeln!(terminal.out, "skipped: {} {}: {why}", chosen.name, call.wire)?;
                continue;
            }
            if let Some(what) = compare(call, ours, theirs) {
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
        listener: &Listener,
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
        let output = python(&packages)
            .arg(&script)
            .arg(&input)
            .arg(listener.url())
            .output()
            .context("cannot start python3")?;
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
            "#![allow(deprecated, unused_imports)]\nuse c{number}::*;\nuse crate::{{body, media, parsed, print}};\n\n\
             pub fn run(listener: &str) {{\n\
             \x20   let builder = || c{number}::{service}::builder().anonymous().request_ids(false).retry(gapis_runtime::RetryPolicy::none());\n\
             \x20   let service = builder().build().expect(\"a service\");\n\
             \x20   let at_listener = builder().endpoint(listener).build().expect(\"a service\");\n"
        );
        for call in calls {
            text.push_str(&format!(
                "    let call = |service: &c{number}::{service}| service.{};\n\
                 \x20   print(call(&service).dry_run(), || call(&at_listener).send().block().map(drop));\n",
                call.rust
            ));
        }
        text.push_str("}\n");
        files.insert(format!("calls{number}.rs"), text);
        modules.push_str(&format!("mod calls{number};\n"));
        runs.push_str(&format!("    calls{number}::run(&listener);\n"));
    }
    files.insert("main.rs".to_owned(), MAIN.replace("MODULES", &modules).replace("RUNS", &runs));
    Ok(files)
}

const MAIN: &str = r#"use gapis_runtime::private::{Field, from_slice};
use gapis_runtime::{DryRun, Json, Result, Source};

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

#[allow(dead_code)]
fn media(content_type: &str) -> Source {
    Source::from("some media").with_content_type(content_type)
}

fn print(made: Result<DryRun>, send: impl FnOnce() -> Result<()>) {
    let fields: Vec<(&str, Json)> = match made {
        Ok(made) => {
            let failed = match send() {
                // The response is `{}`, whatever type the method has.
                Err(error) if !error.is_decode() => Some(error.to_string()),
                _ => None,
            };
            match failed {
                Some(error) => vec![("error", error.into())],
                None => vec![("url", made.url.clone().into())],
            }
        }
        Err(error) => vec![("error", error.to_string().into())],
    };
    println!("{}", fields.into_iter().collect::<Json>());
}

fn main() {
    let listener = std::env::args().nth(1).expect("the URL of the listener");
RUNS}
"#;

/// The lines of a program with what was sent for each of them. A call that was skipped or refused sends nothing.
fn with_sent(lines: &[String], listener: &Listener) -> Result<Vec<Value>> {
    let mut sent = listener.take().into_iter();
    let mut made = Vec::new();
    for line in lines {
        let mut made_of: Value =
            serde_json::from_str(line).with_context(|| format!("unexpected output {line:?}"))?;
        if made_of.get("url").is_some() {
            let sent = sent.next().with_context(|| format!("nothing was sent for {line}"))?;
            let target = url_parts(&made_of)?.1.to_owned();
            let found = sent.whole_target();
            if found != target {
                bail!("{} was sent to {found:?}, but the call was to go to {target:?}", sent.verb);
            }
            if let Some(members) = made_of.as_object_mut() {
                members.insert("sent".to_owned(), sent.facts());
            }
        }
        made.push(made_of);
    }
    match sent.next() {
        None => Ok(made),
        Some(more) => bail!("{} {} was sent for no call, or twice", more.verb, more.whole_target()),
    }
}

/// The host of a request's URL, and its path and query.
fn url_parts(made: &Value) -> Result<(&str, &str)> {
    let url = made.get("url").and_then(Value::as_str).context("no URL")?;
    let rest = url.split_once("://").context("a URL without a scheme")?.1;
    let (host, _) = rest.split_once('/').context("a URL without a path")?;
    Ok((host, rest.get(host.len()..).unwrap_or_default()))
}

/// The difference between the requests, if there is one.
fn compare(call: &Call, ours: &Value, theirs: &Value) -> Option<String> {
    for (side, whose) in [(ours, "ours"), (theirs, "Python's")] {
        if let Some(error) = side.get("error") {
            return Some(format!("{whose}: {error}"));
        }
    }
    let both = split(ours).context("ours").and_then(|ours| Ok((ours, split(theirs).context("Python's")?)));
    let (mut ours, mut theirs) = match both {
        Ok(both) => both,
        Err(error) => return Some(format!("{error:#}")),
    };
    for side in [&mut ours, &mut theirs] {
        side.get_mut("query").into_iter().for_each(|query| call.normalize_numbers(query));
    }
    difference(&theirs, &ours)
}

/// A request in parts: host and path, the parameters in their order by name, and what was sent.
fn split(made: &Value) -> Result<Value> {
    let (host, target) = url_parts(made)?;
    let (path, query) = target.split_once('?').unwrap_or((target, ""));
    let mut pairs: Vec<(String, String)> = query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| {
            let (name, value) = pair.split_once('=').context("a parameter without `=`")?;
            Ok((decoded(name)?, decoded(value)?))
        })
        .collect::<Result<_>>()?;
    pairs.sort();
    Ok(json!({ "path": format!("{host}{path}"), "query": pairs, "sent": made.get("sent") }))
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

    fn made(url: &str, body: Value) -> Value {
        json!({ "url": url, "sent": { "verb": "GET", "body": body } })
    }

    #[test]
    fn requests_are_compared_part_by_part() {
        let call = Call::default();
        let ours = made("https://e.com/a%20b?q=a%20b%26&alt=json", json!({ "a": 1.0 }));
        let same = made("https://e.com/a%20b?alt=json&q=a%20b%26", json!({ "a": 1 }));
        assert_eq!(compare(&call, &ours, &same), None);
        for (url, body) in [
            ("https://e.com/a%20c?alt=json&q=a%20b%26", json!({ "a": 1 })),
            ("https://f.com/a%20b?alt=json&q=a%20b%26", json!({ "a": 1 })),
            ("https://e.com/a%20b?q=a%20b%26", json!({ "a": 1 })),
            ("https://e.com/a%20b?alt=json&q=a%20b", json!({ "a": 1 })),
            ("https://e.com/a%20b?alt=json&q=a%20b%26", json!({ "a": 2 })),
            ("https://e.com/a%20b?alt=json&q=a%20b%26", Value::Null),
        ] {
            assert!(compare(&call, &ours, &made(url, body)).is_some(), "{url}");
        }
    }

    #[test]
    fn errors_of_either_side_are_failures() {
        let call = Call::default();
        let fine = made("https://e.com/?alt=json", Value::Null);
        let refused = json!({ "error": "refused" });
        assert!(compare(&call, &refused, &fine).is_some_and(|what| what.contains("ours: \"refused\"")));
        assert!(compare(&call, &fine, &refused).is_some_and(|what| what.contains("Python's: \"refused\"")));
        assert!(compare(&call, &fine, &json!({})).is_some_and(|what| what.contains("no URL")));
    }

    #[test]
    fn each_line_gets_what_was_sent_for_it() {
        let listener = Listener::start().unwrap();
        let send = |target: &str| {
            use std::io::{Read as _, Write as _};
            let mut stream =
                std::net::TcpStream::connect(listener.url().trim_start_matches("http://")).unwrap();
            write!(stream, "GET {target} HTTP/1.1\r\n\r\n").unwrap();
            assert!(stream.read(&mut [0; 100]).unwrap() > 0);
        };
        let lines = |urls: &[&str]| -> Vec<String> {
            let line = |url: &&str| match *url {
                "" => json!({ "skipped": "why" }).to_string(),
                url => json!({ "url": url }).to_string(),
            };
            urls.iter().map(line).collect()
        };
        send("/a?x=1");
        send("/b");
        let made = with_sent(&lines(&["https://e.com/a?x=1", "", "https://e.com/b"]), &listener).unwrap();
        assert_eq!((&made[0]["sent"]["verb"], &made[1]), (&json!("GET"), &json!({ "skipped": "why" })));
        for urls in [&["https://e.com/other"][..], &[], &["https://e.com/a", "https://e.com/a"]] {
            send("/a");
            assert!(with_sent(&lines(urls), &listener).is_err(), "{urls:?}");
        }
    }

    #[test]
    fn queries_must_be_encoded() {
        assert_eq!(decoded("a%20%C3%A9~").ok().as_deref(), Some("a é~"));
        for bad in ["a b", "a+b", "%2", "%GG", "é", "a/b"] {
            assert!(decoded(bad).is_err(), "{bad}");
        }
    }
}
