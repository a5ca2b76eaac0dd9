//! What generated services and methods declare about their APIs: types and data, no code.

use crate::send::builder::FromClient;
use crate::send::client::Client;
use crate::value::Field;
use crate::wire::body::Response;
use crate::wire::spec::{ApiSpec, MethodSpec, Paging};

/// An API. Implemented by its service type (`Drive`), so that users write `Batch<'_, Drive>`.
pub trait Api: Clone + Send + Sync + 'static {
    /// The description of the API.
    const SPEC: &'static ApiSpec;
    /// Returns the service with a client.
    fn new(client: &Client) -> Self;
    /// The client of the service.
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

/// A method of an API. Implemented by an empty enum (`files::Get`) with types and data only.
pub trait Method: Send + Sync + 'static {
    /// The API that the method belongs to.
    type Api: Api;
    /// The type of the response.
    type Output: Response;
    /// The description of the method.
    const SPEC: &'static MethodSpec;
}

/// A method whose responses come in pages.
#[diagnostic::on_unimplemented(message = "`{Self}` does not return pages")]
pub trait Paged: Method<Output: crate::value::Object> {
    /// The names of the members for page tokens and items.
    const PAGING: &'static Paging;
}

/// The items of a page: the items of a list, or the entries of a map as `(key, item)`.
pub trait PageItem: Sized + Send + 'static {
    /// Takes the items from a member of the response.
    #[doc(hidden)]
    fn take(member: &mut dyn Field) -> Vec<Self>;
}

/// A method whose pages have items, in exactly one member of the response.
#[diagnostic::on_unimplemented(
    message = "`{Self}` does not return pages with one list of items",
    note = "if the response has several lists, use `.pages()`"
)]
pub trait PagedItems: Paged {
    /// An item of a page. For a map, a key and an item.
    type Item: PageItem;
}

/// A method that accepts a media upload.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that accepts a media upload")]
pub trait AcceptsMedia: Method {}

/// A method that serves media.
#[diagnostic::on_unimplemented(message = "`{Self}` is not a method that serves media")]
pub trait ServesMedia: Method {}
