//! Makes every Rust name from the names in a document.
//!
//! Where possible, a name depends on its wire name only, so that additions to a document rename nothing. If two wire
//! names in a scope result in the same Rust name, the one in the canonical form for its kind keeps it, and `_` is
//! appended to the others, in the order of their bytes. All names are ASCII, so that a document cannot inject anything
//! into the code, and file names are valid on every system.

mod case;
mod reserved;

use std::collections::HashSet;
use std::fmt;

use heck::ToShoutySnakeCase;

use crate::features::FEATURES;
use crate::steps::step;
use crate::table::Table;

use self::case::{camel, clean, cut, lettered, snake, started};
use self::reserved::{is_keyword, is_module, is_never_raw, is_of_call};

/// A valid Rust identifier, raw if it is a keyword.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Name(Box<str>);

impl Name {
    fn new(text: String) -> Self {
        Name(text.into())
    }

    /// The name as written in code, with `r#` if it is raw.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    /// The name without `r#`.
    pub(crate) fn bare(&self) -> &str {
        self.0.strip_prefix("r#").unwrap_or(&self.0)
    }
}

impl fmt::Display for Name {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Whether a text is a name as it stands, and no keyword.
pub(crate) fn is_identifier(text: &str) -> bool {
    let is_fine = |c: char| c.is_ascii_alphanumeric() || c == '_';
    text.chars().all(is_fine) && text.starts_with(|c: char| c.is_ascii_alphabetic()) && !is_keyword(text)
}

/// The kind of a named thing, which determines the case and the reserved names.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A top-level schema: as in the document, with a capital as the first letter.
    Schema,
    /// An inline object or an enum, named after the path that leads to it.
    Type,
    /// A value of an enum.
    Variant,
    /// A member of a schema.
    Field,
    /// A method, or the accessor of a resource.
    Function,
    /// The same on the service itself, which also has functions of the runtime.
    ServiceFunction,
    /// A setter of `Call<M>`.
    Setter,
    /// A setter of `Update<M>`.
    UpdateSetter,
    /// An argument.
    Argument,
    /// The struct of a resource.
    Resource,
    /// The type of a method.
    Marker,
    /// The module of a resource, and its file.
    Module,
    /// The constant of a scope.
    Scope,
}

impl Kind {
    fn make(self, wire: &str) -> String {
        let clean = clean(wire);
        match self {
            Kind::Schema | Kind::Type => raise(&clean),
            Kind::Variant | Kind::Resource | Kind::Marker => camel(&clean),
            Kind::Scope => started(clean.to_shouty_snake_case()),
            Kind::Argument => lettered(snake(&clean)),
            _ => snake(&clean),
        }
    }

    fn is_reserved(self, name: &str) -> bool {
        match self {
            Kind::Resource | Kind::Marker => reserved::IN_RESOURCE.contains(&name),
            Kind::Field => reserved::FIELDS.contains(&name),
            Kind::ServiceFunction => reserved::SERVICE.contains(&name),
            Kind::Setter => is_of_call(name),
            Kind::UpdateSetter => is_of_call(name) || reserved::UPDATE.contains(&name),
            Kind::Module => is_keyword(name) || is_module(name),
            Kind::Scope => reserved::SCOPES.contains(&name),
            Kind::Schema | Kind::Type | Kind::Variant | Kind::Function | Kind::Argument => false,
        }
    }

    /// Decides which of two wire names with the same Rust name keeps it: the one with the lower rank.
    fn rank(self, wire: &str, name: &str) -> u8 {
        match self {
            Kind::Variant => u8::from(wire.bytes().any(|byte| byte.is_ascii_lowercase())),
            Kind::Schema => u8::from(!wire.starts_with(|first: char| first.is_ascii_uppercase())),
            _ => u8::from(wire != name.strip_prefix("r#").unwrap_or(name)),
        }
    }
}

