//! The options of the caller.

use std::collections::BTreeMap;
use std::num::NonZeroU32;

/// What to generate from a document.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The document's name for messages, `drive.v3`.
    pub name: String,
    /// The limits of the API's servers, if they differ from the defaults.
    pub limits: Limits,
    /// How fast the API's servers accept calls, and the cost of each call.
    pub quota: Quota,
    /// Exceptions to the shape by which updates are found, by method id.
    pub updates: BTreeMap<String, UpdateRule>,
    /// Exceptions to the names by which the items of pages are found, by method id.
    pub items: BTreeMap<String, ItemsRule>,
    /// The location of the runtime for the generated `Cargo.toml`.
    pub runtime: Runtime,
    /// The version of the generated crate. By default, the generator's.
    pub version: Option<String>,
    /// The command that generates the files, for their first line. By default, `cargo xtask generate` with the API.
    pub command: Option<String>,
    /// The methods to generate: `files.list`, `permissions.*`. Empty means all.
    pub only: Vec<String>,
    /// Whether the crate has features for resources.
    pub features: FeaturePolicy,
    /// Whether to generate a module for another crate, which depends on `gapis-runtime`. There is then no `Cargo.toml`
    /// and there are no features, and `src/lib.rs` is the root of the module. It must be included with `#[path]`,
    /// because its own modules are in files next to it.
    pub as_module: bool,
}

/// The location of the runtime for a generated crate. The version is always specified too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runtime {
    /// The package registry.
    #[default]
    Registry,
    /// A folder, by its path relative to the crate's.
    Path(String),
    /// In a Git repository.
    Git {
        /// The URL of the repository.
        url: String,
        /// The revision. By default, the newest of the main branch.
        revision: Option<Revision>,
    },
}

/// A revision in a Git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// The newest revision of a branch.
    Branch(String),
    /// The revision of a tag.
    Tag(String),
    /// The revision of a commit.
    Rev(String),
}

/// The limits of an API's servers, which documents do not contain. Limits that are not set have default values.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Limits {
    /// The maximum number of calls in one batch request. The default is 1000. 0 means that the API has no batch
    /// endpoint, so that calls are sent one by one.
    pub calls: Option<usize>,
    /// The maximum size of the body of a batch request, in bytes.
    pub bytes: Option<usize>,
    /// The maximum number of characters in the path and query of one call in a batch.
    pub url: Option<usize>,
    /// The maximum number of requests in one update (`batchUpdate`).
    pub update_requests: Option<usize>,
    /// The maximum size of the body of an update, in bytes.
    pub update_bytes: Option<usize>,
}

/// How fast an API's servers let calls come, in units. No document says it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Deserialize), serde(deny_unknown_fields))]
pub struct Quota {
    /// Units a minute for all calls of a project, if that is known.
    pub project_per_minute: Option<NonZeroU32>,
    /// Units a minute for each user of a project, if that is known.
    pub user_per_minute: Option<NonZeroU32>,
    /// What a call costs, by method id, where that is not one unit.
    #[cfg_attr(feature = "serde", serde(default))]
    pub units: BTreeMap<String, NonZeroU32>,
}

impl Quota {
    /// What a call of that method costs, in units.
    #[must_use]
    pub fn units_of(&self, method: &str) -> u32 {
        self.units.get(method).map_or(1, |units| units.get())
    }
}

/// An exception to the shape by which updates are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateRule {
    /// The method is an ordinary one.
    Never,
    /// The method is an update, with its lists in these members.
    Lists {
        /// The body's member: `requests`.
        requests: String,
        /// The response's member: `replies`.
        replies: String,
    },
}

/// An exception to the names by which the items of pages are found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemsRule {
    /// No member has the items.
    None,
    /// This member, a list or a map, has the items.
    Member(String),
}

/// Whether the crate has a feature for each top-level resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeaturePolicy {
    /// If the API is large.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
