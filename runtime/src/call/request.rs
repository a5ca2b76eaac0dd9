//! The call as a value: what every generated method fills and every verb consumes.

use std::borrow::Cow;
use std::time::Duration;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};

use crate::send::retry::RetryPolicy;
use crate::value::param::Param;
use crate::wire::path;
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{Api, Body, Client, Error, Json, Method, Result};

/// A call, ready to be sent or queued. Boxed, so that moving it through setters moves one word. The first error that a
/// setter meets is kept and comes out where the call is sent or queued.
#[derive(Clone)]
pub struct Request(Box<Inner>);

#[derive(Clone)]
struct Inner {
    client: Client,
    api: &'static ApiSpec,
    spec: &'static MethodSpec,
    verb: Cow<'static, str>,
    /// Path below the root, encoded, without a leading `/`.
    path: String,
    /// Encoded `name=value` pairs, joined by `&`.
    query: String,
    headers: Vec<(HeaderName, HeaderValue)>,
    body: Option<(Cow<'static, str>, Bytes)>,
    /// Where media goes with this call, below the root.
    upload_path: String,
    options: Options,
    error: Option<Error>,
}

/// What a caller may say about one call.
#[derive(Debug, Clone, Default)]
pub(crate) struct Options {
    pub(crate) timeout: Option<Duration>,
    pub(crate) retry: Option<RetryPolicy>,
    pub(crate) idempotent: Option<bool>,
}

impl Request {
    /// A call of a generated method: the values of its path's variables in the order of the template, and its body.
    #[doc(hidden)]
    #[must_use]
    pub fn new<M: Method>(client: &Client, values: &[&dyn Param], body: Option<&dyn Body>) -> Self {
        Request::from_spec(client, <M::Api as Api>::SPEC, M::SPEC, values, body)
    }

