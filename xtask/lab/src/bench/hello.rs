//! A program with one call: the cost of its own `rustc` in release, including linking, and the size of the program.

use anyhow::Result;

use super::compile::{ours, published};
use super::plan::Bench;
use super::project::{Builder, Project};
use super::table::{Report, Row, Target};

const OURS: &str = r#"use gapis_drive_v3::{BearerToken, Drive};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let drive = Drive::builder().credentials(BearerToken::new(&std::env::var("TOKEN")?)).build()?;
    let file = drive.files().get("FILE").await?;
    println!("{:?}", file.name);
    Ok(())
}
"#;

const THEIRS: &str = r#"use google_drive3::{DriveHub, hyper_rustls, hyper_util};

#[tokio::main(flavor = "current_thread")]
async fn main() -> Result<(), Box<dyn std::error::Error>> {
    let connector =
        hyper_rustls::HttpsConnectorBuilder::new().with_native_roots()?.https_only().enable_http2().build();
    let executor = hyper_util::rt::TokioExecutor::new();
    let client = hyper_util::client::legacy::Client::builder(executor).build(connector);
    let drive = DriveHub::new(client, std::env::var("TOKEN")?);
    let (_, file) = drive.files().get("FILE").doit().await?;
    println!("{:?}", file.name);
    Ok(())
}
"#;

const TOKIO: &str = "tokio = { version = \"1\", features = [\"rt\", \"macros\"] }\n";

/// A profile for small programs, which take longer to build.
const SMALL: &str = "lto = true\ncodegen-units = 1\nopt-level = \"s\"\npanic = \"abort\"\n";

/// Builds both programs and adds the rows.
pub(super) fn run(bench: &Bench, builder: &Builder, report: &mut Report) -> Result<()> {
    for (what, names, profile, most) in [
        ("hello with one call", ["hello-gapis", "hello-google"], "", 4.2),
        ("small hello with one call", ["small-gapis", "small-google"], SMALL, 3.0),
    ] {
        if bench.wants(what, "google-drive3") {
            pair(bench, builder, report, what, names, profile, most)?;
        }
    }
    Ok(())
}

fn pair(
    bench: &Bench,
    builder: &Builder,
    report: &mut Report,
    what: &str,
    names: [&'static str; 2],
    profile: &'static str,
    most: f64,
) -> Result<()> {
    let program = |project, main| Project { more: TOKIO, profile, main: Some(main), ..project };
    let (cost, size) = builder.build(&program(ours(builder, names[0], "gapis-drive-v3", None), OURS))?;
    let theirs = if bench.no_peers {
        Err("peers were left out".to_owned())
    } else {
        let project = program(published(names[1], "google-drive3", "7.0.0"), THEIRS);
        builder.build(&project).map_err(|error| format!("{error:#}"))
    };
    let megabytes = |bytes: u64| bytes as f64 / 1e6;
    let peer = |theirs| Some(("google-drive3".to_owned(), theirs));
    // With optimization across crates, the last rustc compiles all crates, so its cost is not the program's own.
    if profile.is_empty() {
        report.push(Row {
            what: format!("{what}, its own rustc"),
            unit: "s",
            ours: cost.user,
            peer: peer(theirs.as_ref().map(|(cost, _)| cost.user).map_err(Clone::clone)),
            target: Target::Share(5.0),
        });
    }
    report.push(Row {
        what: format!("{what}, stripped"),
        unit: "MB",
        ours: megabytes(size),
        peer: peer(theirs.map(|(_, size)| megabytes(size))),
        target: Target::Most(most),
    });
    Ok(())
}
