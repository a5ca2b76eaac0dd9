//! The untyped call: generated methods fill it, and verbs such as `send` and `queue` consume it.

use std::borrow::Cow;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http::Method as Verb;

use crate::send::attempts::Subject;
use crate::send::retry::RetryPolicy;
use crate::value::param::Param;
use crate::wire::body::Encoded;
use crate::wire::headers::Headers;
use crate::wire::path;
use crate::wire::query::Query;
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{Api, Body, Client, Error, Json, Method, Result};

/// A call that is ready to be sent or queued. It is boxed, so that setters move a pointer only. The first error of a
/// setter is kept, and returned when the call is sent or queued.
#[derive(Clone)]
pub struct Request(Box<Inner>);

#[derive(Clone)]
struct Inner {
    client: Client,
    api: &'static ApiSpec,
    spec: &'static MethodSpec,
    verb: Verb,
    /// The path below the root, encoded, without a leading `/`.
    path: String,
    query: Query,
    headers: Headers,
    body: Option<Encoded>,
    /// The path below the root for an upload of media.
    upload_path: String,
    options: Options,
    /// The root of a URL from a response: scheme and host, ending in `/`. It replaces the API's root, and nothing is
    /// added to the query.
    linked: Option<String>,
    error: Option<Error>,
}

/// The caller's options for one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) idempotent: Option<bool>,
    /// The id of the call in a batch.
    pub(crate) id: Option<String>,
    /// Calls with the same key go one after the other.
    pub(crate) key: Option<Arc<str>>,
    /// Whether the call is sent though the journal of its run has an error for it.
    pub(crate) resends: bool,
}

impl Request {
    /// A call of a generated method: the values for the variables of its path, in the order of the template, and its
    /// body.
    #[doc(hidden)]
    #[must_use]
    pub fn new<M: Method>(client: &Client, values: &[&dyn Param], body: Option<&dyn Body>) -> Self {
        Request::from_spec(client, <M::Api as Api>::SPEC, M::SPEC, values, body)
    }

    /// The same for facts that may be known only at run time. Not generic, so that it is compiled once.
    #[doc(hidden)]
    #[must_use]
    pub fn from_spec(
        client: &Client,
        api: &'static ApiSpec,
        spec: &'static MethodSpec,
        values: &[&dyn Param],
        body: Option<&dyn Body>,
    ) -> Self {
        let mut request = Request::empty(client, api, spec, spec.verb);
        let inner = &mut *request.0;
        // The capacity includes the values, so that the path is allocated once.
        inner.path.reserve(api.service_path.len() + spec.path.len() + 32);
        inner.path.push_str(api.service_path);
        let expanded = path::expand(spec.id, spec.path, values, &mut inner.path);
        if let Err(error) = expanded.and_then(|()| path::check_forms(spec.id, spec.path, spec.forms, values))
        {
            inner.error = Some(error);
        }
        if let Some(upload) = spec.upload
            && inner.error.is_none()
            && let Err(error) =
                path::expand_by_name(spec.id, upload.path(), spec.path, values, &mut inner.upload_path)
        {
            inner.error = Some(error);
        }
        if let Some(version) = spec.api_version {
            request.set_header("x-goog-api-version", version);
        }
        if let Some(body) = body {
            request.set_body(body);
        }
        request
    }

    fn empty(client: &Client, api: &'static ApiSpec, spec: &'static MethodSpec, verb: &str) -> Self {
        let known = Verb::from_bytes(verb.as_bytes()).ok();
        let error = match &known {
            Some(known) if !known.as_str().bytes().any(|b| b.is_ascii_lowercase()) => None,
            _ => Some(Error::input(format!("{verb:?} is not an HTTP method"))),
        };
        Request(Box::new(Inner {
            client: client.clone(),
            api,
            spec,
            verb: known.unwrap_or_default(),
            path: String::new(),
            query: Query::default(),
            headers: Headers::default(),
            body: None,
            upload_path: String::new(),
            options: Options::default(),
            linked: None,
            error,
        }))
    }

