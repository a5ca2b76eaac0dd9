//! How a call is sent: its request line, and the HTTP request for a call that is sent alone.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method as Verb;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use crate::call::request::Request;
use crate::send::credentials::AuthHeaders;
use crate::send::transport::HttpRequest;
use crate::wire::body::Encoded;
use crate::{Error, Result};

/// The maximum length of the URL of a GET. For a call in a batch, of its path and query.
const LONGEST_URL: usize = 2048;

/// The header that says which HTTP method a POST replaces.
pub(crate) const METHOD_OVERRIDE: &str = "x-http-method-override";

/// The HTTP method and the body with which a call is sent.
pub(crate) struct Line<'a> {
    pub(crate) verb: &'a Verb,
    pub(crate) body: Option<Cow<'a, Encoded>>,
    /// Whether a POST replaces a GET, so that [`METHOD_OVERRIDE`] must be sent.
    pub(crate) overridden: bool,
}

impl Request {
    /// The HTTP request for the call sent alone, with these credentials.
    ///
    /// # Errors
    /// If the call's content type has characters that are not allowed in a header, or if the API has no endpoint that
    /// fits the client's settings.
    pub(crate) fn to_http(&self, auth: &AuthHeaders) -> Result<HttpRequest> {
        let mut headers = self.client().common_headers(auth);
        let mut bytes = Bytes::new();
        let mut url = self.root()?.into_owned();
        let line = self.push_line(&mut url);
        if let Some(body) = &line.body {
            let value = HeaderValue::from_str(&body.content_type).map_err(|_| {
                Error::input(format!("{}: invalid content type {:?}", self.id(), body.content_type))
            })?;
            headers.insert(CONTENT_TYPE, value);
            bytes = body.bytes.clone();
        }
        for (name, value) in self.headers().iter() {
            headers.insert(name, value.clone());
        }
        if line.overridden {
            headers.insert(HeaderName::from_static(METHOD_OVERRIDE), HeaderValue::from_static("GET"));
        }
        Ok(HttpRequest { method: line.verb.clone(), url, headers, body: bytes.into() })
    }

    /// The absolute URL of the call sent alone.
    ///
    /// # Errors
    /// If the API has no endpoint that fits the client's settings.
    pub(crate) fn url(&self) -> Result<String> {
        let mut url = self.root()?.into_owned();
        self.push_target(&mut url);
        Ok(url)
    }

    /// Appends the path and query like [`push_target`](Self::push_target), and returns the HTTP method and body. A GET
    /// with a very long URL becomes a POST with the query as its body, as in Google's own clients, because servers and
    /// proxies reject long URLs.
    pub(crate) fn push_line(&self, out: &mut String) -> Line<'_> {
        let start = out.len();
        self.push_target(out);
        let line = Line { verb: self.verb(), body: self.body().map(Cow::Borrowed), overridden: false };
        if out.len() <= LONGEST_URL || self.is_linked() || *self.verb() != Verb::GET || self.body().is_some()
        {
            return line;
        }
        match out.get(start..).and_then(|target| target.find('?')) {
            Some(at) => {
                let query = out.split_off(start + at + 1);
                out.pop();
                let body = Encoded::new("application/x-www-form-urlencoded", query);
                Line { verb: &Verb::POST, body: Some(Cow::Owned(body)), overridden: true }
            }
            None => line,
        }
    }

    /// Appends path and query, without a leading `/`. `alt=json` is always included, because it is not the default in
    /// every document.
    pub(crate) fn push_target(&self, out: &mut String) {
        out.push_str(self.path());
        if self.is_linked() {
            if !self.parameters().is_empty() {
                out.push('?');
                out.push_str(self.parameters().as_str());
            }
            return;
        }
        out.push('?');
        if !self.parameters().is_empty() {
            out.push_str(self.parameters().as_str());
            if self.parameters().has("alt") {
                return;
            }
            out.push('&');
        }
        out.push_str("alt=json");
    }
}
