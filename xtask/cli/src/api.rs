//! `discovery/apis.toml`: which APIs are generated, where their documents came from, and what the documents do not say.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use gapis_codegen::Limits;
use serde::Deserialize;
use sha2::{Digest, Sha256};
use toml_edit::{DocumentMut, Item, Table, value};

/// The name and version of an API: `drive:v3`.
///
/// Both end up in file names, so only letters, digits, `_` and `-` are allowed, and `.` inside a version.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiId {
    /// `drive`.
    pub name: String,
    /// `v3`.
    pub version: String,
}

impl ApiId {
    /// From its two parts.
    ///
    /// # Errors
    /// If one of them is empty or has characters that do not belong into a file name.
    pub fn new(name: &str, version: &str) -> Result<Self> {
        let plain = |text: &str| text.chars().all(|c| c.is_ascii_alphanumeric() || "_-".contains(c));
        if name.is_empty()
            || !plain(name)
            || version.is_empty()
            || !version.split('.').all(|p| !p.is_empty() && plain(p))
        {
            bail!(
                "`{}:{}` is not the name of an API, such as `drive:v3`",
                name.escape_debug(),
                version.escape_debug()
            );
        }
        Ok(ApiId { name: name.to_owned(), version: version.to_owned() })
    }

    /// `drive.v3`, the stem of the document's file.
    #[must_use]
    pub fn stem(&self) -> String {
        format!("{}.{}", self.name, self.version)
    }

    /// `gapis-drive-v3`.
    #[must_use]
    pub fn crate_name(&self) -> String {
        gapis_codegen::crate_name(&self.name, &self.version)
    }
}

impl FromStr for ApiId {
    type Err = anyhow::Error;

    /// Reads `drive:v3`, `drive.v3` and `drive.v3.json`.
    fn from_str(text: &str) -> Result<Self> {
        let stem = text.strip_suffix(".json").unwrap_or(text);
        match stem.split_once([':', '.']) {
            Some((name, version)) => ApiId::new(name, version),
            None => bail!("`{}` is not the name of an API, such as `drive:v3`", text.escape_debug()),
        }
    }
}

impl fmt::Display for ApiId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}", self.name, self.version)
    }
}

/// One table of `apis.toml`.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The document's file beside `apis.toml`.
    pub file: String,
    /// Where the document came from, in words or as an address.
    pub source: String,
    /// The document's `revision`.
    pub revision: String,
    /// Of the checked-in file, in hexadecimal digits.
    pub sha256: String,
    /// Whether the document is written in this repository, so that no service has it.
    #[serde(default)]
    pub local: bool,
    /// What the API's servers take at once.
    #[serde(default)]
    pub limits: Limits,
    /// Where the limits are from, in words.
    pub limits_source: Option<String>,
    /// Which methods are updates and which are not, by method id, where their shape does not tell.
    #[serde(default)]
    pub updates: BTreeMap<String, UpdateEntry>,
    /// Which member of the response has the items, by method id, where the names do not tell.
    #[serde(default)]
    pub items: BTreeMap<String, ItemsEntry>,
}

/// What the table says of a method that answers in pages: the member with the items, or `false` where there is none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ItemsEntry {
    /// Whether it is what the names say; only `false` changes anything.
    ByName(bool),
    /// The member.
    Member(String),
}

/// What the table says of one method: `false` for an ordinary one, `{ requests = "…", replies = "…" }` for an update.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum UpdateEntry {
    /// Whether it is what its shape says; only `false` changes anything.
    ByShape(bool),
    /// The members that are its lists.
    Lists {
        /// Of the body.
        requests: String,
        /// Of the response.
        replies: String,
    },
}

/// All of `apis.toml`, in the order of the APIs' names.
#[derive(Clone, Debug, Default)]
pub struct Apis {
    entries: BTreeMap<ApiId, Entry>,
    /// The same as text, so that comments outlive a change.
    text: DocumentMut,
}

