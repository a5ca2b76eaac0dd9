//! The documents of a folder.

use std::collections::BTreeSet;
use std::path::Path;

use anyhow::{Context, Result};
use gapis_xtask::files::{documents_in, read_document};
use serde_json::Value;

/// A document of the folder.
pub(crate) struct Document {
    pub(crate) name: String,
    pub(crate) bytes: Vec<u8>,
    /// Whether an earlier document has the same `id`, and so becomes the same crate.
    pub(crate) copy: bool,
}

/// The documents of a folder, largest first, so that no large one starts last.
pub(crate) fn read_folder(folder: &Path) -> Result<Vec<Document>> {
    let paths = documents_in(folder)?;
    let (mut documents, mut ids) = (Vec::new(), BTreeSet::new());
    for path in &paths {
        let bytes = read_document(path).with_context(|| format!("cannot read {}", path.display()))?;
        let name = path.file_stem().unwrap_or_default().to_string_lossy().into_owned();
        // A file without an id is not a copy. Its error is reported later.
        let copy = identity(&bytes).is_some_and(|id| !ids.insert(id));
        documents.push(Document { name, bytes, copy });
    }
    documents.sort_by(|a, b| b.bytes.len().cmp(&a.bytes.len()).then_with(|| a.name.cmp(&b.name)));
    Ok(documents)
}

fn identity(bytes: &[u8]) -> Option<String> {
    #[derive(serde::Deserialize)]
    struct Identity {
        id: Option<Value>,
    }
    serde_json::from_slice::<Identity>(bytes).ok()?.id?.as_str().map(str::to_owned)
}

#[cfg(test)]
mod tests {
    use std::fs;

    use super::*;

    #[test]
    fn copies_are_told_and_the_index_is_passed_over() {
        let folder = tempfile::tempdir().expect("a folder");
        for (name, text) in [
            ("a.v1.json", r#"{"id":"a:v1"}"#),
            ("a.v1copy.json", r#"{"id":"a:v1"}"#),
            ("b.json", "no JSON"),
            ("index.json", "{}"),
            ("x.txt", ""),
        ] {
            fs::write(folder.path().join(name), text).expect("written");
        }
        let documents = read_folder(folder.path()).expect("read");
        let found: Vec<_> =
            documents.iter().map(|document| (document.name.as_str(), document.copy)).collect();
        assert_eq!(found, [("a.v1", false), ("a.v1copy", true), ("b", false)]);
    }
}
