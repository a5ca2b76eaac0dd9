//! The session of a resumable upload: its URL, and the requests to it.
//!
//! Anyone who knows the URL can write to it, so it is a secret that no `Debug` output, error or log contains. Requests
//! to it also have credentials, so its scheme, host and port must be those of the call that opened it, or those that the
//! caller allowed.

use bytes::Bytes;
use http::header::{
    CONTENT_RANGE, CONTENT_TYPE, HeaderName, HeaderValue, IF_MATCH, IF_NONE_MATCH, LOCATION, RANGE,
};
use http::header::{IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE};
use url::Url;

use super::silence::until_silent;
use crate::call::request::Request;
use crate::send::attempts::{Attempt, Attempts, Exchange, Step};
use crate::send::counted::{Taken, counted};
use crate::send::credentials::AuthHeaders;
use crate::send::observe::AttemptKind;
use crate::send::transport::{HttpRequest, RequestBody};
use crate::{Api, Client, Error, Json, RawResponse, Result};

/// A resumable upload that the server keeps. It can be saved as text and loaded by another run of the program, which
/// then continues the upload; see [`Upload::resume`](crate::Upload::resume).
///
/// The text is a secret, because it contains the token of the upload. Servers delete a session after about a week.
///
/// ```
/// use gapis_runtime::Session;
///
/// let text = r#"{"method":"drive.files.create","address":"https://www.googleapis.com/upload?upload_id=s3cret"}"#;
/// let session = Session::load(text)?;
/// assert_eq!(format!("{session:?}"), r#"Session { method: "drive.files.create", .. }"#);
/// assert_eq!(Session::load(&session.save())?, session);
/// # Ok::<(), gapis_runtime::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Session {
    method: String,
    address: String,
    length: Option<u64>,
}

impl std::fmt::Debug for Session {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Session").field("method", &self.method).finish_non_exhaustive()
    }
}

/// The function that receives the session of an upload.
pub(super) type OnSession = Box<dyn FnMut(&Session) + Send>;

/// Headers about the metadata, and conditions on the state of the resource. They are for the request that opens a
/// session, and not for the session itself, which is another resource.
const OF_OPENING: [HeaderName; 5] =
    [CONTENT_TYPE, IF_MATCH, IF_NONE_MATCH, IF_MODIFIED_SINCE, IF_UNMODIFIED_SINCE];

/// What is sent to a session: media, or only the question how much the server has.
pub(super) struct Piece<'a> {
    /// The range of the bytes, as in `Content-Range`.
    pub(super) range: String,
    /// The media type. It was sent when the session was opened, but some servers only look here.
    pub(super) content_type: Option<&'a str>,
    pub(super) bytes: Bytes,
}

/// The server's response to a piece of an upload.
pub(super) enum PieceOutcome {
    /// The upload is complete. This is the response to the call.
    Done(RawResponse),
    /// The server has that many bytes.
    Kept(u64),
}

impl Session {
    /// The session as text. Keep it like a password.
    #[must_use]
    pub fn save(&self) -> String {
        let mut saved = serde_json::Map::new();
        saved.insert("method".to_owned(), Json::from(&*self.method));
        saved.insert("address".to_owned(), Json::from(&*self.address));
        if let Some(length) = self.length {
            saved.insert("length".to_owned(), Json::from(length));
        }
        Json::Object(saved).to_string()
    }

    /// Loads a session that was saved as text.
    ///
    /// # Errors
    /// If the text is not a saved session. The message does not show the text.
    pub fn load(text: &str) -> Result<Self> {
        let json: Json = serde_json::from_str(text).unwrap_or_default();
        let member = |name: &str| json.get(name).and_then(Json::as_str).map(str::to_owned);
        let (Some(method), Some(address)) = (member("method"), member("address")) else {
            return Err(Error::input("the text is not a saved upload session"));
        };
        Ok(Session { method, address, length: json.get("length").and_then(Json::as_u64) })
    }

    /// Tells the server to delete the upload. It is not an error if the server has already deleted it.
    ///
    /// # Errors
    /// The errors of any call, and an error if the session belongs to another host than the service and those allowed with
    /// [`Builder::upload_origin`](crate::Builder::upload_origin).
    pub async fn cancel<A: Api>(self, service: &A) -> Result<()> {
        let request = Request::raw::<A>(service.client(), &http::Method::DELETE, "/", None);
        self.stays(&request)?;
        let mut attempts = Attempts::new(request.subject());
        attempts.run(&mut Cancel { session: &self, request: &request }).await
    }

