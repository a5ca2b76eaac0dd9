//! The types of an API: one page, which shows a type by the name after the `#`, and the data for it, compressed, since the
//! types of all APIs with their descriptions would take more space than everything else.

use std::collections::HashMap;

use gapis_codegen::Inventory;
use maud::html;
use serde::Serialize;

use super::markdown::{Resolve, prose};
use super::page::{Page, fit};

/// The file of the page beside those of the methods.
pub(super) const FILE: &str = "all-types.html";
/// The file of its data.
pub(super) const DATA: &str = "all-types.js";

/// The part of an address that leads to a type on the page: `File` for `schemas::File`, `enums.Kind` for `enums::Kind`.
pub(super) fn anchor(path: &str) -> String {
    path.trim_start_matches("schemas::").replace("::", ".").replace("r#", "")
}

/// The page.
pub(super) fn page(title: &str, above: &[(String, String)]) -> String {
    let main = html! {
        h1 { "Types" }
        div #types data-src=(DATA) aria-live="polite" {
            p { "This page needs JavaScript: the types of an API are stored compressed." }
        }
    };
    Page { title: &format!("Types · {title} · gapis"), root: "../../", above, main }.html()
}

/// All types, as lists: what belongs together compresses better side by side. The script of the page reads it.
#[derive(Default, Serialize)]
struct Data {
    /// Anchor, kind, the type that it is another name of, and the number of members.
    types: Vec<(String, &'static str, String, usize)>,
    /// The names of all members in Rust.
    names: Vec<String>,
    /// Their types, or, of an enum, their values in JSON.
    of: Vec<String>,
    /// The documentation as HTML: of a type, then of its members. A number is that of an earlier one with the same text.
    docs: Vec<Docs>,
    /// The numbers, in `docs`, of what is deprecated.
    deprecated: Vec<usize>,
    #[serde(skip)]
    earlier: HashMap<String, usize>,
}

#[derive(Serialize)]
#[serde(untagged)]
enum Docs {
    Text(String),
    Earlier(usize),
}

impl Data {
    fn add_type(&mut self, path: &str, kind: &'static str, same: &str, members: usize) {
        self.types.push((anchor(path), kind, same.to_owned(), members));
    }

    fn add_docs(&mut self, docs: &str, deprecated: bool, resolve: &Resolve<'_>) {
        let number = self.docs.len();
        if deprecated {
            self.deprecated.push(number);
        }
        let html = if docs.is_empty() { String::new() } else { fit(&prose(docs, resolve).0) };
        self.docs.push(match self.earlier.get(&html) {
            // A short text takes less than its number.
            Some(&earlier) if html.len() > 30 => Docs::Earlier(earlier),
            _ => {
                self.earlier.insert(html.clone(), number);
                Docs::Text(html)
            }
        });
    }

    fn add_member(&mut self, name: &str, of: String) {
        self.names.push(fit(name));
        self.of.push(of);
    }
}

/// The script with all types, by their anchors.
///
/// # Errors
/// If they are too long for memory.
pub(super) fn data(inventory: &Inventory, resolve: &Resolve<'_>) -> serde_json::Result<String> {
    let mut data = Data::default();
    for item in &inventory.structs {
        let same = item.same_as.as_deref().unwrap_or_default();
        let fields = if same.is_empty() { item.fields.as_slice() } else { &[] };
        data.add_type(&item.path, "struct", same, fields.len());
        data.add_docs(&item.docs, item.deprecated, resolve);
        for field in fields {
            data.add_member(&field.name, member(&field.ty).to_owned());
            data.add_docs(&field.docs, field.deprecated, resolve);
        }
    }
    for item in &inventory.aliases {
        data.add_type(&item.path, "type", &item.ty, 0);
        data.add_docs(&item.docs, item.deprecated, resolve);
    }
    for item in &inventory.enums {
        let same = item.same_as.as_deref().unwrap_or_default();
        let variants = if same.is_empty() { item.variants.as_slice() } else { &[] };
        data.add_type(&item.path, "enum", same, variants.len());
        data.add_docs("", false, resolve);
        for variant in variants {
            data.add_member(&variant.name, fit(&format!("{:?}", variant.wire)));
            data.add_docs(&variant.docs, variant.deprecated, resolve);
        }
    }
    let json = serde_json::to_string(&data)?;
    let packed = miniz_oxide::deflate::compress_to_vec_zlib(json.as_bytes(), LEVEL);
    Ok(format!("gapisTypes({}, \"{}\");\n", packed.len(), z85(&packed)))
}

/// The next levels take much longer for little.
const LEVEL: u8 = 10;

/// Bytes as text in [Z85](https://rfc.zeromq.org/spec/32/), which takes less than Base64 and has no `"` and no `\`. There are
/// zeros at the end, up to a multiple of four bytes.
fn z85(bytes: &[u8]) -> String {
    const DIGITS: &[u8; 85] =
        b"0123456789abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ.-:+=^!/*?&<>()[]{}@%$#";
    let mut text = String::with_capacity(bytes.len() / 4 * 5 + 5);
    for chunk in bytes.chunks(4) {
        let mut number = chunk.iter().fold(0, |number, &byte| number << 8 | u32::from(byte));
        number <<= 8 * (4 - chunk.len());
        let digits = [52_200_625, 614_125, 7225, 85, 1].map(|place| number / place % 85);
        text.extend(
            digits.iter().filter_map(|&digit| DIGITS.get(digit as usize).map(|&digit| char::from(digit))),
        );
    }
    text
}

/// The type of a member without `Option`, which each of them has.
fn member(ty: &str) -> &str {
    ty.strip_prefix("Option<").and_then(|ty| ty.strip_suffix('>')).unwrap_or(ty)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn z85_is_that_of_its_specification() {
        let bytes = [0x86, 0x4f, 0xd2, 0x6f, 0xb5, 0x59, 0xf7, 0x5b];
        assert_eq!(z85(&bytes), "HelloWorld");
        assert_eq!(z85(&[0x86, 0x4f, 0xd2]), z85(&[0x86, 0x4f, 0xd2, 0]));
    }
}
