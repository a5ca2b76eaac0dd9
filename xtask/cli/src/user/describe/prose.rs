//! The descriptions of a method and its parameters. They are read from the document, because the generator's model has
//! them only as documentation.

use serde_json::Value;

/// The descriptions of a method.
pub(super) struct Prose {
    pub(super) method: Option<String>,
    parameters: Value,
}

impl Prose {
    /// The descriptions of the method with this id. Empty if the document has none.
    pub(super) fn of(document: &[u8], id: &str) -> Self {
        let document: Value = serde_json::from_slice(document).unwrap_or_default();
        let method = find(&document, id);
        let text = method.and_then(|method| method.get("description")).and_then(Value::as_str);
        let parameters = method.and_then(|method| method.get("parameters")).cloned().unwrap_or_default();
        Prose { method: text.map(first_sentence), parameters }
    }

    /// The description of a parameter, in one line.
    pub(super) fn parameter(&self, wire: &str) -> String {
        let text = self.parameters.get(wire).and_then(|parameter| parameter.get("description"));
        text.and_then(Value::as_str).map(first_sentence).unwrap_or_default()
    }
}

/// Finds the method with this id in a document or a resource. The JSON parser limits the depth.
fn find<'v>(parent: &'v Value, id: &str) -> Option<&'v Value> {
    let members =
        |key: &str| parent.get(key).and_then(Value::as_object).into_iter().flat_map(|map| map.values());
    let method = members("methods").find(|method| method.get("id").and_then(Value::as_str) == Some(id));
    method.or_else(|| members("resources").find_map(|resource| find(resource, id)))
}

/// The first sentence, on one line and without control characters.
fn first_sentence(text: &str) -> String {
    let text = text.split_whitespace().collect::<Vec<_>>().join(" ");
    let end = text.find(". ").map_or(text.len(), |end| end + 1);
    let sentence: String = text.get(..end).unwrap_or(&text).chars().filter(|c| !c.is_control()).collect();
    if sentence.chars().count() > 160 {
        let cut: String = sentence.chars().take(159).collect();
        return cut + "…";
    }
    sentence
}

#[cfg(test)]
mod tests {
    use super::first_sentence;

    #[test]
    fn one_sentence_on_one_line() {
        assert_eq!(first_sentence("Gets a\nfile. Or v1.2 of it."), "Gets a file.");
        assert_eq!(first_sentence("v1.2 of it"), "v1.2 of it");
        assert_eq!(first_sentence("a\u{1b}[31mb"), "a[31mb");
        assert!(first_sentence(&"ä".repeat(500)).chars().count() == 160);
    }
}
