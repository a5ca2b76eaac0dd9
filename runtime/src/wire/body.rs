//! How bodies are encoded and responses decoded.

use std::borrow::Cow;

use bytes::Bytes;
use http::header::CONTENT_TYPE;

use crate::value::{self, Field, View};
use crate::wire::spec::{ApiSpec, MethodSpec};
use crate::{Error, RawResponse, Result};

/// Exactly this value, because some servers do not recognize it with a charset.
const JSON: &str = "application/json";

/// A body with fewer bytes than this is copied out of the buffer in which it was encoded.
const SHORT: usize = 1024;

/// An encoded body and its media type.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Encoded {
    /// The value of the `Content-Type` header, empty if there is no body.
    pub content_type: Cow<'static, str>,
    /// The bytes.
    pub bytes: Bytes,
}

impl Encoded {
    /// A body of the given media type.
    pub fn new(content_type: impl Into<Cow<'static, str>>, bytes: impl Into<Bytes>) -> Self {
        Encoded { content_type: content_type.into(), bytes: bytes.into() }
    }

    /// A JSON body.
    pub fn json(bytes: Bytes) -> Self {
        Encoded::new(JSON, bytes)
    }
}

/// A request body.
///
/// Implemented for every schema, for lists, maps and JSON values, and for [`HttpBody`](crate::HttpBody).
pub trait Body: Send + Sync {
    /// Encodes the body.
    ///
    /// # Errors
    /// If the value cannot be represented in JSON.
    fn encode(&self, api: &ApiSpec) -> Result<Encoded>;
}

/// The response of a method.
///
/// Implemented for every schema, for lists, maps and JSON values, for `()` and for [`HttpBody`](crate::HttpBody).
pub trait Response: Sized + Send + 'static {
    /// Decodes a successful response.
    ///
    /// # Errors
    /// If the body does not match the document. The message names the JSON path and shows a snippet of the body.
    fn decode(api: &ApiSpec, method: &MethodSpec, response: &RawResponse) -> Result<Self>;
    /// Encodes the value as the body that a server sends for it.
    ///
    /// # Errors
    /// If the value cannot be represented in JSON.
    fn encode(&self, api: &ApiSpec) -> Result<Encoded>;
}

/// A body of any media type, for methods whose request or response is `google.api.HttpBody`.
///
/// ```
/// use gapis_runtime::HttpBody;
///
/// let body = HttpBody::new("text/csv", "a,b\n1,2\n");
/// assert_eq!(body.data.len(), 8);
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct HttpBody {
    /// The value of the `Content-Type` header.
    pub content_type: String,
    /// The bytes.
    pub data: Bytes,
}

impl HttpBody {
    /// A body of the given media type.
    #[must_use]
    pub fn new(content_type: impl Into<String>, data: impl Into<Bytes>) -> Self {
        HttpBody { content_type: content_type.into(), data: data.into() }
    }
}

impl Body for HttpBody {
    fn encode(&self, _: &ApiSpec) -> Result<Encoded> {
        Ok(Encoded::new(self.content_type.clone(), self.data.clone()))
    }
}

impl Response for HttpBody {
    fn decode(_: &ApiSpec, _: &MethodSpec, response: &RawResponse) -> Result<Self> {
        let content_type =
            response.headers().get(CONTENT_TYPE).map(|value| String::from_utf8_lossy(value.as_bytes()));
        Ok(HttpBody::new(content_type.unwrap_or_default(), response.body.clone()))
    }
    fn encode(&self, api: &ApiSpec) -> Result<Encoded> {
        Body::encode(self, api)
    }
}

impl<T: Field> Body for T {
    fn encode(&self, api: &ApiSpec) -> Result<Encoded> {
        to_json(api, self)
    }
}

impl<T: Field> Response for T {
    fn decode(api: &ApiSpec, _: &MethodSpec, response: &RawResponse) -> Result<Self> {
        let mut value = T::empty();
        from_json(api, &response.body, &mut value)?;
        Ok(value)
    }
    fn encode(&self, api: &ApiSpec) -> Result<Encoded> {
        to_json(api, self)
    }
}

/// Accepts and discards any response.
impl Response for () {
    fn decode(_: &ApiSpec, _: &MethodSpec, _: &RawResponse) -> Result<Self> {
        Ok(())
    }
    fn encode(&self, _: &ApiSpec) -> Result<Encoded> {
        Ok(Encoded::new("", Bytes::new()))
    }
}

