//! A call as handlers see it: sent alone or taken from a batch, with what it inherits from the outer request.

use std::str::FromStr;
use std::sync::Arc;

use bytes::Bytes;
use gapis_runtime::private::spec::{ApiSpec, MethodSpec};
use gapis_runtime::{RawResponse, Response};
use http::{HeaderMap, HeaderName, HeaderValue};

use crate::reply::{MockError, MockResult};

/// The outer request of a batch, from which its calls inherit headers and query parameters.
#[derive(Debug)]
pub(crate) struct Outer {
    pub(crate) headers: HeaderMap,
    pub(crate) query: String,
}

/// A call: the argument of handlers, and an item of [`Handlers::calls`](crate::Handlers::calls).
///
/// A call of a batch looks like one that was sent alone: it has the headers (except `Content-*`) and the query
/// parameters of the outer request, unless it sets the same ones itself.
///
/// ```
/// use gapis_mock::{Handlers, MockResponse};
///
/// let handlers = Handlers::new();
/// handlers.route("GET", "/farm/v2/animals/{id}", |call| {
///     let answer = || Ok(serde_json::json!({"id": call.var("id")?, "view": call.query("view")}));
///     MockResponse::from(answer().map(|json| MockResponse::json(200, &json)))
/// });
/// let request = http::Request::get("/farm/v2/animals/a%2Fb?view=FULL").body(bytes::Bytes::new()).unwrap();
/// assert_eq!(handlers.handle(request).body(), r#"{"id":"a/b","view":"FULL"}"#);
/// ```
#[derive(Debug, Clone)]
pub struct MockCall {
    pub(crate) request: usize,
    pub(crate) index: Option<usize>,
    pub(crate) content_id: Option<String>,
    pub(crate) verb: String,
    pub(crate) path: String,
    pub(crate) query: String,
    pub(crate) headers: HeaderMap,
    pub(crate) outer: Option<Arc<Outer>>,
    pub(crate) body: Bytes,
    pub(crate) api: &'static ApiSpec,
    pub(crate) method: Option<&'static MethodSpec>,
    pub(crate) template: String,
    pub(crate) vars: Vec<(Arc<str>, String)>,
    pub(crate) status: Option<u16>,
}

impl MockCall {
    /// A call that is not matched with a handler yet. `target` is the path and query.
    pub(crate) fn new(request: usize, verb: &str, target: &str, headers: HeaderMap, body: Bytes) -> Self {
        let (path, query) = target.split_once('?').unwrap_or((target, ""));
        MockCall {
            request,
            index: None,
            content_id: None,
            verb: verb.to_owned(),
            path: path.to_owned(),
            query: query.to_owned(),
            headers,
            outer: None,
            body,
            api: &ApiSpec::DEFAULT,
            method: None,
            template: String::new(),
            vars: Vec::new(),
            status: None,
        }
    }

    /// A GET with a long URL is sent as a POST with `X-HTTP-Method-Override: GET` and the query as a form. This
    /// changes it back into the GET.
    pub(crate) fn undo_override(&mut self) {
        let is = |name: &str, value: &str| {
            self.headers
                .get(name)
                .is_some_and(|found| found.as_bytes().eq_ignore_ascii_case(value.as_bytes()))
        };
        let read = self.verb == "POST" && is("x-http-method-override", "GET");
        if !read || !is("content-type", "application/x-www-form-urlencoded") {
            return;
        }
        let form = String::from_utf8_lossy(&std::mem::take(&mut self.body)).into_owned();
        let both = !self.query.is_empty() && !form.is_empty();
        self.query = format!("{}{}{form}", self.query, if both { "&" } else { "" });
        "GET".clone_into(&mut self.verb);
    }

    /// The number of the HTTP request that contained the call, from 0.
    #[must_use]
    pub fn request(&self) -> usize {
        self.request
    }

