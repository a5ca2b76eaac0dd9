//! Writes the folder of a generated crate, or reports how it differs from what the generator made.
//!
//! One function does both, so `--check` accepts exactly what writing produces. A crate is replaced as a whole: its new
//! folder is completed in a staging folder, and then the two folders are exchanged. If the system cannot exchange
//! folders atomically, this takes two renames; if the process is stopped between them, the next run repairs it.
//!
//! **Architecture invariant:** nothing else writes below `generated/`, and a folder without the generator's marker is
//! never changed.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The files of a crate, by their paths in the crate's folder.
pub type Files = BTreeMap<PathBuf, String>;

/// Whether differences are fixed or only reported.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Fix them.
    Write,
    /// Report them without writing anything.
    Check,
}

/// How a file differs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its contents differ.
    Stale,
    /// The file does not exist.
    Missing,
    /// The generator does not make the file.
    Extra,
}

/// A file that differs, or differed before it was fixed.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The file, relative to the folder of all crates.
    pub path: PathBuf,
    /// How it differs.
    pub kind: Kind,
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let kind = match self.kind {
            Kind::Stale => "stale",
            Kind::Missing => "missing",
            Kind::Extra => "extra",
        };
        let parts: Vec<_> = self.path.iter().map(|part| part.to_string_lossy()).collect();
        write!(f, "{kind:8} {}", parts.join("/").escape_debug())
    }
}

/// What cargo writes in a crate's folder if the crate is not in a workspace. It is ignored, and kept when a crate is
/// replaced.
const CARGOS: [&str; 2] = ["target", "Cargo.lock"];

/// Makes the folder `name` in `out` contain exactly `files`, or compares it in [`Mode::Check`]. Without any files, the
/// folder is removed. Returns the differences.
///
/// # Errors
/// If the folder exists and was not generated, if a path would leave it, or if reading or writing fails.
pub fn sync(out: &Path, name: &str, files: &Files, mode: Mode) -> Result<Vec<Change>> {
    check_paths(name, files)?;
    let folder = out.join(name);
    let staging = Staging::of(out, name);
    if mode == Mode::Write {
        staging.recover(&folder)?;
    }
    let changes =
        compare(&folder, name, files).with_context(|| format!("cannot read {}", folder.display()))?;
    if changes.is_empty() {
        return Ok(changes);
    }
    check_marker(&folder, if files.contains_key(Path::new(SITE)) { &[SITE] } else { &OF_CODE })?;
    if mode == Mode::Write {
        let done = staging.build(&folder, files, &changes).and_then(|()| staging.exchange(&folder, files));
        staging.clear();
        done.with_context(|| format!("cannot write {}", folder.display()))?;
    }
    Ok(changes)
}

/// The generated crates in `out` that are not in `wanted`.
///
/// # Errors
/// If the folder cannot be read. A folder that does not exist has no crates.
pub fn leftovers(out: &Path, wanted: &[String]) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in read_dir(out)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A run that was stopped may have left the staging folder of a crate without the crate.
        let staged = name.strip_prefix('.').and_then(|name| name.strip_suffix(STAGING));
        let generated = staged.is_some() || is_generated(&out.join(&name));
        let name = staged.unwrap_or(&name);
        if generated && name.starts_with("gapis-") && !wanted.iter().any(|wanted| wanted == name) {
            names.push(name.to_owned());
        }
    }
    names.sort();
    names.dedup();
    Ok(names)
}

/// Whether a folder has the generator's marker in the first line of its `Cargo.toml`, or of a module's `mod.rs`. An
/// empty folder counts as generated.
#[must_use]
pub fn is_generated(folder: &Path) -> bool {
    has_marker(folder, &OF_CODE)
}

/// The files that can have the marker of a crate or a module.
const OF_CODE: [&str; 2] = ["Cargo.toml", ROOT];

fn has_marker(folder: &Path, files: &[&str]) -> bool {
    if folder.symlink_metadata().map_or(true, |facts| !facts.is_dir()) {
        return false;
    }
    let first = files.iter().find_map(|name| fs::read_to_string(folder.join(name)).ok());
    match first {
        Some(text) => text.lines().next().is_some_and(is_marker),
        None => fs::read_dir(folder).is_ok_and(|mut entries| entries.next().is_none()),
    }
}

/// The root of a generated module.
pub(crate) const ROOT: &str = "mod.rs";

/// The script of a site. It has the marker of the site's folder.
pub(crate) const SITE: &str = "site.js";

