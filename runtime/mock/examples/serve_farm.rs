//! The farm of `discovery/farm.v2.json` on the mock server, for clients in other languages.
//!
//! `cargo run -p gapis-mock --example serve_farm` prints the endpoint and serves until its standard
//! input ends. The handlers know nothing of batches: the server takes them apart.

use std::collections::BTreeMap;
use std::io::{Read, Write};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use gapis_mock::{Fault, MockCall, MockError, MockResponse, MockResult, MockServer};
use gapis_runtime::Json;
use serde_json::json;

/// What one collection of the farm holds, by id.
#[derive(Clone, Default)]
struct Collection(Arc<Mutex<BTreeMap<u64, Json>>>);

impl Collection {
    fn lock(&self) -> MutexGuard<'_, BTreeMap<u64, Json>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn insert(&self, call: &MockCall) -> MockResult<MockResponse> {
        let mut item = body(call)?;
        if item.get("name").is_none() {
            return Err(MockError::new(400, "required", "Required field: name"));
        }
        let mut items = self.lock();
        let id = items.last_key_value().map_or(1, |(last, _)| last + 1);
        item["id"] = id.to_string().into();
        items.insert(id, item.clone());
        Ok(MockResponse::json(200, &item))
    }

    fn get(&self, call: &MockCall, id: &str) -> MockResult<MockResponse> {
        let id = call.var_as(id)?;
        let item = self.lock().get(&id).cloned().ok_or_else(|| MockError::not_found(id))?;
        Ok(MockResponse::json(200, &item))
    }

    fn patch(&self, call: &MockCall, id: &str) -> MockResult<MockResponse> {
        let id = call.var_as(id)?;
        let change = body(call)?;
        let mut items = self.lock();
        let item = items.get_mut(&id).ok_or_else(|| MockError::not_found(id))?;
        if let (Some(item), Some(change)) = (item.as_object_mut(), change.as_object()) {
            item.extend(change.clone());
        }
        Ok(MockResponse::json(200, item))
    }

    fn delete(&self, call: &MockCall, id: &str) -> MockResult<MockResponse> {
        let id = call.var_as(id)?;
        self.lock().remove(&id).ok_or_else(|| MockError::not_found(id))?;
        Ok(MockResponse::new(204))
    }

    fn list(&self, call: &MockCall, name: &str) -> MockResult<MockResponse> {
        let most = call.query_as("maxResults")?.unwrap_or(usize::MAX);
        let start: u64 = call.query_as("pageToken")?.unwrap_or(0);
        let items = self.lock();
        let page: Vec<_> = items.range(start..).take(most).map(|(_, item)| item.clone()).collect();
        let next = items.range(start..).nth(page.len()).map(|(id, _)| id.to_string());
        Ok(MockResponse::json(200, &json!({name: page, "nextPageToken": next, "totalSize": items.len()})))
    }

    /// Registers the collection's methods under that path.
    fn serve(&self, mock: &MockServer, name: &'static str, id: &'static str) {
        let all = format!("/farm/v2/{name}");
        let one = format!("{all}/{{{id}}}");
        let add =
            |verb: &str, path: &str, work: fn(&Self, &MockCall, &str) -> MockResult<MockResponse>, text| {
                let this = self.clone();
                mock.route(verb, path, move |call| work(&this, call, text).into());
            };
        add("GET", &all, Self::list, name);
        add("POST", &all, |this, call, _| this.insert(call), "");
        add("GET", &one, Self::get, id);
        add("PATCH", &one, Self::patch, id);
        add("DELETE", &one, Self::delete, id);
    }
}

fn body(call: &MockCall) -> MockResult<Json> {
    let parsed = serde_json::from_slice::<Json>(call.raw_body());
    let parsed =
        parsed.map_err(|error| MockError::new(400, "parseError", format!("Parse Error: {error}")))?;
    if parsed.is_object() { Ok(parsed) } else { Err(MockError::invalid("The body is no object.")) }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let mock = MockServer::start()?;
    mock.batch_path("batch/farm/v2");
    Collection::default().serve(&mock, "animals", "animalId");
    Collection::default().serve(&mock, "farmers", "farmerId");
    // A call with this parameter meets what a busy server says, so that a client's own handling can be seen.
    let busy = |call: &MockCall| call.query("quotaUser").as_deref() == Some("busy");
    mock.fault(Fault::error(MockError::too_many_requests(Some(1))).when(busy).always());

    let mut out = std::io::stdout();
    writeln!(out, "{}", mock.uri())?;
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    Ok(())
}