impl Apis {
    /// Reads `apis.toml` in a folder of documents.
    ///
    /// # Errors
    /// If it is missing, is no TOML, or has an unknown key or a bad name in it.
    pub fn load(discovery: &Path) -> Result<Self> {
        let path = discovery.join("apis.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Apis::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads the text of an `apis.toml`.
    ///
    /// # Errors
    /// As [`Apis::load`].
    pub fn parse(text: &str) -> Result<Self> {
        let entries: BTreeMap<String, Entry> = toml_edit::de::from_str(text)?;
        let mut named = BTreeMap::new();
        let mut crates: BTreeMap<String, ApiId> = BTreeMap::new();
        for (key, entry) in entries {
            let id: ApiId = key.parse()?;
            if entry.file != format!("{}.json", id.stem()) {
                bail!(
                    "`{id}`: its file must be called `{}.json`, not `{}`",
                    id.stem(),
                    entry.file.escape_debug()
                );
            }
            if let Some(other) = crates.insert(id.crate_name(), id.clone()) {
                bail!("`{other}` and `{id}` would both become the crate `{}`", id.crate_name());
            }
            named.insert(id, entry);
        }
        Ok(Apis { entries: named, text: text.parse()? })
    }

    /// The APIs and their tables.
    pub fn iter(&self) -> impl Iterator<Item = (&ApiId, &Entry)> {
        self.entries.iter()
    }

    /// The table of an API.
    #[must_use]
    pub fn get(&self, id: &ApiId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The APIs that are meant by `drive:v3`, `drive.v3` or `gapis-drive-v3`; all of them if none is named.
    ///
    /// # Errors
    /// If one is not listed; the message names those that come close.
    pub fn select(&self, named: &[String]) -> Result<Vec<ApiId>> {
        if named.is_empty() {
            return Ok(self.entries.keys().cloned().collect());
        }
        let mut chosen = Vec::new();
        for text in named {
            let id = self.find(text)?;
            if !chosen.contains(&id) {
                chosen.push(id);
            }
        }
        Ok(chosen)
    }

    fn find(&self, text: &str) -> Result<ApiId> {
        let found = self.entries.keys().find(|id| {
            id.to_string() == text
                || id.stem() == text.strip_suffix(".json").unwrap_or(text)
                || id.crate_name() == text
        });
        if let Some(id) = found {
            return Ok(id.clone());
        }
        let name = text.split([':', '.']).next().unwrap_or_default().trim_start_matches("gapis-");
        let near: Vec<_> =
            self.entries.keys().filter(|id| id.name.contains(name)).map(ToString::to_string).collect();
        match near.as_slice() {
            [] => bail!("no API `{}` in apis.toml; `cargo xtask list` shows them", text.escape_debug()),
            near => bail!("no API `{}` in apis.toml; there is {}", text.escape_debug(), near.join(", ")),
        }
    }

    /// Notes where a document came from, and lists the API if it was not yet.
    pub fn record(&mut self, id: &ApiId, source: &str, revision: &str, sha256: &str) {
        let entry = self.entries.entry(id.clone()).or_default();
        entry.file = format!("{}.json", id.stem());
        source.clone_into(&mut entry.source);
        revision.clone_into(&mut entry.revision);
        sha256.clone_into(&mut entry.sha256);
        let known = self
            .text
            .iter()
            .map(|(key, _)| key.to_owned())
            .find(|key| key.parse().is_ok_and(|k: ApiId| k == *id));
        let item =
            self.text.entry(&known.unwrap_or_else(|| id.to_string())).or_insert(Item::Table(Table::new()));
        for (key, text) in [
            ("file", &entry.file),
            ("source", &entry.source),
            ("revision", &entry.revision),
            ("sha256", &entry.sha256),
        ] {
            if item.get(key).and_then(Item::as_str) != Some(text) {
                item[key] = value(text);
            }
        }
    }
}

impl fmt::Display for Apis {
    /// The text of the file, comments and all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The SHA-256 of some bytes, as `apis.toml` has it.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Sha256::digest(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: &str = "# Kept.\n\n[\"drive:v3\"] # and this\nfile = \"drive.v3.json\"\nsource = \"a\"\nrevision = \"1\"\nsha256 = \"0\"\n# The limit.\nlimits = { calls = 100 }\n\n[\"dfareporting:v3.5\"]\nfile = \"dfareporting.v3.5.json\"\nsource = \"a\"\nrevision = \"1\"\nsha256 = \"0\"\n";

    fn id(text: &str) -> ApiId {
        text.parse().expect("an API")
    }

    #[test]
    fn ids_in_all_spellings() {
        for text in ["drive:v3", "drive.v3", "drive.v3.json"] {
            assert_eq!(id(text).to_string(), "drive:v3");
        }
        assert_eq!(id("dfareporting.v3.5").version, "v3.5");
        assert_eq!(id("admin:directory_v1").crate_name(), "gapis-admin-directory-v1");
    }

    #[test]
    fn bad_ids_are_refused() {
        for text in [
            "",
            "drive",
            "drive:",
            ":v3",
            "../x:v3",
            "drive:../v3",
            "drive:v3/..",
            "drive:.",
            "a b:v1",
            "drive:v3..5",
            "ä:v1",
        ] {
            text.parse::<ApiId>().expect_err(text);
        }
    }

    #[test]
    fn selects_by_any_name() {
        let apis = Apis::parse(TEXT).expect("apis.toml");
        for text in ["drive:v3", "drive.v3", "drive.v3.json", "gapis-drive-v3"] {
            assert_eq!(apis.select(&[text.into(), text.into()]).expect("listed"), [id("drive:v3")]);
        }
        assert_eq!(apis.select(&[]).expect("all").len(), 2);
        let error = apis.select(&["drive:v2".into()]).expect_err("not listed").to_string();
        assert_eq!(error, "no API `drive:v2` in apis.toml; there is drive:v3");
        let error = apis.select(&["../x".into()]).expect_err("not listed").to_string();
        assert!(error.contains("no API `../x`"), "{error}");
    }

    #[test]
    fn records_and_keeps_comments() {
        let mut apis = Apis::parse(TEXT).expect("apis.toml");
        apis.record(&id("drive:v3"), "b", "2", "ff");
        apis.record(&id("farm:v2"), "c", "3", "ee");
        let text = apis.to_string();
        assert!(text.starts_with("# Kept.\n\n[\"drive:v3\"] # and this\nfile = \"drive.v3.json\"\nsource = \"b\"\nrevision = \"2\"\nsha256 = \"ff\"\n# The limit.\nlimits = { calls = 100 }\n"), "{text}");
        let again = Apis::parse(&text).expect("apis.toml");
        assert_eq!(again.get(&id("drive:v3")).and_then(|entry| entry.limits.calls), Some(100));
        assert_eq!(again.get(&id("farm:v2")).map(|entry| entry.revision.as_str()), Some("3"));
    }

    #[test]
    fn mistakes_in_the_table_are_found() {
        let table = |key: &str, file: &str, more: &str| {
            format!("[\"{key}\"]\nfile = \"{file}\"\nsource = \"\"\nrevision = \"\"\nsha256 = \"\"\n{more}\n")
        };
        Apis::parse(&table("a:v1", "a.v1.json", "limits = { calls = 5 }")).expect("good");
        let updates = "limits = { update_bytes = 9 }\n[\"a:v1\".updates]\n\"a.b.c\" = false\n\"a.b.d\" = { requests = \"r\", replies = \"s\" }";
        let apis = Apis::parse(&table("a:v1", "a.v1.json", updates)).expect("good");
        let entry = apis.get(&id("a:v1")).expect("listed");
        assert_eq!((entry.limits.update_bytes, entry.updates.len()), (Some(9), 2));
        assert_eq!(entry.updates["a.b.c"], UpdateEntry::ByShape(false));
        Apis::parse(&table("a:v1", "a.v1.json", "updates = { \"a.b.c\" = { requests = 1 } }"))
            .expect_err("no lists");
        let items = "items = { \"a.b.list\" = \"fish\", \"a.b.all\" = false }";
        let apis = Apis::parse(&table("a:v1", "a.v1.json", items)).expect("good");
        assert_eq!(
            apis.get(&id("a:v1")).expect("listed").items["a.b.list"],
            ItemsEntry::Member("fish".into())
        );
        Apis::parse(&table("a:v1", "../a.v1.json", "")).expect_err("outside the folder");
        Apis::parse(&table("a:v1", "a.v1.json", "batchcalls = 5")).expect_err("unknown key");
        Apis::parse(&table("../a:v1", "../a.v1.json", "")).expect_err("bad name");
        Apis::parse(&(table("a:v1_1", "a.v1_1.json", "") + &table("a:v1.1", "a.v1.1.json", "")))
            .map(|apis| apis.iter().map(|(id, _)| id.crate_name()).collect::<Vec<_>>())
            .map_or_else(
                |error| assert!(error.to_string().contains("both become"), "{error}"),
                |names| assert_ne!(names.first(), names.last()),
            );
    }

    #[test]
    fn sha256_of_nothing() {
        assert!(sha256(b"").starts_with("e3b0c44298fc1c14") && sha256(b"").len() == 64);
    }
}
