//! What a generated crate says about its API and its methods: data, no code.
//!
//! The generator writes these as constants. Every struct has a `DEFAULT`, so that a generated crate names only what
//! differs and a new member of a later runtime does not break it.

/// The generation of the contract between generated crates and this runtime. It grows when a generated crate must be
/// made again to compile against the runtime.
pub const GENERATION: u32 = 3;

/// Fails to compile when a crate was generated for another runtime than the one it is built with.
#[doc(hidden)]
pub const fn assert_generation(generated_for: u32) {
    assert!(
        generated_for == GENERATION,
        "this crate was generated for another version of gapis-runtime: run `cargo xtask generate` again"
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
    /// The same for mutual TLS, empty where the document has none.
    pub mtls_root_url: &'static str,
    /// Path below the root, empty or ending in `/`: `drive/v3/`.
    pub service_path: &'static str,
    /// Path of the batch endpoint below the root, without a leading `/`: `batch/drive/v3`.
    pub batch_path: &'static str,
    /// What the API's servers take at once.
    pub limits: Limits,
    /// A smallest set of scopes that covers all methods.
    pub scopes: &'static [&'static str],
    /// Regional endpoints: location and root URL.
    pub endpoints: &'static [(&'static str, &'static str)],
    /// Requests and responses are wrapped in `{"data": …}`.
    pub data_wrapper: bool,
}

impl ApiSpec {
    /// The members' defaults, for struct update syntax in generated crates.
    pub const DEFAULT: ApiSpec = ApiSpec {
        name: "",
        version: "",
        root_url: "",
        mtls_root_url: "",
        service_path: "",
        batch_path: "",
        limits: Limits::DEFAULT,
        scopes: &[],
        endpoints: &[],
        data_wrapper: false,
    };
}

/// What an API's servers take at once.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Limits {
    /// How many calls one HTTP request to the batch endpoint may carry; 0 where there is none and calls go one by one.
    pub calls: usize,
    /// How many bytes its body may have.
    pub bytes: usize,
    /// How many characters the path and query of one call in a batch may have.
    pub url: usize,
    /// How many requests one update (`batchUpdate`) may carry.
    pub update_requests: usize,
    /// How many bytes the body of one update may have.
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

/// Facts about one method, written by the generator from the discovery document.
#[derive(Debug)]
pub struct MethodSpec {
    /// The method's id in the discovery document, `drive.files.get`.
    pub id: &'static str,
    /// The HTTP verb.
    pub verb: &'static str,
    /// The path template below root and service path: `files/{fileId}`, with `{x}` and `{+x}`.
    pub path: &'static str,
    /// What the values in the path look like, in the order of its variables: `projects/*/locations/*`, where `*` is a segment
    /// and `**` one or more; empty for a value of any form. None at all where all may have any.
    pub forms: &'static [&'static str],
    /// The value of the `X-Goog-Api-Version` header, if the method has one.
    pub api_version: Option<&'static str>,
    /// The query parameter by which the server knows a call that it gets again, of a method that is not idempotent by its
    /// verb: where the caller does not set it, the library does.
    pub request_id: Option<&'static str>,
    /// How media is uploaded with this method, if it can be.
    pub upload: Option<&'static UploadSpec>,
    /// How media is downloaded with this method, if it can be.
    pub download: Option<DownloadSpec>,
}

impl MethodSpec {
    /// The members' defaults, for struct update syntax in generated crates.
    pub const DEFAULT: MethodSpec = MethodSpec {
        id: "",
        verb: "GET",
        path: "",
        forms: &[],
        api_version: None,
        request_id: None,
        upload: None,
        download: None,
    };
}

/// How a method takes media.
#[derive(Debug)]
pub struct UploadSpec {
    /// Root-relative path template for a simple or multipart upload.
    pub simple_path: &'static str,
    /// Root-relative path template for a resumable upload, empty where there is none.
    pub resumable_path: &'static str,
    /// Bytes at most, if the document says.
    pub max_size: Option<u64>,
    /// Accepted media types, `*/*` among them.
    pub accept: &'static [&'static str],
}

impl UploadSpec {
    /// Where media goes. All of Google's own clients send resumable uploads to the simple path too, and so servers know
    /// them there; the other is for a document that has no simple one.
    #[must_use]
    pub fn path(&self) -> &'static str {
        if self.simple_path.is_empty() { self.resumable_path } else { self.simple_path }
    }
}

/// How a method serves media.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DownloadSpec {
    /// Media comes from `root + download/ + service path`.
    pub media_service: bool,
}

/// Where a list method keeps its page token and items.
#[derive(Debug)]
pub struct Paging {
    /// The wire name of the request's page token.
    pub token: &'static str,
    /// The request's token is a member of the body and not a query parameter.
    pub token_in_body: bool,
    /// The wire name of the response's next token.
    pub next_token: &'static str,
    /// The wire name of the response's items, empty where no one member is unambiguous.
    pub items: &'static str,
}

/// How the operations of one schema are waited for.
#[derive(Debug)]
pub struct Polling {
    /// An operation is done when its `status` is `DONE`, in place of its `done` being true.
    pub by_status: bool,
    /// The methods that ask for one, in the order in which to try them: GETs whose path is all they need.
    pub polls: &'static [MethodSpec],
}

/// What the members of an update's body and response are called.
#[derive(Debug)]
pub struct UpdateSpec {
    /// The wire name of the body's list of requests.
    pub requests: &'static str,
    /// The wire name of the response's list of replies.
    pub replies: &'static str,
    /// Where the body says which revision it requires, dotted; empty where it cannot.
    pub revision: &'static str,
}
