//! What a document says about a member or parameter beside its type, in words.

use crate::discovery::Schema;
use crate::model::Docs;

/// The facts of a member, a parameter or a schema. What prose says anyway is not said twice.
pub(crate) fn docs(schema: &Schema) -> Docs {
    let prose = schema.description.clone().filter(|prose| !prose.trim().is_empty());
    let mut facts = Vec::new();
    if schema.read_only && prose.is_none() {
        facts.push("read-only".to_owned());
    }
    if let Some(default) = schema.default.as_deref().filter(|default| !default.is_empty()) {
        facts.push(format!("default {}", code(default)));
    }
    if let Some(minimum) = &schema.minimum {
        facts.push(format!("at least {}", code(minimum)));
    }
    if let Some(maximum) = &schema.maximum {
        facts.push(format!("at most {}", code(maximum)));
    }
    if !schema.annotations.required.is_empty() {
        let methods: Vec<String> = schema.annotations.required.iter().map(|method| code(method)).collect();
        facts.push(format!("required by {}", methods.join(", ")));
    }
    Docs { prose, facts, deprecated: schema.deprecated }
}

/// The text as a code span; what would end the span is left out.
fn code(text: &str) -> String {
    let tame: String =
        text.chars().take(200).map(|c| if c == '`' || c.is_control() { ' ' } else { c }).collect();
    format!("`{}`", tame.trim())
}
