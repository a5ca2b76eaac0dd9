//! `Cargo.toml`: one dependency, to which features are passed on.

use std::fmt::Write;

use crate::features::FEATURES;
use crate::model::Api;
use crate::options::{Options, Revision, Runtime};
use crate::visible::visible;

/// The version of the runtime, which is the generator's version.
const RUNTIME_VERSION: &str = env!("CARGO_PKG_VERSION");

pub(crate) fn manifest(api: &Api, options: &Options, header: &str) -> String {
    let mut text = header.replace("//", "#");
    let title = string(&format!("Typed client for the {} {}, with batches", api.title, api.version));
    let name = &api.crate_name;
    let runtime = runtime(&options.runtime);
    let version = string(options.version.as_deref().unwrap_or(RUNTIME_VERSION));
    let keywords: Vec<String> = keywords(&api.name).iter().map(|word| string(word)).collect();
    // Writing to a string does not fail.
    let _ = write!(
        text,
        "\n[package]\nname = \"{name}\"\nversion = {version}\nedition = \"2024\"\nrust-version = \"1.89\"\n\
         license = \"Apache-2.0 OR MIT\"\nrepository = \"https://github.com/gapis-rs/gapis\"\ndescription = {title}\n\
         keywords = [{}]\ncategories = [\"api-bindings\", \"web-programming::http-client\"]\n\
         \n[package.metadata.docs.rs]\nall-features = true\nrustdoc-args = [\"--cfg\", \"docsrs\"]\n\
         targets = [\"x86_64-unknown-linux-gnu\"]\n\
         \n[dependencies]\ngapis-runtime = {{ {runtime}version = \"{RUNTIME_VERSION}\", default-features = false }}\n\
         \n[features]\n",
        keywords.join(", ")
    );
    let runtime_features = FEATURES.iter().filter(|feature| feature.is_default).map(|feature| feature.name);
    let default: Vec<String> =
        runtime_features.chain(api.gates.features.iter().map(String::as_str)).map(string).collect();
    if api.gates.features.is_empty() {
        let _ = writeln!(text, "default = [{}]", default.join(", "));
    } else {
        text.push_str("default = [\n");
        for feature in default {
            let _ = writeln!(text, "    {feature},");
        }
        text.push_str("]\n");
    }
    for feature in FEATURES {
        let _ = writeln!(text, "{0} = [\"gapis-runtime/{0}\"]", feature.name);
    }
    for feature in &api.gates.features {
        let _ = writeln!(text, "{feature} = []");
    }
    text
}

/// Where the runtime is, if not in the registry alone.
fn runtime(runtime: &Runtime) -> String {
    let pair = |key: &str, value: &str| format!("{key} = {}, ", string(value));
    match runtime {
        Runtime::Registry => String::new(),
        Runtime::Path(path) => pair("path", path),
        Runtime::Git { url, revision } => {
            let revision = match revision {
                None => String::new(),
                Some(Revision::Branch(name)) => pair("branch", name),
                Some(Revision::Tag(name)) => pair("tag", name),
                Some(Revision::Rev(name)) => pair("rev", name),
            };
            pair("git", url) + &revision
        }
    }
}

/// Up to five words of up to twenty characters, as the package registry requires.
fn keywords(api: &str) -> Vec<String> {
    let api = api.to_ascii_lowercase();
    let is_fine = api.len() <= 20 && api.starts_with(|first: char| first.is_ascii_lowercase());
    let ours = ["google", "api", "client", "batch"].map(str::to_owned);
    ours.into_iter().chain(is_fine.then_some(api)).collect()
}

/// A TOML string.
fn string(text: &str) -> String {
    let mut quoted = String::from("\"");
    for c in visible(text).chars() {
        match c {
            '"' | '\\' => quoted.extend(['\\', c]),
            c => quoted.push(c),
        }
    }
    quoted + "\""
}
