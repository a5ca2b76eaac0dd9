//! The scopes that are requested from credentials.

use std::sync::{Arc, Mutex};

use gapis_mock::{Fault, Handlers, MockError, MockResponse};
use gapis_runtime::{AuthHeaders, BoxFuture, Client, Credentials, Result};
use gapis_testkit::small::Barn;
use gapis_testkit::small::mill::Mill;

/// Records the requested scopes, and whether a token was rejected before.
#[derive(Clone, Default)]
struct Asked(Arc<Mutex<Vec<String>>>);

impl Credentials for Asked {
    fn headers<'a>(
        &'a self,
        scopes: &'a [&'a str],
        rejected: Option<&'a AuthHeaders>,
    ) -> BoxFuture<'a, Result<AuthHeaders>> {
        let mut asked = self.0.lock().unwrap();
        asked.push(format!("{} {}", scopes.join("+"), if rejected.is_some() { "again" } else { "" }));
        let token = format!("token{}", asked.len());
        Box::pin(async move { AuthHeaders::bearer(&token) })
    }
}

fn handlers() -> Handlers {
    let handlers = Handlers::new();
    handlers.route("GET", "/{+any}", |_| MockResponse::json(200, &serde_json::json!({})));
    handlers
}

#[tokio::test]
async fn the_api_s_own_unless_the_builder_was_given_some() {
    let (handlers, asked) = (handlers(), Asked::default());
    let builder = || Client::builder().credentials(asked.clone()).transport(handlers.clone());
    let client = builder().build().unwrap();
    // One client serves two APIs, each with its own scopes. A rejected token is renewed for the same scopes.
    Barn::new(&client).call(http::Method::GET, "x", None).await.unwrap();
    Mill::new(&client).call(http::Method::GET, "x", None).await.unwrap();
    handlers.fault(Fault::respond(MockError::unauthenticated()));
    Mill::new(&client).call(http::Method::GET, "x", None).await.unwrap();
    let narrow = builder().scopes(&["https://barn.test/auth/read"]).build().unwrap();
    Barn::new(&narrow).call(http::Method::GET, "x", None).await.unwrap();
    let both = "https://barn.test/auth/read+https://barn.test/auth/write ";
    let mill = "https://mill.test/auth ";
    let again = format!("{mill}again");
    assert_eq!(*asked.0.lock().unwrap(), [both, mill, mill, &again, "https://barn.test/auth/read "]);
    let sent: Vec<_> =
        handlers.requests().iter().map(|request| request.headers["authorization"].clone()).collect();
    assert_eq!(sent, ["Bearer token1", "Bearer token2", "Bearer token3", "Bearer token4", "Bearer token5"]);
}

/// A batch is one HTTP request, so credentials are asked once.
#[tokio::test]
async fn a_batch_asks_once() {
    let (handlers, asked) = (handlers(), Asked::default());
    handlers.batch_path("batch/barn/v1");
    let barn: Barn = Barn::builder().credentials(asked.clone()).transport(handlers).build().unwrap();
    let mut batch = barn.batch();
    batch
        .queue_all((0..5).map(|_| barn.call(http::Method::GET, "x", None)), |reply| {
            assert!(reply.result.is_ok())
        })
        .unwrap();
    assert_eq!(batch.execute().await.requests(), 1);
    assert_eq!(asked.0.lock().unwrap().len(), 1);
}
