//! An API in the form of a generated crate: lists of every form, and a resource to read and patch.

use std::collections::BTreeMap;
use std::time::Duration;

use gapis_mock::Handlers;
use gapis_runtime::{Client, Extra, Json, RetryPolicy};

#[derive(Clone, Debug)]
pub struct Zoo(pub Client);
gapis_runtime::api! { Zoo { name: "zoo", version: "v1", root_url: "https://zoo.test/", service_path: "zoo/v1/", batch_path: "batch/zoo/v1" } }

pub struct Animal {
    pub keeper: Option<Keeper>,
    pub labels: Option<BTreeMap<String, String>>,
    pub legs: Option<i32>,
    pub name: Option<String>,
    pub tags: Option<Vec<String>>,
    pub weight: Option<i64>,
    pub extra: Extra,
}
gapis_runtime::object! { Animal { 0 keeper "keeper" 1 labels "labels" 2 legs "legs" 3 name "name" 4 tags "tags" 5 weight "weight" } }

pub struct Keeper {
    pub mail: Option<String>,
    pub name: Option<String>,
    pub extra: Extra,
}
gapis_runtime::object! { Keeper { 0 mail "mail" 1 name "name" } }

pub struct Page {
    pub animals: Option<Vec<Animal>>,
    pub next_page_token: Option<String>,
    pub extra: Extra,
}
gapis_runtime::object! { Page { 0 animals "animals" 1 next_page_token "nextPageToken" } }

pub struct Houses {
    pub houses: Option<BTreeMap<String, Keeper>>,
    pub response: Option<Where>,
    pub extra: Extra,
}
gapis_runtime::object! { Houses { 0 houses "houses" 1 response "response" } }

pub struct Where {
    pub continues: Option<String>,
    pub extra: Extra,
}
gapis_runtime::object! { Where { 0 continues "continue" } }

pub enum Get {}
gapis_runtime::method! { Get: Zoo => Animal; "zoo.get" GET "animals/{id}" }
pub enum Patch {}
gapis_runtime::method! { Patch: Zoo => Animal; "zoo.patch" PATCH "animals/{id}" }
pub enum List {}
gapis_runtime::method! { List: Zoo => Page; "zoo.list" GET "animals" }
gapis_runtime::paged! { List => Animal; "pageToken" "nextPageToken" "animals" }
pub enum Search {}
gapis_runtime::method! { Search: Zoo => Page; "zoo.search" POST "animals:search" }
gapis_runtime::paged! { Search => Animal; body "pageToken" "nextPageToken" "animals" }
/// The token in a member's member, asked for by another name; a map in place of a list.
pub enum Aggregated {}
gapis_runtime::method! { Aggregated: Zoo => Houses; "zoo.aggregated" GET "houses" }
gapis_runtime::paged! { Aggregated => (String, Keeper); "continue" "response.continue" "houses" }

impl Zoo {
    pub fn get(&self, id: &str) -> Call<Get> {
        Call::new(&self.0, &[&id], None)
    }
    pub fn patch(&self, id: &str, animal: Animal) -> Call<Patch> {
        Call::new(&self.0, &[&id], Some(&animal))
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

pub fn zoo(handlers: &Handlers) -> Zoo {
    let quick = RetryPolicy::default().with_backoff(Duration::from_millis(1), Duration::from_millis(1));
    Zoo::builder().anonymous().retry(quick).transport(handlers.clone()).build().unwrap()
}

/// The paths and queries that were sent, without what is in all of them.
pub fn sent(handlers: &Handlers) -> Vec<String> {
    let requests = handlers.requests();
    let target =
        requests.iter().map(|request| format!("{} {}?{}", request.verb, request.path, request.query));
    target
        .map(|text| text.replace("/zoo/v1/", "").replace("&alt=json", "").replace("?alt=json", ""))
        .collect()
}