    /// Not generic, so that it stands once.
    pub(crate) fn from_spec(
        client: &Client,
        api: &'static ApiSpec,
        spec: &'static MethodSpec,
        values: &[&dyn Param],
        body: Option<&dyn Body>,
    ) -> Self {
        let mut request = Request::empty(client, api, spec, Cow::Borrowed(spec.verb));
        let inner = &mut *request.0;
        // Room for the values, so that the path grows once.
        inner.path.reserve(api.service_path.len() + spec.path.len() + 32);
        inner.path.push_str(api.service_path);
        if let Err(error) = path::expand(spec.id, spec.path, values, &mut inner.path) {
            inner.error = Some(error);
        }
        if let Some(upload) = spec.upload
            && inner.error.is_none()
            && let Err(error) = path::expand(spec.id, upload.path(), values, &mut inner.upload_path)
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

    fn empty(
        client: &Client,
        api: &'static ApiSpec,
        spec: &'static MethodSpec,
        verb: Cow<'static, str>,
    ) -> Self {
        Request(Box::new(Inner {
            client: client.clone(),
            api,
            spec,
            verb,
            path: String::new(),
            query: String::new(),
            headers: Vec::new(),
            body: None,
            upload_path: String::new(),
            options: Options::default(),
            error: None,
        }))
    }

    /// A call by verb and path, which is sent as it is: below the service path, or below the root with a leading `/`.
    #[doc(hidden)]
    #[must_use]
    pub fn raw<A: Api>(client: &Client, verb: &str, path: &str, body: Option<Json>) -> Self {
        let mut request = Request::empty(client, A::SPEC, Raw::<A>::SPEC, Cow::Owned(verb.to_owned()));
        if verb.is_empty() || !verb.bytes().all(|b| b.is_ascii_uppercase()) {
            request.fail(Error::input(format!("{verb:?} is not an HTTP verb")));
        }
        let (path, query) = path.split_once('?').unwrap_or((path, ""));
        let printable = |text: &str| text.bytes().all(|b| b.is_ascii_graphic() && b != b'#');
        let dots = path.split('/').any(|segment| segment == "." || segment == "..");
        if !printable(path) || !printable(query) || dots || path.starts_with("//") || path.contains("://") {
            request.fail(Error::input(format!("{path:?} is not an encoded path without dot segments")));
        } else {
            match path.strip_prefix('/') {
                Some(below_root) => request.0.path.push_str(below_root),
                None => {
                    request.0.path.push_str(A::SPEC.service_path);
                    request.0.path.push_str(path);
                }
            }
            request.0.query.push_str(query);
        }
        if let Some(body) = body {
            request.set_body(&body);
        }
        request
    }

    /// A call of another method on behalf of this one: by the same client, with the options and headers of this call and
    /// those parameters that every method has. Conditions and the body are this call's own.
    pub(crate) fn follow_up(&self, spec: &'static MethodSpec, values: &[&dyn Param]) -> Request {
        const SHARED: [&str; 4] = ["fields", "key", "prettyPrint", "quotaUser"];
        let mut request = Request::from_spec(&self.0.client, self.0.api, spec, values, None);
        let inner = &mut *request.0;
        inner.options = Options { idempotent: None, ..self.0.options.clone() };
        let is_shared = |pair: &&str| SHARED.iter().any(|name| path::is_named(pair, name));
        inner.query = self.0.query.split('&').filter(is_shared).collect::<Vec<_>>().join("&");
        for (name, value) in &self.0.headers {
            let is_own = name.as_str().starts_with("if-")
                || matches!(name.as_str(), "content-type" | "x-goog-api-version");
            if !is_own {
                inner.headers.push((name.clone(), value.clone()));
            }
        }
        request
    }

    /// Keeps the first error, which comes out where the call is sent or queued.
    pub(crate) fn fail(&mut self, error: Error) {
        self.0.error.get_or_insert(error);
    }

    pub(crate) fn set_body(&mut self, body: &dyn Body) {
        match body.encode(self.0.api) {
            Ok(encoded) => self.0.body = Some(encoded),
            Err(error) => self.fail(error),
        }
    }

    /// Sets a query parameter, in place of any earlier value; a list becomes one pair for each item.
    #[doc(hidden)]
    pub fn set_param(&mut self, name: &str, value: &dyn Param) {
        self.remove_query(name);
        let query = &mut self.0.query;
        value.each(&mut |text| path::push_query(query, name, text));
    }

    /// Sees to it that a caller's `fields` do not leave out a member of the response that the library needs.
    pub(crate) fn keep_field(&mut self, member: &str) {
        let Some(fields) = self.0.query.split('&').find_map(|pair| pair.strip_prefix("fields=")) else {
            return;
        };
        let decoded = percent_encoding::percent_decode_str(fields).decode_utf8_lossy().into_owned();
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
        let (content_type, bytes) =
            self.0.body.get_or_insert_with(|| (Cow::Borrowed("application/json"), Bytes::from("{}")));
        let decode = serde_json::from_slice::<serde_json::Map<String, Json>>(bytes);
        let mut body =
            decode.map_err(|error| Error::input(format!("the body is not a JSON object: {error}")))?;
        body.insert(name.to_owned(), Json::from(value));
        *content_type = Cow::Borrowed("application/json");
        *bytes = Json::Object(body).to_string().into();
        Ok(())
    }

    /// Adds a query parameter that the document does not know.
    pub(crate) fn add_query(&mut self, name: &str, value: &str) {
        path::push_query(&mut self.0.query, name, value);
    }

    /// Whether a query parameter is set.
    pub(crate) fn has_query(&self, name: &str) -> bool {
        self.0.query.split('&').any(|pair| path::is_named(pair, name))
    }

    fn remove_query(&mut self, name: &str) {
        if self.0.query.is_empty() || !self.has_query(name) {
            return;
        }
        let kept: Vec<&str> = self.0.query.split('&').filter(|pair| !path::is_named(pair, name)).collect();
        self.0.query = kept.join("&");
    }

    /// Sets a header of this call.
    pub(crate) fn set_header(&mut self, name: &str, value: &str) {
        let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
        match parsed {
            // These describe the message itself, so they are the library's own.
            Some((name, _))
                if matches!(
                    name.as_str(),
                    "content-length" | "host" | "transfer-encoding" | "connection"
                ) =>
            {
                self.fail(Error::input(format!(
                    "{}: the header `{name}` is written by the library",
                    self.id()
                )));
            }
            Some((name, value)) => {
                self.0.headers.retain(|(other, _)| *other != name);
                self.0.headers.push((name, value));
            }
            None => self
                .fail(Error::input(format!("{}: not a header, or not a value for one: {name:?}", self.id()))),
        }
    }

    /// The metadata of an upload, if it says anything: what does not need not travel.
    pub(crate) fn metadata(&self) -> Option<Bytes> {
        self.0.body.as_ref().map(|(_, bytes)| bytes.clone()).filter(|bytes| bytes.as_ref() != b"{}")
    }

    /// The same call to the upload path, by that protocol.
    pub(crate) fn for_upload(mut self, protocol: &str) -> Self {
        self.remove_query("uploadType");
        self.add_query("uploadType", protocol);
        self.0.path = std::mem::take(&mut self.0.upload_path);
        self
    }

    /// The same with another body.
    pub(crate) fn with_body(mut self, body: Option<(Cow<'static, str>, Bytes)>) -> Self {
        self.0.body = body;
        self
    }

    pub(crate) fn has_header(&self, name: &str) -> bool {
        self.0.headers.iter().any(|(other, _)| other.as_str() == name)
    }

    pub(crate) fn remove_header(&mut self, name: &str) {
        self.0.headers.retain(|(other, _)| other.as_str() != name);
    }

    /// The same call for the media in place of the metadata.
    pub(crate) fn for_download(mut self) -> Self {
        self.remove_query("alt");
        self.add_query("alt", "media");
        if self.0.spec.download.is_some_and(|download| download.media_service) {
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

    /// The first error that a setter met, or that there is no place where the call could go.
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

    /// The method's id, `drive.files.get`.
    pub(crate) fn id(&self) -> &'static str {
        self.0.spec.id
    }

    pub(crate) fn verb(&self) -> &str {
        &self.0.verb
    }

    /// The encoded path below the root, without a leading `/`.
    pub(crate) fn path(&self) -> &str {
        &self.0.path
    }

    pub(crate) fn headers(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0.headers
    }

    pub(crate) fn body(&self) -> Option<(&str, &Bytes)> {
        self.0.body.as_ref().map(|(content_type, bytes)| (&**content_type, bytes))
    }

    /// Whether the call may be executed twice: by the caller's word, else by its verb.
    pub(crate) fn is_idempotent(&self) -> bool {
        let by_verb = matches!(&*self.0.verb, "GET" | "HEAD" | "OPTIONS" | "PUT" | "DELETE");
        self.0.options.idempotent.unwrap_or(by_verb)
    }

    /// Appends path and query, without a leading `/`. `alt=json` is always said: in some documents it is not the default.
    pub(crate) fn push_target(&self, out: &mut String) {
        out.push_str(&self.0.path);
        out.push('?');
        if !self.0.query.is_empty() {
            out.push_str(&self.0.query);
            if self.has_query("alt") {
                return;
            }
            out.push('&');
        }
        out.push_str("alt=json");
    }
}

impl std::fmt::Debug for Request {
    /// The method, path and the query's length: values, headers and bodies may carry what must not reach a log.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Call")
            .field("method", &self.0.spec.id)
            .field("verb", &self.0.verb)
            .field("body", &self.0.body.as_ref().map_or(0, |(_, bytes)| bytes.len()))
            .field("error", &self.0.error)
            .finish_non_exhaustive()
    }
}

/// The method of a call by verb and path: whatever it is, it answers JSON, `null` where the body is empty.
#[derive(Debug)]
pub struct Raw<A>(std::marker::PhantomData<fn() -> A>);

impl<A: Api> Method for Raw<A> {
    type Api = A;
    type Output = Json;
    const SPEC: &'static MethodSpec = &MethodSpec { id: "(raw call)", ..MethodSpec::DEFAULT };
}
