//! The API as it will be written: final names and types, boxes, features, pages, media and scopes.
//!
//! All decisions have been made. The emitter only prints the model.

use std::collections::{BTreeMap, BTreeSet};

use crate::naming::Name;
use crate::options::{Limits, Quota};
use crate::table::Table;
use crate::wire::Scalar;

/// One API version.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) crate_name: String,
    /// The name of the API on the command line, `drive:v3`.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) revision: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) documentation: Option<String>,
    pub(crate) service: Name,
    /// Whether a resource or marker has the service's name, so that code below it uses another name for the service.
    pub(crate) service_is_shadowed: bool,
    /// The same for the name `Update`.
    pub(crate) update_is_shadowed: bool,
    pub(crate) root_url: String,
    pub(crate) mtls_root_url: String,
    pub(crate) service_path: String,
    pub(crate) batch_path: String,
    pub(crate) limits: Limits,
    pub(crate) quota: Quota,
    /// Location and root URL.
    pub(crate) endpoints: Vec<(String, String)>,
    pub(crate) data_wrapper: bool,
    pub(crate) scopes: Table<Scope>,
    /// Indices in `scopes`: a minimal set that covers every method.
    pub(crate) default_scopes: Vec<usize>,
    /// The service: its methods are those of the API itself, and its resources are the top-level ones.
    pub(crate) root: Resource,
    pub(crate) types: Types,
    /// Which types are written, and which features enable them.
    pub(crate) gates: Gates,
    /// The objects that are long-running operations and can be polled.
    pub(crate) operations: BTreeMap<usize, Operation>,
    /// The methods that are typed updates, by their numbers.
    pub(crate) updates: BTreeMap<usize, Update>,
    /// The objects that are a request of an update, and are converted from their members.
    pub(crate) unions: BTreeMap<usize, Union>,
    /// The example in the crate's documentation.
    pub(crate) example: Option<Example>,
}

impl Api {
    /// The operation of a payload, if it can be waited for.
    pub(crate) fn operation_of(&self, payload: &Payload) -> Option<&Operation> {
        self.operations.get(&self.types.object_of(payload)?)
    }

    /// The update of a method, if it is one.
    pub(crate) fn update_of(&self, method: &Method) -> Option<&Update> {
        self.updates.get(&method.number)
    }

    /// The feature of the top-level resource at that index, if there are features.
    pub(crate) fn feature(&self, index: usize) -> Option<&String> {
        self.gates.features.get(index)
    }
}

/// Which types are written, and which features enable them.
#[derive(Debug)]
pub(crate) struct Gates {
    /// The features of a large API, one for each top-level resource; empty for other APIs.
    pub(crate) features: Vec<String>,
    /// For each object; `None` if it is left out because no chosen method needs it.
    pub(crate) objects: Table<Option<Gate>>,
    /// The same for each enum.
    pub(crate) enums: Table<Option<Gate>>,
}

/// The features that need a type, as indices in [`Gates::features`]; empty if the type always exists.
pub(crate) type Gate = Vec<usize>;

/// Schemas, inline objects and enums.
#[derive(Debug)]
pub(crate) struct Types {
    pub(crate) objects: Table<Object>,
    pub(crate) enums: Table<Enum>,
    pub(crate) same: Same,
    /// The names that the modules of schemas would import, but that an object has.
    pub(crate) shadowed: BTreeSet<String>,
    /// The number of schemas in the longest chain of schemas that use each other.
    pub(crate) longest_chain: usize,
}

/// The types that are aliases of another, because only their names differ.
#[derive(Debug, Default)]
pub(crate) struct Same {
    pub(crate) objects: BTreeMap<usize, usize>,
    pub(crate) enums: BTreeMap<usize, usize>,
}

impl Types {
    /// The object of a payload, through aliases.
    pub(crate) fn object_of(&self, payload: &Payload) -> Option<usize> {
        match payload {
            Payload::Value(ty) => object_of(&self.objects, ty),
            _ => None,
        }
    }
}