/// Checks that a site may be written to a folder: the folder is a site, is empty or does not exist.
///
/// # Errors
/// If the folder has other contents.
#[cfg(feature = "site")]
pub(crate) fn check_site(folder: &Path) -> Result<()> {
    check_marker(folder, &[SITE])
}

/// Fails if the folder exists and the first of these files that it has has no marker.
fn check_marker(folder: &Path, files: &[&str]) -> Result<()> {
    if folder.symlink_metadata().is_ok() && !has_marker(folder, files) {
        bail!("{} was not made by the generator and is not changed", folder.display());
    }
    Ok(())
}

fn is_marker(line: &str) -> bool {
    line.starts_with(['#', '/']) && line.contains("Generated by `") && line.contains("do not edit")
}

/// Checks the paths of files. A document is untrusted input, so the names that the generator made from it are checked
/// again before they are used.
fn check_paths(name: &str, files: &Files) -> Result<()> {
    let has = |file| files.contains_key(Path::new(file));
    let plain = (has(ROOT) || name.starts_with("gapis-"))
        && !name.is_empty()
        && name.chars().all(|c| c.is_ascii_alphanumeric() || "-_".contains(c));
    // A user has chosen the name of a site's folder.
    if !plain && !has(SITE) {
        bail!("`{}` is not the name of a generated crate", name.escape_debug());
    }
    for path in files.keys() {
        if path.as_os_str().is_empty() || !path.components().all(|part| matches!(part, Component::Normal(_)))
        {
            bail!("{name}: `{}` is not a path inside the crate", path.display().to_string().escape_debug());
        }
    }
    Ok(())
}

fn compare(folder: &Path, name: &str, files: &Files) -> io::Result<Vec<Change>> {
    let found = walk(folder)?;
    let change = |path: &Path, kind| Change { path: Path::new(name).join(path), kind };
    let mut changes: Vec<Change> = found
        .iter()
        .filter(|path| !files.contains_key(*path))
        .map(|path| change(path, Kind::Extra))
        .collect();
    for (path, contents) in files {
        // A link or a folder in place of a file is a difference.
        let kind = match folder.join(path).symlink_metadata() {
            Err(_) => Kind::Missing,
            Ok(facts) if !facts.is_file() => Kind::Stale,
            Ok(_) if fs::read(folder.join(path))? != contents.as_bytes() => Kind::Stale,
            Ok(_) => continue,
        };
        changes.push(change(path, kind));
    }
    changes.sort();
    changes.dedup();
    Ok(changes)
}

/// The paths of everything in a folder except for folders and what cargo writes.
fn walk(folder: &Path) -> io::Result<Vec<PathBuf>> {
    let mut found = Vec::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in read_dir(&folder.join(&below))? {
            let entry = entry?;
            if below.as_os_str().is_empty() && CARGOS.iter().any(|name| entry.file_name() == *name) {
                continue;
            }
            let path = below.join(entry.file_name());
            if entry.file_type()?.is_dir() { open.push(path) } else { found.push(path) }
        }
    }
    Ok(found)
}

