//! The requests that the mock has received, for assertions. Their number is limited, so that a load test can run for
//! any time.

use std::collections::VecDeque;

use bytes::Bytes;
use http::HeaderMap;

use crate::call::MockCall;

/// An HTTP request as received: a call that was sent alone, or a whole batch.
/// [`Handlers::requests`](crate::Handlers::requests) lists them.
///
/// ```
/// use gapis_mock::Handlers;
///
/// let handlers = Handlers::new();
/// let request = http::Request::post("/farm/v2/animals?fields=id").body(bytes::Bytes::from("{}")).unwrap();
/// assert_eq!(handlers.handle(request).status(), 404);
/// let request = &handlers.requests()[0];
/// assert_eq!((request.verb.as_str(), request.query.as_str(), &request.body[..]), ("POST", "fields=id", &b"{}"[..]));
/// ```
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct MockRequest {
    /// Its number, from 0.
    pub number: usize,
    /// The HTTP method.
    pub verb: String,
    /// The path as sent, percent-encoded.
    pub path: String,
    /// The query as sent, without `?`.
    pub query: String,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub body: Bytes,
}

/// The last requests and calls, and their total numbers.
#[derive(Debug)]
pub(crate) struct Record {
    requests: VecDeque<MockRequest>,
    calls: VecDeque<MockCall>,
    keep_requests: usize,
    keep_calls: usize,
    pub(crate) seen_calls: usize,
}

impl Default for Record {
    fn default() -> Self {
        Record {
            requests: VecDeque::new(),
            calls: VecDeque::new(),
            keep_requests: 1_000,
            keep_calls: 10_000,
            seen_calls: 0,
        }
    }
}

impl Record {
    pub(crate) fn keep(&mut self, requests: usize, calls: usize) {
        (self.keep_requests, self.keep_calls) = (requests, calls);
        trim(&mut self.requests, requests);
        trim(&mut self.calls, calls);
    }

    pub(crate) fn request(&mut self, request: MockRequest) {
        self.requests.push_back(request);
        trim(&mut self.requests, self.keep_requests);
    }

    pub(crate) fn calls_seen(&mut self, calls: impl IntoIterator<Item = MockCall>) {
        for call in calls {
            self.seen_calls += 1;
            self.calls.push_back(call);
            trim(&mut self.calls, self.keep_calls);
        }
    }

    pub(crate) fn requests(&self) -> Vec<MockRequest> {
        self.requests.iter().cloned().collect()
    }

    pub(crate) fn calls(&self) -> Vec<MockCall> {
        self.calls.iter().cloned().collect()
    }

    pub(crate) fn clear(&mut self) {
        self.requests.clear();
        self.calls.clear();
    }
}

fn trim<T>(queue: &mut VecDeque<T>, keep: usize) {
    while queue.len() > keep {
        queue.pop_front();
    }
}
