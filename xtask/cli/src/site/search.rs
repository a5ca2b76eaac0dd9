//! The data of the search: a script that calls `gapisSearch` with lines of text, of fields between tabs.
//!
//! | line | meaning |
//! |---|---|
//! | `G file title about` | a page of the guide |
//! | `H anchor title` | a heading of that page |
//! | `A stem title methods` | an API; its lines follow |
//! | `P file` | a page with methods of the API; its lines follow |
//! | `M name anchor?` | a method of the page; the anchor is the name if there is none |

use std::fmt::Write;

use gapis_codegen::Inventory;

use super::chapter::Chapter;
use super::guide::GuidePage;
use super::method::anchor;
use super::page::fit;
use crate::api::ApiId;

/// The file of the data.
pub(super) const FILE: &str = "search.js";

/// The lines of the guide.
pub(super) fn of_guide(pages: &[GuidePage]) -> String {
    let mut lines = String::new();
    for page in pages {
        line(&mut lines, 'G', &[&page.file, &page.title, page.about]);
        for heading in &page.headings {
            line(&mut lines, 'H', &[&heading.anchor, &heading.text]);
        }
    }
    lines
}

/// The lines of an API.
pub(super) fn of_api(id: &ApiId, title: &str, inventory: &Inventory, chapters: &[Chapter<'_>]) -> String {
    let mut lines = String::new();
    line(&mut lines, 'A', &[&id.stem(), title, &inventory.methods.len().to_string()]);
    for chapter in chapters {
        line(&mut lines, 'P', &[&chapter.file]);
        for method in &chapter.methods {
            let anchor = anchor(inventory, method);
            if anchor == method.wire {
                line(&mut lines, 'M', &[&method.wire]);
            } else {
                line(&mut lines, 'M', &[&method.wire, &anchor]);
            }
        }
    }
    lines
}

/// The script, of all lines.
///
/// # Errors
/// If the lines are too long for memory.
pub(super) fn script(lines: &str) -> serde_json::Result<String> {
    // What is text in JSON is text in a script.
    Ok(format!("gapisSearch({});\n", serde_json::to_string(lines)?))
}

fn line(lines: &mut String, kind: char, fields: &[&str]) {
    lines.push(kind);
    for (index, field) in fields.iter().enumerate() {
        // A tab or an end of a line in a field is not one of the data.
        let field = fit(field).replace(['\n', '\t'], " ");
        // Writing to a string does not fail.
        let _ = write!(lines, "{}{field}", if index == 0 { "" } else { "\t" });
    }
    lines.push('\n');
}