/// Like [`fs::read_dir`], but a folder that does not exist has no entries.
fn read_dir(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>> + use<>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// The end of the name of a staging folder.
const STAGING: &str = ".staging";

/// The folder next to a crate's folder that has the new and the old crate during an exchange. Each crate has its own,
/// because crates are written in parallel. The workspace's glob `generated/gapis-*` does not match its name: cargo does
/// not start if it matches a folder that is not a crate.
struct Staging {
    folder: PathBuf,
    new: PathBuf,
    old: PathBuf,
}

impl Staging {
    fn of(out: &Path, name: &str) -> Self {
        let folder = out.join(format!(".{name}{STAGING}"));
        Staging { new: folder.join("new"), old: folder.join("old"), folder }
    }

    /// Repairs what a run left behind that was stopped.
    fn recover(&self, folder: &Path) -> io::Result<()> {
        if self.old.exists() && !folder.exists() {
            fs::rename(&self.old, folder)?;
        }
        self.clear();
        Ok(())
    }

    /// Writes the new folder. Unchanged files keep their modification time, so that cargo does not compile them again.
    fn build(&self, folder: &Path, files: &Files, changes: &[Change]) -> io::Result<()> {
        let name = folder.file_name().map(Path::new).unwrap_or(Path::new(""));
        for (path, contents) in files {
            let target = self.new.join(path);
            if let Some(parent) = target.parent() {
                fs::create_dir_all(parent)?;
            }
            let changed = changes.iter().any(|change| change.path == name.join(path));
            if changed || fs::hard_link(folder.join(path), &target).is_err() {
                fs::write(&target, contents)?;
            }
        }
        Ok(())
    }

    /// Replaces the old folder with the new one, if there is one.
    fn exchange(&self, folder: &Path, files: &Files) -> io::Result<()> {
        if files.is_empty() {
            fs::create_dir_all(&self.folder)?;
            return fs::rename(folder, &self.old);
        }
        if !folder.exists() {
            return fs::rename(&self.new, folder);
        }
        let old = if swap(&self.new, folder).is_ok() {
            &self.new
        } else {
            fs::rename(folder, &self.old)?;
            if let Err(error) = fs::rename(&self.new, folder) {
                fs::rename(&self.old, folder)?;
                return Err(error);
            }
            &self.old
        };
        for name in CARGOS {
            // It may not exist. If a build folder is lost, it only takes time to build it again.
            let _ = fs::rename(old.join(name), folder.join(name));
        }
        Ok(())
    }

    fn clear(&self) {
        // A later run removes what cannot be removed now.
        let _ = fs::remove_dir_all(&self.new);
        let _ = fs::remove_dir_all(&self.old);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Exchanges two folders atomically, so that neither is ever missing.
#[cfg(target_os = "linux")]
fn swap(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// Other systems need two renames, as do file systems that do not support the exchange.
#[cfg(not(target_os = "linux"))]
fn swap(_: &Path, _: &Path) -> io::Result<()> {
    Err(io::ErrorKind::Unsupported.into())
}

#[cfg(test)]
mod tests {
    use super::*;

    const MARK: &str = "# Generated by `cargo xtask generate farm:v2`; do not edit.\n";

    fn files(pairs: &[(&str, &str)]) -> Files {
        let manifest = [("Cargo.toml", MARK)];
        manifest.iter().chain(pairs).map(|(path, text)| (path.into(), (*text).to_owned())).collect()
    }

    fn lines(changes: &[Change]) -> Vec<String> {
        changes
            .iter()
            .map(|change| change.to_string().split_whitespace().collect::<Vec<_>>().join(" "))
            .collect()
    }

    const NAME: &str = "gapis-farm-v2";

    #[test]
    fn writes_then_agrees() {
        let out = tempfile::tempdir().expect("a folder");
        let want = files(&[("src/lib.rs", "a"), ("src/b/c.rs", "c")]);
        let missing = [
            "missing gapis-farm-v2/Cargo.toml",
            "missing gapis-farm-v2/src/b/c.rs",
            "missing gapis-farm-v2/src/lib.rs",
        ];
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), missing);
        assert!(!out.path().join(NAME).exists(), "checking writes nothing");
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Write).expect("written")), missing);
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), [""; 0]);
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Write).expect("written")), [""; 0]);
        assert_eq!(fs::read_dir(out.path()).expect("listed").count(), 1, "no staging folder stays");
    }

    #[test]
    fn mends_what_differs_and_leaves_the_rest() {
        let out = tempfile::tempdir().expect("a folder");
        let folder = out.path().join(NAME);
        sync(out.path(), NAME, &files(&[("src/lib.rs", "a"), ("src/old.rs", "o")]), Mode::Write)
            .expect("written");
        fs::create_dir(folder.join("target")).expect("made");
        fs::write(folder.join("target/x"), "x").expect("written");
        let before =
            fs::metadata(folder.join("Cargo.toml")).and_then(|facts| facts.modified()).expect("a time");
        let want = files(&[("src/lib.rs", "b"), ("src/new.rs", "n")]);
        let changes = [
            "stale gapis-farm-v2/src/lib.rs",
            "missing gapis-farm-v2/src/new.rs",
            "extra gapis-farm-v2/src/old.rs",
        ];
        let mut found = lines(&sync(out.path(), NAME, &want, Mode::Check).expect("checked"));
        found.sort_by_key(|line| changes.iter().position(|change| change == line));
        assert_eq!(found, changes);
        sync(out.path(), NAME, &want, Mode::Write).expect("written");
        assert!(compare(&folder, NAME, &want).expect("read").is_empty());
        assert!(folder.join("target/x").exists(), "cargo's own files stay");
        assert_eq!(
            fs::metadata(folder.join("Cargo.toml")).and_then(|facts| facts.modified()).expect("a time"),
            before
        );
    }

    #[test]
    fn a_stop_midway_is_mended() {
        let out = tempfile::tempdir().expect("a folder");
        let want = files(&[("src/lib.rs", "a")]);
        sync(out.path(), NAME, &want, Mode::Write).expect("written");
        // Stopped between the two renames: the old crate stands aside, half of the new one is there.
        let staging = Staging::of(out.path(), NAME);
        fs::create_dir_all(&staging.new).expect("made");
        fs::write(staging.new.join("Cargo.toml"), MARK).expect("written");
        fs::rename(out.path().join(NAME), &staging.old).expect("moved");
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Write).expect("mended")), [""; 0]);
        assert!(out.path().join(NAME).join("src/lib.rs").exists());
        assert_eq!(fs::read_dir(out.path()).expect("listed").count(), 1);
        // Stopped while it was being removed.
        fs::create_dir_all(&staging.folder).expect("made");
        fs::rename(out.path().join(NAME), &staging.old).expect("moved");
        assert_eq!(leftovers(out.path(), &[]).expect("listed"), [NAME]);
        sync(out.path(), NAME, &Files::new(), Mode::Write).expect("removed");
        assert_eq!(fs::read_dir(out.path()).expect("listed").count(), 0);
    }

    #[test]
    fn a_failure_leaves_the_crate_untouched() {
        let out = tempfile::tempdir().expect("a folder");
        let want = files(&[("src/lib.rs", "a")]);
        sync(out.path(), NAME, &want, Mode::Write).expect("written");
        // `x` cannot be both a file and a folder, so building the new crate fails midway.
        let broken = files(&[("src/lib.rs", "b"), ("x", ""), ("x/y", "")]);
        sync(out.path(), NAME, &broken, Mode::Write).expect_err("impossible");
        assert_eq!(lines(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), [""; 0]);
        assert_eq!(fs::read_dir(out.path()).expect("listed").count(), 1);
    }

    #[test]
    fn removes_generated_folders_only() {
        let out = tempfile::tempdir().expect("a folder");
        sync(out.path(), NAME, &files(&[]), Mode::Write).expect("written");
        fs::create_dir(out.path().join("gapis-mine")).expect("made");
        fs::write(out.path().join("gapis-mine/Cargo.toml"), "[package]\n").expect("written");
        fs::write(out.path().join("README.md"), "").expect("written");
        assert_eq!(leftovers(out.path(), &[]).expect("listed"), [NAME]);
        assert_eq!(leftovers(out.path(), &[NAME.into()]).expect("listed"), [""; 0]);
        assert_eq!(leftovers(&out.path().join("none"), &[]).expect("listed"), [""; 0]);
        let gone = sync(out.path(), NAME, &Files::new(), Mode::Write).expect("removed");
        assert_eq!(lines(&gone), ["extra gapis-farm-v2/Cargo.toml"]);
        assert!(!out.path().join(NAME).exists());
        sync(out.path(), "gapis-mine", &Files::new(), Mode::Write).expect_err("not ours");
        sync(out.path(), "gapis-mine", &files(&[]), Mode::Write).expect_err("not ours");
        assert_eq!(
            fs::read_to_string(out.path().join("gapis-mine/Cargo.toml")).expect("read"),
            "[package]\n"
        );
    }

    #[test]
    fn paths_cannot_leave_the_folder() {
        let out = tempfile::tempdir().expect("a folder");
        for path in ["../x", "/x", "a/../../x", ""] {
            sync(out.path(), NAME, &files(&[(path, "x")]), Mode::Write).expect_err(path);
        }
        for name in ["x", "gapis-/x", "gapis-../x", "gapis-x\n"] {
            sync(out.path(), name, &files(&[]), Mode::Write).expect_err(name);
        }
        assert_eq!(fs::read_dir(out.path()).expect("listed").count(), 0);
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let out = tempfile::tempdir().expect("a folder");
        let elsewhere = tempfile::tempdir().expect("a folder");
        let want = files(&[("src/lib.rs", "a")]);
        sync(out.path(), NAME, &want, Mode::Write).expect("written");
        fs::write(elsewhere.path().join("precious"), "x").expect("written");
        std::os::unix::fs::symlink(elsewhere.path(), out.path().join(NAME).join("src/link")).expect("linked");
        assert_eq!(
            lines(&sync(out.path(), NAME, &want, Mode::Write).expect("mended")),
            ["extra gapis-farm-v2/src/link"]
        );
        assert!(elsewhere.path().join("precious").exists());
    }
}
