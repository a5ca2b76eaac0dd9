//! `Cargo.toml`: one dependency, whose features are passed on.

use std::fmt::Write;

use crate::Options;
use crate::model::Api;

/// Features of the runtime that a crate passes on.
const RUNTIME_FEATURES: &[&str] = &["http2", "rustls", "native-tls", "blocking", "fs", "tracing"];

/// The version of the runtime, which has the generator's version.
const RUNTIME_VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn manifest(api: &Api, options: &Options) -> String {
    let mut text = super::header(api).replace("//", "#");
    let title = string(&format!("Typed client for the {} {}, with batches", api.title, api.version));
    let name = &api.crate_name;
    let path = match &options.runtime_path {
        Some(path) => format!("path = {}, ", string(path)),
        None => String::new(),
    };
    // Writing to a string cannot fail.
    let _ = write!(
        text,
        "\n[package]\nname = \"{name}\"\nversion = \"{RUNTIME_VERSION}\"\nedition = \"2024\"\nrust-version = \"1.88\"\n\
         license = \"Apache-2.0 OR MIT\"\nrepository = \"https://github.com/gapis-rs/gapis\"\ndescription = {title}\n\
         \n[dependencies]\ngapis-runtime = {{ {path}version = \"{RUNTIME_VERSION}\", default-features = false }}\n\
         \n[features]\n"
    );
    if api.features.is_empty() {
        text.push_str("default = [\"http2\", \"rustls\"]\n");
    } else {
        text.push_str("default = [\n    \"http2\",\n    \"rustls\",\n");
        for feature in &api.features {
            let _ = writeln!(text, "    \"{feature}\",");
        }
        text.push_str("]\n");
    }
    for feature in RUNTIME_FEATURES {
        let _ = writeln!(text, "{feature} = [\"gapis-runtime/{feature}\"]");
    }
    for feature in &api.features {
        let _ = writeln!(text, "{feature} = []");
    }
    text
}

/// A TOML string.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in text.chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c if c.is_control() => quoted.push(' '),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
