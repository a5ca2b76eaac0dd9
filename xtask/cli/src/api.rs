//! `discovery/apis.toml`, or a user's `gapis.toml`: the list of APIs, the sources of their documents, and facts that
//! the documents do not have.

use std::collections::BTreeMap;
use std::fmt;
use std::fs;
use std::path::Path;
use std::str::FromStr;

use anyhow::{Context, Result, bail};
use gapis_codegen::{Limits, Quota};
use hmac_sha256::Hash;
use serde::Deserialize;
use toml_edit::{DocumentMut, Item, Table, value};

use crate::near::near;
use crate::workspace::{Kind, Workspace};

/// The name and version of an API, such as `drive:v3`.
///
/// Both become parts of file names. So they may only have letters, digits, `_` and `-`, and a version also `.` between
/// these.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct ApiId {
    /// `drive`.
    pub name: String,
    /// `v3`.
    pub version: String,
}

impl ApiId {
    /// Makes an id from its two parts.
    ///
    /// # Errors
    /// If one of them is empty or has other characters.
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

/// The table of one API.
#[derive(Clone, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Entry {
    /// The document's file, in the folder of `apis.toml`. In `gapis.toml`, it is derived from the API's name.
    #[serde(default)]
    pub file: String,
    /// The source of the document, in words or as a URL.
    pub source: String,
    /// The document's `revision`.
    pub revision: String,
    /// The SHA-256 hash of the file, in hexadecimal digits.
    pub sha256: String,
    /// Whether the document was written for this repository, so that no service has it.
    #[serde(default)]
    pub local: bool,
    /// The limits of the API's servers on one request.
    #[serde(default)]
    pub limits: Limits,
    /// The source of the limits, in words.
    pub limits_source: Option<String>,
    /// The quotas of the API, and the costs of its methods.
    #[serde(default)]
    pub quota: Quota,
    /// The URL of the page that documents the quotas.
    pub quota_source: Option<String>,
    /// Which methods are updates, by method id, if their shape does not show it.
    #[serde(default)]
    pub updates: BTreeMap<String, UpdateEntry>,
    /// The member of the response with the items, by method id, if the names do not show it.
    #[serde(default)]
    pub items: BTreeMap<String, ItemsEntry>,
    /// Only these methods and the schemas that they need are generated. If empty, all methods are.
    #[serde(default)]
    pub only: Vec<String>,
    /// Whether it is generated as a module instead of a crate.
    #[serde(default)]
    pub module: bool,
    /// The version of the crate, if it is not the workspace's version.
    pub version: Option<String>,
    /// The commit of this repository from which the crate was last published.
    pub released: Option<String>,
}

impl Entry {
    /// Adds known facts about the API that the entry does not have.
    #[must_use]
    pub fn with_known(mut self, known: &Entry) -> Self {
        if self.limits == Limits::default() {
            self.limits = known.limits;
            self.limits_source.clone_from(&known.limits_source);
        }
        if (self.quota.project_per_minute, self.quota.user_per_minute) == (None, None) {
            self.quota.project_per_minute = known.quota.project_per_minute;
            self.quota.user_per_minute = known.quota.user_per_minute;
            self.quota_source.clone_from(&known.quota_source);
        }
        for (method, units) in &known.quota.units {
            self.quota.units.entry(method.clone()).or_insert(*units);
        }
        for (method, rule) in &known.updates {
            self.updates.entry(method.clone()).or_insert_with(|| rule.clone());
        }
        for (method, rule) in &known.items {
            self.items.entry(method.clone()).or_insert_with(|| rule.clone());
        }
        self
    }
}

/// The items of a method that returns pages: the name of the member, or `false` if there are none.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum ItemsEntry {
    /// `false` for no items. `true` is the default: the member is found by its name.
    ByName(bool),
    /// The name of the member.
    Member(String),
}

/// Whether a method is an update: `false` if not, or `{ requests = "…", replies = "…" }`.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize)]
#[serde(untagged)]
pub enum UpdateEntry {
    /// `false` for an ordinary method. `true` is the default: updates are found by their shape.
    ByShape(bool),
    /// The names of the lists.
    Lists {
        /// The member of the body.
        requests: String,
        /// The member of the response.
        replies: String,
    },
}

