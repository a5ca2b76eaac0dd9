//! `cargo check` of our crates and of published ones.

use anyhow::Result;

use super::plan::Bench;
use super::project::{Builder, Project};
use super::table::{Report, Row, Target};
use super::wrapper::Cost;

/// The crates of another checkout may cost this many times less.
const MOST: Target = Target::Times(1.1);

/// Compares our crates with those of another checkout. They are compiled in turns, because the machine may be faster at
/// one time than at another.
pub(super) fn run_both(bench: &Bench, now: &Builder, before: &Builder, report: &mut Report) -> Result<()> {
    for (what, name, package, only) in [
        ("check compute v1 with all features", "compute", "gapis-compute-v1", None),
        ("check compute v1 with one resource", "compute-instances", "gapis-compute-v1", Some("instances")),
        ("check drive v3", "drive", "gapis-drive-v3", None),
        ("check sheets v4", "sheets", "gapis-sheets-v4", None),
    ] {
        if !bench.wants(what, "") {
            continue;
        }
        let [mut least, mut least_before]: [Option<Cost>; 2] = [None, None];
        for _ in 0..bench.runs.max(1) {
            for (builder, least) in [(now, &mut least), (before, &mut least_before)] {
                let cost = builder.check(&ours(builder, name, package, only))?;
                *least = Some(least.take().map_or(cost.clone(), |least| least.min(&cost)));
            }
        }
        if let (Some(now), Some(before)) = (least, least_before) {
            let peer = |value: f64| Some(("before".to_owned(), Ok(value)));
            let what = what.to_owned();
            report.push(Row {
                what: what.clone(),
                unit: "s",
                ours: now.user,
                peer: peer(before.user),
                target: MOST,
            });
            let what = format!("{what}: peak memory");
            let (ours, peer) = (now.megabytes, peer(before.megabytes));
            report.push(Row { what, unit: "MB", ours, peer, target: MOST });
        }
    }
    Ok(())
}

/// Builds the crates and adds a row for each comparison.
pub(super) fn run(bench: &Bench, builder: &Builder, report: &mut Report) -> Result<()> {
    whole_compute(bench, builder, report)?;
    let name = "check compute v1 with one resource";
    if bench.wants(name, "google-cloud-compute-v1") {
        let ours =
            builder.check(&ours(builder, "compute-instances", "gapis-compute-v1", Some("instances")))?;
        let peer = "google-cloud-compute-v1";
        let theirs = theirs(bench, builder, || {
            Ok(cloud_compute("cloud-compute-instances", &["instances".to_owned()]))
        });
        report.push(seconds(name, &ours, peer, &theirs, 4.0));
    }
    let name = "check drive v3";
    if bench.wants(name, "google-drive3") {
        let ours = builder.check(&ours(builder, "drive", "gapis-drive-v3", None))?;
        let theirs = theirs(bench, builder, || Ok(published("google-drive", "google-drive3", "7.0.0")));
        report.push(seconds(name, &ours, "google-drive3", &theirs, 5.0));
    }
    Ok(())
}

fn whole_compute(bench: &Bench, builder: &Builder, report: &mut Report) -> Result<()> {
    let (name, memory) = ("check compute v1 with all features", "the same: peak memory");
    let [one, other] = ["google-compute1", "google-cloud-compute-v1"].map(|peer| bench.wants(name, peer));
    if !one && !other {
        return Ok(());
    }
    let ours = builder.check(&ours(builder, "compute", "gapis-compute-v1", None))?;
    if one {
        let theirs = theirs(bench, builder, || Ok(published("google-compute", "google-compute1", "6.0.0")));
        report.push(seconds(name, &ours, "google-compute1", &theirs, 4.0));
        report.push(megabytes(memory, &ours, "google-compute1", &theirs, Target::Share(4.0)));
    }
    if other {
        let theirs = theirs(bench, builder, || {
            let bare = cloud_compute("cloud-compute", &[]);
            Ok(cloud_compute("cloud-compute", &builder.features(&bare)?))
        });
        report.push(seconds(name, &ours, "google-cloud-compute-v1", &theirs, 13.0));
        report.push(megabytes(memory, &ours, "google-cloud-compute-v1", &theirs, Target::None));
    }
    Ok(())
}

type Theirs = Result<Cost, String>;

/// The cost of a peer, or why it could not be built.
fn theirs(bench: &Bench, builder: &Builder, project: impl FnOnce() -> Result<Project>) -> Theirs {
    if bench.no_peers {
        return Err("peers were left out".to_owned());
    }
    project().and_then(|project| builder.check(&project)).map_err(|error| format!("{error:#}"))
}

fn seconds(what: &str, ours: &Cost, peer: &str, theirs: &Theirs, share: f64) -> Row {
    let peer = Some((peer.to_owned(), theirs.as_ref().map(|cost| cost.user).map_err(Clone::clone)));
    Row { what: what.to_owned(), unit: "s", ours: ours.user, peer, target: Target::Share(share) }
}

fn megabytes(what: &str, ours: &Cost, peer: &str, theirs: &Theirs, target: Target) -> Row {
    let peer = Some((peer.to_owned(), theirs.as_ref().map(|cost| cost.megabytes).map_err(Clone::clone)));
    Row { what: what.to_owned(), unit: "MB", ours: ours.megabytes, peer, target }
}

/// One of our crates, with only one resource if it is named.
pub(super) fn ours(
    builder: &Builder,
    name: &'static str,
    package: &'static str,
    only: Option<&str>,
) -> Project {
    let path = builder.generated.join(package);
    let path = path.display().to_string().escape_default().to_string();
    let features = only.map_or(String::new(), |only| {
        format!(", default-features = false, features = [\"{only}\", \"rustls\"]")
    });
    Project {
        name,
        package,
        dependency: format!("{{ path = \"{path}\"{features} }}"),
        more: "",
        profile: "",
        main: None,
    }
}

/// A published crate of google-apis-rs.
pub(super) fn published(name: &'static str, package: &'static str, version: &str) -> Project {
    Project { name, package, dependency: format!("\"={version}\""), more: "", profile: "", main: None }
}

/// The published crate of google-cloud-rust.
fn cloud_compute(name: &'static str, features: &[String]) -> Project {
    let features: Vec<String> = features.iter().map(|feature| format!("\"{feature}\"")).collect();
    let features = features.join(", ");
    let dependency = format!("{{ version = \"=4.1.0\", default-features = false, features = [{features}] }}");
    Project { name, package: "google-cloud-compute-v1", dependency, more: "", profile: "", main: None }
}