/// Names all things in a scope, in the order of the wire names. `taken` are bare names.
pub(crate) fn assign<'a>(kind: Kind, wires: impl IntoIterator<Item = &'a str>, taken: &[&str]) -> Vec<Name> {
    let taken: HashSet<&str> = taken.iter().copied().collect();
    let wires: Vec<&str> = wires.into_iter().collect();
    let want = |wire: &&str| {
        step();
        legal(kind, kind.make(wire), &taken)
    };
    let wanted: Vec<String> = wires.iter().map(want).collect();
    if wanted.iter().collect::<HashSet<_>>().len() == wanted.len() {
        return wanted.into_iter().map(Name::new).collect();
    }
    let mut order: Vec<(&String, u8, &str, usize)> = wanted
        .iter()
        .zip(wires)
        .enumerate()
        .map(|(index, (name, wire))| (name, kind.rank(wire, name), wire, index))
        .collect();
    order.sort_unstable();
    let mut used: HashSet<String> = wanted.iter().cloned().collect();
    let mut names = Table::from(wanted.clone());
    let mut count = 0;
    for (&(previous, ..), &(name, _, _, index)) in order.iter().zip(order.iter().skip(1)) {
        if previous != name {
            count = 0;
            continue;
        }
        let base = name.strip_prefix("r#").unwrap_or(name);
        loop {
            step();
            count += 1;
            // Many equal names would get longer and longer suffixes, so they are numbered after a few.
            let tail = if count < 4 { "_".repeat(count) } else { format!("_{count}_") };
            let name = format!("{base}{tail}");
            if is_free(kind, &name, &taken) && used.insert(name.clone()) {
                names[index] = name;
                break;
            }
        }
    }
    names.into_vec().into_iter().map(Name::new).collect()
}

/// Names the only thing in a scope.
pub(crate) fn single(kind: Kind, wire: &str) -> Name {
    Name::new(legal(kind, kind.make(wire), &HashSet::new()))
}

/// Names one thing in a scope that already has these bare names.
pub(crate) fn single_beside(kind: Kind, wire: &str, taken: &[&str]) -> Name {
    Name::new(legal(kind, kind.make(wire), &taken.iter().copied().collect()))
}

/// The wire name for a path of wire names, for types that are named after the path to them. Each step keeps its words.
/// A long path is cut, so that deep nesting does not make names longer and longer.
pub(crate) fn join(base: &str, step: &str) -> String {
    cut(format!("{base}{}", camel(&clean(step)).trim_start_matches('_')))
}

/// The start of an inline type's path: the Rust name of a schema.
fn raise(wire: &str) -> String {
    let clean = clean(wire);
    let mut chars = clean.chars();
    let raised = match chars.next() {
        Some(first) => first.to_ascii_uppercase().to_string() + chars.as_str(),
        None => String::new(),
    };
    started(raised)
}

/// The name of the service type, from the canonical name (`Display Video`) or the API's name (`drive`). It differs
/// from the modules next to it.
pub(crate) fn service<'n>(canonical: &str, mut modules: impl Iterator<Item = &'n Name>) -> Name {
    let words: String = canonical
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| !word.is_empty())
        .map(raise)
        .collect();
    let name = started(cut(if words.is_empty() { "Service".to_owned() } else { words }));
    let is_taken = name.len() == 1
        || reserved::IN_ROOT.contains(&name.as_str())
        || modules.any(|module| module.bare() == name);
    Name::new(if is_taken { name + "Api" } else { name })
}

/// Whether the modules of schemas use this name for a type of std or the runtime, unless a schema has it.
pub(crate) fn is_imported(name: &Name) -> bool {
    reserved::IN_SCHEMAS.contains(&name.as_str())
}

/// Whether a field's wire name can be derived from its name.
pub(crate) fn field_says(name: &Name, wire: &str) -> bool {
    case::wire_of_field(name.bare()) == wire
}

/// Whether a variant's wire name can be derived from its name.
pub(crate) fn variant_says(name: &Name, wire: &str) -> bool {
    case::wire_of_variant(name.bare()) == wire
}

