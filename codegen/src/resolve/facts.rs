//! What a document says about a member or parameter in addition to its type, in words.

use crate::discovery::Schema;
use crate::model::Docs;
use crate::prose::code;
use crate::wire;

/// The facts of a member, a parameter or a schema.
pub(crate) fn docs(schema: &Schema) -> Docs {
    let prose = schema.description.clone().filter(|prose| !prose.trim().is_empty());
    let mut facts = Vec::new();
    let says = |words: &str| prose.as_deref().is_some_and(|prose| prose.contains(words));
    if schema.read_only && !says("Output only") && !says("Read-only") && !says("read-only") {
        facts.push("read-only".to_owned());
    }
    let kind = schema.kind.as_deref().unwrap_or_default();
    // A known format is visible in the type.
    if let Some(format) = &schema.format
        && !wire::scalar(kind, Some(format)).is_some_and(|(_, known)| known)
    {
        facts.push(format!("format {}", code(format)));
    }
    for (word, value) in [
        ("default", schema.default.as_ref().filter(|default| !default.is_empty())),
        ("at least", schema.minimum.as_ref()),
        ("at most", schema.maximum.as_ref()),
        ("matches", schema.pattern.as_ref()),
    ] {
        if let Some(value) = value {
            facts.push(format!("{word} {}", code(value)));
        }
    }
    if !schema.annotations.required.is_empty() {
        let methods: Vec<String> = schema.annotations.required.iter().map(|method| code(method)).collect();
        facts.push(format!("required by {}", methods.join(", ")));
    }
    Docs { prose, facts, deprecated: schema.deprecated }
}
