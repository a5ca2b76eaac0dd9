//! The API as it will be written: final names, final types, box positions, feature gates, pages, media, scopes.
//!
//! Everything here is decided. What emits this only prints it.

use std::collections::{BTreeMap, BTreeSet};

use crate::naming::Name;
use crate::options::Limits;
use crate::wire::Scalar;

/// One API version.
#[derive(Debug)]
pub(crate) struct Api {
    pub(crate) crate_name: String,
    /// How the API is named on the command line, `drive:v3`.
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) version: String,
    pub(crate) revision: String,
    pub(crate) title: String,
    pub(crate) description: Option<String>,
    pub(crate) documentation: Option<String>,
    pub(crate) service: Name,
    /// A resource or marker has the service's name, so that code below calls the service by another.
    pub(crate) service_is_shadowed: bool,
    /// The same of the name `Update`.
    pub(crate) update_is_shadowed: bool,
    pub(crate) root_url: String,
    pub(crate) mtls_root_url: String,
    pub(crate) service_path: String,
    pub(crate) batch_path: String,
    pub(crate) limits: Limits,
    /// Location and root URL.
    pub(crate) endpoints: Vec<(String, String)>,
    pub(crate) data_wrapper: bool,
    pub(crate) scopes: Vec<Scope>,
    /// Positions in `scopes`: a smallest set that covers every method.
    pub(crate) default_scopes: Vec<usize>,
    /// The service: its methods are those of the API itself, and its resources are the top-level ones.
    pub(crate) root: Resource,
    pub(crate) types: Types,
    /// Which types are written, and which features bring them.
    pub(crate) gates: Gates,
    /// The objects that are long-running operations and can be asked for again.
    pub(crate) operations: BTreeMap<usize, Operation>,
    /// The methods that are typed updates, by their numbers.
    pub(crate) updates: BTreeMap<usize, Update>,
    /// The objects that are one request of an update, and so are made of their members.
    pub(crate) unions: BTreeMap<usize, Union>,
    /// The example of the crate's documentation.
    pub(crate) example: Option<Example>,
}

impl Api {
    /// The operation that a payload is, if it can be waited for.
    pub(crate) fn operation_of(&self, payload: &Payload) -> Option<&Operation> {
        self.operations.get(&self.types.object_of(payload)?)
    }

    /// The update that a method is.
    pub(crate) fn update_of(&self, method: &Method) -> Option<&Update> {
        self.updates.get(&method.number)
    }

    /// The feature of the top-level resource in that place, if there are features.
    pub(crate) fn feature(&self, index: usize) -> Option<&String> {
        self.gates.features.get(index)
    }
}

/// Which types are written, and which features bring them.
#[derive(Debug)]
pub(crate) struct Gates {
    /// The features of a large API, one for each top-level resource; empty for others.
    pub(crate) features: Vec<String>,
    /// For each object; `None` if it is left out, since no chosen method reaches it.
    pub(crate) objects: Vec<Option<Gate>>,
    /// The same for each enum.
    pub(crate) enums: Vec<Option<Gate>>,
}

/// The features that need a type, as positions in [`Gates::features`]; empty means always there.
pub(crate) type Gate = Vec<usize>;

/// Schemas, inline objects and enums.
#[derive(Debug)]
pub(crate) struct Types {
    pub(crate) objects: Vec<Object>,
    pub(crate) enums: Vec<Enum>,
    pub(crate) same: Same,
    /// The names that modules of schemas would import, but some object has.
    pub(crate) shadowed: BTreeSet<String>,
}

/// The types that are aliases of another, because nothing but the name differs.
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

/// The struct that a type is, through aliases and boxes.
pub(crate) fn object_of(objects: &[Object], ty: &Type) -> Option<usize> {
    let mut ty = ty;
    // Endless aliases have been refused before.
    loop {
        let (Type::Object(index) | Type::Boxed(index)) = ty else { return None };
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
    /// It lives in `schemas::inline`.
    pub(crate) inline: bool,
    /// The schema's name or the path of the inline object.
    pub(crate) wire: String,
    pub(crate) shape: Shape,
    pub(crate) docs: Docs,
}

/// How an operation is waited for.
#[derive(Debug)]
pub(crate) struct Operation {
    pub(crate) form: OperationForm,
    /// What asks for it, in the order in which to try them; never empty.
    pub(crate) polls: Vec<Poll>,
}

/// What tells that an operation is done.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum OperationForm {
    /// The member `done`, as in google.longrunning; what came of it is in `response`.
    Done,
    /// The member `status`, as in Compute Engine; nothing comes of it but the operation itself.
    Status,
}