/// The struct of a type, through aliases and boxes.
pub(crate) fn object_of(objects: &Table<Object>, ty: &Type) -> Option<usize> {
    let mut ty = ty;
    // Endless aliases were refused before.
    loop {
        let (Type::Object(index) | Type::Boxed(index) | Type::Deep(index)) = ty else { return None };
        match &objects[*index].shape {
            Shape::Struct(_) => return Some(*index),
            Shape::Alias(target) => ty = target,
        }
    }
}

/// A top-level schema or an inline object.
#[derive(Debug)]
pub(crate) struct Object {
    pub(crate) name: Name,
    /// Whether it is in `schemas::inline`.
    pub(crate) inline: bool,
    /// The name of the schema, or the path of the inline object.
    pub(crate) wire: String,
    pub(crate) shape: Shape,
    pub(crate) docs: Docs,
}

/// How to wait for an operation.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) form: OperationForm,
    /// The methods that return it, in the order in which to try them; never empty.
    pub(crate) polls: Vec<Poll>,
}

/// How to see that an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationForm {
    /// By the member `done`, as in google.longrunning. The result is in `response`.
    Done,
    /// By the member `status`, as in Compute Engine. There is no result except the operation itself.
    Status,
}

/// A method that returns an operation.
#[derive(Debug)]
pub(crate) struct Poll {
    pub(crate) id: String,
    pub(crate) path: String,
    pub(crate) api_version: Option<String>,
}

#[derive(Debug)]
pub(crate) enum Shape {
    /// A struct, with its members in the order of the wire names.
    Struct(Vec<Field>),
    /// A type alias.
    Alias(Type),
}

#[derive(Debug)]
pub(crate) struct Field {
    pub(crate) name: Name,
    pub(crate) wire: String,
    pub(crate) ty: Type,
    pub(crate) docs: Docs,
}

/// The type of a member, a parameter, a body or a response.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Type {
    Scalar(Scalar),
    Json,
    Enum(usize),
    Object(usize),
    /// A member that would make its own type infinitely large without a box.
    Boxed(usize),
    /// A member at the end of a long chain of schemas.
    Deep(usize),
    List(Box<Type>),
    Map(Box<Type>),
}

#[derive(Debug)]
pub(crate) struct Enum {
    pub(crate) name: Name,
    pub(crate) wire: String,
    pub(crate) values: Vec<Value>,
}

#[derive(Debug)]
pub(crate) struct Value {
    pub(crate) name: Name,
    pub(crate) wire: String,
    pub(crate) docs: Docs,
}

/// What the document says about an item, for its documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Docs {
    pub(crate) prose: Option<String>,
    /// Facts, each an item: `read-only`, `default: …`.
    pub(crate) facts: Vec<String>,
    pub(crate) deprecated: bool,
}

/// A resource, or the service itself.
#[derive(Debug)]
pub(crate) struct Resource {
    /// The name in the document; empty for the service.
    pub(crate) wire: String,
    pub(crate) module: Name,
    pub(crate) accessor: Name,
    pub(crate) name: Name,
    pub(crate) methods: Vec<Method>,
    pub(crate) resources: Vec<Resource>,
}

impl Resource {
    /// This resource and all nested ones, each before its nested ones, in the order of the names in the document.
    pub(crate) fn walk(&self) -> impl Iterator<Item = &Resource> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            let next = open.pop()?;
            open.extend(next.resources.iter().rev());
            Some(next)
        })
    }

    /// All methods of this resource and of nested ones, in the same order.
    pub(crate) fn all_methods(&self) -> impl Iterator<Item = &Method> {
        self.walk().flat_map(|resource| &resource.methods)
    }
}

