//! Attributes of items.

use crate::model::{Api, Gate};
use crate::source::{Source, literal};

/// The attribute of an item that only some features need.
pub(crate) fn gate(api: &Api, gate: &Gate, source: &mut Source) {
    let features: Vec<String> = gate
        .iter()
        .filter_map(|&index| Some(format!("feature = {}", literal(api.feature(index)?))))
        .collect();
    match features.as_slice() {
        [] => {}
        [feature] => source.line(format_args!("#[cfg({feature})]")),
        features => source.line(format_args!("#[cfg(any({}))]", features.join(", "))),
    }
}

/// The attribute of the top-level resource at that index.
pub(crate) fn of_resource(api: &Api, index: usize, source: &mut Source) {
    if let Some(feature) = api.feature(index) {
        source.line(format_args!("#[cfg(feature = {})]", literal(feature)));
    }
}

/// The attribute of an item that the document deprecates.
pub(crate) fn deprecated(deprecated: bool, source: &mut Source) {
    if deprecated {
        source.line(format_args!("#[deprecated]"));
    }
}
