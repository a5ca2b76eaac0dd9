//! What git knows of the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs git and gives what it prints.
fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("git").arg("-C").arg(root).args(arguments).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("git printed what is no text")
}

/// The commit that is checked out.
pub(super) fn head(root: &Path) -> Result<String> {
    Ok(git(root, &["rev-parse", "HEAD"])?.trim().to_owned())
}

/// A file as it was in a commit.
pub(super) fn show(root: &Path, commit: &str, path: &str) -> Result<String> {
    git(root, &["show", &format!("{commit}:{path}")])
}

/// Whether a folder is other than it was in a commit, by what is on disk.
pub(super) fn has_changed(root: &Path, commit: &str, folder: &str) -> Result<bool> {
    let known = git(root, &["diff", "--name-only", commit, "--", folder])?;
    let new = git(root, &["ls-files", "--others", "--exclude-standard", "--", folder])?;
    Ok(!known.trim().is_empty() || !new.trim().is_empty())
}

/// Fails if something is not committed: what is published must be what a commit has.
pub(super) fn check_clean(root: &Path) -> Result<()> {
    let changed = git(root, &["status", "--porcelain"])?;
    match changed.lines().next() {
        None => Ok(()),
        Some(first) => bail!("commit first, or stash: {}", first.trim()),
    }
}

/// Whether there is a tag of that name.
pub(super) fn has_tag(root: &Path, tag: &str) -> Result<bool> {
    Ok(!git(root, &["tag", "--list", tag])?.trim().is_empty())
}

/// Whether there is any tag of a release.
pub(super) fn has_any_release(root: &Path) -> Result<bool> {
    Ok(!git(root, &["tag", "--list", "v*"])?.trim().is_empty())
}
