//! Names: words that mean something in Rust, in generated code or in Cargo, and the same word in many spellings.

use std::collections::BTreeSet;
use std::ops::Range;

use fastrand::Rng;

const WORDS: &[&str] = &[
    // The language.
    "self",
    "Self",
    "super",
    "crate",
    "type",
    "async",
    "await",
    "gen",
    "dyn",
    "union",
    "auto",
    "macro_rules",
    "static",
    "_",
    "__",
    "r#type",
    "fn main",
    "true",
    "default",
    // Types and values that generated code says.
    "Option",
    "Some",
    "None",
    "Result",
    "Ok",
    "Err",
    "String",
    "Vec",
    "Box",
    "BTreeMap",
    "Json",
    "Open",
    "Extra",
    "Object",
    "OpenEnum",
    "Base64",
    "Date",
    "DateTime",
    "Duration",
    "FieldMask",
    "Default",
    "Clone",
    "Debug",
    "Send",
    "Into",
    "From",
    "str",
    "bool",
    "i32",
    "u64",
    "f64",
    "usize",
    "HttpBody",
    "Call",
    "Update",
    "Batch",
    "Client",
    "Error",
    "Service",
    "Random",
    "call",
    "update",
    "batch",
    "service",
    "Api",
    "Method",
    "Reply",
    "Ticket",
    "AsDocumented",
    "M",
    "R",
    // Functions of services, calls and updates.
    "new",
    "of",
    "builder",
    "client",
    "batcher",
    "run",
    "runPages",
    "send",
    "queue",
    "pages",
    "items",
    "upload",
    "download",
    "wait",
    "clone",
    "fields",
    "withHeader",
    "with_id",
    "withParam",
    "withKey",
    "replyAs",
    "into_parts",
    "dryRun",
    "push",
    "pushAll",
    "len",
    "isEmpty",
    "extra",
    "value",
    "body",
    "request",
    "into",
    "from",
    "get",
    "list",
    "insert",
    "eq",
    "fmt",
    "drop",
    "index",
    "block",
    // Modules, macros, crates and files.
    "schemas",
    "enums",
    "scopes",
    "methods",
    "method",
    "paged",
    "runtime",
    "inline",
    "lib",
    "main",
    "mod",
    "std",
    "core",
    "alloc",
    "gapis_runtime",
    "aux",
    "con",
    "com1",
    "nul",
    "serde",
    "derive",
    "prelude",
    // Features.
    "http2",
    "fs",
    "full",
    "jiff",
    "reqwest",
    "rustls",
    "tracing",
    "blocking",
    "spawn",
    // Ordinary words.
    "name",
    "id",
    "animals",
    "animal",
    "fooBar",
    "state",
    "requestId",
    "pageToken",
    "nextPageToken",
    "labels",
    "v1",
    "v12",
    "URLMap",
    "ipV4",
    "a",
    "b",
    "x",
    "done",
    "error",
    "response",
    "metadata",
    "status",
    // No words.
    "",
    " ",
    "-",
    ".",
    "/",
    "\"",
    "'",
    "\\",
    "{}",
    "*/",
    "\n",
    "\u{0}",
    "\u{202e}",
    "é",
    "動物",
    "🦀",
    "0",
    "9",
    "9a",
    "1.0",
    "$",
    "@type",
    "a.b",
    "a-b",
    "../x",
    "#",
];

/// A name, in one of its spellings.
pub(crate) fn name(rng: &mut Rng) -> String {
    let word = rng.choice(WORDS.iter()).copied().unwrap_or_default();
    match rng.u8(..14) {
        0 => format!("{word}_"),
        1 => format!("_{word}"),
        2 => raised(word),
        3 => word.to_ascii_uppercase(),
        4 => word.to_ascii_lowercase(),
        5 => {
            let other = rng.choice(WORDS.iter()).copied().unwrap_or_default();
            format!("{word}{}", raised(other))
        }
        6 => {
            let other = rng.choice(WORDS.iter()).copied().unwrap_or_default();
            format!("{word}_{other}")
        }
        7 => format!("{word}__"),
        8 if rng.u8(..20) == 0 => word.repeat(300),
        _ => word.to_owned(),
    }
}

fn raised(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_uppercase().to_string() + chars.as_str()).unwrap_or_default()
}

/// Different names. Often some are spellings of the same word.
pub(crate) fn distinct(rng: &mut Rng, count: Range<usize>) -> Vec<String> {
    let count = rng.usize(count);
    let mut names = BTreeSet::new();
    while names.len() < count {
        let name = name(rng);
        if rng.u8(..4) == 0 {
            names.extend([format!("{name}_"), raised(&name)]);
        }
        names.insert(name);
    }
    let mut names: Vec<String> = names.into_iter().collect();
    rng.shuffle(&mut names);
    names.truncate(count.max(1) * usize::from(count > 0));
    names
}
