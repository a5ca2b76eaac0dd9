//! The changelog of a generated crate, with a section for each version. The newest is the first.

use gapis_codegen::inventory::Change;

use super::version::Version;

/// The maximum number of changes of one kind that are listed.
const LISTED: usize = 100;

/// The beginning of each changelog.
fn head(name: &str) -> String {
    format!(
        "# Changelog of {name}\n\nVersions follow [Semantic Versioning](https://semver.org/spec/v2.0.0.html).\n"
    )
}

/// The changelog of the first version.
pub(super) fn first(name: &str, version: Version) -> String {
    format!("{}\n## {version}\n\nThe first release.\n", head(name))
}

/// The section of a version, without its heading.
pub(super) fn section(revisions: [&str; 2], changes: &[Change], more: &[&str]) -> String {
    let mut text = String::new();
    let [old, new] = revisions.map(|revision| revision.escape_debug().to_string());
    if old != new {
        text.push_str(&format!(
            "Generated from revision {new} of the document. The previous version was generated from {old}.\n"
        ));
    }
    for line in more {
        text.push_str(&format!("{line}\n"));
    }
    for (title, breaks) in [("Breaking", true), ("Other changes", false)] {
        let listed: Vec<&Change> = changes.iter().filter(|change| change.breaks == breaks).collect();
        if listed.is_empty() {
            continue;
        }
        text.push_str(&format!("\n### {title}\n\n"));
        for change in listed.iter().take(LISTED) {
            let line = change.to_string().split_whitespace().skip(1).collect::<Vec<_>>().join(" ");
            text.push_str(&format!("- `{}`\n", line.replace('`', "'")));
        }
        if listed.len() > LISTED {
            text.push_str(&format!("- and {} more\n", listed.len() - LISTED));
        }
    }
    text
}

/// Adds the section of a version to a changelog. Sections of versions that were never released are removed.
pub(super) fn with(old: &str, name: &str, released: Version, version: Version, section: &str) -> String {
    let heading = |line: &str| line.strip_prefix("## ").and_then(|text| text.parse::<Version>().ok());
    let mut kept = String::new();
    let mut is_kept = false;
    for line in old.lines() {
        if let Some(version) = heading(line) {
            is_kept = version <= released;
        }
        if is_kept {
            kept.push_str(line);
            kept.push('\n');
        }
    }
    format!("{}\n## {version}\n\n{}\n{kept}", head(name), section.trim_start())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sections_that_were_not_released_are_replaced() {
        let version = |text: &str| text.parse::<Version>().expect("a version");
        let first = first("gapis-pond-v1", version("0.1.0"));
        let one = with(&first, "gapis-pond-v1", version("0.1.0"), version("0.1.1"), "One.\n");
        let two = with(&one, "gapis-pond-v1", version("0.1.0"), version("0.2.0"), "Two.\n");
        assert!(one.contains("\n## 0.1.1\n\nOne.\n\n## 0.1.0\n\nThe first release.\n"), "{one}");
        assert!(two.contains("\n## 0.2.0\n\nTwo.\n\n## 0.1.0\n") && !two.contains("0.1.1"), "{two}");
        assert_eq!(two.matches("# Changelog of").count(), 1);
    }
}
