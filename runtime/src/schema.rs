//! The values of schemas: how generated structs, open enums and formatted text are read, written, compared and printed.

mod field;

pub use field::{Field, Kind, Leaf, List, Map, Object, Slot, View};

/// Members that the document does not know, and explicit nulls.
#[derive(Debug, Default)]
pub struct Extra;
