//! The Rust code that calls a method, and the line of JSON for `gapis batch`.
//!
//! The code is for a function that has `credentials` and returns a `Result` for any error. `tests/site/run.sh` compiles
//! it for whole APIs.

use gapis_codegen::Inventory;
use gapis_codegen::inventory::{Argument, Enum, Location, Method};
use serde_json::{Map, Value, json};

/// A way to call a method: its key in JSON, its title, and its lines of code. In these, `{call}` stands for the call,
/// `{name}` for the variable with the service, and `{library}` for the crate.
pub(crate) struct Way {
    pub(crate) key: &'static str,
    pub(crate) title: &'static str,
    pub(crate) lines: &'static str,
}

/// The lines before all others. `{imports}` stands for the imports from the crate, beginning with the service.
pub(crate) const SETUP: &str = "\
use {library}::{imports};
let {name} = {service}::builder().credentials(credentials).build()?;";

pub(crate) const CALL: Way = Way { key: "call", title: "A call", lines: "let response = {call}.await?;" };

pub(crate) const BATCH: Way = Way {
    key: "batch",
    title: "In a batch",
    lines: "\
let mut batch = {name}.batch();
{call}.queue(&mut batch, |reply| println!(\"{:?}\", reply.result))?;
let report = batch.execute().await;",
};

pub(crate) const ITEMS: Way = Way {
    key: "items",
    title: "Its items",
    lines: "\
let mut items = {call}.items();
while let Some(item) = items.next().await {
    println!(\"{:?}\", item?);
}",
};

/// For methods whose response has pages, if it is not known which member has the items.
pub(crate) const PAGES: Way = Way {
    key: "pages",
    title: "Its pages",
    lines: "\
let mut pages = {call}.pages();
while let Some(page) = pages.next().await {
    println!(\"{:?}\", page?);
}",
};

pub(crate) const WAIT: Way =
    Way { key: "wait", title: "Until it is done", lines: "let done = {call}.wait().await?;" };

pub(crate) const UPLOAD: Way = Way {
    key: "upload",
    title: "An upload",
    lines: "let response = {call}.upload({library}::Source::from(\"hello\")).await?;",
};

pub(crate) const DOWNLOAD: Way =
    Way { key: "download", title: "A download", lines: "let bytes = {call}.download().bytes().await?;" };

/// All ways, in the order in which they are shown.
pub(crate) const WAYS: [&Way; 7] = [&CALL, &BATCH, &ITEMS, &PAGES, &WAIT, &UPLOAD, &DOWNLOAD];

/// The ways to call a method.
pub(crate) fn ways(method: &Method) -> Vec<&'static Way> {
    let has_items = method.paging.as_ref().map(|paging| !paging.items.is_empty());
    let has = |way: &&Way| match way.key {
        "items" => has_items == Some(true),
        "pages" => has_items == Some(false),
        "wait" => method.waits,
        "upload" => method.uploads,
        "download" => method.downloads,
        _ => true,
    };
    WAYS.into_iter().filter(has).collect()
}

/// The parts of the code that differ between methods. The lines of all ways are built from them.
pub(crate) struct Expression {
    /// The call, such as `drive.files().get("FILEID")`.
    pub(crate) call: String,
    /// The modules of the crate that the code uses.
    pub(crate) imports: Vec<&'static str>,
}

impl Expression {
    /// Builds the expression for a method.
    pub(crate) fn of(inventory: &Inventory, method: &Method) -> Self {
        let name = variable(inventory);
        let value = |argument| literal(argument, &inventory.enums);
        let arguments: Vec<String> = method.arguments.iter().map(value).collect();
        let mut call = format!("{name}.{}({})", method.call, arguments.join(", "));
        if let Some(request) = method.update.as_ref().and_then(|update| update.requests.first()) {
            call.push_str(&format!(".push({}::default())", request.ty));
        }
        let imports =
            ["enums", "runtime", "schemas"].into_iter().filter(|module| uses(&call, module)).collect();
        Expression { imports, call }
    }

    /// The lines of code for a way.
    pub(crate) fn lines(&self, inventory: &Inventory, way: &Way) -> Vec<String> {
        let service = inventory.service.path.as_str();
        let imports = match self.imports.as_slice() {
            [] => service.to_owned(),
            modules => format!("{{{service}, {}}}", modules.join(", ")),
        };
        let fill = |text: &str| {
            text.replace("{library}", &library(inventory))
                .replace("{imports}", &imports)
                .replace("{service}", service)
                .replace("{name}", &variable(inventory))
                .replace("{call}", &self.call)
        };
        let filled = |text: &str| fill(text).lines().map(str::to_owned).collect::<Vec<_>>();
        [filled(SETUP), filled(way.lines)].concat()
    }
}

/// The crate's name in Rust code.
pub(crate) fn library(inventory: &Inventory) -> String {
    inventory.crate_name.replace('-', "_")
}

/// The name of the variable with the service.
pub(crate) fn variable(inventory: &Inventory) -> String {
    inventory.service.path.to_ascii_lowercase()
}

/// Whether code uses a module. The path must not be part of a longer name: `myenums::` does not use `enums::`.
fn uses(code: &str, module: &str) -> bool {
    code.match_indices(&format!("{module}::")).any(|(at, _)| {
        let before = code.get(..at).and_then(|before| before.chars().next_back());
        before.is_none_or(|before| !before.is_alphanumeric() && !"_:".contains(before))
    })
}

/// An example value for an argument.
fn literal(argument: &Argument, enums: &[Enum]) -> String {
    match argument.ty.strip_prefix("&[").and_then(|list| list.strip_suffix(']')) {
        Some(item) => format!("&[{}]", value(argument, item, enums)),
        None => value(argument, &argument.ty, enums),
    }
}

fn value(argument: &Argument, ty: &str, enums: &[Enum]) -> String {
    let path = ty.trim_start_matches("impl Into<runtime::Open<").trim_end_matches('>');
    match ty {
        "&str" => format!("{:?}", argument.wire.to_ascii_uppercase()),
        "bool" => "true".to_owned(),
        "i32" | "u32" | "i64" | "u64" => "1".to_owned(),
        "f32" | "f64" => "1.0".to_owned(),
        "runtime::HttpBody" => "runtime::HttpBody::new(\"text/plain\", \"hello\")".to_owned(),
        _ if path.starts_with("enums::") => variant(path, enums),
        ty if argument.location == Location::Body && ty.starts_with("schemas::") => {
            format!("{ty}::default()")
        }
        _ if argument.location == Location::Body => "Default::default()".to_owned(),
        ty => {
            let reference = if ty.starts_with('&') { "&" } else { "" };
            match ty.trim_start_matches("&runtime::").trim_start_matches("runtime::") {
                "DateTime" => format!("{reference}\"2026-01-31T12:00:00Z\".parse()?"),
                "Date" => format!("{reference}\"2026-01-31\".parse()?"),
                "Duration" => format!("{reference}\"3.5s\".parse()?"),
                "Base64" => format!("{reference}runtime::Base64::from(&b\"hello\"[..])"),
                // There is no other type. For a new one, the name of the argument would say the most.
                _ => argument.name.clone(),
            }
        }
    }
}

/// A meaningful value of an enum, if there is one.
fn variant(path: &str, enums: &[Enum]) -> String {
    let variants = enums.iter().find(|item| item.path == path).map_or(&[][..], |item| &item.variants);
    let says = variants.iter().find(|variant| !variant.wire.ends_with("UNSPECIFIED") && !variant.deprecated);
    match says.or(variants.first()) {
        Some(variant) => format!("{path}::{}", variant.name),
        None => "\"VALUE\"".to_owned(),
    }
}

/// The call as a line of JSON for `gapis batch`.
pub(crate) fn line(method: &Method) -> String {
    let mut params = Map::new();
    for argument in method.arguments.iter().filter(|argument| argument.location != Location::Body) {
        let value = match argument.ty.as_str() {
            "bool" => json!(true),
            "i32" | "u32" | "i64" | "u64" => json!(1),
            "f32" | "f64" => json!(1.0),
            ty if ty.starts_with("&[") => json!([argument.wire.to_ascii_uppercase()]),
            _ => json!(argument.wire.to_ascii_uppercase()),
        };
        params.insert(argument.wire.clone(), value);
    }
    let mut line = Map::new();
    line.insert("method".to_owned(), json!(method.id));
    line.insert("params".to_owned(), Value::Object(params));
    let has_body = method.arguments.iter().any(|argument| argument.location == Location::Body);
    if has_body || method.update.is_some() {
        line.insert("body".to_owned(), json!({}));
    }
    Value::Object(line).to_string()
}
