//! A batch without a type for its API: the queued calls, and the options for sending them.

use std::borrow::Cow;
use std::collections::HashSet;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use http::header::{HeaderName, HeaderValue};

use super::reply::{Id, Listener, Then};
use crate::call::request::Request;
use crate::multipart::ReadLimits;
use crate::send::attempts::Ledger;
use crate::send::retry::RetryPolicy;
use crate::wire::headers;
use crate::wire::query::Query;
use crate::wire::spec::ApiSpec;
use crate::{Client, Error, Result};

/// The number of calls for which a batch has memory from its first call on. Most batches are not larger.
const SMALL: usize = 16;

/// A batch without a type for its API.
pub(super) struct RawBatch<'cb> {
    pub(super) client: Client,
    pub(super) api: &'static ApiSpec,
    /// The root URL for all calls, or the error of a client that has none.
    pub(super) root: Result<String>,
    pub(super) serial: u64,
    pub(super) calls: Vec<Entry<'cb>>,
    /// The ids set by the caller. Generated ids cannot be equal to them.
    pub(super) ids: HashSet<String>,
    pub(super) listeners: Vec<Listener<'cb>>,
    /// For each barrier, the number of calls before it, and whether a failure before it cancels the calls after it.
    pub(super) barriers: Vec<(usize, bool)>,
    pub(super) options: BatchOptions,
}

/// The options of a whole batch.
#[derive(Clone)]
pub(super) struct BatchOptions {
    pub(super) max_calls: Option<usize>,
    pub(super) max_bytes: usize,
    pub(super) max_url: usize,
    pub(super) concurrency: usize,
    pub(super) rate: Option<f64>,
    /// How long a request that is not full waits for more calls.
    pub(super) linger: Linger,
    /// The time limit for the whole job.
    pub(super) deadline: Option<Duration>,
    pub(super) policy: RetryPolicy,
    pub(super) limits: ReadLimits,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) query: Query,
    pub(super) error: Option<Error>,
}

/// The index of a lane. A lane has the waiting calls of one user.
pub(super) type LaneId = usize;

/// How long a request that is not full waits for more calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Linger {
    /// It does not wait.
    Never,
    /// This long after its first call.
    Always(Duration),
    /// This long after its first call, while other requests are being sent, because their replies may lead to more
    /// calls.
    WhileInFlight(Duration),
}

/// A queued call.
pub(super) struct Entry<'cb> {
    pub(super) id: Id,
    pub(super) index: usize,
    pub(super) request: Request,
    pub(super) then: Then<'cb>,
    pub(super) ledger: Ledger,
    /// The number of times the call was sent.
    pub(super) sent: u32,
    /// How often the server refused this call because of a limit while others succeeded.
    pub(super) limited: u32,
    /// The index of its lane's counts in its request.
    pub(super) tally: u16,
    pub(super) lane: LaneId,
}

impl<'cb> Entry<'cb> {
    pub(super) fn new(id: Id, index: usize, request: Request, then: Then<'cb>) -> Self {
        let ledger = Ledger::default();
        Entry { id, index, request, then, ledger, sent: 0, limited: 0, tally: 0, lane: 0 }
    }

    /// The cost of the call in units of the quota.
    pub(super) fn cost(&self) -> f64 {
        f64::from(self.request.spec().units)
    }
}

static SERIAL: AtomicU64 = AtomicU64::new(0);

impl<'cb> RawBatch<'cb> {
    pub(super) fn new(client: Client, api: &'static ApiSpec) -> Self {
        let options = BatchOptions {
            max_calls: None,
            max_bytes: api.limits.bytes,
            max_url: api.limits.url,
            concurrency: 2,
            rate: None,
            linger: Linger::Never,
            deadline: None,
            policy: client.policy().clone(),
            limits: ReadLimits::default(),
            headers: Vec::new(),
            query: Query::default(),
            error: None,
        };
        RawBatch {
            root: client.root(api).map(Cow::into_owned),
            client,
            api,
            serial: SERIAL.fetch_add(1, Ordering::Relaxed),
            calls: Vec::new(),
            ids: HashSet::new(),
            listeners: Vec::new(),
            barriers: Vec::new(),
            options,
        }
    }

    /// Queues a call whose type is erased, and returns its index.
    pub(super) fn push(&mut self, mut request: Request, then: Then<'cb>) -> Result<usize> {
        request.check()?;
        request.fill_request_id();
        let root = self.root.as_ref().map_err(Clone::clone)?;
        if !request.client().is_same(&self.client) && request.client().root(self.api)? != *root {
            return Err(Error::input(format!(
                "{}: the call's endpoint differs from the batch's",
                request.id()
            )));
        }
        let index = self.calls.len();
        let id = match request.options_mut().id.take() {
            Some(id) if self.ids.contains(&id) => {
                return Err(Error::input(format!(
                    "{}: the batch already has a call with the id {id:?}",
                    request.id()
                )));
            }
            Some(id) => {
                self.ids.insert(id.clone());
                Id::given(id)
            }
            None => Id::made(index),
        };
        if self.calls.is_empty() {
            self.calls.reserve(SMALL);
        }
        self.calls.push(Entry::new(id, index, request, then));
        Ok(index)
    }
}

impl BatchOptions {
    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        match headers::parse(name, value) {
            Ok(_) if self.headers.len() >= headers::MOST => {
                self.fail(format!("a batch has more than {} headers", headers::MOST));
            }
            Ok((name, value)) if !name.as_str().starts_with("content-") => {
                self.headers.push((name, value));
            }
            // These headers describe the request itself. The server does not apply them to the calls.
            Ok((name, _)) => self.fail(format!("the header `{name}` of a batch is written by the library")),
            Err(error) => self.fail(error.to_string()),
        }
    }

    pub(super) fn fail(&mut self, message: String) {
        self.error.get_or_insert(Error::input(message));
    }
}
