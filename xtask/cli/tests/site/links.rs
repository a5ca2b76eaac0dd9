//! The links of a folder of pages: each leads to a file that is there, and to an element that has the name.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Component, Path, PathBuf};

/// The texts of all files of a folder by their paths below it.
pub(crate) fn files(folder: &Path) -> BTreeMap<PathBuf, String> {
    let mut files = BTreeMap::new();
    let mut open = vec![PathBuf::new()];
    while let Some(below) = open.pop() {
        for entry in std::fs::read_dir(folder.join(&below)).expect("a folder") {
            let entry = entry.expect("an entry");
            let path = below.join(entry.file_name());
            if entry.file_type().expect("a type").is_dir() {
                open.push(path);
            } else {
                files.insert(path.clone(), std::fs::read_to_string(folder.join(path)).expect("a text"));
            }
        }
    }
    files
}

/// The tags of a page.
pub(crate) fn tags(html: &str) -> impl Iterator<Item = &str> {
    html.split('<').skip(1).filter_map(|piece| Some(piece.split_once('>')?.0))
}

/// The value of an attribute of a tag.
pub(crate) fn attribute(tag: &str, name: &str) -> Option<String> {
    let (_, value) = tag.split_once(&format!(" {name}="))?;
    let value = match value.strip_prefix('"') {
        Some(value) => value.split('"').next()?,
        None => value.split(' ').next()?,
    };
    Some(value.replace("&amp;", "&").replace("&quot;", "\""))
}

/// The links of a site that lead nowhere, a line each.
pub(crate) fn broken(files: &BTreeMap<PathBuf, String>) -> Vec<String> {
    let mut names: BTreeMap<&Path, BTreeSet<String>> = BTreeMap::new();
    for (path, text) in files {
        names.insert(path, tags(text).filter_map(|tag| attribute(tag, "id")).collect());
        if path.ends_with("all-types.js") {
            let page = path.with_extension("html");
            let (page, _) = files.get_key_value(&page).expect("the page of the types");
            names.entry(page).or_default().extend(types(text));
        }
    }
    let mut broken = Vec::new();
    for (path, text) in files.iter().filter(|(path, _)| path.extension().is_some_and(|is| is == "html")) {
        for tag in tags(text) {
            let link = ["href", "src", "data-src"].iter().find_map(|name| attribute(tag, name));
            let Some(link) =
                link.filter(|link| !link.starts_with("https://") && !link.starts_with("http://"))
            else {
                continue;
            };
            let (file, name) = link.split_once('#').unwrap_or((&link, ""));
            let target = if file.is_empty() { path.clone() } else { joined(path, file) };
            let is_there = match names.get(target.as_path()) {
                None => false,
                Some(names) => name.is_empty() || names.contains(name),
            };
            if !is_there {
                broken.push(format!("{}: {link}", path.display()));
            }
        }
    }
    broken
}

fn joined(page: &Path, link: &str) -> PathBuf {
    let mut path = page.parent().expect("a folder").to_owned();
    for part in Path::new(link).components() {
        match part {
            Component::ParentDir => assert!(path.pop(), "{link} leaves the site"),
            part => path.push(part),
        }
    }
    path
}

/// The names of the types in the data of a page, and those that the types themselves refer to, which must be among them.
fn types(script: &str) -> Vec<String> {
    let data = unpacked(script);
    let types = data["types"].as_array().expect("types");
    let anchors: Vec<String> =
        types.iter().map(|item| item[0].as_str().expect("an anchor").to_owned()).collect();
    let same = types.iter().map(|item| item[2].as_str().expect("a type"));
    let of = data["of"].as_array().expect("types").iter().map(|of| of.as_str().expect("a type"));
    for ty in same.chain(of).filter(|ty| !ty.starts_with('"')) {
        for path in ty.split(|c: char| !c.is_alphanumeric() && !"_:#".contains(c)) {
            if path.starts_with("schemas::") || path.starts_with("enums::") {
                let anchor = path.trim_start_matches("schemas::").replace("::", ".").replace("r#", "");
                assert!(anchors.contains(&anchor), "{ty}: no type {anchor}");
            }
        }
    }
    anchors
}

/// What the script of types calls its function with.
pub(crate) fn unpacked(script: &str) -> serde_json::Value {
    let arguments =
        script.strip_prefix("gapisTypes(").and_then(|text| text.strip_suffix(");\n")).expect("a call");
    let (length, text) = arguments.split_once(", ").expect("two arguments");
    const DIGITS: &str =
        "0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let digits: Vec<u32> = text
        .trim_matches('"')
        .chars()
        .map(|c| u32::try_from(DIGITS.find(c).expect("a digit")).expect("below 85"))
        .collect();
    let mut bytes: Vec<u8> = digits
        .chunks(5)
        .flat_map(|chunk| chunk.iter().fold(0, |number, digit| number * 85 + digit).to_be_bytes())
        .collect();
    bytes.truncate(length.parse().expect("a length"));
    let json = miniz_oxide::inflate::decompress_to_vec_zlib(&bytes).expect("packed");
    serde_json::from_slice(&json).expect("JSON")
}
