//! How strict the batch endpoint is.

/// What the mock does with a part's `Content-ID`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ContentIds {
    /// A part without one is answered by a part without one, as the format allows.
    #[default]
    Any,
    /// Two parts with the same, or two without, are a 400 for the whole batch, as Calendar and Tasks have it.
    Unique,
    /// A part without one is not executed and not answered, as some emulators have it.
    Required,
}

/// How strict the batch endpoint is.
///
/// ```
/// use gapis_mock::{BatchRules, ContentIds, Handlers};
///
/// let handlers = Handlers::new();
/// handlers.batch_rules(BatchRules::new().max_calls(50).content_ids(ContentIds::Unique).strict(true));
/// ```
#[derive(Debug, Clone, Copy, Default)]
#[must_use = "rules do nothing until they are given to `batch_rules`"]
pub struct BatchRules {
    pub(crate) max_calls: Option<usize>,
    pub(crate) content_ids: ContentIds,
    pub(crate) strict: bool,
}

impl BatchRules {
    /// The rules that hold by default: the API's own limit, any `Content-ID`, lenient reading.
    pub fn new() -> Self {
        Self::default()
    }

    /// How many calls a batch may have, in place of the API's own limit.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// What is done with ids.
    pub fn content_ids(mut self, ids: ContentIds) -> Self {
        self.content_ids = ids;
        self
    }

    /// Whether the request must have the exact form of the standards: CRLF, an HTTP version in each request line, a blank
    /// line after each head; a body without `Content-Length` is read as none.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
}
