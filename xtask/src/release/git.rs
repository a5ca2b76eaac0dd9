//! Information from git about the repository.

use std::path::Path;
use std::process::Command;

use anyhow::{Context, Result, bail};

/// Runs git and returns its output.
fn git(root: &Path, arguments: &[&str]) -> Result<String> {
    let output =
        Command::new("git").arg("-C").arg(root).args(arguments).output().context("cannot start git")?;
    if !output.status.success() {
        bail!("git {}: {}", arguments.join(" "), String::from_utf8_lossy(&output.stderr).trim());
    }
    String::from_utf8(output.stdout).context("the output of git is not UTF-8")
}

/// The commit that is checked out.
pub(super) fn head(root: &Path) -> Result<String> {
    Ok(git(root, &["rev-parse", "HEAD"])?.trim().to_owned())
}

/// A file as of a commit.
pub(super) fn show(root: &Path, commit: &str, path: &str) -> Result<String> {
    git(root, &["show", &format!("{commit}:{path}")])
}

/// Whether a folder on disk differs from a commit.
pub(super) fn has_changed(root: &Path, commit: &str, folder: &str) -> Result<bool> {
    let known = git(root, &["diff", "--name-only", commit, "--", folder])?;
    let new = git(root, &["ls-files", "--others", "--exclude-standard", "--", folder])?;
    Ok(!known.trim().is_empty() || !new.trim().is_empty())
}

/// Fails if there are changes that are not committed, because a commit must contain what is published.
pub(super) fn check_clean(root: &Path) -> Result<()> {
    let changed = git(root, &["status", "--porcelain"])?;
    match changed.lines().next() {
        None => Ok(()),
        Some(first) => bail!("commit or stash all changes first: {}", first.trim()),
    }
}

/// Whether a tag exists.
pub(super) fn has_tag(root: &Path, tag: &str) -> Result<bool> {
    Ok(!git(root, &["tag", "--list", tag])?.trim().is_empty())
}

/// Whether any release has a tag.
pub(super) fn has_any_release(root: &Path) -> Result<bool> {
    Ok(!git(root, &["tag", "--list", "v*"])?.trim().is_empty())
}
