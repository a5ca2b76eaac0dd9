//! The smallest document for each construct of the format, and what becomes of it.
//!
//! `golden/<name>.json` is the document, `golden/<name>.rs` all files of its crate, one after the other, and what was
//! warned of. After a change that is meant: `UPDATE_EXPECT=1 cargo test -p gapis-codegen --test public golden`, then read the
//! difference.

use std::fs;
use std::path::Path;

use gapis_codegen::{FeaturePolicy, Options, UpdateRule, generate};

/// The options that a golden document itself asks for.
fn options(name: &str, document: &[u8]) -> Options {
    let document: serde_json::Value = serde_json::from_slice(document).unwrap();
    let wanted = &document["x-options"];
    let only = wanted["only"].as_array().into_iter().flatten();
    let updates = wanted["updates"].as_object().into_iter().flatten();
    let updates = updates.map(|(method, rule)| {
        let member = |name: &str| rule[name].as_str().unwrap().to_owned();
        let rule = match rule.as_bool() {
            Some(false) => UpdateRule::Never,
            _ => UpdateRule::Lists { requests: member("requests"), replies: member("replies") },
        };
        (method.clone(), rule)
    });
    Options {
        updates: updates.collect(),
        quota: serde_json::from_value(wanted["quota"].clone()).unwrap_or_default(),
        name: name.to_owned(),
        only: only.map(|filter| filter.as_str().unwrap().to_owned()).collect(),
        features: if wanted["features"] == "always" { FeaturePolicy::Always } else { FeaturePolicy::Auto },
        ..Options::default()
    }
}

fn check(name: &str) {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
    let document = fs::read(folder.join(format!("{name}.json"))).unwrap();
    let made = generate(&document, &options(name, &document)).unwrap();
    let mut text = String::new();
    for warning in &made.warnings {
        text.push_str(&format!("// warning: {warning}\n"));
    }
    for (path, content) in &made.files {
        // What is the same for every crate is shown once.
        let is_shown = name == "minimal" || !(path.ends_with("Cargo.toml") || is_bare(content));
        let is_shown = is_shown || (name == "features" && path.ends_with("Cargo.toml"));
        if is_shown {
            text.push_str(&format!("// ---- {}\n{content}\n", path.display()));
        }
    }
    expect_test::expect_file![folder.join(format!("{name}.rs"))].assert_eq(&text);
}

/// A file without an item of its own.
fn is_bare(content: &str) -> bool {
    let is_item = |line: &&str| line.trim_start().starts_with("pub ") && !line.starts_with("pub const ALL");
    !content.lines().any(|line| is_item(&line))
}

macro_rules! golden {
    ($($name:ident)*) => {
        $(#[test]
        fn $name() {
            check(stringify!($name));
        })*

        #[test]
        fn every_document_is_tested() {
            let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/golden");
            for file in fs::read_dir(folder).unwrap() {
                let path = file.unwrap().path();
                let stem = path.file_stem().unwrap().to_str().unwrap();
                assert!([$(stringify!($name)),*].contains(&stem), "{stem} is not tested");
            }
        }
    };
}

golden! {
    minimal head paths parameters scalars members containers inline recursion enums not_objects schema_names media pages
    top_methods request_ids forms quota bodies resources features only fallbacks prose operations operations_with_status
    updates values
}
