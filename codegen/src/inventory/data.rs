//! The inventory's data.

/// The public API of a generated crate.
///
/// All lists have a fixed order: resources and methods are in the order of the names in the document, types are sorted
/// by name.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
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
    /// The features for individual resources; empty for small crates.
    pub features: Vec<String>,
    /// The resources. Nested ones follow the resource that contains them.
    pub resources: Vec<Resource>,
    /// The methods, in the order of the resources.
    pub methods: Vec<Method>,
    /// The structs, of schemas and of inline objects.
    pub structs: Vec<Struct>,
    /// Schemas that are not objects.
    pub aliases: Vec<Alias>,
    /// The enums.
    pub enums: Vec<Enum>,
    /// The OAuth 2 scopes.
    pub scopes: Vec<Scope>,
}

/// The service type, and its endpoints.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Service {
    /// `Drive`.
    pub path: String,
    /// The API's name in its document, `drive`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub name: String,
    /// The API's version in its document, `v3`.
    #[cfg_attr(feature = "serde", serde(default))]
    pub version: String,
    /// Scheme and host, with a slash at the end.
    pub root_url: String,
    /// The same for mutual TLS; empty where there is none.
    #[cfg_attr(feature = "serde", serde(default))]
    pub mtls_root_url: String,
    /// Regional endpoints: location and root URL.
    #[cfg_attr(feature = "serde", serde(default))]
    pub endpoints: Vec<(String, String)>,
    /// A smallest set of scopes, by their URLs, that covers all methods.
    #[cfg_attr(feature = "serde", serde(default))]
    pub scopes: Vec<String>,
    /// The path between the root and the path of a method.
    pub service_path: String,
    /// The path of the batch endpoint below the root.
    pub batch_path: String,
    /// Whether bodies are wrapped in a member `data`.
    pub data_wrapper: bool,
    /// The API's title. Empty, as are the next two, unless the inventory is [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub title: String,
    /// The API's description as Markdown.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
    /// The address of the API's own documentation.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub documentation: String,
}

/// A resource: its module, its struct and the function that returns it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Resource {
    /// The names in the document, joined by dots: `projects.locations`.
    pub wire: String,
    /// `projects::locations`.
    pub module: String,
    /// `projects::locations::Locations`.
    pub path: String,
    /// The path of the function: `projects::Projects::locations`.
    pub accessor: String,
    /// The feature that enables the resource, if any.
    pub feature: Option<String>,
}

/// A method: the function that creates a call, the type of the method, and the setters of the call.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Method {
    /// The path of the function: `files::Files::list`, or `Drive::about` for a method of the API itself.
    pub path: String,
    /// How it is called on the service, without arguments: `files().list`.
    pub call: String,
    /// The path of the method's type: `files::List`.
    pub marker: String,
    /// The name in the document with those of its resources, `files.list`, as used by `only`.
    pub wire: String,
    /// The id in the document, `drive.files.list`.
    pub id: String,
    /// `GET`.
    pub verb: String,
    /// The path template below the service path: `files/{fileId}`.
    pub template: String,
    /// The value of the header `X-Goog-Api-Version`.
    pub api_version: Option<String>,
    /// The query parameter by which the server knows a call that it gets again.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub request_id: Option<String>,
    /// The arguments in order. The body is the last.
    pub arguments: Vec<Argument>,
    /// The setters of its calls, except those that every call has (`fields`, `quota_user`, `pretty_print`).
    pub setters: Vec<Setter>,
    /// The type of the response; `()` if there is none.
    pub output: String,
    /// How the pages are requested, if the method returns pages.
    pub paging: Option<Paging>,
    /// Whether it returns a long-running operation that can be waited for.
    pub waits: bool,
    /// The requests, if the method applies a list of requests, all or none (`batchUpdate`). Its function then returns
    /// an `Update`, and its body is not an argument.
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "Option::is_none"))]
    pub update: Option<Update>,
    /// Whether a call can upload media.
    pub uploads: bool,
    /// Whether a call can download media.
    pub downloads: bool,
    /// The names of the scopes. Any one of them is sufficient.
    pub scopes: Vec<String>,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// The feature that enables the method, if any.
    pub feature: Option<String>,
    /// `fn list(&self) -> Call<files::List>`.
    pub signature: String,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// The requests of an update.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Update {
    /// The type of the whole body, for `with_body`.
    pub body: String,
    /// The setters of the body's other members.
    pub setters: Vec<Setter>,
    /// The requests that can be pushed with their type.
    pub requests: Vec<Request>,
}

