//! Matches paths with templates, to find the handler of a call and its path variables.

use std::sync::Arc;

use gapis_runtime::private::spec::{ApiSpec, MethodSpec};
use percent_encoding::percent_decode_str;

use crate::call::MockCall;
use crate::reply::MockResponse;

/// A handler as it is stored in the table: its value is converted to a response.
pub(crate) type Handler = dyn Fn(&MockCall) -> MockResponse + Send + Sync;

/// An entry of the table.
pub(crate) struct Route {
    pub(crate) verb: String,
    pub(crate) template: Template,
    pub(crate) api: &'static ApiSpec,
    pub(crate) method: Option<&'static MethodSpec>,
    /// Whether the entry is only for requests of media (`alt=media`), which may have the path of the metadata.
    pub(crate) media: bool,
    pub(crate) handler: Box<Handler>,
}

/// A path template: literal text, `{x}` for one segment or a part of it, `{+x}` for one or more segments.
#[derive(Debug)]
pub(crate) struct Template {
    pieces: Vec<Piece>,
    text: String,
}

#[derive(Debug)]
enum Piece {
    Literal(String),
    Variable { name: Arc<str>, segments: bool },
}

impl Template {
    /// Parses a template. A leading `/` makes no difference. An unmatched brace is literal text.
    pub(crate) fn parse(text: &str) -> Self {
        let text = text.trim_start_matches('/');
        let mut pieces = Vec::new();
        let mut rest = text;
        while let Some((before, after)) = rest.split_once('{') {
            let Some((name, tail)) = after.split_once('}') else { break };
            if !before.is_empty() {
                pieces.push(Piece::Literal(before.to_owned()));
            }
            let segments = name.starts_with('+');
            pieces.push(Piece::Variable { name: name.trim_start_matches('+').into(), segments });
            rest = tail;
        }
        if !rest.is_empty() {
            pieces.push(Piece::Literal(rest.to_owned()));
        }
        Template { pieces, text: text.to_owned() }
    }

    /// The template as given, without a leading `/`.
    pub(crate) fn text(&self) -> &str {
        &self.text
    }

    /// The amount of literal text. If two templates match, the one with more literal text is used.
    pub(crate) fn weight(&self) -> usize {
        let literal = |piece: &Piece| if let Piece::Literal(text) = piece { text.len() } else { 0 };
        self.pieces.iter().map(literal).sum()
    }

    /// The decoded variables, if the template matches that path (percent-encoded, without a leading `/`).
    pub(crate) fn matches(&self, path: &str) -> Option<Vec<(Arc<str>, String)>> {
        let mut values = Vec::new();
        if !walk(&self.pieces, path, &mut values) {
            return None;
        }
        let names = self.pieces.iter().filter_map(|piece| match piece {
            Piece::Variable { name, .. } => Some(name.clone()),
            Piece::Literal(_) => None,
        });
        Some(
            names
                .zip(values)
                .map(|(name, value)| (name, percent_decode_str(value).decode_utf8_lossy().into()))
                .collect(),
        )
    }
}

/// Matches the pieces in order. A variable takes as much as possible, but leaves what later pieces need.
fn walk<'p>(pieces: &[Piece], path: &'p str, values: &mut Vec<&'p str>) -> bool {
    let Some((piece, rest)) = pieces.split_first() else { return path.is_empty() };
    match piece {
        Piece::Literal(text) => path.strip_prefix(text.as_str()).is_some_and(|tail| walk(rest, tail, values)),
        Piece::Variable { segments, .. } => {
            let end = if *segments { path.len() } else { path.find('/').unwrap_or(path.len()) };
            if rest.is_empty() {
                values.push(path);
                return end == path.len() && end > 0;
            }
            let kept = values.len();
            let mut at = end;
            while at > 0 {
                if let Some((value, tail)) = path.split_at_checked(at) {
                    values.truncate(kept);
                    values.push(value);
                    if walk(rest, tail, values) {
                        return true;
                    }
                }
                at -= 1;
            }
            values.truncate(kept);
            false
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn vars(template: &str, path: &str) -> Option<Vec<String>> {
        Some(
            Template::parse(template)
                .matches(path)?
                .into_iter()
                .map(|(name, value)| format!("{name}={value}"))
                .collect(),
        )
    }

    #[test]
    fn one_segment() {
        assert_eq!(vars("/a/{id}", "a/x%2Fy"), Some(vec!["id=x/y".to_owned()]));
        assert_eq!(vars("a/{id}", "a/x/y"), None);
        assert_eq!(vars("a/{id}", "a/"), None);
        assert_eq!(vars("a/{id}", "b/x"), None);
    }

    #[test]
    fn several_segments_and_custom_verbs() {
        assert_eq!(vars("v1/{+name}", "v1/a/b/c"), Some(vec!["name=a/b/c".to_owned()]));
        assert_eq!(vars("v1/{+name}:undelete", "v1/a/b:undelete"), Some(vec!["name=a/b".to_owned()]));
        assert_eq!(
            vars("v1/{+parent}/items/{id}", "v1/a/items/b/items/c"),
            Some(vec!["parent=a/items/b".to_owned(), "id=c".to_owned()])
        );
        assert_eq!(vars("p/{id}:batchUpdate", "p/x:y:batchUpdate"), Some(vec!["id=x:y".to_owned()]));
        assert_eq!(vars("p/{id}/x", "p//x"), None);
    }

    #[test]
    fn odd_templates_do_not_panic() {
        for template in ["", "{", "}", "{}", "{+}", "a{b", "{a}{b}", "é{x}é"] {
            for path in ["", "a", "é", "éaé", "a/b", "%", "%zz"] {
                let _ = Template::parse(template).matches(path);
            }
        }
    }
}