/// A method that asks for an operation.
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
    /// A member that would make its own type infinitely large.
    Boxed(usize),
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

/// What the document says about a thing, for its documentation.
#[derive(Clone, Debug, Default, PartialEq, Eq, Hash)]
pub(crate) struct Docs {
    pub(crate) prose: Option<String>,
    /// Facts, one per item: `read-only`, `default: …`.
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
    /// This resource and all below it, each before those below it, in the order of the document's names.
    pub(crate) fn walk(&self) -> impl Iterator<Item = &Resource> {
        let mut open = vec![self];
        std::iter::from_fn(move || {
            let next = open.pop()?;
            open.extend(next.resources.iter().rev());
            Some(next)
        })
    }

    /// All methods of this resource and of those below it, in the same order.
    pub(crate) fn all_methods(&self) -> impl Iterator<Item = &Method> {
        self.walk().flat_map(|resource| &resource.methods)
    }
}

#[derive(Debug)]
pub(crate) struct Method {
    /// Its place among all methods of the document.
    pub(crate) number: usize,
    /// The name in the document, `list`.
    pub(crate) wire: String,
    /// The whole name in the document, `drive.files.list`.
    pub(crate) id: String,
    pub(crate) function: Name,
    pub(crate) marker: Name,
    pub(crate) verb: &'static str,
    pub(crate) path: String,
    pub(crate) api_version: Option<String>,
    /// The parameter by which the server knows a call that it gets again.
    pub(crate) request_id: Option<String>,
    pub(crate) docs: Docs,
    /// Positions in `Api::scopes`.
    pub(crate) scopes: Vec<usize>,
    /// Required parameters in the order of the arguments; the body comes last.
    pub(crate) arguments: Vec<Parameter>,
    /// Positions in `arguments`, in the order of the path's variables.
    pub(crate) path_arguments: Vec<usize>,
    pub(crate) body: Option<(Name, Payload)>,
    pub(crate) setters: Vec<Parameter>,
    pub(crate) output: Payload,
    pub(crate) upload: Option<Upload>,
    pub(crate) download: Option<Download>,
    pub(crate) paging: Option<Paging>,
}

/// What goes over the wire as body or response.
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
    /// The wire name of the next token; `metadata.continue` where it is a member of a member.
    pub(crate) next: String,
    /// The items, where it is plain which member holds them.
    pub(crate) items: Option<Items>,
}

#[derive(Debug)]
pub(crate) struct Items {
    pub(crate) wire: String,
    pub(crate) item: Type,
    /// The member is a map, so that an item has a key.
    pub(crate) of_map: bool,
}

/// A method whose body is a list of requests, applied all or none, and whose response is the list of replies. Types are
/// positions in `Types::objects`.
#[derive(Debug)]
pub(crate) struct Update {
    pub(crate) body: usize,
    pub(crate) request: usize,
    pub(crate) reply: usize,
    /// The body's member.
    pub(crate) requests: List,
    /// The response's member.
    pub(crate) replies: List,
    /// Where the body says which revision it requires, by dotted wire names; empty where it cannot.
    pub(crate) revision: String,
    /// The requests that are told by their type.
    pub(crate) members: Vec<SubRequest>,
    /// What the setters of the method's parameters are called here, in their order.
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

/// The members of a struct, of which one at a time is set, by their positions.
#[derive(Debug)]
pub(crate) struct Union {
    /// Those whose type occurs once.
    pub(crate) unique: Vec<usize>,
    /// Those that need to be named.
    pub(crate) named: Vec<usize>,
}

#[derive(Debug)]
pub(crate) struct Scope {
    pub(crate) name: Name,
    pub(crate) url: String,
    pub(crate) prose: Option<String>,
}

/// A method that a few lines of example code can call: accessors, function, and the arguments' literals.
#[derive(Debug)]
pub(crate) struct Example {
    pub(crate) accessors: Vec<Name>,
    pub(crate) function: Name,
    pub(crate) arguments: Vec<String>,
}