    /// Reads the session from the response to the request that opens it.
    pub(super) fn opened(request: &Request, response: &RawResponse, length: Option<u64>) -> Result<Self> {
        let id = request.id();
        let location = response.headers().get(LOCATION).and_then(|value| value.to_str().ok());
        let location = location.ok_or_else(|| {
            Error::protocol(format!("{id}: the server opened an upload session without a `Location`"))
        })?;
        let address = resolve(location, &request.url()?, request.client())?;
        Ok(Session { method: id.to_owned(), address, length })
    }

    /// Refuses a session of another method, host or source.
    pub(super) fn check(&self, request: &Request, length: Option<u64>) -> Result<()> {
        if self.method != request.id() {
            let (own, id) = (&self.method, request.id());
            return Err(Error::input(format!("{id}: the session to resume belongs to `{own}`")));
        }
        match (self.length, length) {
            (Some(then), Some(now)) if then != now => Err(Error::input(format!(
                "{}: the upload to resume has {then} bytes, but the source has {now}",
                request.id()
            ))),
            _ => self.stays(request),
        }
    }

    /// Checks that the session is at the call's own host, or at one that the client allows.
    fn stays(&self, request: &Request) -> Result<()> {
        let root = request.client().root(request.api())?;
        request.client().check_upload(&url(&self.address)?, &url(&root)?)
    }

    /// Sends a piece, or asks how much the server has, depending on the range.
    pub(super) async fn put(
        &self,
        request: &Request,
        attempt: &Attempt<'_>,
        piece: Piece<'_>,
    ) -> Result<PieceOutcome> {
        let mut http = self.http_request(request, attempt.auth(), http::Method::PUT, Some(piece))?;
        let taken = Taken::default();
        if let RequestBody::Bytes(bytes) = std::mem::take(&mut http.body) {
            http.body = counted(bytes, &taken);
        }
        let exchange = attempt.exchange(http);
        let response = until_silent(attempt, "a piece of the upload", &taken, exchange).await?;
        match response.status.as_u16() {
            308 => kept(&response).map(PieceOutcome::Kept),
            200..300 => Ok(PieceOutcome::Done(response)),
            _ => Err(Error::from_response(response)),
        }
    }

    fn http_request(
        &self,
        request: &Request,
        auth: &AuthHeaders,
        method: http::Method,
        piece: Option<Piece<'_>>,
    ) -> Result<HttpRequest> {
        let mut headers = request.client().common_headers(auth);
        // Headers of the caller, such as an encryption key for the media, belong in each request of the upload.
        for (name, value) in request.headers().iter().filter(|(name, _)| !OF_OPENING.contains(name)) {
            headers.insert(name, value.clone());
        }
        let mut body = Bytes::new();
        if let Some(piece) = piece {
            let value = |text: &str| {
                HeaderValue::from_str(text)
                    .map_err(|_| Error::protocol("a header of the upload is not valid"))
            };
            headers.insert(CONTENT_RANGE, value(&piece.range)?);
            if let Some(content_type) = piece.content_type {
                headers.insert(CONTENT_TYPE, value(content_type)?);
            }
            body = piece.bytes;
        }
        Ok(HttpRequest { method, url: self.address.clone(), headers, body: body.into() })
    }
}

/// Makes the server delete a session.
struct Cancel<'a> {
    session: &'a Session,
    request: &'a Request,
}

impl Exchange for Cancel<'_> {
    type Value = ();
    const KIND: AttemptKind = AttemptKind::MediaUpload;

    fn length(&self) -> Option<u64> {
        Some(0)
    }

    async fn attempt(&mut self, attempt: &mut Attempt<'_>) -> Result<Step<()>> {
        let http = self.session.http_request(self.request, attempt.auth(), http::Method::DELETE, None)?;
        Ok(match attempt.within("a piece of the upload", attempt.exchange(http)).await {
            // Cloud Storage responds with 499 if the client has cancelled a session.
            Ok(response)
                if response.status.is_success() || matches!(response.status.as_u16(), 404 | 410 | 499) =>
            {
                Step::Done(())
            }
            Ok(response) => Step::Failed(Error::from_response(response)),
            Err(error) => Step::Failed(error),
        })
    }
}