    /// The position of the call in its batch, from 0; `None` for a call that was sent alone.
    #[must_use]
    pub fn index(&self) -> Option<usize> {
        self.index
    }

    /// The part's `Content-ID` as sent.
    #[must_use]
    pub fn content_id(&self) -> Option<&str> {
        self.content_id.as_deref()
    }

    /// The HTTP method.
    #[must_use]
    pub fn verb(&self) -> &str {
        &self.verb
    }

    /// The path as sent, percent-encoded.
    #[must_use]
    pub fn path(&self) -> &str {
        &self.path
    }

    /// The query as sent, without `?`. For a call in a batch, only its own.
    #[must_use]
    pub fn raw_query(&self) -> &str {
        &self.query
    }

    /// The body.
    #[must_use]
    pub fn raw_body(&self) -> &Bytes {
        &self.body
    }

    /// The id of the method whose typed handler receives the call.
    #[must_use]
    pub fn method_id(&self) -> Option<&'static str> {
        self.method.map(|method| method.id)
    }

    /// The status of the response; `None` while a handler runs.
    #[must_use]
    pub fn status(&self) -> Option<u16> {
        self.status
    }

    /// The decoded value of a path variable, by its wire name.
    ///
    /// # Errors
    /// If the path template has no such variable: a 500 with a message.
    pub fn var(&self, name: &str) -> MockResult<&str> {
        let found = self.vars.iter().find(|(known, _)| &**known == name);
        found.map(|(_, value)| value.as_str()).ok_or_else(|| {
            let message = format!(
                "the mock handler requested the path variable `{name}`, which `{}` does not have",
                self.template
            );
            MockError::new(500, "backendError", message)
        })
    }

    /// The parsed value of a path variable.
    ///
    /// # Errors
    /// If there is no such variable, or a 400 if it cannot be parsed.
    pub fn var_as<T: FromStr>(&self, name: &str) -> MockResult<T> {
        let text = self.var(name)?;
        text.parse().map_err(|_| MockError::invalid(format!("Invalid value for `{name}`: {text}")))
    }

    /// The decoded value of a query parameter; the first value, if it is repeated.
    #[must_use]
    pub fn query(&self, name: &str) -> Option<String> {
        self.query_all(name).into_iter().next()
    }

    /// All decoded values of a query parameter.
    #[must_use]
    pub fn query_all(&self, name: &str) -> Vec<String> {
        let values = values_of(&self.query, name);
        match &self.outer {
            Some(outer) if values.is_empty() => values_of(&outer.query, name),
            _ => values,
        }
    }

    /// The parsed value of a query parameter.
    ///
    /// # Errors
    /// A 400 if it cannot be parsed.
    pub fn query_as<T: FromStr>(&self, name: &str) -> MockResult<Option<T>> {
        let parse = |text: String| {
            text.parse().map_err(|_| MockError::invalid(format!("Invalid value for `{name}`: {text}")))
        };
        self.query(name).map(parse).transpose()
    }

    /// All query parameters, decoded. The inherited ones are last.
    #[must_use]
    pub fn query_pairs(&self) -> Vec<(String, String)> {
        let mut pairs: Vec<_> = pairs(&self.query).collect();
        if let Some(outer) = &self.outer {
            let inherited = self::pairs(&outer.query).filter(|(name, _)| !has(&self.query, name));
            pairs.extend(inherited);
        }
        pairs
    }

    /// The value of a header as text; the first value, if it is repeated.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.header_value(name)?.to_str().ok()
    }

    fn header_value(&self, name: &str) -> Option<&HeaderValue> {
        let inherited = |outer: &'_ Arc<Outer>| !is_content(name) && outer.headers.contains_key(name);
        match (self.headers.get(name), &self.outer) {
            (None, Some(outer)) if inherited(outer) => outer.headers.get(name),
            (own, _) => own,
        }
    }

    /// All headers, including the inherited ones.
    #[must_use]
    pub fn headers(&self) -> HeaderMap {
        let mut headers = self.headers.clone();
        if let Some(outer) = &self.outer {
            let inherit =
                |name: &&HeaderName| !is_content(name.as_str()) && !self.headers.contains_key(*name);
            for name in outer.headers.keys().filter(inherit) {
                for value in outer.headers.get_all(name) {
                    headers.append(name.clone(), value.clone());
                }
            }
        }
        headers
    }

    /// The headers of the call itself. For a call in a batch, without the inherited ones.
    #[must_use]
    pub fn own_headers(&self) -> &HeaderMap {
        &self.headers
    }

    /// Decodes the body as a schema, a list, a map or JSON.
    ///
    /// # Errors
    /// A 400 if there is no body or it cannot be decoded. The message names the JSON path.
    pub fn body<T: Response>(&self) -> MockResult<T> {
        if self.body.is_empty() {
            return Err(MockError::new(400, "required", "Required body is missing"));
        }
        let known = self.method.unwrap_or(&MethodSpec::DEFAULT);
        let method = MethodSpec { id: known.id, verb: known.verb, path: known.path, ..MethodSpec::DEFAULT };
        let sent = RawResponse::new(http::StatusCode::OK, self.headers.clone(), self.body.clone());
        T::decode(self.api, &method, &sent)
            .map_err(|error| MockError::new(400, "parseError", error.to_string()))
    }
}