#[derive(Debug)]
pub(crate) struct Method {
    /// The number of the method among all methods in the document.
    pub(crate) number: usize,
    /// The name in the document, `list`.
    pub(crate) wire: String,
    /// The id in the document, `drive.files.list`.
    pub(crate) id: String,
    pub(crate) function: Name,
    pub(crate) marker: Name,
    pub(crate) verb: &'static str,
    pub(crate) path: String,
    pub(crate) api_version: Option<String>,
    /// The parameter by which the server recognizes a repeated call.
    pub(crate) request_id: Option<String>,
    /// What a call costs of the quota.
    pub(crate) units: u32,
    pub(crate) docs: Docs,
    /// Indices in `Api::scopes`.
    pub(crate) scopes: Vec<usize>,
    /// Required parameters in the order of the arguments. The body is the last.
    pub(crate) arguments: Vec<Parameter>,
    /// Indices in `arguments`, in the order of the path's variables.
    pub(crate) path_arguments: Vec<usize>,
    pub(crate) body: Option<(Name, Payload)>,
    pub(crate) setters: Vec<Parameter>,
    pub(crate) output: Payload,
    pub(crate) upload: Option<Upload>,
    pub(crate) download: Option<Download>,
    pub(crate) paging: Option<Paging>,
}

/// A body or a response.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Payload {
    Nothing,
    HttpBody,
    Value(Type),
}

#[derive(Debug)]
pub(crate) struct Parameter {
    pub(crate) name: Name,
    pub(crate) wire: String,
    pub(crate) ty: ParameterType,
    pub(crate) repeated: bool,
    pub(crate) in_path: bool,
    /// What its values look like in the path, `projects/*/locations/*`, where the document has a pattern that says so.
    pub(crate) form: Option<String>,
    pub(crate) docs: Docs,
}

#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum ParameterType {
    Scalar(Scalar),
    Enum(usize),
}

#[derive(Debug)]
pub(crate) struct Upload {
    pub(crate) simple_path: String,
    pub(crate) resumable_path: String,
    pub(crate) max_size: Option<u64>,
    pub(crate) accept: Vec<String>,
}

#[derive(Clone, Copy, Debug)]
pub(crate) struct Download {
    pub(crate) media_service: bool,
}

#[derive(Debug)]
pub(crate) struct Paging {
    pub(crate) token: String,
    pub(crate) in_body: bool,
    /// The wire name of the next token; `metadata.continue` for a member of a member.
    pub(crate) next: String,
    /// The items, if it is clear which member has them.
    pub(crate) items: Option<Items>,
}

#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) wire: String,
    pub(crate) item: Type,
    /// Whether the member is a map, so that an item has a key.
    pub(crate) of_map: bool,
}

/// A method whose body is a list of requests, applied all or none, and whose response is the list of replies. Types
/// are indices in `Types::objects`.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) body: usize,
    pub(crate) request: usize,
    pub(crate) reply: usize,
    /// The body's member.
    pub(crate) requests: List,
    /// The response's member.
    pub(crate) replies: List,
    /// The path of the member with the required revision, as wire names with dots; empty if there is none.
    pub(crate) revision: String,
    /// The requests that are identified by their type.
    pub(crate) members: Vec<SubRequest>,
    /// The names of the setters for the method's parameters, in the same order.
    pub(crate) parameters: Vec<Name>,
    /// The body's other members.
    pub(crate) setters: Vec<BodySetter>,
}

/// A member that is a list.
#[derive(Debug)]
pub(crate) struct List {
    pub(crate) name: Name,
    pub(crate) wire: String,
}

#[derive(Debug)]
pub(crate) struct SubRequest {
    pub(crate) object: usize,
    pub(crate) wire: String,
    pub(crate) reply: Option<usize>,
}

/// A setter for a member of a body.
#[derive(Debug)]
pub(crate) struct BodySetter {
    pub(crate) name: Name,
    pub(crate) wire: String,
    pub(crate) ty: Type,
    pub(crate) docs: Docs,
}

/// The members of a struct of which exactly one is set, as indices.
#[derive(Debug)]
pub(crate) struct Union {
    /// The members whose type occurs once.
    pub(crate) unique: Vec<usize>,
    /// The members that must be identified by name.
    pub(crate) named: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: Name,
    pub(crate) url: String,
    pub(crate) prose: Option<String>,
}

/// A method that can be called with little example code: accessors, function, and literals for the arguments.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) accessors: Vec<Name>,
    pub(crate) function: Name,
    pub(crate) arguments: Vec<String>,
}