    /// A call by HTTP method and path. The path is sent unchanged: below the service path, or below the root if it
    /// begins with `/`.
    #[doc(hidden)]
    #[must_use]
    pub fn raw<A: Api>(client: &Client, verb: &Verb, path: &str, body: Option<Json>) -> Self {
        let mut request = Request::empty(client, A::SPEC, Raw::<A>::SPEC, verb.as_str());
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let printable = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        if !path::is_encoded(path) || !printable(query) || path.contains("://") {
            request.fail(Error::input(format!(
                "the path {path:?} must be percent-encoded and must not contain `.` or `..` segments"
            )));
        } else {
            match path.strip_prefix('/') {
                Some(below_root) => request.0.path.push_str(below_root),
                None => {
                    request.0.path.push_str(A::SPEC.service_path);
                    request.0.path.push_str(path);
                }
            }
            request.0.query = Query::from_encoded(query);
        }
        if let Some(body) = body {
            request.set_body(&body);
        }
        request
    }

    /// A GET of a URL from a response.
    #[doc(hidden)]
    #[must_use]
    pub fn linked<A: Api>(client: &Client, address: &str) -> Self {
        let mut request = Request::empty(client, A::SPEC, Raw::<A>::SPEC, "GET");
        let linked = url::Url::parse(address)
            .map_err(|error| Error::input(format!("the URL to download from is not valid: {error}")))
            .and_then(|url| request.link_to(&url));
        if let Err(error) = linked {
            request.fail(error);
        }
        request
    }

    /// Sends the call to that URL, if this call's credentials may be sent there.
    ///
    /// # Errors
    /// If they must not.
    pub(crate) fn link_to(&mut self, url: &url::Url) -> Result<()> {
        self.client().check_link(self.0.api, url)?;
        self.0.linked = Some(format!("{}/", url.origin().ascii_serialization()));
        self.0.path = url.path().strip_prefix('/').unwrap_or_default().to_owned();
        self.0.query = Query::from_encoded(url.query().unwrap_or_default());
        Ok(())
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.0.linked.is_some()
    }