/// The constant of a scope: `https://www.googleapis.com/auth/drive.readonly` → `DRIVE_READONLY`.
pub(crate) fn scope_stem(url: &str) -> &str {
    ["https://www.googleapis.com/auth/", "https://www.google.com/", "https://", "http://"]
        .iter()
        .find_map(|prefix| url.strip_prefix(prefix))
        .unwrap_or(url)
        .trim_end_matches('/')
}

/// The features of top-level resources, from the names of their modules, with `-` instead of `_` between words.
/// Modules have different names, and so do their features. A feature with a reserved name is renamed.
pub(crate) fn features<'n>(modules: impl IntoIterator<Item = &'n Name>) -> Vec<String> {
    let wanted: Vec<String> = modules.into_iter().map(|module| kebab(module.bare())).collect();
    let is_ours = |name: &str| {
        reserved::FEATURES.contains(&name) || FEATURES.iter().any(|feature| feature.name == name)
    };
    let mut used: HashSet<String> = wanted.iter().filter(|name| !is_ours(name)).cloned().collect();
    let mut names = Vec::new();
    for mut name in wanted {
        if is_ours(&name) {
            while is_ours(&name) || used.contains(&name) {
                name.push('_');
            }
            used.insert(name.clone());
        }
        names.push(name);
    }
    names
}

fn kebab(module: &str) -> String {
    let (start, rest) = module.split_at(module.len() - module.trim_start_matches('_').len());
    let (words, end) = rest.split_at(rest.trim_end_matches('_').len());
    format!("{start}{}{end}", words.replace('_', "-"))
}

/// The name of the crate of an API version. It is unique for each API version.
///
/// Letters and digits are kept. In the version, `.` before a digit and `_` before a letter become `-`, as in
/// `gapis-content-v2-1` and `gapis-admin-directory-v1`. Capitals become lower case after `--`, and other characters
/// become their numbers.
#[must_use]
pub fn crate_name(api: &str, version: &str) -> String {
    let mut name = String::from("gapis-");
    for c in api.chars() {
        push_encoded(&mut name, c, c == '_', '_');
    }
    name.push('-');
    let mut chars = version.chars().peekable();
    while let Some(c) = chars.next() {
        let dash = match chars.peek() {
            Some(next) if c == '.' => next.is_ascii_digit(),
            Some(next) if c == '_' => next.is_ascii_lowercase(),
            _ => false,
        };
        push_encoded(&mut name, c, dash, '-');
    }
    name
}

fn push_encoded(name: &mut String, c: char, plain: bool, as_plain: char) {
    if c.is_ascii_lowercase() || c.is_ascii_digit() {
        name.push(c);
    } else if plain {
        name.push(as_plain);
    } else if c.is_ascii_uppercase() {
        name.push_str("--");
        name.push(c.to_ascii_lowercase());
    } else {
        name.push_str(&format!("-_{:x}_", u32::from(c)));
    }
}

/// Appends `_` to the name until it is allowed.
fn legal(kind: Kind, mut name: String, taken: &HashSet<&str>) -> String {
    if is_free(kind, &name, taken) {
        return if is_keyword(&name) { format!("r#{name}") } else { name };
    }
    while !is_free(kind, &name, taken) {
        name.push('_');
    }
    name
}

/// Whether the name is allowed in its scope, apart from names that are assigned together with it.
fn is_free(kind: Kind, name: &str, taken: &HashSet<&str>) -> bool {
    !kind.is_reserved(name) && !taken.contains(name) && !is_never_raw(name)
}

#[cfg(test)]
mod tests {
    use super::{Kind, assign, features, join, scope_stem, service, single};

    fn names(kind: Kind, wires: &[&str]) -> Vec<String> {
        assign(kind, wires.iter().copied(), &[]).iter().map(|name| name.as_str().to_owned()).collect()
    }

