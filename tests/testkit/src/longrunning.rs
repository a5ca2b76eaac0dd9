//! Two small APIs in the form of generated crates, one for each form of operation, and a scripted peer.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};

use gapis_runtime::transport::{HttpRequest, HttpResponse, Transport};
use gapis_runtime::{BoxFuture, Json, Result};
use http::{HeaderMap, StatusCode};
use serde_json::json;
use tokio::time::Instant;

pub use crate::secs;

/// Operations as in google.longrunning.
pub mod farm {
    use std::collections::BTreeMap;

    use gapis_runtime::private::derive::Object;
    use gapis_runtime::{Client, Extra, Json};

    #[derive(Clone, Debug)]
    pub struct Farm(Client);
    gapis_runtime::api! { Farm { name: "farm", version: "v1", root_url: "https://farm.test/" } }

    #[derive(Object)]
    pub struct Operation {
        pub done: Option<bool>,
        pub error: Option<Json>,
        pub metadata: Option<BTreeMap<String, Json>>,
        pub name: Option<String>,
        pub response: Option<BTreeMap<String, Json>>,
        pub extra: Extra,
    }
    gapis_runtime::operation! { Operation: Farm, done; "farm.operations.get" "v1/{+name}" }

    #[derive(Object)]
    pub struct Barn {
        pub doors: Option<i32>,
        pub extra: Extra,
    }

    pub enum Build {}
    gapis_runtime::method! { Build: Farm => Operation; "farm.barns.build" POST "v1/{+parent}/barns" }
    pub enum GetOperation {}
    gapis_runtime::method! { GetOperation: Farm => Operation; "farm.operations.get" GET "v1/{+name}" }

    impl Farm {
        pub fn build(&self, barn: Barn) -> Call<Build> {
            Call::new(&self.0, &[&"farms/f"], Some(&barn))
        }
        pub fn operation(&self, name: &str) -> Call<GetOperation> {
            Call::new(&self.0, &[&name], None)
        }
    }
}

/// Operations as in Compute Engine.
pub mod yard {
    use gapis_runtime::private::derive::Object;
    use gapis_runtime::{Client, Extra, Json};

    #[derive(Clone, Debug)]
    pub struct Yard(Client);
    gapis_runtime::api! { Yard { name: "yard", version: "v1", root_url: "https://yard.test/", service_path: "yard/v1/" } }

    #[derive(Object)]
    pub struct Operation {
        pub error: Option<Json>,
        pub http_error_status_code: Option<i32>,
        pub name: Option<String>,
        pub progress: Option<i32>,
        pub self_link: Option<String>,
        pub status: Option<String>,
        pub zone: Option<String>,
        pub extra: Extra,
    }
    gapis_runtime::operation! { Operation: Yard, status;
        "yard.zoneOperations.get" "projects/{project}/zones/{zone}/operations/{operation}" in "2026-11-01";
        "yard.globalOperations.get" "projects/{project}/global/operations/{operation}" in "2026-11-01"
    }

    pub enum Insert {}
    gapis_runtime::method! { Insert: Yard => Operation; "yard.machines.insert" POST "projects/{project}/zones/{zone}/machines" }

    impl Yard {
        pub fn insert(&self, project: &str, zone: &str) -> Call<Insert> {
            Call::new(&self.0, &[&project, &zone], None)
        }
    }
}

/// An HTTP request as sent.
#[derive(Clone, Debug)]
pub struct Sent {
    pub at: Instant,
    /// `GET https://farm.test/v1/operations/o?alt=json`
    pub line: String,
    pub headers: HeaderMap,
}

/// A transport without a network. It returns the responses in order, and repeats the last one.
#[derive(Clone, Default)]
pub struct Peer {
    answers: Arc<Mutex<VecDeque<(u16, Json)>>>,
    sent: Arc<Mutex<Vec<Sent>>>,
}

impl Peer {
    pub fn new(answers: impl IntoIterator<Item = (u16, Json)>) -> Self {
        Peer { answers: Arc::new(Mutex::new(answers.into_iter().collect())), sent: Arc::default() }
    }

    pub fn farm(&self) -> farm::Farm {
        farm::Farm::builder().anonymous().transport(self.clone()).build().unwrap()
    }

    pub fn yard(&self) -> yard::Yard {
        yard::Yard::builder().anonymous().transport(self.clone()).build().unwrap()
    }

    pub fn sent(&self) -> Vec<Sent> {
        self.sent.lock().unwrap().clone()
    }

    /// All requests except the first, without `?alt=json`.
    pub fn polls(&self) -> Vec<String> {
        let sent = self.sent();
        sent.iter().skip(1).map(|sent| sent.line.trim_end_matches("?alt=json").to_owned()).collect()
    }
}

impl Transport for Peer {
    fn send(&self, request: HttpRequest) -> BoxFuture<'static, Result<HttpResponse>> {
        self.sent.lock().unwrap().push(Sent {
            at: Instant::now(),
            line: format!("{} {}", request.method, request.url),
            headers: request.headers.clone(),
        });
        let mut answers = self.answers.lock().unwrap();
        let answer = if answers.len() > 1 { answers.pop_front() } else { answers.front().cloned() };
        let (status, body) = answer.expect("an answer");
        let body = futures_util::stream::once(async move { Ok(body.to_string().into()) });
        let (status, headers) = (StatusCode::from_u16(status).unwrap(), HeaderMap::new());
        Box::pin(async move { Ok(HttpResponse { status, headers, body: Box::pin(body) }) })
    }
}

pub const NAME: &str = "farms/f/operations/o";

/// An operation that is not done, with its progress.
pub fn going(percent: i32) -> (u16, Json) {
    (200, json!({ "name": NAME, "metadata": { "percent": percent } }))
}

/// An operation that is done, with its result.
pub fn done(response: Json) -> (u16, Json) {
    (200, json!({ "name": NAME, "done": true, "response": response }))
}

/// An operation that is done and has failed.
pub fn failed(error: Json) -> (u16, Json) {
    (200, json!({ "name": NAME, "done": true, "error": error }))
}

pub fn unavailable() -> (u16, Json) {
    (503, json!({ "error": { "code": 503, "message": "later" } }))
}
