//! The query of a URL: encoded `name=value` pairs in order.

use crate::wire::path;

/// A query as it is sent, without a leading `?`. Names and values are encoded when they are added.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Query(String);

impl Query {
    /// A query that is already encoded.
    pub(crate) fn from_encoded(text: &str) -> Self {
        Query(text.to_owned())
    }

    /// Adds a pair.
    pub(crate) fn add(&mut self, name: &str, value: &str) {
        path::push_query(&mut self.0, name, value);
    }

    /// Whether there is a pair of that name.
    pub(crate) fn has(&self, name: &str) -> bool {
        self.pairs().any(|pair| path::is_named(pair, name))
    }

    /// The value of the first pair of that name, decoded.
    pub(crate) fn get(&self, name: &str) -> Option<String> {
        let pair = self.pairs().find(|pair| path::is_named(pair, name))?;
        let (_, value) = pair.split_once('=')?;
        Some(percent_encoding::percent_decode_str(value).decode_utf8_lossy().into_owned())
    }

    /// Removes all pairs of that name.
    pub(crate) fn remove(&mut self, name: &str) {
        if self.has(name) {
            self.retain(|pair| !path::is_named(pair, name));
        }
    }

    /// A query with only the pairs of these names.
    pub(crate) fn only(&self, names: &[&str]) -> Query {
        let mut kept = self.clone();
        kept.retain(|pair| names.iter().any(|name| path::is_named(pair, name)));
        kept
    }

    /// Adds the other query's pairs, except those whose name already occurs here.
    pub(crate) fn inherit(&mut self, other: &Query) {
        let before = self.clone();
        let name = |pair: &str| pair.split('=').next().unwrap_or_default().to_owned();
        for pair in other.pairs().filter(|pair| before.pairs().all(|before| name(before) != name(pair))) {
            if !self.0.is_empty() {
                self.0.push('&');
            }
            self.0.push_str(pair);
        }
    }

    fn retain(&mut self, keep: impl Fn(&&str) -> bool) {
        self.0 = self.pairs().filter(keep).collect::<Vec<_>>().join("&");
    }

    /// The encoded pairs; none for an empty query.
    pub(crate) fn pairs(&self) -> impl Iterator<Item = &str> {
        let mut rest = Some(self.0.as_str());
        let pairs = std::iter::from_fn(move || {
            let text = rest?;
            let (pair, after) = match path::split_at_byte(text, b'&') {
                Some((pair, after)) => (pair, Some(after)),
                None => (text, None),
            };
            rest = after;
            Some(pair)
        });
        pairs.filter(|pair| !pair.is_empty())
    }

    /// The text that is sent.
    pub(crate) fn as_str(&self) -> &str {
        &self.0
    }

    pub(crate) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pairs_are_found_by_their_decoded_name() {
        let mut query = Query::default();
        query.add("q", "a b&c");
        query.add("settings.x", "1");
        query.add("q", "2");
        assert_eq!(query.as_str(), "q=a%20b%26c&settings.x=1&q=2");
        assert_eq!(query.get("q").as_deref(), Some("a b&c"));
        assert_eq!(query.get("settings"), None);
        assert_eq!(query.only(&["settings.x"]).as_str(), "settings.x=1");
        query.remove("q");
        assert_eq!(query.as_str(), "settings.x=1");
        query.remove("settings.x");
        assert!(query.is_empty() && query.pairs().next().is_none());
    }

    #[test]
    fn pairs_are_inherited_unless_the_name_is_there() {
        let mut query = Query::from_encoded("a=1");
        query.inherit(&Query::from_encoded("a=2&b=3&b=4&aa=5"));
        assert_eq!(query.as_str(), "a=1&b=3&b=4&aa=5");
    }

    #[test]
    fn an_encoded_query_is_kept_as_it_is() {
        let query = Query::from_encoded("a=%2F&b");
        assert_eq!(query.as_str(), "a=%2F&b");
        assert_eq!(query.get("a").as_deref(), Some("/"));
        assert!(!query.has("b"), "a name without a value is no pair");
    }
}