/// A list of APIs, sorted by name.
#[derive(Clone, Debug)]
pub struct Apis {
    entries: BTreeMap<ApiId, Entry>,
    /// The text of the list, so that comments are kept.
    text: DocumentMut,
    kind: Kind,
}

/// The content of a user's `gapis.toml`.
#[derive(Debug, Default, Deserialize)]
#[serde(deny_unknown_fields)]
struct UsersList {
    #[serde(rename = "folder")]
    _folder: Option<serde::de::IgnoredAny>,
    #[serde(rename = "runtime")]
    _runtime: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    apis: BTreeMap<String, Entry>,
}

impl Apis {
    /// Reads the list of a repository.
    ///
    /// # Errors
    /// If it is missing, is not TOML, has an unknown key, or has an invalid name.
    pub fn of(workspace: &Workspace) -> Result<Self> {
        let path = workspace.list();
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Apis::read(&text, workspace.kind).with_context(|| path.display().to_string())
    }

    /// Reads `apis.toml` in a folder of documents.
    ///
    /// # Errors
    /// As [`Apis::of`].
    pub fn load(discovery: &Path) -> Result<Self> {
        let path = discovery.join("apis.toml");
        let text = fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?;
        Apis::parse(&text).with_context(|| path.display().to_string())
    }

    /// Reads the text of an `apis.toml`.
    ///
    /// # Errors
    /// As [`Apis::of`].
    pub fn parse(text: &str) -> Result<Self> {
        Apis::read(text, Kind::Gapis)
    }

    /// Returns the list that is built into this program, with facts about APIs that their documents do not have.
    ///
    /// # Errors
    /// If it is invalid.
    pub fn known() -> Result<Self> {
        Apis::parse(include_str!("../apis.toml"))
    }

    /// Reads the text of a list.
    ///
    /// # Errors
    /// As [`Apis::of`].
    pub fn read(text: &str, kind: Kind) -> Result<Self> {
        let entries: BTreeMap<String, Entry> = match kind {
            Kind::Gapis => toml_edit::de::from_str(text)?,
            Kind::User => toml_edit::de::from_str::<UsersList>(text)?.apis,
        };
        let known = if kind == Kind::User { Some(Apis::known()?) } else { None };
        let mut named = BTreeMap::new();
        let mut crates: BTreeMap<String, ApiId> = BTreeMap::new();
        for (key, mut entry) in entries {
            let id: ApiId = key.parse()?;
            let file = format!("{}.json", id.stem());
            if kind == Kind::User && entry.file.is_empty() {
                entry.file.clone_from(&file);
            }
            if entry.file != file {
                bail!("`{id}`: its file must be called `{file}`, not `{}`", entry.file.escape_debug());
            }
            if let Some(other) = crates.insert(id.crate_name(), id.clone()) {
                bail!("`{other}` and `{id}` would both become the crate `{}`", id.crate_name());
            }
            if let Some(known) = known.as_ref().and_then(|known| known.get(&id)) {
                entry = entry.with_known(known);
            }
            named.insert(id, entry);
        }
        Ok(Apis { entries: named, text: text.parse()?, kind })
    }

    /// The APIs and their entries.
    pub fn iter(&self) -> impl Iterator<Item = (&ApiId, &Entry)> {
        self.entries.iter()
    }

    /// The entry of an API.
    #[must_use]
    pub fn get(&self, id: &ApiId) -> Option<&Entry> {
        self.entries.get(id)
    }

