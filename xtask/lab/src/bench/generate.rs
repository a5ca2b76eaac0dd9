//! The generator for a folder of documents, as a release build, compared with google-api-go-generator if its source
//! and a Go compiler are installed (Debian: `golang-google-api-dev`, `golang-go`).

use std::fs;
use std::path::Path;
use std::process::{Command, Stdio};

use anyhow::{Context, Result, bail};

use super::plan::{Bench, Subject};
use super::table::{Report, Row, Target};
use super::wrapper::children;
use gapis_xtask::Workspace;
use gapis_xtask::cargo;

/// The folder of Debian's Go sources.
const GO_PATH: &str = "/usr/share/gocode";
const GO_GENERATOR: &str = "google.golang.org/api/google-api-go-generator";

/// The cost of a generator: CPU seconds, including the kernel's, and megabytes of source.
struct Cost {
    cpu: f64,
    megabytes: f64,
    /// The number of documents for which the generator failed.
    failed: usize,
}

/// Runs both generators and adds the rows.
pub(super) fn run(bench: &Bench, workspace: &Workspace, report: &mut Report) -> Result<()> {
    let Some(documents) = &bench.documents else {
        if bench.subject == Subject::Generate {
            bail!("set the folder of documents with --documents");
        }
        return Ok(());
    };
    let ours = ours(workspace, documents)?;
    let theirs = if bench.no_peers {
        Err("peers were left out".to_owned())
    } else {
        go(workspace, documents).map_err(|error| format!("{error:#}"))
    };
    let peer = |value: fn(&Cost) -> f64| {
        let failed = theirs.as_ref().map_or(0, |cost| cost.failed);
        let name = match failed {
            0 => "google-api-go-generator".to_owned(),
            failed => format!("google-api-go-generator ({failed} fail)"),
        };
        Some((name, theirs.as_ref().map(value).map_err(Clone::clone)))
    };
    report.push(Row {
        what: "generate all documents".to_owned(),
        unit: "s",
        ours: ours.cpu,
        peer: peer(|cost| cost.cpu),
        target: Target::Share(4.0),
    });
    report.push(Row {
        what: "generate all documents, source".to_owned(),
        unit: "MB",
        ours: ours.megabytes,
        peer: peer(|cost| cost.megabytes),
        target: Target::Most(120.0),
    });
    Ok(())
}

/// Runs our whole pipeline, including formatting, in a release build of this program. It writes no files.
fn ours(workspace: &Workspace, documents: &Path) -> Result<Cost> {
    let target = workspace.root.join("target");
    let status = cargo()
        .args(["build", "--quiet", "--release", "--package", "gapis-lab", "--target-dir"])
        .arg(&target)
        .current_dir(&workspace.root)
        .status()?;
    if !status.success() {
        bail!("cannot build this program in release");
    }
    let program = target.join("release").join("gapis-lab").with_extension(std::env::consts::EXE_EXTENSION);
    let before = cpu();
    let output = Command::new(program).arg("corpus").arg(documents).stderr(Stdio::inherit()).output()?;
    let after = cpu();
    let printed = String::from_utf8_lossy(&output.stdout);
    let out = printed.split(" MB out").next().and_then(|text| text.rsplit(' ').next());
    let megabytes = out.and_then(|text| text.parse().ok());
    let megabytes = megabytes.with_context(|| format!("the generator printed: {}", printed.trim()))?;
    let failed = printed.lines().filter(|line| line.starts_with("failed")).count();
    Ok(Cost { cpu: after - before, megabytes, failed })
}

/// Runs the generator of Go's client, which formats its output, with one process for each document.
fn go(workspace: &Workspace, documents: &Path) -> Result<Cost> {
    if !Path::new(GO_PATH).join("src").join(GO_GENERATOR).exists() {
        bail!("its source is not installed (Debian: golang-google-api-dev)");
    }
    let home = workspace.root.join("target").join("bench");
    fs::create_dir_all(&home)?;
    let program = home.join("google-api-go-generator");
    let built = Command::new("go")
        .arg("build")
        .arg("-o")
        .arg(&program)
        .arg(GO_GENERATOR)
        .envs([("GO111MODULE", "off"), ("GOPATH", GO_PATH), ("GOFLAGS", "")])
        .output()
        .context("no Go compiler (Debian: golang-go)")?;
    if !built.status.success() {
        bail!("go build failed: {}", String::from_utf8_lossy(&built.stderr).trim());
    }
    let out = home.join("go");
    if out.exists() {
        fs::remove_dir_all(&out)?;
    }
    let mut failed = 0;
    let before = cpu();
    for document in gapis_xtask::files::documents_in(documents)? {
        let mut file = std::ffi::OsString::from("-api_json_file=");
        file.push(&document);
        let mut folder = std::ffi::OsString::from("-gendir=");
        folder.push(&out);
        let status = Command::new(&program)
            .args([&file, &folder])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .status()?;
        failed += usize::from(!status.success());
    }
    let after = cpu();
    Ok(Cost { cpu: after - before, megabytes: go_bytes(&out)? as f64 / 1e6, failed })
}

/// The CPU seconds of all child processes so far, including the kernel's for memory and files.
fn cpu() -> f64 {
    let used = children();
    used.user + used.system
}

/// The size of the Go sources below a folder, which also contains copies of the documents.
fn go_bytes(folder: &Path) -> Result<u64> {
    let mut bytes = 0;
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            bytes += go_bytes(&path)?;
        } else if path.extension().is_some_and(|ending| ending == "go") {
            bytes += fs::metadata(&path)?.len();
        }
    }
    Ok(bytes)
}
