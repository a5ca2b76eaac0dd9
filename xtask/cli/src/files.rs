//! Paths, and single files, which are replaced atomically and read with a size limit.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::{Path, PathBuf};

use anyhow::{Context, Result, bail};

/// The maximum size of a discovery document in bytes. The largest has about 5 MB.
pub const LARGEST_DOCUMENT: u64 = 64 << 20;

/// Replaces the contents of a file through a temporary file next to it, so that the old file stays if the process is
/// stopped. Returns whether anything changed.
pub fn replace(path: &Path, contents: &[u8]) -> io::Result<bool> {
    if fs::read(path).is_ok_and(|old| old == contents) {
        return Ok(false);
    }
    let name = path.file_name().ok_or_else(|| io::Error::other("the path names no file"))?;
    let mut hidden = std::ffi::OsString::from(".");
    hidden.push(name);
    hidden.push(format!(".{}.new", std::process::id()));
    let new = path.with_file_name(hidden);
    let written = File::create(&new)
        .and_then(|mut file| file.write_all(contents).and_then(|()| file.sync_all()))
        .and_then(|()| fs::rename(&new, path));
    if written.is_err() {
        // The file may not exist. The first error is the one to report.
        let _ = fs::remove_file(&new);
    }
    written.map(|()| true)
}

/// Reads everything, but fails if there are more than `limit` bytes.
pub fn read_limited(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// Reads a document from a file, within the size limit.
pub fn read_document(path: &Path) -> io::Result<Vec<u8>> {
    read_limited(File::open(path)?, LARGEST_DOCUMENT)
}

/// The paths of the documents in a folder, sorted. The index of all documents is not included.
pub fn documents_in(folder: &Path) -> Result<Vec<PathBuf>> {
    let entries = fs::read_dir(folder).with_context(|| format!("cannot read {}", folder.display()))?;
    let mut paths = entries.map(|entry| Ok(entry?.path())).collect::<Result<Vec<_>>>()?;
    paths.retain(|path| {
        path.extension().is_some_and(|ending| ending == "json")
            && path.file_name().is_some_and(|name| name != "index.json")
    });
    paths.sort();
    if paths.is_empty() {
        bail!("no documents in {}", folder.display());
    }
    Ok(paths)
}

/// The relative path from one folder to another, with `/` between the parts, as `Cargo.toml` needs it on all systems.
pub fn relative(from: &Path, to: &Path) -> std::io::Result<String> {
    let (from, to) = (std::path::absolute(from)?, std::path::absolute(to)?);
    let (from, to) = (without_dots(&from), without_dots(&to));
    let shared = from.iter().zip(&to).take_while(|(a, b)| a == b).count();
    if shared == 0 {
        // On another drive, there is no relative path.
        return Ok(to.join("/"));
    }
    let up = std::iter::repeat_n("..", from.len() - shared);
    Ok(up.chain(to.iter().skip(shared).map(String::as_str)).collect::<Vec<_>>().join("/"))
}

fn without_dots(path: &Path) -> Vec<String> {
    let mut parts: Vec<String> = Vec::new();
    for part in path.components() {
        match part {
            std::path::Component::ParentDir => {
                parts.pop();
            }
            std::path::Component::CurDir => {}
            part => parts.push(part.as_os_str().to_string_lossy().into_owned()),
        }
    }
    parts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_and_leaves_no_other_file() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("a.json");
        assert!(replace(&path, b"one").expect("written"));
        assert!(!replace(&path, b"one").expect("the same"));
        assert!(replace(&path, b"two").expect("written"));
        assert_eq!(fs::read(&path).expect("read"), b"two");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn a_failure_leaves_the_old_file_and_no_rest() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("occupied");
        fs::create_dir(&path).expect("a folder in the way");
        replace(&path, b"x").expect_err("a folder is in the way");
        assert_eq!(fs::read_dir(folder.path()).expect("listed").count(), 1);
    }

    #[test]
    fn limits_hold() {
        assert_eq!(read_limited(&b"abc"[..], 3).expect("read"), b"abc");
        read_limited(&b"abcd"[..], 3).expect_err("one too many");
    }

    #[test]
    fn relative_paths() {
        let of = |from: &str, to: &str| relative(Path::new(from), Path::new(to)).expect("a path");
        assert_eq!(of("/w/generated/gapis-a", "/w/runtime"), "../../runtime");
        assert_eq!(of("/w/generated/../out/x", "/w/./runtime"), "../../runtime");
        assert_eq!(of("/w/runtime/out", "/w/runtime"), "..");
        assert_eq!(of("/w", "/w/runtime"), "runtime");
    }
}
