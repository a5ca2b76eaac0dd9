//! The inventory's data.

use serde::{Deserialize, Serialize};

/// The public API of one generated crate.
///
/// All lists are in a fixed order: resources and methods in that of the document's names, types by name.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Inventory {
    /// `gapis-drive-v3`.
    pub crate_name: String,
    /// `drive:v3`.
    pub api: String,
    /// The document's revision.
    pub revision: String,
    /// The service type.
    pub service: Service,
    /// The features that stand for a resource each; none in small crates.
    pub features: Vec<String>,
    /// The resources, nested ones after those they are in.
    pub resources: Vec<Resource>,
    /// The methods, in the order of the resources.
    pub methods: Vec<Method>,
    /// The structs, of schemas and of inline objects.
    pub structs: Vec<Struct>,
    /// Schemas that are no objects.
    pub aliases: Vec<Alias>,
    /// The enums.
    pub enums: Vec<Enum>,
    /// The OAuth 2 scopes.
    pub scopes: Vec<Scope>,
}

/// The service type, and where its calls go.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Service {
    /// `Drive`.
    pub path: String,
    /// The API's name in its document, `drive`.
    #[serde(default)]
    pub name: String,
    /// The API's version in its document, `v3`.
    #[serde(default)]
    pub version: String,
    /// Scheme and host, with a slash at the end.
    pub root_url: String,
    /// The same for mutual TLS; empty where there is none.
    #[serde(default)]
    pub mtls_root_url: String,
    /// Regional endpoints: location and root URL.
    #[serde(default)]
    pub endpoints: Vec<(String, String)>,
    /// A smallest set of scopes, by their URLs, that covers all methods.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// What stands between the root and the path of a method.
    pub service_path: String,
    /// Where batches go, below the root.
    pub batch_path: String,
    /// Whether bodies are wrapped in a member `data`.
    pub data_wrapper: bool,
}

/// A resource: its module, its struct and the function that leads to it.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Resource {
    /// The names in the document, joined by dots: `projects.locations`.
    pub wire: String,
    /// `projects::locations`.
    pub module: String,
    /// `projects::locations::Locations`.
    pub path: String,
    /// The accessor by its path: `projects::Projects::locations`.
    pub accessor: String,
    /// The feature that the resource needs, if any.
    pub feature: Option<String>,
}

/// A method: the function that makes a call, the marker that tells calls apart, and the call's setters.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Method {
    /// The function by its path: `files::Files::list`, or `Drive::about` for one of the API itself.
    pub path: String,
    /// How it is called on the service, without arguments: `files().list`.
    pub call: String,
    /// The marker's path: `files::List`.
    pub marker: String,
    /// The name in the document with those of its resources, `files.list`: what `only` chooses by.
    pub wire: String,
    /// The document's id, `drive.files.list`.
    pub id: String,
    /// `GET`.
    pub verb: String,
    /// The template of the path below the service path: `files/{fileId}`.
    pub template: String,
    /// What is sent as `X-Goog-Api-Version`.
    pub api_version: Option<String>,
    /// The query parameter by which the server knows a call that it gets again.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_id: Option<String>,
    /// The arguments in order; the body is the last.
    pub arguments: Vec<Argument>,
    /// The setters of its calls. Those of every call (`fields`, `quota_user`, `pretty_print`) are not listed.
    pub setters: Vec<Setter>,
    /// The type of the answer; `()` where there is none.
    pub output: String,
    /// How the answers are paged, if they are.
    pub paging: Option<Paging>,
    /// Whether it answers a long-running operation that can be waited for.
    pub waits: bool,
    /// What the method can carry, if it applies a list of requests, all or none (`batchUpdate`). Its function then makes
    /// an `Update`, and its body is no argument.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub update: Option<Update>,
    /// Whether a call can be sent with media.
    pub uploads: bool,
    /// Whether a call can be answered with media.
    pub downloads: bool,
    /// The names of the scopes any of which suffices.
    pub scopes: Vec<String>,
    /// Whether the document discourages it.
    pub deprecated: bool,
    /// The feature that the method needs, if any.
    pub feature: Option<String>,
    /// `fn list(&self) -> Call<files::List>`.
    pub signature: String,
}

