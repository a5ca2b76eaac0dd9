//! Single files: replaced as a whole or not at all, and never read without a limit.

use std::fs::{self, File};
use std::io::{self, Read, Write};
use std::path::Path;

/// No discovery document comes near it (the largest has about 5 MB).
pub(crate) const LARGEST_DOCUMENT: u64 = 64 << 20;

/// Puts `contents` in the place of a file through a temporary sibling, so that a stop midway leaves the old file.
/// Returns whether anything changed.
pub(crate) fn replace(path: &Path, contents: &[u8]) -> io::Result<bool> {
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
        // The file may not even exist; the first error is the one to tell.
        let _ = fs::remove_file(&new);
    }
    written.map(|()| true)
}

/// Reads all, but refuses more than `limit` bytes.
pub(crate) fn read_limited(source: impl Read, limit: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    source.take(limit + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > limit {
        return Err(io::Error::other(format!("it has more than {limit} bytes")));
    }
    Ok(bytes)
}

/// Reads a document from a file, within the limit.
pub(crate) fn read_document(path: &Path) -> io::Result<Vec<u8>> {
    read_limited(File::open(path)?, LARGEST_DOCUMENT)
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
}
