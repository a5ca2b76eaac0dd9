// A small API by hand, in the form of a generated crate: included by tests, examples in the documentation and programs.

use gapis_runtime::spec::{ApiSpec, MethodSpec};
use gapis_runtime::{Api, Client, Error, RawResponse, Response};

/// The service.
#[derive(Clone, Debug)]
pub struct Farm(Client);

impl Api for Farm {
    const SPEC: &'static ApiSpec = &ApiSpec {
        name: "farm",
        version: "v2",
        root_url: "https://farm.example.com/",
        service_path: "farm/v2/",
        batch_path: "batch/farm/v2",
        ..ApiSpec::DEFAULT
    };
    fn new(client: &Client) -> Self {
        Farm(client.clone())
    }
    fn client(&self) -> &Client {
        &self.0
    }
}

/// An object with any members.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Animal(pub serde_json::Map<String, serde_json::Value>);

impl Animal {
    /// One of that name.
    pub fn named(name: &str) -> Self {
        Animal([("name".to_owned(), name.into())].into_iter().collect())
    }
    /// Its name.
    pub fn name(&self) -> &str {
        self.0.get("name").and_then(|name| name.as_str()).unwrap_or_default()
    }
}

impl Response for Animal {
    fn decode(_: &ApiSpec, _: &MethodSpec, response: &RawResponse) -> Result<Self, Error> {
        let decoded = serde_json::from_slice(&response.body);
        decoded.map(Animal).map_err(|error| Error::decode("$", error.to_string(), &response.body))
    }
    fn encode(&self, _: &ApiSpec) -> Result<(String, bytes::Bytes), Error> {
        let text = serde_json::to_vec(&self.0).map_err(|error| Error::input(error.to_string()))?;
        Ok(("application/json; charset=UTF-8".to_owned(), text.into()))
    }
}

/// Nothing.
#[derive(Clone, Copy, Debug)]
pub struct Gone;

impl Response for Gone {
    fn decode(_: &ApiSpec, _: &MethodSpec, _: &RawResponse) -> Result<Self, Error> {
        Ok(Gone)
    }
    fn encode(&self, _: &ApiSpec) -> Result<(String, bytes::Bytes), Error> {
        Ok((String::new(), bytes::Bytes::new()))
    }
}

/// The methods of the resource `animals`.
pub mod animals {
    use super::{Animal, Farm, Gone};
    /// `animals.get`
    pub enum Get {}
    gapis_runtime::method! { Get: Farm => Animal; "farm.animals.get" GET "animals/{animalId}" }
    /// `animals.list`
    pub enum List {}
    gapis_runtime::method! { List: Farm => Animal; "farm.animals.list" GET "animals" }
    /// `animals.insert`
    pub enum Insert {}
    gapis_runtime::method! { Insert: Farm => Animal; "farm.animals.insert" POST "animals" }
    /// `animals.delete`
    pub enum Delete {}
    gapis_runtime::method! { Delete: Farm => Gone; "farm.animals.delete" DELETE "animals/{animalId}" { empty_response: true } }
}