/// What an update can carry.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Update {
    /// The type of the whole body, which `with_body` takes.
    pub body: String,
    /// The setters of the body's other members.
    pub setters: Vec<Setter>,
    /// The requests that can be pushed by their type.
    pub requests: Vec<Request>,
}

/// A request that can be pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Request {
    /// Its name in the document, `insertText`.
    pub wire: String,
    /// Its type.
    #[serde(rename = "type")]
    pub ty: String,
    /// The type of its reply; `()` where there is none.
    pub reply: String,
}

/// An argument of a method.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Argument {
    /// The name in Rust, `file_id`.
    pub name: String,
    /// The name in the document, `fileId`; empty for the body.
    pub wire: String,
    /// Where it goes.
    pub location: Location,
    /// Its type, `&str`.
    #[serde(rename = "type")]
    pub ty: String,
}

/// Where an argument goes.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Location {
    /// A variable of the path.
    #[default]
    Path,
    /// The query.
    Query,
    /// The body of the request.
    Body,
}

/// A setter of an optional parameter, which goes into the query.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Setter {
    /// The name in Rust, `page_size`.
    pub name: String,
    /// The name in the document, `pageSize`.
    pub wire: String,
    /// The type of its one argument.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether the document discourages it.
    pub deprecated: bool,
}

/// How the answers of a method are paged.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Paging {
    /// The parameter, or the member of the body, that asks for a page.
    pub token: String,
    /// Whether it is a member of the body.
    pub in_body: bool,
    /// The member of the answer with the next token.
    pub next: String,
    /// The member of the answer with the items; empty where it is not plain.
    pub items: String,
    /// The type of one item.
    pub item: String,
}

/// A struct, of a schema or of an inline object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Struct {
    /// `schemas::File`, `schemas::inline::FileCapabilities`.
    pub path: String,
    /// The schema's name, or the names on the way to the inline object in one.
    pub wire: String,
    /// The type that this name is an alias of, because both are alike.
    pub same_as: Option<String>,
    /// The members, all of them public, in the order of their wire names; `extra` is not listed.
    pub fields: Vec<Field>,
    /// Any one of these features brings it; none means that it is always there.
    pub features: Vec<String>,
    /// Whether the document discourages it.
    pub deprecated: bool,
}

/// A member of a struct.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Field {
    /// The name in Rust.
    pub name: String,
    /// The name in JSON.
    pub wire: String,
    /// Its type, `Option<String>`.
    #[serde(rename = "type")]
    pub ty: String,
    /// Whether the document discourages it.
    pub deprecated: bool,
}

/// A schema that is no object.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Alias {
    /// `schemas::JsonValue`.
    pub path: String,
    /// The schema's name.
    pub wire: String,
    /// What it stands for.
    #[serde(rename = "type")]
    pub ty: String,
    /// Any one of these features brings it; none means that it is always there.
    pub features: Vec<String>,
    /// Whether the document discourages it.
    pub deprecated: bool,
}

/// An enum, of a member or a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Enum {
    /// `enums::InstanceStatus`.
    pub path: String,
    /// The names on the way to it, in one.
    pub wire: String,
    /// The type that this name is an alias of, because both are alike.
    pub same_as: Option<String>,
    /// The values, in the order of the document.
    pub variants: Vec<Variant>,
    /// Any one of these features brings it; none means that it is always there.
    pub features: Vec<String>,
}

/// A value of an enum.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Variant {
    /// The name in Rust.
    pub name: String,
    /// The value in JSON.
    pub wire: String,
    /// Whether the document discourages it.
    pub deprecated: bool,
}

/// The constant of a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct Scope {
    /// `scopes::DRIVE_READONLY`.
    pub path: String,
    /// The scope itself.
    pub url: String,
}
