//! Brings the folder of a generated crate in line with what the generator made, or says what is out of line.
//!
//! One function does both, so what `--check` accepts is by construction what writing produces. A crate is exchanged as a
//! whole: its new folder is complete in a staging folder before the two change places. Where the system cannot do that at
//! once it takes two renames, and a stop between them is mended by the next run.
//!
//! **Architecture invariant:** nothing else writes below `generated/`, and a folder without the generator's marker is
//! never touched.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::io;
use std::path::{Component, Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The files of a crate by their path below the crate's folder.
pub type Files = BTreeMap<PathBuf, String>;

/// Whether differences are mended or only told.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Mode {
    /// Mend them.
    Write,
    /// Tell them and write nothing at all.
    Check,
}

/// What is out of line with one file.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Kind {
    /// Its contents differ.
    Stale,
    /// It is not there.
    Missing,
    /// The generator does not make it.
    Extra,
}

/// A file that is out of line, or was before it was mended.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub struct Change {
    /// The file, below the folder of all crates.
    pub path: PathBuf,
    /// What is or was the matter.
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

/// What cargo leaves in a crate's folder that belongs to no workspace. It is no difference, and it outlives an exchange.
const CARGOS: [&str; 2] = ["target", "Cargo.lock"];

/// Makes (or, in [`Mode::Check`], compares) the folder `name` below `out` so that it holds exactly `files`; with no files
/// at all the folder is to be gone. Returns what differed.
///
/// # Errors
/// If the folder exists and was not generated, if a path would leave it, or if the disk refuses.
pub fn sync(out: &Path, name: &str, files: &Files, mode: Mode) -> Result<Vec<Change>> {
    check_paths(name, files)?;
    let folder = out.join(name);
    let staging = Staging::of(out, name);
    if mode == Mode::Write {
        staging.mend(&folder)?;
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

/// The generated crates below `out` that are not among `wanted`.
///
/// # Errors
/// If the folder cannot be read; that it does not exist is fine.
pub fn leftovers(out: &Path, wanted: &[String]) -> io::Result<Vec<String>> {
    let mut names = Vec::new();
    for entry in read_dir(out)? {
        let name = entry?.file_name().to_string_lossy().into_owned();
        // A run that was stopped may have left a crate's staging folder and no crate.
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

/// Whether a folder carries the generator's marker: the first line of its `Cargo.toml`, or of a module's `mod.rs`. An empty
/// folder does as well.
#[must_use]
pub fn is_generated(folder: &Path) -> bool {
    has_marker(folder, &OF_CODE)
}

/// The files that carry the marker of a crate or a module.
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

/// The script of a site, which marks its folder.
pub(crate) const SITE: &str = "site.js";

/// Checks that a site may be written to a folder: that it is a site, is empty or does not exist.
///
/// # Errors
/// If there is something else.
#[cfg(feature = "site")]
pub(crate) fn check_site(folder: &Path) -> Result<()> {
    check_marker(folder, &[SITE])
}

/// Fails if there is something that has no marker in the first of these files that it has.
fn check_marker(folder: &Path, files: &[&str]) -> Result<()> {
    if folder.symlink_metadata().is_ok() && !has_marker(folder, files) {
        bail!("{} was not made by the generator; it is left alone", folder.display());
    }
    Ok(())
}

fn is_marker(line: &str) -> bool {
    line.starts_with(['#', '/']) && line.contains("Generated by `") && line.contains("do not edit")
}

/// A document is foreign input, so what the generator made of its names is checked once more where it counts.
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
        // A link or a folder in the place of a file is not that file.
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

/// All that is in a folder but folders, without what cargo leaves there.
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

/// As [`fs::read_dir`], but what does not exist has no entries.
fn read_dir(folder: &Path) -> io::Result<impl Iterator<Item = io::Result<fs::DirEntry>> + use<>> {
    match fs::read_dir(folder) {
        Ok(entries) => Ok(Some(entries).into_iter().flatten()),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None.into_iter().flatten()),
        Err(error) => Err(error),
    }
}

/// How the name of a staging folder ends.
const STAGING: &str = ".staging";

/// The folder beside a crate's where its new and its old form stand during an exchange. It is the crate's own, as crates
/// are written in parallel, and its name is one that the workspace's glob `generated/gapis-*` passes by: a folder that it
/// matches and that is no crate would keep cargo from starting at all.
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

    /// Undoes what a run left behind that was stopped midway.
    fn mend(&self, folder: &Path) -> io::Result<()> {
        if self.old.exists() && !folder.exists() {
            fs::rename(&self.old, folder)?;
        }
        self.clear();
        Ok(())
    }

    /// Writes the new folder. Files that stay as they are keep their time of change, so that cargo need not look at them.
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

    /// Puts the new folder, if there is one, into the place of the old one.
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
            // There may be none, and losing a build folder loses nothing but time.
            let _ = fs::rename(old.join(name), folder.join(name));
        }
        Ok(())
    }

    fn clear(&self) {
        // What cannot be removed now is removed by a later run, and stands in nobody's way.
        let _ = fs::remove_dir_all(&self.new);
        let _ = fs::remove_dir_all(&self.old);
        let _ = fs::remove_dir(&self.folder);
    }
}

/// Lets two folders change places at once, so that at no time either is missing.
#[cfg(target_os = "linux")]
fn swap(a: &Path, b: &Path) -> io::Result<()> {
    use rustix::fs::{CWD, RenameFlags, renameat_with};
    Ok(renameat_with(CWD, a, CWD, b, RenameFlags::EXCHANGE)?)
}

/// Elsewhere, and on file systems that cannot do it, two renames have to serve.
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

    fn told(changes: &[Change]) -> Vec<String> {
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
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), missing);
        assert!(!out.path().join(NAME).exists(), "checking writes nothing");
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Write).expect("written")), missing);
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), [""; 0]);
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Write).expect("written")), [""; 0]);
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
        let mut found = told(&sync(out.path(), NAME, &want, Mode::Check).expect("checked"));
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
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Write).expect("mended")), [""; 0]);
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
        assert_eq!(told(&sync(out.path(), NAME, &want, Mode::Check).expect("checked")), [""; 0]);
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
        assert_eq!(told(&gone), ["extra gapis-farm-v2/Cargo.toml"]);
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
            told(&sync(out.path(), NAME, &want, Mode::Write).expect("mended")),
            ["extra gapis-farm-v2/src/link"]
        );
        assert!(elsewhere.path().join("precious").exists());
    }
}