fn to_json(api: &ApiSpec, value: &dyn Field) -> Result<Encoded> {
    let mut out = Vec::with_capacity(256);
    if api.data_wrapper {
        out.extend_from_slice(b"{\"data\":");
    }
    value::to_writer(&mut out, value)
        .map_err(|error| Error::input(format!("the body cannot be represented in JSON: {error}")))?;
    if api.data_wrapper {
        out.push(b'}');
    }
    // Many calls may wait for a long time, so the buffer's spare capacity is released. Copying a short body costs less
    // than shrinking its buffer.
    let bytes = if out.len() < SHORT { Bytes::copy_from_slice(&out) } else { out.into_boxed_slice().into() };
    Ok(Encoded::json(bytes))
}

fn from_json(api: &ApiSpec, body: &[u8], into: &mut dyn Field) -> Result<()> {
    let text = body.trim_ascii();
    if text.is_empty() || text == b"null" {
        return match into.view() {
            View::Object(_) | View::Map(_) | View::List(_) | View::Json(_) | View::Absent => Ok(()),
            _ => Err(Error::decode("$", "expected a value, found an empty body", body)),
        };
    }
    let read = if api.data_wrapper { value::from_enveloped_slice } else { value::from_slice };
    read(body, into).map_err(|error| Error::decode(error.path(), error.message(), body))
}

#[cfg(test)]
mod tests {
    use http::{HeaderMap, HeaderValue, StatusCode};

    use super::*;
    use crate::value::{Base64, Extra};

    #[derive(crate::private::derive::Object)]
    struct Thing {
        name: Option<String>,
        extra: Extra,
    }

    const PLAIN: ApiSpec = ApiSpec::DEFAULT;
    const WRAPPED: ApiSpec = ApiSpec { data_wrapper: true, ..ApiSpec::DEFAULT };

    fn decode<T: Response>(api: &ApiSpec, body: &'static str) -> Result<T> {
        let mut headers = HeaderMap::new();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/csv"));
        let response = RawResponse::new(StatusCode::OK, headers, Bytes::from_static(body.as_bytes()));
        T::decode(api, &MethodSpec::DEFAULT, &response)
    }

    #[test]
    fn wraps_and_unwraps() {
        let thing = Thing { name: Some("a".into()), extra: Extra::NEW };
        let plain = Body::encode(&thing, &PLAIN).unwrap();
        assert_eq!(plain, Encoded::new("application/json", &b"{\"name\":\"a\"}"[..]));
        let wrapped = Response::encode(&thing, &WRAPPED).unwrap();
        assert_eq!(&wrapped.bytes[..], b"{\"data\":{\"name\":\"a\"}}");
        assert_eq!(decode::<Thing>(&WRAPPED, r#"{"x":[1],"data":{"name":"a"}}"#).unwrap(), thing);
        assert_eq!(decode::<Thing>(&PLAIN, r#"{"name":"a"}"#).unwrap(), thing);
        let odd = decode::<Thing>(&WRAPPED, r#"{"data":{"name":[1]}}"#).unwrap();
        assert!(odd.name.is_none() && odd.extra.get("name") == Some(&serde_json::json!([1])));
        let error = decode::<Thing>(&WRAPPED, r#"{"data":[1]}"#).unwrap_err();
        assert!(error.to_string().contains("`data`"), "{error}");
    }

    #[test]
    fn an_empty_body_is_an_empty_value() {
        for body in ["", " ", "null", "{}"] {
            assert_eq!(decode::<Thing>(&PLAIN, body).unwrap(), Thing::default());
        }
        assert_eq!(decode::<Vec<String>>(&PLAIN, "").unwrap(), [""; 0]);
        assert!(decode::<String>(&PLAIN, "").is_err());
        assert!(decode::<Base64>(&PLAIN, "null").is_err());
        assert!(decode::<i64>(&PLAIN, "\"12\"").is_ok_and(|value| value == 12));
        assert!(decode::<()>(&PLAIN, "<html>").is_ok());
    }

    #[test]
    fn any_media_type_passes() {
        let body: HttpBody = decode(&PLAIN, "a,b").unwrap();
        assert_eq!(body, HttpBody::new("text/csv", "a,b"));
    }
}
