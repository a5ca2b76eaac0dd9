//! Broken and hostile documents: an error that names the document and the place, or code that is none of theirs.

use std::time::{Duration, Instant};

use gapis_codegen::{Crate, Error, Options, crate_name, generate, summarize};

fn run(document: &str) -> Result<Crate, Error> {
    let begin = Instant::now();
    let options = Options { name: "hostile.v1".to_owned(), ..Options::default() };
    let made = generate(document.as_bytes(), &options);
    assert!(begin.elapsed() < Duration::from_secs(20), "too slow");
    if let Err(error) = &made {
        assert_eq!(error.document(), "hostile.v1");
        assert!(error.to_string().starts_with("hostile.v1: "), "{error}");
        assert!(error.to_string().len() < 4000);
    }
    made
}

/// A document with further members.
fn with(members: &str) -> String {
    let comma = if members.is_empty() { "" } else { "," };
    format!(r#"{{"name": "farm", "version": "v1", "rootUrl": "https://farm.example.com/"{comma}{members}}}"#)
}

fn refused(document: &str, path: &str, message: &str) {
    let error = run(document).expect_err(document);
    assert_eq!(error.path(), path, "{error}");
    assert!(error.message().contains(message), "{error}");
}

#[test]
fn what_is_no_document_is_refused() {
    refused("", "", "EOF");
    refused("[", "", "");
    refused("null", "", "invalid type");
    refused("{} x", "", "trailing");
    refused("\u{0}", "", "");
    refused(&with("")[1..], "", "");
    refused("{}", "name", "missing");
    refused(r#"{"name": "farm"}"#, "version", "missing");
    refused(r#"{"name": "farm", "version": "v1"}"#, "rootUrl", "missing");
    assert!(run(&with("")).is_ok());
}

#[test]
fn containers_of_wrong_types_are_refused_with_their_place() {
    refused(&with(r#""schemas": []"#), "schemas", "expected an object");
    refused(&with(r#""resources": {"r": {"methods": 1}}"#), "resources.r.methods", "expected an object");
}

#[test]
fn names_that_would_become_files_are_refused() {
    for name in ["../x", "", "a/b", "a b", "fn main() {}", "c\u{0}d", "-", "é", &"x".repeat(65)] {
        let document =
            serde_json::json!({"name": name, "version": "v1", "rootUrl": "https://e.com/"}).to_string();
        refused(&document, "name", "");
        let document =
            serde_json::json!({"name": "x", "version": name, "rootUrl": "https://e.com/"}).to_string();
        refused(&document, "version", "");
    }
    for url in ["ftp://e.com/", "https://", "https://e.com/\"", "https:///x", "e.com"] {
        let document = serde_json::json!({"name": "x", "version": "v1", "rootUrl": url}).to_string();
        refused(&document, "rootUrl", "");
    }
    refused(&with(r#""servicePath": "a/../b""#), "servicePath", "");
    refused(&with(r#""batchPath": "ba\ntch""#), "batchPath", "");
}

#[test]
fn depth_is_refused() {
    for (open, close) in [(r#"{"items": "#, "}"), (r#"{"properties": {"a": "#, "}}"), ("[", "]")] {
        let deep = format!("{}{}{}", open.repeat(10_000), "{}", close.repeat(10_000));
        assert!(run(&with(&format!(r#""schemas": {{"A": {deep}}}"#))).is_err());
        // Where the format has no such member, it is not looked at.
        assert!(run(&with(&format!(r#""unknown": {deep}"#))).is_ok());
    }
    let open = r#"{"r": {"resources": "#.repeat(10_000);
    let close = "}}".repeat(10_000);
    let document = with(&format!(r#""resources": {open}{{}}{close}"#));
    assert!(run(&document).is_err());
}

/// Names of every kind that are code, paths, or nothing.
const NAMES: &[&str] = &[
    "../x",
    "..",
    "/etc/passwd",
    "C:\\x",
    "fn main",
    "x() {} fn main",
    "\"",
    "'",
    "{",
    "}",
    "]}",
    "//",
    "/*",
    "*/",
    "#",
    "",
    " ",
    "\n",
    "\u{0}",
    "\u{202e}",
    "é",
    "日本",
    "🦀",
    "_",
    "__",
    "r#type",
    "self",
    "Self",
    "crate",
    "super",
    "type",
    "std",
    "core",
    "runtime",
    "schemas",
    "enums",
    "lib",
    "main",
    "mod",
    "aux",
    "con.txt",
    "Option",
    "Some",
    "None",
    "Call",
    "Farm",
    "extra",
    "0",
    "9a",
    "a-b",
    "a.b",
    "a_b",
    "aB",
    "AB",
    "ab",
    "methods",
    "inline",
    "gapis_runtime",
    "proc_macro",
    "dyn",
    "gen",
    "macro_rules",
    "concat!()",
    "$crate",
    "<T>",
    "'a",
    "client",
    "builder",
    "new",
];

#[test]
fn no_name_becomes_code_or_a_path() {
    let long = "x".repeat(2_000_000 / gapis_documents::step(20));
    for name in NAMES.iter().copied().chain([long.as_str()]) {
        let text = serde_json::json!({"type": "string", "enum": NAMES, "description": name, "enumDescriptions": [name]});
        let mut parameter = text.clone();
        parameter["location"] = "query".into();
        let members: serde_json::Map<_, _> =
            [(name.to_owned(), text.clone()), ("b".to_owned(), text)].into_iter().collect();
        let inner = serde_json::json!({"type": "object", "properties": members});
        let document = serde_json::json!({
            "name": "farm", "version": "v1", "rootUrl": "https://farm.example.com/", "canonicalName": name, "title": name,
            "description": name, "documentationLink": name, "revision": name, "id": name, "features": [name],
            "auth": {"oauth2": {"scopes": {name: {"description": name}}}},
            "endpoints": [{"endpointUrl": name, "location": name}],
            "schemas": {name: {"type": "object", "properties": {name: inner, "r": {"$ref": name}}}},
            "methods": {name: {"id": name, "path": "x", "httpMethod": "GET", "parameters": {name: parameter}}},
            "resources": {name: {"methods": {name: {
                "id": name, "path": "y", "httpMethod": "POST", "parameters": {name: parameter}, "apiVersion": name,
                "description": name, "request": {"$ref": name}, "response": {"$ref": name}, "scopes": [name],
                "mediaUpload": {"accept": [name], "maxSize": name, "protocols": {"simple": {"path": name}}},
            }}, "resources": {name: {"methods": {}}}}},
        });
        let made = run(&document.to_string()).unwrap_or_else(|error| panic!("{name:.40}: {error}"));
        assert_eq!(made.name, "gapis-farm-v1");
        for (path, text) in &made.files {
            let path = path.to_str().unwrap();
            let stem = path.strip_prefix("src/").map(|file| file.strip_suffix(".rs").unwrap());
            let is_plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_';
            let is_name = |part: &str| !part.is_empty() && part.len() < 230 && part.chars().all(is_plain);
            let is_code = !matches!(path, "Cargo.toml" | "README.md");
            assert!(!is_code || stem.is_some_and(|stem| stem.split('/').all(is_name)), "{path}");
            if is_code {
                let parsed =
                    syn::parse_file(text).unwrap_or_else(|error| panic!("{name:.40}: {path}: {error}"));
                let is_main = |item: &syn::Item| matches!(item, syn::Item::Fn(_));
                assert!(!parsed.items.iter().any(is_main), "{name:.40}: {path}");
            }
        }
    }
}

#[test]
fn all_names_at_once_stay_apart() {
    let schemas: serde_json::Map<_, _> = NAMES
        .iter()
        .map(|name| {
            let members: serde_json::Map<_, _> = NAMES
                .iter()
                .map(|name| ((*name).to_owned(), serde_json::json!({"type": "string"})))
                .collect();
            ((*name).to_owned(), serde_json::json!({"type": "object", "properties": members}))
        })
        .collect();
    let methods: serde_json::Map<_, _> = NAMES
        .iter()
        .map(|name| ((*name).to_owned(), serde_json::json!({"path": "x", "httpMethod": "GET"})))
        .collect();
    let resources: serde_json::Map<_, _> =
        NAMES.iter().map(|name| ((*name).to_owned(), serde_json::json!({"methods": methods}))).collect();
    let document =
        serde_json::json!({"schemas": schemas, "methods": methods, "resources": resources}).to_string();
    let made = run(&with(document.trim_start_matches('{').trim_end_matches('}'))).map(|made| made.files);
    // Trimming took the braces of the last members too.
    let made = made.or_else(|_| run(&with(&document[1..document.len() - 1])).map(|made| made.files)).unwrap();
    let schemas = &made[std::path::Path::new("src/schemas.rs")];
    let mut names: Vec<&str> = schemas.lines().filter_map(|line| line.strip_prefix("pub struct ")).collect();
    assert_eq!(names.len(), NAMES.len());
    names.sort_unstable();
    names.dedup();
    assert_eq!(names.len(), NAMES.len());
    // The modules, and with them the files.
    assert_eq!(made.len(), NAMES.len() + 6);
}

#[test]
fn large_documents_are_quick() {
    let prose = "`[<https://".repeat(200_000);
    let document = with(&format!(
        r#""description": "{prose}", "schemas": {{"A": {{"type": "any", "description": "{prose}"}}}}"#
    ));
    assert!(run(&document).is_ok());
    // A chain of schemas, each inside the one before, and the last in the first.
    let chain: Vec<String> = (0..20_000)
        .map(|n| {
            format!(
                r#""S{n}": {{"type": "object", "properties": {{"next": {{"$ref": "S{}"}}}}}}"#,
                (n + 1) % 20_000
            )
        })
        .collect();
    let made = run(&with(&format!(r#""schemas": {{{}}}"#, chain.join(",")))).unwrap();
    let schemas = &made.files[std::path::Path::new("src/schemas.rs")];
    assert!(schemas.contains("<S1>"));
    let aliases: Vec<String> = (0..20_000).map(|n| format!(r#""S{n}": {{"$ref": "S{}"}}"#, n + 1)).collect();
    assert!(run(&with(&format!(r#""schemas": {{{}}}"#, aliases.join(",")))).is_ok());
    let same: Vec<String> =
        (0..20_000).map(|n| format!(r#""{}a": {{"type": "any"}}"#, "-".repeat(n % 170))).collect();
    assert!(run(&with(&format!(r#""schemas": {{{}}}"#, same.join(",")))).is_ok());
}

#[test]
fn a_filter_that_matches_nothing_is_refused() {
    let options =
        Options { name: "hostile.v1".to_owned(), only: vec!["files.list".to_owned()], ..Options::default() };
    let error = generate(with("").as_bytes(), &options).unwrap_err();
    assert_eq!(error.to_string(), "hostile.v1: at `resources`: no method matches `files.list`");
}

#[test]
fn messages_are_tame() {
    let error = summarize(b"{\"name\": \"\\u001b[31m\\n\"}", "a\nb\u{1b}").unwrap_err();
    assert!(!error.to_string().contains(|c: char| c.is_control()), "{error:?}");
}

#[test]
fn crate_names_are_injective() {
    let parts = [
        "a", "b", "ab", "aB", "a_b", "a-b", "a.b", "a1", "a.1", "a_1", "a-1", "v1", "v1.1", "v1_1", "v11",
        "A", "", "_", "-",
    ];
    let mut seen = std::collections::BTreeMap::new();
    for api in parts {
        for version in parts {
            if let Some(other) = seen.insert(crate_name(api, version), (api, version)) {
                // Neither is an API: both parts begin and end with a letter or digit.
                let is_part = |part: &str| {
                    part.starts_with(|c: char| c.is_ascii_alphanumeric())
                        && part.ends_with(|c: char| c.is_ascii_alphanumeric())
                };
                let is_api = |(api, version): (&str, &str)| is_part(api) && is_part(version);
                assert!(!is_api(other) || !is_api((api, version)), "{other:?} and {:?}", (api, version));
            }
        }
    }
    assert_eq!(crate_name("admin", "directory_v1"), "gapis-admin-directory-v1");
    assert_eq!(crate_name("content", "v2.1"), "gapis-content-v2-1");
    assert_eq!(crate_name("drive", "v3"), "gapis-drive-v3");
}
