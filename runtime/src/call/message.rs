//! How a call stands on the wire: its request line, and the HTTP request when it is sent by itself.

use std::borrow::Cow;

use bytes::Bytes;
use http::Method as Verb;
use http::header::{CONTENT_TYPE, HeaderName, HeaderValue};

use crate::call::request::Request;
use crate::send::credentials::AuthHeaders;
use crate::send::transport::HttpRequest;
use crate::wire::body::Encoded;
use crate::{Error, Result};

/// The longest URL that a GET is sent with, of a call in a batch the longest path and query.
const LONGEST_URL: usize = 2048;

/// Says which verb a POST stands for.
pub(crate) const METHOD_OVERRIDE: &str = "x-http-method-override";

/// How a call is sent: its verb and its body.
pub(crate) struct Line<'a> {
    pub(crate) verb: &'a Verb,
    pub(crate) body: Option<Cow<'a, Encoded>>,
    /// It is a POST that stands for a GET, and [`METHOD_OVERRIDE`] must say so.
    pub(crate) overridden: bool,
}

impl Request {
    /// The HTTP request for the call sent by itself, authorized by these headers.
    ///
    /// # Errors
    /// If the call's content type is not one that a header can hold, or there is no place where it could go.
    pub(crate) fn to_http(&self, auth: &AuthHeaders) -> Result<HttpRequest> {
        let mut headers = self.client().common_headers(auth);
        let mut bytes = Bytes::new();
        let mut url = self.root()?.into_owned();
        let line = self.push_line(&mut url);
        if let Some(body) = &line.body {
            let value = HeaderValue::from_str(&body.content_type).map_err(|_| {
                Error::input(format!("{}: not a content type: {:?}", self.id(), body.content_type))
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

    /// The absolute URL of the call sent by itself.
    ///
    /// # Errors
    /// If there is no place where it could go.
    pub(crate) fn url(&self) -> Result<String> {
        let mut url = self.root()?.into_owned();
        self.push_target(&mut url);
        Ok(url)
    }

    /// Appends what the request line has, as [`push_target`](Self::push_target) does, and says with which verb and body
    /// it goes. A GET with a very long URL is sent as a POST with the query as its body, as Google's own clients do:
    /// servers and proxies refuse long URLs.
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

    /// Appends path and query, without a leading `/`. `alt=json` is always said: in some documents it is not the default.
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
