//! What generated markers say about their methods, and how bodies and responses are encoded and decoded.

use std::borrow::Cow;

use crate::wire::error::Result;
use crate::wire::spec::{ApiSpec, MethodSpec, Paging};
use crate::{Client, RawResponse};

/// An API: implemented by its service type (`Drive`), so that users write `Batch<'_, Drive>`.
pub trait Api: Clone + Send + Sync + 'static {
    /// The API's facts.
    const SPEC: &'static ApiSpec;
    /// The service over a client.
    fn new(client: &Client) -> Self;
    /// The client that the service sends with.
    fn client(&self) -> &Client;
}

/// A method of an API: implemented by an empty enum (`files::Get`); types and data, no code.
pub trait Method: Send + Sync + 'static {
    /// The API that the method belongs to.
    type Api: Api;
    /// What it answers.
    type Output: Response;
    /// The method's facts.
    const SPEC: &'static MethodSpec;
}

/// A method whose responses come in pages.
#[diagnostic::on_unimplemented(message = "`{Self}` does not answer in pages")]
pub trait Paged: Method<Output: crate::value::Object> {
    /// Where tokens and items are.
    const PAGING: &'static Paging;
}

/// A method whose pages have items: one member of the response, where it is plain which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer in pages of items",
    note = "where the response has several lists, go by `.pages()`"
)]
pub trait PagedItems: Paged {
    /// One item of a page; of a map, a key and an item.
    type Item: crate::PageItem;
}

/// A method that takes a media upload.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that takes a media upload")]
pub trait AcceptsMedia: Method {}

/// A method that serves media.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that serves media")]
pub trait ServesMedia: Method {}

/// A request body. Implemented for every schema, for lists, maps and JSON values, and for [`HttpBody`](crate::HttpBody).
pub trait Body: Send + Sync {
    /// The value of the `Content-Type` header and the bytes.
    ///
    /// # Errors
    /// If the value has no JSON form.
    fn encode(&self, api: &ApiSpec) -> Result<(Cow<'static, str>, bytes::Bytes)>;
}

/// What a method answers. Implemented for every schema, for lists, maps and JSON values, for `()` and for
/// [`HttpBody`](crate::HttpBody).
pub trait Response: Sized + Send + 'static {
    /// Decodes a successful response.
    ///
    /// # Errors
    /// If the body is not what the document says; the message names the JSON path and shows a snippet.
    fn decode(api: &ApiSpec, method: &MethodSpec, response: &RawResponse) -> Result<Self>;
    /// The value of the `Content-Type` header and the body that decode to this value: what a server sends.
    ///
    /// # Errors
    /// If the value has no JSON form.
    fn encode(&self, api: &ApiSpec) -> Result<(Cow<'static, str>, bytes::Bytes)>;
}
