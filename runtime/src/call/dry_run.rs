//! What a call would send, without sending it.

use std::fmt;

use bytes::Bytes;
use http::header::{HeaderName, HeaderValue};

use crate::call::message::{Line, METHOD_OVERRIDE};
use crate::call::request::Request;
use crate::{Error, Result};

/// Names of headers and query parameters whose values are secret.
const SECRETS: [&str; 10] = [
    "authorization",
    "proxy-authorization",
    "cookie",
    "x-goog-api-key",
    "x-goog-encryption-key",
    "x-goog-copy-source-encryption-key",
    "key",
    "access_token",
    "oauth_token",
    "upload_id",
];

/// A call as it would be sent, except for the credentials, which are obtained only when a call is sent.
///
/// `Display` prints a `curl` command. Secret values of headers and parameters are masked.
#[derive(Clone)]
#[non_exhaustive]
pub struct DryRun {
    /// The HTTP method.
    pub verb: String,
    /// The absolute URL.
    pub url: String,
    /// The headers, without those that credentials and transport add.
    pub headers: Vec<(String, String)>,
    /// The body, if the call has one. `None` for an upload in one request, whose body contains the media.
    pub body: Option<Bytes>,
    /// Whether the body contains media.
    media: bool,
}

impl DryRun {
    #[doc(hidden)]
    pub fn new(request: Request) -> Result<Self> {
        request.check()?;
        let mut url = request.root()?.into_owned();
        let line = request.push_line(&mut url);
        let (path, query) = url.split_once('?').unwrap_or((&url, ""));
        let pairs: Vec<String> = query.split('&').map(mask_pair).collect();
        let url = if query.is_empty() { path.to_owned() } else { format!("{path}?{}", pairs.join("&")) };
        let body = line.body.as_ref().map(|body| body.bytes.clone());
        Ok(DryRun { verb: line.verb.to_string(), url, headers: headers(&request, &line), body, media: false })
    }

    /// For an upload in one request.
    pub(crate) fn of_media(request: Request) -> Result<Self> {
        Ok(DryRun { body: None, media: true, ..DryRun::new(request)? })
    }

    /// The body as text.
    ///
    /// # Errors
    /// If it is not UTF-8.
    pub fn text(&self) -> Result<&str> {
        std::str::from_utf8(self.body.as_deref().unwrap_or_default())
            .map_err(|_| Error::input("the body is not valid UTF-8"))
    }
}

/// The headers. Of several with the same name, the call's replaces the library's, which replaces the client's.
fn headers(request: &Request, line: &Line<'_>) -> Vec<(String, String)> {
    let content_type = line.body.as_ref().map(|body| ("content-type", &*body.content_type));
    let overridden = line.overridden.then_some((METHOD_OVERRIDE, "GET"));
    let library = [("accept", "application/json")].into_iter().chain(content_type).chain(overridden);
    let text = |(name, value): (&'_ HeaderName, &'_ HeaderValue)| {
        (name.to_string(), mask(name.as_str(), value.to_str().unwrap_or("…")))
    };
    let client = request.client().headers().iter().map(text);
    let call = request.headers().iter().map(text);
    let mut headers: Vec<(String, String)> = Vec::new();
    let owned = library.map(|(name, value)| (name.to_owned(), value.to_owned()));
    for (name, value) in client.chain(owned).chain(call) {
        headers.retain(|(other, _)| *other != name);
        headers.push((name, value));
    }
    headers
}

fn mask_pair(pair: &str) -> String {
    match pair.split_once('=') {
        Some((name, value)) => format!("{name}={}", mask(name, value)),
        None => pair.to_owned(),
    }
}

fn mask(name: &str, value: &str) -> String {
    if SECRETS.iter().any(|secret| name.eq_ignore_ascii_case(secret)) {
        "***".to_owned()
    } else {
        value.to_owned()
    }
}

impl fmt::Display for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "curl -X {} {}", self.verb, quoted(&self.url))?;
        for (name, value) in &self.headers {
            write!(f, " \\\n  -H {}", quoted(&format!("{name}: {value}")))?;
        }
        match (&self.body, self.text()) {
            (None, _) if self.media => f.write_str(" \\\n  --data-binary @-"),
            (None, _) => Ok(()),
            (Some(_), Ok(text)) => write!(f, " \\\n  --data-binary {}", quoted(text)),
            (Some(body), Err(_)) => write!(f, " \\\n  --data-binary @- # {} bytes", body.len()),
        }
    }
}

/// Quotes the text for a POSIX shell.
fn quoted(text: &str) -> String {
    format!("'{}'", text.replace('\'', r"'\''"))
}

impl fmt::Debug for DryRun {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("DryRun").field("verb", &self.verb).field("url", &self.url).finish_non_exhaustive()
    }
}