/// A request that can be pushed.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Request {
    /// Its name in the document, `insertText`.
    pub wire: String,
    /// Its type.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: String,
    /// The type of its reply; `()` if there is none.
    pub reply: String,
}

/// An argument of a method.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Argument {
    /// The name in Rust, `file_id`.
    pub name: String,
    /// The name in the document, `fileId`; empty for the body.
    pub wire: String,
    /// Where it is sent.
    pub location: Location,
    /// Its type, `&str`.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: String,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// Where an argument is sent.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize), serde(rename_all = "lowercase"))]
pub enum Location {
    /// A variable of the path.
    #[default]
    Path,
    /// The query.
    Query,
    /// The body of the request.
    Body,
}

/// A setter of an optional query parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Setter {
    /// The name in Rust, `page_size`.
    pub name: String,
    /// The name in the document, `pageSize`.
    pub wire: String,
    /// The type of its argument.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: String,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// How the pages of a method are requested.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Paging {
    /// The parameter, or the member of the body, with the page token.
    pub token: String,
    /// Whether the token is a member of the body.
    pub in_body: bool,
    /// The member of the response with the next token.
    pub next: String,
    /// The member of the response with the items; empty if it is not clear which.
    pub items: String,
    /// The type of an item.
    pub item: String,
}

/// A struct, for a schema or an inline object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Struct {
    /// `schemas::File`, `schemas::inline::FileCapabilities`.
    pub path: String,
    /// The name of the schema, or the names that lead to the inline object, joined.
    pub wire: String,
    /// The type of which this name is an alias, because both have the same definition.
    pub same_as: Option<String>,
    /// The members, all public, in the order of their wire names, without `extra`.
    pub fields: Vec<Field>,
    /// The features that enable it, of which one is sufficient; empty if it always exists.
    pub features: Vec<String>,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// A member of a struct.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Field {
    /// The name in Rust.
    pub name: String,
    /// The name in JSON.
    pub wire: String,
    /// Its type, `Option<String>`.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: String,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// A schema that is not an object.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Alias {
    /// `schemas::JsonValue`.
    pub path: String,
    /// The schema's name.
    pub wire: String,
    /// The aliased type.
    #[cfg_attr(feature = "serde", serde(rename = "type"))]
    pub ty: String,
    /// The features that enable it, of which one is sufficient; empty if it always exists.
    pub features: Vec<String>,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// An enum, for a member or a parameter.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Enum {
    /// `enums::InstanceStatus`.
    pub path: String,
    /// The names that lead to it, joined.
    pub wire: String,
    /// The type of which this name is an alias, because both have the same definition.
    pub same_as: Option<String>,
    /// The values, in the order of the document.
    pub variants: Vec<Variant>,
    /// The features that enable it, of which one is sufficient; empty if it always exists.
    pub features: Vec<String>,
}

/// A value of an enum.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Variant {
    /// The name in Rust.
    pub name: String,
    /// The value in JSON.
    pub wire: String,
    /// Whether the document deprecates it.
    pub deprecated: bool,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}

/// The constant for a scope.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
#[non_exhaustive]
pub struct Scope {
    /// `scopes::DRIVE_READONLY`.
    pub path: String,
    /// The scope.
    pub url: String,
    /// Its documentation as Markdown; see [`documented`](crate::documented).
    #[cfg_attr(feature = "serde", serde(default, skip_serializing_if = "String::is_empty"))]
    pub docs: String,
}