    /// The APIs with these names, in the form `drive:v3`, `drive.v3` or `gapis-drive-v3`. Without names, all APIs.
    ///
    /// # Errors
    /// If an API is not listed. The message has similar names.
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
        let (list, shown) = (self.kind.list(), text.escape_debug());
        let name = text.split([':', '.']).next().unwrap_or_default().trim_start_matches("gapis-");
        let names: Vec<String> = self.entries.keys().map(ToString::to_string).collect();
        let alike: Vec<&str> = match near(text, names.iter().map(String::as_str)) {
            near if !near.is_empty() => near,
            _ => self
                .entries
                .keys()
                .zip(&names)
                .filter(|(id, _)| id.name.contains(name))
                .map(|(_, n)| &**n)
                .collect(),
        };
        let adds = text.parse::<ApiId>().map(|id| format!("; `{} {id}` adds it", self.kind.adds()));
        match (alike.as_slice(), adds) {
            ([], Ok(adds)) => bail!("no API `{shown}` in {list}{adds}"),
            ([], Err(_)) => bail!("no API `{shown}` in {list}; `{}` shows them", self.kind.lists()),
            (alike, adds) => {
                bail!("no API `{shown}` in {list}; there is {}{}", alike.join(", "), adds.unwrap_or_default())
            }
        }
    }

    /// Records the source of a document. Adds the API to the list if necessary.
    pub fn record(&mut self, id: &ApiId, source: &str, revision: &str, sha256: &str) {
        let entry = self.entries.entry(id.clone()).or_default();
        entry.file = format!("{}.json", id.stem());
        source.clone_into(&mut entry.source);
        revision.clone_into(&mut entry.revision);
        sha256.clone_into(&mut entry.sha256);
        let tables = match self.kind {
            Kind::Gapis => self.text.as_table_mut(),
            Kind::User => {
                let apis = self.text.entry("apis").or_insert(Item::Table(implicit()));
                // It was read as a table.
                let Some(apis) = apis.as_table_mut() else { return };
                apis
            }
        };
        let known = tables.iter().map(|(key, _)| key.to_owned());
        let known = known.into_iter().find(|key| key.parse().is_ok_and(|k: ApiId| k == *id));
        let item =
            tables.entry(&known.unwrap_or_else(|| id.to_string())).or_insert(Item::Table(Table::new()));
        for (key, text) in [
            ("file", &entry.file),
            ("source", &entry.source),
            ("revision", &entry.revision),
            ("sha256", &entry.sha256),
        ] {
            let is_derived = self.kind == Kind::User && key == "file";
            if !is_derived && item.get(key).and_then(Item::as_str) != Some(text) {
                item[key] = value(text);
            }
        }
    }

    /// Sets the version of an API's crate.
    pub fn set_version(&mut self, id: &ApiId, version: &str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.version = Some(version.to_owned());
            self.set(id, "version", version);
        }
    }

    /// Sets the commit from which an API's crate was published.
    pub fn set_released(&mut self, id: &ApiId, commit: &str) {
        if let Some(entry) = self.entries.get_mut(id) {
            entry.released = Some(commit.to_owned());
            self.set(id, "released", commit);
        }
    }

    /// Sets a key of an API's table in `apis.toml`.
    fn set(&mut self, id: &ApiId, key: &str, text: &str) {
        let table = self.text.iter().map(|(key, _)| key.to_owned());
        let table = table.into_iter().find(|key| key.parse().is_ok_and(|other: ApiId| other == *id));
        if let Some(table) = table.and_then(|table| self.text.get_mut(&table)) {
            table[key] = value(text);
        }
    }

    /// Sets which methods of an API are generated, and whether as a module.
    pub fn choose(&mut self, id: &ApiId, only: &[String], module: bool) {
        let Some(entry) = self.entries.get_mut(id) else { return };
        (entry.only, entry.module) = (only.to_vec(), module);
        let key = id.to_string();
        let Some(table) = self.text.get_mut("apis").and_then(|apis| apis.get_mut(&key)) else { return };
        if !only.is_empty() {
            table["only"] = value(only.iter().collect::<toml_edit::Array>());
        }
        if module {
            table["module"] = value(true);
        }
    }
}

/// A table that has no header of its own.
fn implicit() -> Table {
    let mut table = Table::new();
    table.set_implicit(true);
    table
}

impl fmt::Display for Apis {
    /// The text of the file, comments and all.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.text.fmt(f)
    }
}