fn is_content(name: &str) -> bool {
    name.get(..8).is_some_and(|start| start.eq_ignore_ascii_case("content-"))
}

/// The decoded pairs of a query: `+` is a space, as in forms.
fn pairs(query: &str) -> impl Iterator<Item = (String, String)> {
    query.split('&').filter(|pair| !pair.is_empty()).map(|pair| {
        let (name, value) = pair.split_once('=').unwrap_or((pair, ""));
        (decode(name), decode(value))
    })
}

fn has(query: &str, name: &str) -> bool {
    pairs(query).any(|(known, _)| known == name)
}

fn values_of(query: &str, name: &str) -> Vec<String> {
    pairs(query).filter(|(known, _)| known == name).map(|(_, value)| value).collect()
}

fn decode(text: &str) -> String {
    let spaced = text.replace('+', " ");
    percent_encoding::percent_decode_str(&spaced).decode_utf8_lossy().into_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn inner() -> MockCall {
        let mut outer = HeaderMap::new();
        outer.insert("authorization", HeaderValue::from_static("Bearer outer"));
        outer.insert("content-type", HeaderValue::from_static("multipart/mixed"));
        outer.insert("x-outer", HeaderValue::from_static("1"));
        let mut own = HeaderMap::new();
        own.insert("authorization", HeaderValue::from_static("Bearer own"));
        let mut call = MockCall::new(0, "GET", "/a?x=1&x=2&y=a+b%2B", own, Bytes::new());
        call.outer = Some(Arc::new(Outer { headers: outer, query: "x=9&key=K".to_owned() }));
        call
    }

    #[test]
    fn outer_headers_are_inherited_except_content() {
        let call = inner();
        assert_eq!(call.header("Authorization"), Some("Bearer own"));
        assert_eq!(call.header("X-Outer"), Some("1"));
        assert_eq!(call.header("Content-Type"), None);
        assert_eq!(call.headers().len(), 2);
        assert_eq!(call.own_headers().len(), 1);
    }

    #[test]
    fn outer_query_is_inherited_where_the_call_has_none_of_that_name() {
        let call = inner();
        assert_eq!(call.query_all("x"), ["1", "2"]);
        assert_eq!(call.query("key").as_deref(), Some("K"));
        assert_eq!(call.query("y").as_deref(), Some("a b+"));
        assert_eq!(call.query_pairs().len(), 4);
        assert_eq!(call.query_as::<u8>("x").ok().flatten(), Some(1));
        assert!(call.query_as::<u8>("y").is_err());
    }
}