    /// Scheme and host of this call's URL, ending in `/`.
    ///
    /// # Errors
    /// If the API has no endpoint that fits the client's settings.
    pub(crate) fn root(&self) -> Result<Cow<'_, str>> {
        match &self.0.linked {
            Some(root) => Ok(Cow::Borrowed(root)),
            None => self.client().root(self.0.api),
        }
    }

    /// A call of another method that continues this call. It has the same client, the options and headers of this
    /// call, and those of its parameters that every method has. It does not have this call's conditions and body.
    pub(crate) fn follow_up(&self, spec: &'static MethodSpec, values: &[&dyn Param]) -> Request {
        const SHARED: [&str; 4] = ["fields", "key", "prettyPrint", "quotaUser"];
        let mut request = Request::from_spec(&self.0.client, self.0.api, spec, values, None);
        let inner = &mut *request.0;
        inner.options = Options { idempotent: None, id: None, ..self.0.options.clone() };
        inner.query = self.0.query.only(&SHARED);
        for (name, value) in self.0.headers.iter() {
            let is_own = name.as_str().starts_with("if-")
                || matches!(name.as_str(), "content-type" | "x-goog-api-version");
            if !is_own {
                inner.headers.put(name.clone(), value.clone());
            }
        }
        request
    }

    /// Keeps the first error, which is returned when the call is sent or queued.
    pub(crate) fn fail(&mut self, error: Error) {
        self.0.error.get_or_insert(error);
    }

    /// Makes the call invalid if it is not a call of this API.
    pub(crate) fn require_api(&mut self, api: &ApiSpec) {
        let own = self.0.api;
        if (own.name, own.version) != (api.name, api.version) {
            self.fail(Error::input(format!(
                "{}: a call of {} {} cannot be sent together with calls of {} {}",
                self.id(),
                own.name,
                own.version,
                api.name,
                api.version
            )));
        }
    }

    pub(crate) fn set_body(&mut self, body: &dyn Body) {
        match body.encode(self.0.api) {
            Ok(encoded) => self.0.body = Some(encoded),
            Err(error) => self.fail(error),
        }
    }

    /// Sets a query parameter, replacing any earlier value. A list becomes one pair for each item.
    #[doc(hidden)]
    pub fn set_param(&mut self, name: &str, value: &dyn Param) {
        let query = &mut self.0.query;
        query.remove(name);
        value.each(&mut |text| query.add(name, text));
    }

    /// Adds a member that the library needs to the caller's `fields`, if it is missing there.
    pub(crate) fn keep_field(&mut self, member: &str) {
        let Some(decoded) = self.0.query.get("fields") else { return };
        let mut depth = 0usize;
        let top_level = decoded.split_inclusive([',', '(', ')']).any(|piece| {
            let here = depth == 0;
            match piece.as_bytes().last() {
                Some(b'(') => depth += 1,
                Some(b')') => depth = depth.saturating_sub(1),
                _ => {}
            }
            let name = piece.trim_end_matches([',', '(', ')']).trim();
            here && (name == "*" || name == member || name.starts_with(&format!("{member}/")))
        });
        if !top_level && !member.is_empty() {
            self.set_param("fields", &format!("{decoded},{member}").as_str());
        }
    }

    /// Sets a member of a JSON body.
    pub(crate) fn set_body_member(&mut self, name: &str, value: &str) -> Result<()> {
        let bytes = self.0.body.as_ref().map_or(&b"{}"[..], |body| &body.bytes);
        let decode = serde_json::from_slice::<serde_json::Map<String, Json>>(bytes);
        let mut body =
            decode.map_err(|error| Error::input(format!("the body is not a JSON object: {error}")))?;
        body.insert(name.to_owned(), Json::from(value));
        self.0.body = Some(Encoded::json(Json::Object(body).to_string().into()));
        Ok(())
    }

    /// Adds a query parameter that the document does not define.
    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        self.0.query.add(name, value);
    }

    /// Adds those pairs whose names do not occur in this call's query.
    pub(crate) fn with_inherited_query(mut self, pairs: &Query) -> Self {
        self.0.query.inherit(pairs);
        self
    }

    /// The current query.
    pub(crate) fn parameters(&self) -> &Query {
        &self.0.query
    }

    /// Sets a header of this call.
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        if let Err(error) = self.0.headers.set(name, value) {
            self.fail(Error::input(format!("{}: {error}", self.id())));
        }
    }

    /// The metadata of an upload, unless it is empty, in which case it need not be sent.
    pub(crate) fn metadata(&self) -> Option<Bytes> {
        self.0.body.as_ref().map(|body| body.bytes.clone()).filter(|bytes| bytes.as_ref() != b"{}")
    }

    /// Changes the call into one to the upload path, with that protocol.
    pub(crate) fn for_upload(mut self, protocol: &str) -> Self {
        self.0.query.remove("uploadType");
        self.0.query.add("uploadType", protocol);
        self.0.path = std::mem::take(&mut self.0.upload_path);
        self
    }

    /// Replaces the body.
    pub(crate) fn with_body(mut self, body: Option<Encoded>) -> Self {
        self.0.body = body;
        self
    }

    /// Changes the call into one for the media instead of the metadata.
    pub(crate) fn for_download(mut self) -> Self {
        if self.is_linked() {
            return self;
        }
        self.0.query.remove("alt");
        self.0.query.add("alt", "media");
        let media_service = self.0.spec.download.is_some_and(|download| download.media_service);
        if media_service && self.client().has_download_path() {
            self.0.path.insert_str(0, "download/");
        }
        self
    }

    pub(crate) fn options_mut(&mut self) -> &mut Options {
        &mut self.0.options
    }

    pub(crate) fn options(&self) -> &Options {
        &self.0.options
    }

    /// Returns the first error of a setter, or an error if the API has no endpoint that fits the client's settings.
    pub(crate) fn check(&self) -> Result<()> {
        match &self.0.error {
            Some(error) => Err(error.clone()),
            None => self.client().root(self.0.api).map(drop),
        }
    }

    pub(crate) fn client(&self) -> &Client {
        &self.0.client
    }

    pub(crate) fn api(&self) -> &'static ApiSpec {
        self.0.api
    }

    pub(crate) fn spec(&self) -> &'static MethodSpec {
        self.0.spec
    }

    /// The descriptions that decoding the response needs.
    pub(crate) fn facts(&self) -> (&'static ApiSpec, &'static MethodSpec) {
        (self.0.api, self.0.spec)
    }

    /// The method's id, `drive.files.get`.
    pub(crate) fn id(&self) -> &'static str {
        self.0.spec.id
    }

    pub(crate) fn verb(&self) -> &Verb {
        &self.0.verb
    }

    /// The encoded path below the root, without a leading `/`.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    pub(crate) fn headers(&self) -> &Headers {
        &self.0.headers
    }

    pub(crate) fn headers_mut(&mut self) -> &mut Headers {
        &mut self.0.headers
    }

    pub(crate) fn body(&self) -> Option<&Encoded> {
        self.0.body.as_ref()
    }

    /// Whether the call may be executed twice: as the caller says, or else because of its HTTP method (RFC 9110,
    /// section 9.2.2), or because a parameter makes the server execute it only once.
    pub(crate) fn is_idempotent(&self) -> bool {
        let by_verb = matches!(self.0.verb.as_str(), "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE");
        self.0.options.idempotent.unwrap_or_else(|| by_verb || self.has_own_effect_once())
    }

    /// Whether a server that has executed the call rejects a repetition, or responds as before: because of the
    /// parameter `requestId` (<https://google.aip.dev/155>), or because of a condition on the generation of an object
    /// in Cloud Storage, for a PATCH also on the generation of its metadata
    /// (<https://cloud.google.com/storage/docs/retry-strategy>).
    fn has_own_effect_once(&self) -> bool {
        let query = &self.0.query;
        self.0.spec.request_id.is_some_and(|name| query.get(name).is_some_and(|id| !id.is_empty()))
            || query.has("ifGenerationMatch")
            || self.0.verb == Verb::PATCH && query.has("ifMetagenerationMatch")
    }

    /// Sets the id by which the server recognizes a repeated call, unless the caller did. All attempts have the same
    /// id.
    pub(crate) fn fill_request_id(&mut self) {
        if let Some(name) = self.0.spec.request_id
            && self.client().fills_request_ids()
            && !self.0.query.has(name)
        {
            self.0.query.add(name, &uuid());
        }
    }

    /// Whether the call changes nothing, because of its HTTP method (RFC 9110, section 9.2.1).
    pub(crate) fn reads(&self) -> bool {
        matches!(self.0.verb.as_str(), "GET" | "HEAD" | "OPTIONS")
    }

    /// How long one attempt may take.
    pub(crate) fn attempt_timeout(&self) -> Option<Duration> {
        self.0.options.timeout.or(self.client().timeout())
    }

    /// The information that the loop of attempts needs.
    pub(crate) fn subject(&self) -> Subject {
        Subject {
            client: self.client().clone(),
            api: self.0.api,
            method: self.id(),
            policy: self.0.options.retry.as_ref().unwrap_or(self.client().policy()).clone(),
            timeout: self.attempt_timeout(),
            idempotent: self.is_idempotent(),
            reads: self.reads(),
        }
    }
}

