//! What generated services and markers say about their APIs and methods: types and data, no code.

use crate::send::builder::FromClient;
use crate::send::client::Client;
use crate::value::Field;
use crate::wire::body::Response;
use crate::wire::spec::{ApiSpec, MethodSpec, Paging};

/// An API: implemented by its service type (`Drive`), so that users write `Batch<'_, Drive>`.
pub trait Api: Clone + Send + Sync + 'static {
    /// The API's facts.
    const SPEC: &'static ApiSpec;
    /// The service over a client.
    fn new(client: &Client) -> Self;
    /// The client that the service sends with.
    fn client(&self) -> &Client;
}

impl<A: Api> FromClient for A {
    fn from_client(client: Client) -> Self {
        A::new(&client)
    }

    fn api() -> Option<&'static ApiSpec> {
        Some(A::SPEC)
    }
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

/// What a page is made of: the items of a list, or the entries of a map as `(key, item)`.
pub trait PageItem: Sized + Send + 'static {
    /// Takes the items out of a member of the response.
    #[doc(hidden)]
    fn take(member: &mut dyn Field) -> Vec<Self>;
}

/// A method whose pages have items: one member of the response, where it is plain which.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not answer in pages of items",
    note = "where the response has several lists, go by `.pages()`"
)]
pub trait PagedItems: Paged {
    /// One item of a page; of a map, a key and an item.
    type Item: PageItem;
}

/// A method that takes a media upload.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that takes a media upload")]
pub trait AcceptsMedia: Method {}

/// A method that serves media.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that serves media")]
pub trait ServesMedia: Method {}
