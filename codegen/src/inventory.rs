//! The public Rust API of a generated crate as data: its items by path, with signatures and facts about the wire
//! format.
//!
//! It is made from the same model as the code, and not from the code, so that it cannot differ from what the compiler
//! sees. Tools use it: a comparison of two revisions, programs that call every method, a table of contents. It must
//! not contain anything that differs between two runs.
//!
//! Paths are relative to the root of the crate (`files::Files::list`). Types are written as in a program that has
//! imported everything from that root: `Option<schemas::File>`, `&runtime::DateTime`, `runtime::Open<enums::X>`.

mod build;
mod compare;
mod data;
mod docs;
mod items;

pub(crate) use build::build;
pub use compare::{Change, ChangeKind};
pub use data::{
    Alias, Argument, Enum, Field, Inventory, Location, Method, Paging, Request, Resource, Scope, Service,
    Setter, Struct, Update, Variant,
};
pub(crate) use docs::document;
pub use items::{Item, ItemKind};