/// A random UUID of version 4 (RFC 9562, section 5.4). It must be unique, but is not a secret.
fn uuid() -> String {
    let random = fastrand::u128(..) & !(0xf << 76) & !(0x3 << 62) | 0x4 << 76 | 0x2 << 62;
    let hex = format!("{random:032x}");
    let piece = |range: std::ops::Range<usize>| hex.get(range).unwrap_or_default();
    let (time, node) = ([piece(0..8), piece(8..12), piece(12..16)].join("-"), piece(20..32));
    format!("{time}-{}-{node}", piece(16..20))
}

impl std::fmt::Debug for Request {
    /// Prints the method, the path and the length of the query. Values, headers and bodies may contain what must not
    /// be logged.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.0.spec.id)
            .field("verb", &self.0.verb)
            .field("body", &self.0.body.as_ref().map_or(0, |body| body.bytes.len()))
            .field("error", &self.0.error)
            .finish_non_exhaustive()
    }
}

/// The method of a call by HTTP method and path. Its response is any JSON value; an empty body is `null`.
#[derive(Debug)]
pub struct Raw<A>(std::marker::PhantomData<fn() -> A>);

impl<A: Api> Method for Raw<A> {
    type Api = A;
    type Output = Json;
    const SPEC: &'static MethodSpec = &MethodSpec { id: "(raw call)", ..MethodSpec::DEFAULT };
}

impl<A: Api> crate::ServesMedia for Raw<A> {}
