//! All names that cannot be used for things in a document, by scope.

/// Keywords of the language.
const KEYWORDS: &[&str] = &[
    "abstract", "as", "async", "await", "become", "box", "break", "const", "continue", "crate", "do", "dyn",
    "else", "enum", "extern", "false", "final", "fn", "for", "gen", "if", "impl", "in", "let", "loop",
    "macro", "match", "mod", "move", "mut", "override", "priv", "pub", "ref", "return", "self", "Self",
    "static", "struct", "super", "trait", "true", "try", "type", "typeof", "unsafe", "unsized", "use",
    "virtual", "where", "while", "yield",
];

/// Keywords that have no raw form, and the pattern `_`.
const NEVER_RAW: &[&str] = &["self", "Self", "super", "crate", "_"];

/// In the module of a resource: `Call` is the crate's own type, and the generated functions use `Some` and `None`.
pub(super) const IN_RESOURCE: &[&str] = &["Call", "Self", "Some", "None"];

/// Names in the crate's root that the generated code uses. The runtime's macros also have type parameters there, each of
/// one letter.
pub(super) const IN_ROOT: &[&str] =
    &["Call", "Update", "Some", "None", "Option", "Self", "String", "Vec", "Box", "Result", "Ok", "Err"];

/// A field that every struct has.
pub(super) const FIELDS: &[&str] = &["extra"];

/// A constant that every module of scopes has.
pub(super) const SCOPES: &[&str] = &["ALL"];

/// Functions that every service has.
pub(super) const SERVICE: &[&str] = &[
    "builder",
    "new",
    "client",
    "batch",
    "batcher",
    "run",
    "run_stream",
    "run_pages",
    "call",
    "download_from",
    "wait_for",
    "clone",
];

/// Functions that every call has.
const CALL: &[&str] = &[
    "new",
    "of",
    "fields",
    "quota_user",
    "pretty_print",
    "if_match",
    "if_none_match",
    "reply_as",
    "send",
    "send_with_response",
    "queue",
    "pages",
    "items",
    "upload",
    "download",
    "wait",
    "into_parts",
    "clone",
    "into_future",
    "dry_run",
    "curl",
];

/// Functions of every call that begin with `with_`. All other names with this prefix are reserved too.
const CALL_WITH: &[&str] =
    &["id", "key", "idempotent", "timeout", "retry", "header", "query", "param", "scopes", "credentials"];

/// Functions that every update has, but a call has not.
pub(super) const UPDATE: &[&str] =
    &["push", "push_all", "push_with", "push_ticket", "len", "is_empty", "with_body", "with_member"];

/// Modules that every generated crate has, crates that it uses, and file names that some systems do not allow.
const MODULES: &[&str] = &[
    "lib",
    "main",
    "schemas",
    "enums",
    "scopes",
    "methods",
    "runtime",
    "gapis_runtime",
    "std",
    "core",
    "alloc",
    "con",
    "prn",
    "aux",
    "nul",
];

/// Features that Cargo defines, or that a user would expect to be ours. The actual ones are in `features.rs`.
pub(super) const FEATURES: &[&str] = &["default", "full"];

/// Names that the modules of schemas use without a path, unless a schema has them.
pub(super) const IN_SCHEMAS: &[&str] = &[
    "Base64",
    "BTreeMap",
    "Box",
    "Date",
    "DateTime",
    "Deep",
    "Duration",
    "Extra",
    "FieldMask",
    "Json",
    "Open",
    "Option",
    "String",
    "Vec",
];

pub(super) fn is_keyword(name: &str) -> bool {
    KEYWORDS.contains(&name)
}

pub(super) fn is_never_raw(name: &str) -> bool {
    NEVER_RAW.contains(&name)
}

pub(super) fn is_of_call(name: &str) -> bool {
    // No name of ours ends with `_`, so a name with it appended is free.
    if name.ends_with('_') {
        return false;
    }
    let with = name.strip_prefix("with_");
    CALL.contains(&name) || with.is_some_and(|rest| CALL_WITH.iter().any(|word| rest.starts_with(word)))
}

pub(super) fn is_module(name: &str) -> bool {
    let port = name.strip_prefix("com").or_else(|| name.strip_prefix("lpt"));
    let is_port = port.is_some_and(|rest| rest.len() == 1 && rest.bytes().all(|byte| byte.is_ascii_digit()));
    MODULES.contains(&name) || is_port
}