/// The number of bytes that the server has: `Range: bytes=0-41` means 42, and a missing header means 0.
fn kept(response: &RawResponse) -> Result<u64> {
    let Some(range) = response.headers().get(RANGE) else { return Ok(0) };
    let last = range.to_str().ok().map(|range| range.trim_start_matches("bytes=").trim());
    let last = last.and_then(|range| range.strip_prefix("0-")).and_then(|last| last.parse::<u64>().ok());
    last.and_then(|last| last.checked_add(1))
        .ok_or_else(|| Error::protocol(format!("the server sent an invalid `Range`: {range:?}")))
}

/// Resolves a URL from the server, absolute or relative to the request (RFC 3986, section 5.2).
fn resolve(location: &str, base: &str, client: &Client) -> Result<String> {
    let base = url(base)?;
    let address = base.join(location).map_err(|_| not_a_url())?;
    client.check_upload(&address, &base)?;
    Ok(address.into())
}

/// Parses an absolute URL. The parser drops tabs and line ends as browsers do, so a URL with these is refused.
fn url(text: &str) -> Result<Url> {
    if text.bytes().any(|byte| !byte.is_ascii_graphic()) {
        return Err(not_a_url());
    }
    Url::parse(text).map_err(|_| not_a_url())
}

fn not_a_url() -> Error {
    Error::protocol("the upload's `Location` is not a valid URL")
}

#[cfg(test)]
mod tests {
    use super::*;

    const BASE: &str = "https://www.googleapis.com/upload/drive/v3/files?uploadType=resumable";

    #[test]
    fn addresses_are_on_the_same_host() {
        let client = Client::builder().anonymous().build().unwrap();
        let resolve = |location: &str, base: &str| resolve(location, base, &client);
        for (location, address) in [
            ("https://www.googleapis.com/x?upload_id=1", "https://www.googleapis.com/x?upload_id=1"),
            ("https://WWW.googleapis.com:443/x", "https://www.googleapis.com/x"),
            ("//www.googleapis.com/x", "https://www.googleapis.com/x"),
            ("/x?u=://1", "https://www.googleapis.com/x?u=://1"),
            ("x", "https://www.googleapis.com/upload/drive/v3/x"),
            ("?upload_id=1", "https://www.googleapis.com/upload/drive/v3/files?upload_id=1"),
        ] {
            assert_eq!(resolve(location, BASE).unwrap(), address);
        }
        for location in [
            "http://www.googleapis.com/x",
            "https://www.googleapis.com.evil.test/x",
            "https://evil.test/x",
            "https://www.googleapis.com:8443/x",
            "https://www.googleapis.com@evil.test/x",
            "https://u:p@www.googleapis.com/x",
            "//evil.test/x",
            "ftp://www.googleapis.com/x",
            "https://",
            "data:text/plain,x",
        ] {
            let error = resolve(location, BASE).unwrap_err();
            assert!(!error.to_string().contains("u:p"), "{location}: {error}");
        }
    }

    #[test]
    fn a_session_is_a_secret() {
        let text = r#"{"method":"m","address":"https://h/s3cret","length":7}"#;
        let session = Session::load(text).unwrap();
        assert!(!format!("{session:?}").contains("s3cret"));
        assert_eq!(Session::load(&session.save()).unwrap(), session);
        for bad in ["", "s3cret", r#"{"address":"s3cret"}"#, "[]"] {
            let error = Session::load(bad).unwrap_err();
            assert!(!format!("{error:?}").contains("s3cret"), "{error:?}");
        }
    }

    #[test]
    fn ranges_are_read() {
        let response = |range: Option<&'static str>| {
            let mut headers = http::HeaderMap::new();
            range.map(|range| headers.insert(RANGE, HeaderValue::from_static(range)));
            RawResponse::new(http::StatusCode::PERMANENT_REDIRECT, headers, Bytes::new())
        };
        for (range, expected) in
            [(None, 0), (Some("bytes=0-0"), 1), (Some("bytes=0-41"), 42), (Some("0-41"), 42)]
        {
            assert_eq!(kept(&response(range)).unwrap(), expected);
        }
        for bad in ["", "bytes=1-2", "bytes=0-", "bytes=0-x", "bytes=0-18446744073709551615"] {
            assert!(kept(&response(Some(bad))).is_err(), "{bad}");
        }
    }
}
