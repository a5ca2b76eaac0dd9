//! What a caller chooses.

use std::collections::BTreeMap;

use serde::Deserialize;

/// What to generate, beside the document itself.
#[derive(Clone, Debug, Default)]
pub struct Options {
    /// The document's name for messages, `drive.v3`.
    pub name: String,
    /// What the servers of the API take at once, where that is not the usual.
    pub limits: Limits,
    /// Which methods are updates and which are not, by method id, where their shape does not tell.
    pub updates: BTreeMap<String, UpdateRule>,
    /// Which member of the response has the items, by method id, where the names do not tell.
    pub items: BTreeMap<String, ItemsRule>,
    /// Where the `Cargo.toml` that is written finds the runtime.
    pub runtime: Runtime,
    /// The command that makes the files again, for their first line: by default `cargo xtask generate` with the API.
    pub command: Option<String>,
    /// Which methods: `files.list`, `permissions.*`. Empty means all.
    pub only: Vec<String>,
    /// Whether resources become features of the crate.
    pub features: FeaturePolicy,
    /// The files become a module of another crate, which depends on `gapis-runtime`: there is no `Cargo.toml`, there are
    /// no features, and `src/lib.rs` is the module's root. It must be found by a `#[path]`, as its own modules are in
    /// files beside it.
    pub as_module: bool,
}

/// Where a generated crate finds the runtime. The version is always named, too.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum Runtime {
    /// In the registry.
    #[default]
    Registry,
    /// In this folder, by its path from the crate's.
    Path(String),
    /// In a Git repository.
    Git {
        /// The repository's address.
        url: String,
        /// Which of its revisions; by default the newest of its main branch.
        revision: Option<Revision>,
    },
}

/// A revision in a Git repository.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Revision {
    /// The newest of a branch.
    Branch(String),
    /// That of a tag.
    Tag(String),
    /// That of a commit.
    Rev(String),
}

/// What an API's servers take at once. No document tells; what is not given is as usual.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Limits {
    /// How many calls one batch request may carry; usually 1000. 0 for an API that takes no batches, whose calls are sent one
    /// by one.
    pub calls: Option<usize>,
    /// How many bytes the body of a batch request may have.
    pub bytes: Option<usize>,
    /// How many characters the path and query of one call in a batch may have.
    pub url: Option<usize>,
    /// How many requests one update (`batchUpdate`) may carry.
    pub update_requests: Option<usize>,
    /// How many bytes the body of an update may have.
    pub update_bytes: Option<usize>,
}

/// Whether a method is an update, which its shape tells otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum UpdateRule {
    /// It is an ordinary method.
    Never,
    /// It is one, with its lists in these members.
    Lists {
        /// The body's member: `requests`.
        requests: String,
        /// The response's member: `replies`.
        replies: String,
    },
}

/// Where the items of a method that answers in pages are, which the names in its response tell otherwise.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ItemsRule {
    /// In no single member.
    None,
    /// In this member, a list or a map.
    Member(String),
}

/// Whether the crate has a feature for each top-level resource.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum FeaturePolicy {
    /// Where the API is large.
    #[default]
    Auto,
    /// Always.
    Always,
    /// Never.
    Never,
}