    #[test]
    fn each_kind_has_its_case() {
        assert_eq!(
            names(Kind::Field, &["fooBar", "HTTPPort", "end-date", "ipv4Enabled"]),
            ["foo_bar", "http_port", "end_date", "ipv4_enabled"]
        );
        assert_eq!(
            names(Kind::Schema, &["file", "HTTPHealthCheck", "A2APart", "A__B"]),
            ["File", "HTTPHealthCheck", "A2APart", "A__B"]
        );
        assert_eq!(
            names(Kind::Variant, &["30fps", "us-central1", "AD_ID.ORG", "V1_2", ""]),
            ["_30fps", "UsCentral1", "AdIdOrg", "V1_2", "Empty"]
        );
        assert_eq!(single(Kind::Marker, "getOpenid-configuration").as_str(), "GetOpenidConfiguration");
        assert_eq!(join("A2APart", "fileData"), "A2APartFileData");
        assert_eq!(service("Display Video", [].iter()).as_str(), "DisplayVideo");
        assert_eq!(service("Call", [].iter()).as_str(), "CallApi");
        assert_eq!(service("m", [].iter()).as_str(), "MApi");
        assert_eq!(names(Kind::Argument, &["9", "9a", "_1_2"]), ["arg_9", "_9a", "arg_1_2"]);
        assert_eq!(scope_stem("https://www.googleapis.com/auth/drive.readonly"), "drive.readonly");
    }

    #[test]
    fn keywords_and_reserved_names() {
        assert_eq!(
            names(Kind::Field, &["type", "self", "extra", "gen"]),
            ["r#type", "self_", "extra_", "r#gen"]
        );
        assert_eq!(
            names(Kind::Module, &["move", "schemas", "aux", "com1", "lib"]),
            ["move_", "schemas_", "aux_", "com1_", "lib_"]
        );
        assert_eq!(
            names(Kind::Setter, &["send", "withRetryPolicy", "withExtended"]),
            ["send_", "with_retry_policy_", "with_extended"]
        );
        assert_eq!(names(Kind::Setter, &["wait", "replyAs"]), ["wait_", "reply_as_"]);
        assert_eq!(names(Kind::ServiceFunction, &["waitFor"]), ["wait_for_"]);
        assert_eq!(names(Kind::Variant, &["SELF"]), ["Self_"]);
        assert_eq!(assign(Kind::Function, ["get", "list"], &["get"])[0].as_str(), "get_");
    }

    #[test]
    fn a_changed_name_is_looked_at_again() {
        let taken = |kind, wires: &[&str], taken: &[&str]| -> Vec<String> {
            let names = assign(kind, wires.iter().copied(), taken);
            names.iter().map(|name| name.as_str().to_owned()).collect()
        };
        assert_eq!(taken(Kind::Function, &["self"], &["self_"]), ["self__"]);
        assert_eq!(taken(Kind::Marker, &["call"], &["Call_"]), ["Call__"]);
        assert_eq!(taken(Kind::Function, &["get", "Get"], &["get_", "get__"]), ["get", "get___"]);
        assert_eq!(taken(Kind::Function, &["type"], &["type"]), ["type_"]);
    }

    #[test]
    fn features_differ_as_modules_do() {
        let modules =
            ["foo_bar", "foo_bar_", "_a", "a", "x_", "x__", "http2", "http2_", "fs", "default", "r#type"];
        let modules = modules.map(|name| super::Name::new(name.to_owned()));
        assert_eq!(
            features(&modules),
            ["foo-bar", "foo-bar_", "_a", "a", "x_", "x__", "http2__", "http2_", "fs_", "default_", "type"]
        );
    }

    #[test]
    fn the_canonical_name_wins_a_clash_in_any_order() {
        assert_eq!(names(Kind::Variant, &["activated", "ACTIVATED"]), ["Activated_", "Activated"]);
        assert_eq!(names(Kind::Variant, &["ACTIVATED", "activated"]), ["Activated", "Activated_"]);
        assert_eq!(
            names(Kind::Field, &["fooBar", "foo_bar", "foo-bar", "fooBar_"]),
            ["foo_bar__", "foo_bar", "foo_bar_", "foo_bar___"]
        );
        assert_eq!(names(Kind::Schema, &["foo", "Foo"]), ["Foo_", "Foo"]);
    }
}
