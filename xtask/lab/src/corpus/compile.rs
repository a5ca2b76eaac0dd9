//! Compiles the chosen crates in a workspace below `target/`, so that the runtime is compiled once for all of them,
//! and only if it has changed.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::Stdio;
use std::time::Instant;

use anyhow::{Context, Result, bail};
use gapis_codegen::Crate;
use serde_json::Value;

use crate::times::{cpu_time, times};
use gapis_xtask::cargo;
use gapis_xtask::sync::{Mode, leftovers, sync};
use gapis_xtask::{Progress, Terminal, Workspace};

const MANIFEST: &str =
    "# Written by `cargo xtask corpus`.\n[workspace]\nresolver = \"3\"\nmembers = [\"crates/*\"]\n";

const RUNTIME: &str = "gapis-runtime";

/// Compiles the crates and, if requested, their documentation. Returns how many crates failed.
pub(super) fn run(
    home: &Path,
    workspace: &Workspace,
    crates: &[Crate],
    doc: bool,
    terminal: &mut Terminal<'_>,
) -> Result<usize> {
    if crates.is_empty() {
        return Ok(0);
    }
    lay_out(home, workspace, crates)?;
    let mut failures = cargo_run(home, crates.len(), "check", terminal)?;
    if doc {
        failures += cargo_run(home, crates.len(), "doc", terminal)?;
    }
    Ok(failures)
}

fn lay_out(home: &Path, workspace: &Workspace, crates: &[Crate]) -> Result<()> {
    let folder = home.join("crates");
    fs::create_dir_all(&folder).with_context(|| format!("cannot make {}", folder.display()))?;
    fs::write(home.join("Cargo.toml"), MANIFEST)?;
    let lock = workspace.root.join("Cargo.lock");
    if lock.exists() && !home.join("Cargo.lock").exists() {
        // The versions with which the repository is tested, instead of the newest ones.
        fs::copy(lock, home.join("Cargo.lock"))?;
    }
    let wanted: Vec<String> = crates.iter().map(|made| made.name.clone()).collect();
    for name in leftovers(&folder, &wanted)? {
        sync(&folder, &name, &BTreeMap::new(), Mode::Write)?;
    }
    for made in crates {
        sync(&folder, &made.name, &made.files, Mode::Write)?;
    }
    Ok(())
}

/// Runs cargo for the workspace and prints the first message about each crate. Returns how many crates have one.
fn cargo_run(home: &Path, crates: usize, verb: &str, terminal: &mut Terminal<'_>) -> Result<usize> {
    let (begun, cpu) = (Instant::now(), cpu_time());
    let mut command = cargo();
    command
        .args([verb, "--workspace", "--keep-going", "--quiet", "--message-format", "json"])
        .current_dir(home);
    command.env("CARGO_TARGET_DIR", home.join("target")).env("CARGO_INCREMENTAL", "0");
    if verb == "doc" {
        command.arg("--no-deps").env("RUSTDOCFLAGS", "-D warnings");
    }
    let errors_path = home.join(format!("{verb}.stderr"));
    command.stdout(Stdio::piped()).stderr(fs::File::create(&errors_path)?);
    let mut child = command.spawn().context("cannot start cargo")?;
    let output = child.stdout.take().context("cargo has no output")?;
    let progress = Progress::new(crates, terminal);
    let (mut failed, mut warnings) = (BTreeSet::new(), 0);
    for line in BufReader::new(output).lines() {
        let Ok(message) = serde_json::from_str::<Value>(&line?) else { continue };
        match message.get("reason").and_then(Value::as_str) {
            Some("compiler-artifact") if package(&message).starts_with("gapis-") => {
                progress.advance(&package(&message));
            }
            Some("compiler-message") => match level(&message) {
                Some("error") if failed.insert(package(&message)) => {
                    let complaint = first_complaint(&message);
                    writeln!(terminal.out, "failed to {verb}: {}: {complaint}", package(&message))?;
                }
                Some("warning") if package(&message) != RUNTIME => warnings += 1,
                _ => {}
            },
            _ => {}
        }
    }
    drop(progress);
    let status = child.wait()?;
    if !status.success() && failed.is_empty() {
        let output = fs::read_to_string(&errors_path).unwrap_or_default();
        bail!("cargo {verb} failed: {}", output.trim());
    }
    // If the runtime fails, no other crate is compiled.
    let failures = if failed.contains(RUNTIME) { crates } else { failed.len() };
    writeln!(
        terminal.out,
        "{verb}: {} of {crates} crates, {warnings} warnings, {}",
        crates.saturating_sub(failures),
        times(begun, cpu),
    )?;
    Ok(failures)
}

/// The package name in a package id, `path+file:///…/gapis-drive-v3#0.1.0` or `…#name@0.1.0`.
fn package(message: &Value) -> String {
    let id = message.get("package_id").and_then(Value::as_str).unwrap_or_default();
    let (path, fragment) = id.rsplit_once('#').unwrap_or((id, ""));
    let name = match fragment.split_once('@') {
        Some((name, _)) => name,
        None => path.rsplit('/').next().unwrap_or_default(),
    };
    name.to_owned()
}

fn level(message: &Value) -> Option<&str> {
    message.get("message")?.get("level")?.as_str()
}

/// The message and its location in one line.
fn first_complaint(message: &Value) -> String {
    let inner = message.get("message");
    let text = inner.and_then(|inner| inner.get("message")).and_then(Value::as_str).unwrap_or_default();
    let span = inner
        .and_then(|inner| inner.get("spans"))
        .and_then(Value::as_array)
        .and_then(|spans| spans.iter().find(|span| span.get("is_primary") == Some(&Value::Bool(true))));
    let place =
        span.and_then(|span| Some((span.get("file_name")?.as_str()?, span.get("line_start")?.as_u64()?)));
    let text = text.lines().next().unwrap_or_default();
    match place {
        Some((file, line)) => format!("{file}:{line}: {text}"),
        None => text.to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn names_out_of_package_ids() {
        let of = |id: &str| package(&json!({ "package_id": id }));
        assert_eq!(of("path+file:///x/gapis-drive-v3#0.1.0"), "gapis-drive-v3");
        assert_eq!(of("path+file:///x/runtime#gapis-runtime@0.1.0"), "gapis-runtime");
        assert_eq!(of("registry+https://index.example/#serde@1.0.0"), "serde");
    }

    #[test]
    fn complaints_in_one_line() {
        let message = json!({ "message": { "level": "error", "message": "mismatched types\nmore", "spans": [
            { "file_name": "b.rs", "line_start": 1, "is_primary": false },
            { "file_name": "a.rs", "line_start": 7, "is_primary": true },
        ] } });
        assert_eq!(first_complaint(&message), "a.rs:7: mismatched types");
        assert_eq!(level(&message), Some("error"));
        assert_eq!(first_complaint(&json!({})), "");
    }
}
