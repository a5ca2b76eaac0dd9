//! How strict the batch endpoint is.

/// How the mock treats the `Content-ID` of parts.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
#[non_exhaustive]
pub enum ContentIds {
    /// A part without an id gets a part without an id in the response, as the format allows.
    #[default]
    Any,
    /// If two parts have the same id, or two have none, the whole batch is a 400, as in Calendar and Tasks.
    Unique,
    /// A part without an id is neither executed nor included in the response, as in some emulators.
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
#[must_use = "rules do nothing until they are passed to `batch_rules`"]
pub struct BatchRules {
    pub(crate) max_calls: Option<usize>,
    pub(crate) content_ids: ContentIds,
    pub(crate) strict: bool,
}

impl BatchRules {
    /// The default rules: the API's own limit, any `Content-ID`, lenient parsing.
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the maximum number of calls in a batch, instead of the API's own limit.
    pub fn max_calls(mut self, calls: usize) -> Self {
        self.max_calls = Some(calls);
        self
    }

    /// Sets how ids are treated.
    pub fn content_ids(mut self, ids: ContentIds) -> Self {
        self.content_ids = ids;
        self
    }

    /// Sets whether a request must follow the standards exactly: CRLF, an HTTP version in each request line, a blank
    /// line after the headers. A part without `Content-Length` then has no body.
    pub fn strict(mut self, strict: bool) -> Self {
        self.strict = strict;
        self
    }
}