/// The SHA-256 hash of some bytes, in the form of `apis.toml`.
pub(crate) fn sha256(bytes: &[u8]) -> String {
    Hash::hash(bytes).iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use std::num::NonZeroU32;

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
        assert_eq!(
            error,
            "no API `drive:v2` in apis.toml; there is drive:v3; `cargo xtask fetch drive:v2` adds it"
        );
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

    /// The table of an API.
    fn table(key: &str, file: &str, more: &str) -> String {
        format!("[\"{key}\"]\nfile = \"{file}\"\nsource = \"\"\nrevision = \"\"\nsha256 = \"\"\n{more}\n")
    }

    #[test]
    fn mistakes_in_the_table_are_found() {
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
    fn a_quota() {
        let quota = "[\"a:v1\".quota]\nuser_per_minute = 300\n[\"a:v1\".quota.units]\n\"a.b.get\" = 5";
        let apis = Apis::parse(&table("a:v1", "a.v1.json", quota)).expect("good");
        let quota = &apis.get(&id("a:v1")).expect("listed").quota;
        assert_eq!((quota.project_per_minute, quota.user_per_minute.map(NonZeroU32::get)), (None, Some(300)));
        assert_eq!((quota.units_of("a.b.get"), quota.units_of("a.b.list")), (5, 1));
        for bad in
            ["user_per_minute = 0", "per_day = 5", "project_per_minute = -1", "units = { \"a.b\" = 0 }"]
        {
            let error = Apis::parse(&table("a:v1", "a.v1.json", &format!("quota = {{ {bad} }}")));
            let error = error.expect_err(bad).to_string();
            let key = bad.split(" = ").next().unwrap_or(bad);
            assert!(error.contains("line 6") && error.contains(key), "{error}");
        }
    }

    #[test]
    fn the_quotas_in_this_repository_have_sources_and_are_of_existing_methods() {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../discovery");
        let mut costs = 0;
        for (id, entry) in Apis::known().expect("a list").iter() {
            let has_source = entry.quota_source.as_ref().is_some_and(|source| source.starts_with("https://"));
            assert_eq!(has_source, entry.quota != Quota::default(), "{id}");
            let document = fs::read_to_string(folder.join(&entry.file)).expect("a document");
            for (method, units) in &entry.quota.units {
                costs += 1;
                assert!(units.get() > 1, "{method}");
                assert!(document.contains(&format!("\"id\": \"{method}\"")), "{method}");
            }
        }
        assert!(costs > 50, "{costs}");
    }

    #[test]
    fn a_user_s_list() {
        let text = "folder = \"apis\"\n\n[apis.\"drive:v3\"] # mine\nonly = [\"files.*\"]\nsource = \"a\"\nrevision = \"1\"\nsha256 = \"0\"\n";
        let mut apis = Apis::read(text, Kind::User).expect("a list");
        let entry = apis.get(&id("drive:v3")).expect("listed");
        assert_eq!(
            (entry.file.as_str(), entry.only.as_slice()),
            ("drive.v3.json", &["files.*".to_owned()][..])
        );
        assert_eq!(entry.limits.calls, Some(100), "what this program knows of the API");
        assert_eq!(entry.quota.user_per_minute.map(NonZeroU32::get), Some(12_000), "the same of its quota");
        apis.record(&id("farm:v2"), "b", "2", "ff");
        apis.choose(&id("farm:v2"), &["animals.get".to_owned()], true);
        let more = "\n[apis.\"farm:v2\"]\nsource = \"b\"\nrevision = \"2\"\nsha256 = \"ff\"\nonly = [\"animals.get\"]\nmodule = true\n";
        assert_eq!(apis.to_string(), format!("{text}{more}"));
        let error = apis.select(&["gmail:v1".into()]).expect_err("not listed").to_string();
        assert_eq!(error, "no API `gmail:v1` in gapis.toml; `gapis add gmail:v1` adds it");
        Apis::read("folders = 1", Kind::User).expect_err("an unknown key");
    }

    #[test]
    fn sha256_of_nothing() {
        assert!(sha256(b"").starts_with("e3b0c44298fc1c14") && sha256(b"").len() == 64);
    }
}
