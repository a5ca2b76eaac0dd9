//! What is checked in under `discovery/` is what `apis.toml` says it is, and what is under `generated/` is made of it.

use std::collections::BTreeSet;
use std::fs;

use gapis_codegen::Limits;
use gapis_codegen::normalize::{Prose, normalize, to_text};
use gapis_xtask::{Apis, Generate, Terminal, this_repository};
use hmac_sha256::Hash;
use serde_json::Value;

#[test]
fn documents_are_in_form_and_as_noted() {
    let discovery = this_repository().discovery;
    let apis = Apis::load(&discovery).expect("apis.toml");
    let mut files = BTreeSet::from(["apis.toml".to_owned()]);
    for (id, entry) in apis.iter() {
        files.insert(entry.file.clone());
        let text = fs::read_to_string(discovery.join(&entry.file)).expect("a document");
        let digest: String = Hash::hash(text.as_bytes()).iter().map(|byte| format!("{byte:02x}")).collect();
        let mend = format!("{id}: mend it with `cargo xtask fetch {id} --from discovery`");
        assert_eq!(entry.sha256, digest, "{mend}");
        let mut document: Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(document.get("revision").and_then(Value::as_str), Some(&*entry.revision), "{mend}");
        assert_eq!(document.get("id").and_then(Value::as_str), Some(&*id.to_string()), "{mend}");
        // Only our own document has prose that is ours to check in.
        normalize(&mut document, if entry.local { Prose::Keep } else { Prose::Remove });
        assert!(to_text(&document) == text, "{mend}");
        let limited = entry.limits != Limits::default();
        assert_eq!(limited, entry.limits_source.is_some(), "{id}: a limit and its source belong together");
    }
    let found = fs::read_dir(&discovery).expect("listed").map(|entry| entry.expect("an entry").file_name());
    let found: BTreeSet<String> = found.map(|name| name.to_string_lossy().into_owned()).collect();
    let found: BTreeSet<String> = found.into_iter().filter(|name| name != "changelogs").collect();
    assert_eq!(found, files, "documents that nobody lists, or lists without a document");
}

#[test]
fn generated_crates_are_up_to_date() {
    let mut out = Vec::new();
    let check = Generate { check: true, ..Generate::default() };
    let well = check.run(&this_repository(), &mut Terminal { out: &mut out, progress: false });
    assert!(well.expect("a check"), "{}", String::from_utf8_lossy(&out));
}
