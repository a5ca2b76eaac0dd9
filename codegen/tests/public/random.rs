//! Random documents: whatever the names are, a crate comes of them whose names differ, and which `gapis-golden` compiles.

use std::collections::BTreeSet;
use std::path::Path;

use gapis_codegen::inventory::{Item, ItemKind};
use gapis_codegen::{FeaturePolicy, Options, generate, inventory};
use serde_json::Value;

fn options(features: FeaturePolicy) -> Options {
    Options { name: "random".to_owned(), features, ..Options::default() }
}

#[test]
fn features_have_names_of_their_own() {
    for seed in (0..100).step_by(gapis_documents::step(10)) {
        let document = gapis_documents::document(seed).to_string();
        let made = generate(document.as_bytes(), &options(FeaturePolicy::Always)).expect("a crate");
        let manifest = &made.files[Path::new("Cargo.toml")];
        let (_, features) = manifest.split_once("[features]\n").expect("features");
        let mut seen = BTreeSet::new();
        for line in features.lines().filter(|line| line.contains(" = ")) {
            let (name, _) = line.split_once(" = ").expect("a feature");
            assert!(seen.insert(name.to_owned()), "{seed}: {name} twice");
            let is_plain = |c: char| c.is_ascii_alphanumeric() || "_-".contains(c);
            assert!(name.chars().all(is_plain) && !name.starts_with('-'), "{seed}: {name}");
        }
    }
}

#[test]
fn files_have_names_of_their_own_on_any_system() {
    for seed in (0..100).step_by(gapis_documents::step(10)) {
        let document = gapis_documents::document(seed).to_string();
        let made = generate(document.as_bytes(), &options(FeaturePolicy::Never)).expect("a crate");
        let lower: BTreeSet<String> =
            made.files.keys().map(|path| path.display().to_string().to_ascii_lowercase()).collect();
        assert_eq!(lower.len(), made.files.len(), "{seed}");
    }
}

/// What a name is of, its path, and what it is in the document.
type Named = (ItemKind, String, String);

fn names(document: &Value) -> BTreeSet<Named> {
    let made =
        inventory(document.to_string().as_bytes(), &options(FeaturePolicy::Never)).expect("an inventory");
    // Whether a method is an update, and which requests it takes, is told by the shape of two schemas.
    let path = |item: &Item| item.path.replace("Update<", "Call<");
    let items = made.items();
    let named = items.iter().filter(|item| item.kind != ItemKind::Request);
    named.map(|item| (item.kind, path(item), item.wire.clone())).collect()
}

/// A name without what tells the loser of a clash from its winner. The wire name of an inline type begins with the Rust name
/// of its schema, so that it may have some of that too.
fn bare(named: &Named) -> Named {
    let plain = |text: &str| {
        let steps = text
            .split("::")
            .map(|step| step.trim_end_matches(|c: char| "_>".contains(c) || c.is_ascii_digit()));
        steps.collect::<Vec<_>>().join("::").replace("r#", "").replace('_', "")
    };
    (named.0, plain(&named.1), plain(&named.2))
}

#[test]
fn what_is_taken_away_renames_only_the_loser_of_a_clash() {
    let (mut all, mut renamed) = (0, 0);
    let step = gapis_documents::step(6);
    for seed in (0..60).step_by(step) {
        let document = gapis_documents::document(seed);
        let full = names(&document);
        let losers: BTreeSet<Named> = full.iter().map(bare).collect();
        for hundredths in [5, 40] {
            for named in names(&gapis_documents::shrunk(&document, seed, hundredths)) {
                all += 1;
                if full.contains(&named) {
                    continue;
                }
                renamed += 1;
                assert!(losers.contains(&bare(&named)), "{seed}, {hundredths} of 100 gone: {named:?}");
            }
        }
    }
    assert!(all > 5_000 / step && renamed < all / 20, "{renamed} of {all}");
}
