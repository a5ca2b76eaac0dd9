//! What a generated crate declares about its API and its methods: data, no code.
//!
//! The generator writes these as constants. Every struct has a `DEFAULT`, so a generated crate names only the members
//! that differ, and a member added to a later runtime does not break it.

/// The version of the contract between generated crates and this runtime. It increases when generated crates must be
/// generated again to compile against the runtime.
pub const GENERATION: u32 = 3;

/// Fails to compile if a crate was generated for a different version of the contract.
#[doc(hidden)]
pub const fn assert_generation(generated_for: u32) {
    assert!(
        generated_for == GENERATION,
        "this crate was generated for another version of gapis-runtime: generate it again, by `gapis generate` or `cargo xtask generate`"
    );
}

/// Facts about one API version, written by the generator from the discovery document and `apis.toml`.
#[derive(Debug)]
pub struct ApiSpec {
    /// The API's name in its discovery document, `drive`.
    pub name: &'static str,
    /// The API's version in its discovery document, `v3`.
    pub version: &'static str,
    /// Scheme and host, ending in `/`: `https://www.googleapis.com/`.
    pub root_url: &'static str,
    /// The same for mutual TLS, empty if the document has none.
    pub mtls_root_url: &'static str,
    /// Path below the root, empty or ending in `/`: `drive/v3/`.
    pub service_path: &'static str,
    /// Path of the batch endpoint below the root, without a leading `/`: `batch/drive/v3`.
    pub batch_path: &'static str,
    /// The limits of the API's servers.
    pub limits: Limits,
    /// How fast calls may come.
    pub quota: Quota,
    /// A minimal set of scopes that covers all methods.
    pub scopes: &'static [&'static str],
    /// Regional endpoints: location and root URL.
    pub endpoints: &'static [(&'static str, &'static str)],
    /// Whether requests and responses are wrapped in `{"data": …}`.
    pub data_wrapper: bool,
}

impl ApiSpec {
    /// The defaults, for struct update syntax in generated crates.
    pub const DEFAULT: ApiSpec = ApiSpec {
        name: "",
        version: "",
        root_url: "",
        mtls_root_url: "",
        service_path: "",
        batch_path: "",
        limits: Limits::DEFAULT,
        quota: Quota::DEFAULT,
        scopes: &[],
        endpoints: &[],
        data_wrapper: false,
    };
}

/// The limits of an API's servers.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// The maximum number of calls in one request to the batch endpoint; 0 if there is no such endpoint and calls are
    /// sent one by one.
    pub calls: usize,
    /// The maximum size of a batch request's body, in bytes.
    pub bytes: usize,
    /// The maximum number of characters in the path and query of one call in a batch.
    pub url: usize,
    /// The maximum number of requests in one update (`batchUpdate`).
    pub update_requests: usize,
    /// The maximum size of the body of one update, in bytes.
    pub update_bytes: usize,
}

impl Limits {
    /// The usual limits, for struct update syntax in generated crates.
    pub const DEFAULT: Limits = Limits {
        calls: 1000,
        bytes: 10_000_000,
        url: 8000,
        update_requests: usize::MAX,
        update_bytes: usize::MAX,
    };
}

/// How fast calls of an API may come, in units: a call costs its method's [`units`](MethodSpec::units).
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Quota {
    /// Units a minute for all calls of a project; 0 where nothing is known.
    pub project_per_minute: u32,
    /// Units a minute for each user of a project; 0 where nothing is known.
    pub user_per_minute: u32,
}

impl Quota {
    /// Nothing is known.
    pub const DEFAULT: Quota = Quota { project_per_minute: 0, user_per_minute: 0 };
}

/// Facts about one method, written by the generator from the discovery document.
#[derive(Debug)]
pub struct MethodSpec {
    /// The method's id in the discovery document, `drive.files.get`.
    pub id: &'static str,
    /// The HTTP verb.
    pub verb: &'static str,
    /// The path template below root and service path: `files/{fileId}`, with `{x}` and `{+x}`.
    pub path: &'static str,
    /// The forms of the values in the path, in the order of its variables, such as `projects/*/locations/*`: `*` is one
    /// segment, `**` one or more, and an empty form allows any value. Empty if all values are allowed.
    pub forms: &'static [&'static str],
    /// The value of the `X-Goog-Api-Version` header, if the method requires one.
    pub api_version: Option<&'static str>,
    /// The query parameter by which the server recognizes a repeated call, for a method whose verb is not idempotent.
    /// The library sets it if the caller does not.
    pub request_id: Option<&'static str>,
    /// How many units of the API's [quota](ApiSpec::quota) a call costs.
    pub units: u32,
    /// How this method uploads media, if it can.
    pub upload: Option<&'static UploadSpec>,
    /// How this method downloads media, if it can.
    pub download: Option<DownloadSpec>,
}

impl MethodSpec {
    /// The defaults, for struct update syntax in generated crates.
    pub const DEFAULT: MethodSpec = MethodSpec {
        id: "",
        verb: "GET",
        path: "",
        forms: &[],
        api_version: None,
        request_id: None,
        units: 1,
        upload: None,
        download: None,
    };
}

/// How a method accepts media.
#[derive(Debug)]
pub struct UploadSpec {
    /// Path template, relative to the root, for a simple or multipart upload.
    pub simple_path: &'static str,
    /// Path template, relative to the root, for a resumable upload; empty if there is none.
    pub resumable_path: &'static str,
    /// The maximum size in bytes, if the document states one.
    pub max_size: Option<u64>,
    /// Accepted media types; may contain `*/*`.
    pub accept: &'static [&'static str],
}

impl UploadSpec {
    /// The path for uploads. Google's own clients send resumable uploads to the simple path too, so servers accept
    /// them there. The resumable path is for documents that have no simple path.
    #[must_use]
    pub fn path(&self) -> &'static str {
        if self.simple_path.is_empty() { self.resumable_path } else { self.simple_path }
    }
}

/// How a method serves media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadSpec {
    /// Whether media is served from `root + download/ + service path`.
    pub media_service: bool,
}

/// Where a list method has its page token and items.
#[derive(Debug)]
pub struct Paging {
    /// The wire name of the request's page token.
    pub token: &'static str,
    /// Whether the request's token is a member of the body instead of a query parameter.
    pub token_in_body: bool,
    /// The wire name of the response's next token.
    pub next_token: &'static str,
    /// The wire name of the response's items, empty if it is not clear which member holds them.
    pub items: &'static str,
}

/// How to wait for operations of a schema.
#[derive(Debug)]
pub struct Polling {
    /// Whether an operation is done when its `status` is `DONE`, instead of when its `done` is true.
    pub by_status: bool,
    /// The methods that return an operation, in the order in which to try them: GET methods with no required
    /// parameters other than those in the path.
    pub polls: &'static [MethodSpec],
}

/// The names of members in an update's body and response.
#[derive(Debug)]
pub struct UpdateSpec {
    /// The wire name of the body's list of requests.
    pub requests: &'static str,
    /// The wire name of the response's list of replies.
    pub replies: &'static str,
    /// Path of the body's member that names the required revision, with dots; empty if there is none.
    pub revision: &'static str,
}
