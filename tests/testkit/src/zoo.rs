//! An API with batches: a resource, lists of every form, and a method that returns a plain list, with everything that
//! its tests need: `use gapis_testkit::zoo::*`.

use std::collections::BTreeMap;

use gapis_mock::Handlers;
use gapis_runtime::private::derive::Object;
use gapis_runtime::{Builder, Client, Extra, Json};

pub use crate::peer::*;
pub use crate::{Log, millis, policy, quick, secs};

#[derive(Clone, Debug)]
pub struct Zoo(pub Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/",
batch_path: "batch/zoo/v1", limits: gapis_runtime::private::spec::Limits { calls: 100, ..gapis_runtime::private::spec::Limits::DEFAULT } } }

#[derive(Object)]
pub struct Animal {
    pub id: Option<String>,
    pub keeper: Option<Keeper>,
    pub labels: Option<BTreeMap<String, String>>,
    pub legs: Option<i32>,
    pub name: Option<String>,
    pub tags: Option<Vec<String>>,
    pub weight: Option<i64>,
    pub extra: Extra,
}

impl Animal {
    pub fn new(id: &str) -> Self {
        Animal { id: Some(id.to_owned()), ..Animal::default() }
    }

    pub fn id(&self) -> &str {
        self.id.as_deref().unwrap_or_default()
    }
}

#[derive(Object)]
pub struct Keeper {
    pub mail: Option<String>,
    pub name: Option<String>,
    pub extra: Extra,
}

#[derive(Object)]
pub struct Page {
    pub animals: Option<Vec<Animal>>,
    pub next_page_token: Option<String>,
    pub extra: Extra,
}

#[derive(Object)]
pub struct Houses {
    pub houses: Option<BTreeMap<String, Keeper>>,
    pub response: Option<Where>,
    pub extra: Extra,
}

#[derive(Object)]
pub struct Where {
    #[wire("continue")]
    pub continues: Option<String>,
    pub extra: Extra,
}

pub enum Get {}
gapis_runtime::method! { Get: Zoo => Animal; "zoo.animals.get" GET "animals/{id}" }
pub enum Patch {}
gapis_runtime::method! { Patch: Zoo => Animal; "zoo.animals.patch" PATCH "animals/{id}" }
pub enum Insert {}
gapis_runtime::method! { Insert: Zoo => Animal; "zoo.animals.insert" POST "animals" }
pub enum Delete {}
gapis_runtime::method! { Delete: Zoo => (); "zoo.animals.delete" DELETE "animals/{id}" }
pub enum Names {}
gapis_runtime::method! { Names: Zoo => Vec<String>; "zoo.names.list" GET "names" }
pub enum List {}
gapis_runtime::method! { List: Zoo => Page; "zoo.animals.list" GET "animals" }
gapis_runtime::paged! { List => Animal; "pageToken" "nextPageToken" "animals" }
pub enum Search {}
gapis_runtime::method! { Search: Zoo => Page; "zoo.animals.search" POST "animals:search" }
gapis_runtime::paged! { Search => Animal; body "pageToken" "nextPageToken" "animals" }
/// A list whose token is in a member's member and has another name in requests, and whose items are in a map.
pub enum Aggregated {}
gapis_runtime::method! { Aggregated: Zoo => Houses; "zoo.houses.list" GET "houses" }
gapis_runtime::paged! { Aggregated => (String, Keeper); "continue" "response.continue" "houses" }

impl Zoo {
    pub fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
    pub fn patch(&self, id: &str, animal: Animal) -> Call<Patch> {
        Call::new(&self.0, &[&id], Some(&animal))
    }
    pub fn insert(&self, id: &str) -> Call<Insert> {
        Call::new(&self.0, &[], Some(&Animal::new(id)))
    }
    pub fn delete(&self, id: &str) -> Call<Delete> {
        Call::new(&self.0, &[&id], None)
    }
    pub fn names(&self) -> Call<Names> {
        Call::new(&self.0, &[], None)
    }
    pub fn list(&self) -> Call<List> {
        Call::new(&self.0, &[], None)
    }
    pub fn search(&self, query: Json) -> Call<Search> {
        Call::new(&self.0, &[], Some(&query))
    }
    pub fn aggregated(&self) -> Call<Aggregated> {
        Call::new(&self.0, &[], None)
    }
}

/// Another API with the same batch path.
pub mod park {
    use gapis_runtime::Client;

    #[derive(Clone, Debug)]
    pub struct Park(Client);
    gapis_runtime::api! { Park { name: "park", version: "v1", root_url: "https://park.test/", service_path: "park/v1/",
    batch_path: "batch/zoo/v1", limits: gapis_runtime::private::spec::Limits { calls: 100, ..gapis_runtime::private::spec::Limits::DEFAULT } } }
}

impl Peer {
    pub fn builder(&self) -> Builder<Zoo> {
        Zoo::builder().anonymous().transport(self.clone())
    }

    pub fn zoo(&self) -> Zoo {
        self.builder().build().unwrap()
    }
}

/// A service whose peer follows that script.
pub fn zoo(script: impl FnMut(&Sent) -> Answer + Send + 'static) -> (Zoo, Peer) {
    let peer = Peer::new(script);
    (peer.zoo(), peer)
}

/// A service with the table of the mock.
pub fn on_table(handlers: &Handlers) -> Zoo {
    Zoo::builder().anonymous().retry(quick()).transport(handlers.clone()).build().unwrap()
}

/// The paths and queries of the requests, without what all of them have.
pub fn sent(handlers: &Handlers) -> Vec<String> {
    let requests = handlers.requests();
    let target =
        requests.iter().map(|request| format!("{} {}?{}", request.verb, request.path, request.query));
    target
        .map(|text| text.replace("/zoo/v1/", "").replace("&alt=json", "").replace("?alt=json", ""))
        .collect()
}
