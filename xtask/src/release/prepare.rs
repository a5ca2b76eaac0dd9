//! `cargo xtask release --prepare`: finds the crates that changed since they were published, and raises their versions
//! by what the changes mean for programs.

use std::fs;

use anyhow::{Context, Result};
use gapis_cli::files::{read_document, replace};
use gapis_cli::{ApiId, Apis, Entry, Terminal, Workspace, options};
use gapis_codegen::inventory::Change;

use super::version::{Level, Version};
use super::{changelog, git};

/// The next release of a crate.
struct Need {
    released: Version,
    next: Version,
    section: String,
}

/// Raises versions and writes changelogs.
///
/// # Errors
/// If git does not have a commit, or a document cannot be read. Files that were written before stay; another run writes
/// the same.
pub(super) fn run(workspace: &Workspace, terminal: &mut Terminal<'_>) -> Result<()> {
    let mut apis = Apis::of(workspace)?;
    let all: Vec<(ApiId, Entry)> = apis.iter().map(|(id, entry)| (id.clone(), entry.clone())).collect();
    for (id, entry) in all.iter().filter(|(_, entry)| !entry.local) {
        let (name, path) = (id.crate_name(), workspace.changelog(id));
        let old = fs::read_to_string(&path).unwrap_or_default();
        let Some(commit) = &entry.released else {
            let version = current(entry)?;
            writeln!(terminal.out, "{name}: {version}, the first release")?;
            write(&path, &changelog::first(&name, version))?;
            continue;
        };
        let need = need(workspace, id, entry, commit).with_context(|| id.to_string())?;
        let Some(Need { released, next, section }) = need else { continue };
        writeln!(terminal.out, "{name}: {released} -> {next}")?;
        apis.set_version(id, &next.to_string());
        write(&path, &changelog::with(&old, &name, released, next, &section))?;
    }
    replace(&workspace.list(), apis.to_string().as_bytes()).context("cannot write apis.toml")?;
    Ok(())
}

/// The crates that changed since they were published, but whose version was not raised enough.
///
/// # Errors
/// As [`run`].
pub(super) fn unprepared(workspace: &Workspace) -> Result<Vec<String>> {
    let mut names = Vec::new();
    for (id, entry) in Apis::of(workspace)?.iter().filter(|(_, entry)| !entry.local) {
        if let Some(commit) = &entry.released
            && let Some(need) = need(workspace, id, entry, commit)?
            && current(entry)? < need.next
        {
            names.push(id.crate_name());
        }
    }
    Ok(names)
}

/// The version that a crate has now.
pub(super) fn current(entry: &Entry) -> Result<Version> {
    entry.version.as_deref().unwrap_or(env!("CARGO_PKG_VERSION")).parse()
}

fn write(path: &std::path::Path, text: &str) -> Result<()> {
    let folder = path.parent().context("a changelog without a folder")?;
    fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    replace(path, text.as_bytes()).with_context(|| format!("cannot write {}", path.display()))?;
    Ok(())
}

/// The next release of a crate, if it differs from the commit from which it was published.
fn need(workspace: &Workspace, id: &ApiId, entry: &Entry, commit: &str) -> Result<Option<Need>> {
    let root = &workspace.root;
    let name = id.crate_name();
    if !git::has_changed(root, commit, &format!("generated/{name}"))? {
        return Ok(None);
    }
    let manifest = git::show(root, commit, &format!("generated/{name}/Cargo.toml"))?;
    let released: Version =
        value(&manifest, "version").context("the published manifest has no version")?.parse()?;
    let old = git::show(root, commit, &format!("discovery/{}", entry.file))?;
    let old = gapis_codegen::inventory(old.as_bytes(), &options(id, entry))?;
    let new = read_document(&workspace.discovery.join(&entry.file))?;
    let new = gapis_codegen::inventory(&new, &options(id, entry))?;
    let changes: Vec<Change> = old.changes_to(&new);
    let mut more = Vec::new();
    if !runtime(workspace, id)?.is_compatible_with(runtime_of(&manifest)?) {
        more.push("Needs an incompatible version of gapis-runtime, whose types are part of the interface.");
    }
    let root = |text: &str| text.lines().find(|line| line.contains("assert_generation(")).map(str::to_owned);
    let before = git::show(&workspace.root, commit, &format!("generated/{name}/src/lib.rs"))?;
    let now = fs::read_to_string(workspace.generated.join(&name).join("src/lib.rs")).unwrap_or_default();
    if more.is_empty() && root(&before) != root(&now) {
        more.push("Made for another generation of gapis-runtime.");
    }
    let level = match (changes.iter().any(|change| change.breaks) || !more.is_empty(), changes.is_empty()) {
        (true, _) => Level::Breaking,
        (false, false) => Level::Addition,
        (false, true) => Level::Fix,
    };
    if level == Level::Fix {
        more.push("The interface is the same.");
    }
    let section = changelog::section([&old.revision, &new.revision], &changes, &more);
    Ok(Some(Need { released, next: released.raised(level), section }))
}

/// The version of the runtime that the crate on disk requires.
fn runtime(workspace: &Workspace, id: &ApiId) -> Result<Version> {
    let path = workspace.generated.join(id.crate_name()).join("Cargo.toml");
    runtime_of(&fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?)
}

/// The version of the runtime that a manifest requires.
fn runtime_of(manifest: &str) -> Result<Version> {
    let line = manifest
        .lines()
        .find(|line| line.starts_with("gapis-runtime = "))
        .context("no dependency on the runtime")?;
    let (_, version) = line.split_once("version = \"").context("a dependency without a version")?;
    version.split('"').next().unwrap_or_default().parse()
}

/// The value of a key at the beginning of a line.
fn value<'t>(manifest: &'t str, key: &str) -> Option<&'t str> {
    let line = manifest.lines().find_map(|line| line.strip_prefix(key)?.trim_start().strip_prefix('='))?;
    line.trim().strip_prefix('"')?.strip_suffix('"')
}
