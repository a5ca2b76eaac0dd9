//! The public Rust API of a generated crate as data: what there is, by path, with signatures and the facts of the wire.
//!
//! It is made from the same model that the code is printed from, never from printed code, so that what stands here and
//! what the compiler sees cannot differ. Tools build on it: a comparison of two revisions, programs that call every
//! method, a table of contents. It must not hold anything that differs between two runs.
//!
//! Paths are below the root of the crate (`files::Files::list`), and types are written as a program writes them that
//! has imported everything from that root: `Option<schemas::File>`, `&runtime::DateTime`, `runtime::Open<enums::X>`.

mod build;
mod compare;
mod data;
mod items;

pub(crate) use build::build;
pub use compare::{Change, ChangeKind};
pub use data::{
    Alias, Argument, Enum, Field, Inventory, Location, Method, Paging, Request, Resource, Scope, Service,
    Setter, Struct, Update, Variant,
};
pub use items::{Item, ItemKind};
