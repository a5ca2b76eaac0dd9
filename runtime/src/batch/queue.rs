//! The batch without its API's type: what is queued, and how it is to be sent.

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

/// The batch without its API's type.
pub(super) struct RawBatch<'cb> {
    pub(super) client: Client,
    pub(super) api: &'static ApiSpec,
    /// Where all of its calls go, if its client has a place for them.
    pub(super) root: Result<String>,
    pub(super) serial: u64,
    pub(super) calls: Vec<Entry<'cb>>,
    /// The caller's ids. Made ones are of another kind and cannot collide.
    pub(super) ids: HashSet<String>,
    pub(super) listeners: Vec<Listener<'cb>>,
    /// For each barrier, how many calls are before it, and whether a failure of one cancels what comes after.
    pub(super) barriers: Vec<(usize, bool)>,
    pub(super) options: BatchOptions,
}

/// What the caller said about the whole batch.
#[derive(Clone)]
pub(super) struct BatchOptions {
    pub(super) max_calls: Option<usize>,
    pub(super) max_bytes: usize,
    pub(super) max_url: usize,
    pub(super) concurrency: usize,
    pub(super) rate: Option<f64>,
    /// How long a request that is not full waits for more calls.
    pub(super) linger: Linger,
    /// After so long no call waits for its answer any more.
    pub(super) deadline: Option<Duration>,
    pub(super) policy: RetryPolicy,
    pub(super) limits: ReadLimits,
    pub(super) headers: Vec<(HeaderName, HeaderValue)>,
    pub(super) query: Query,
    pub(super) error: Option<Error>,
}

/// The place of a user's calls among those that wait.
pub(super) type LaneId = usize;

/// How long a request that is not full waits for more calls.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Linger {
    /// Not at all.
    Never,
    /// So long after its first call.
    Always(Duration),
    /// So long after its first call, where others are on their way: their replies may bring more.
    WhileFlying(Duration),
}

/// A queued call.
pub(super) struct Entry<'cb> {
    pub(super) id: Id,
    pub(super) index: usize,
    pub(super) request: Request,
    pub(super) then: Then<'cb>,
    pub(super) ledger: Ledger,
    /// How often it was sent, for the report.
    pub(super) sent: u32,
    /// How often it was told to slow down without others being told the same.
    pub(super) limited: u32,
    /// Its place in its request's count of what each lane was told.
    pub(super) seat: u16,
    pub(super) lane: LaneId,
}

impl<'cb> Entry<'cb> {
    pub(super) fn new(id: Id, index: usize, request: Request, then: Then<'cb>) -> Self {
        let ledger = Ledger::default();
        Entry { id, index, request, then, ledger, sent: 0, limited: 0, seat: 0, lane: 0 }
    }

    /// What it costs of a quota, in units.
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

    /// Queues an erased call and gives its index.
    pub(super) fn push(&mut self, mut request: Request, then: Then<'cb>) -> Result<usize> {
        request.check()?;
        request.fill_request_id();
        let root = self.root.as_ref().map_err(Clone::clone)?;
        if !request.client().is_same(&self.client) && request.client().root(self.api)? != *root {
            return Err(Error::input(format!(
                "{}: the call goes to another endpoint than the batch",
                request.id()
            )));
        }
        let index = self.calls.len();
        let id = match request.options_mut().id.take() {
            Some(id) if self.ids.contains(&id) => {
                return Err(Error::input(format!(
                    "{}: the batch has a call with the id {id:?} already",
                    request.id()
                )));
            }
            Some(id) => {
                self.ids.insert(id.clone());
                Id::given(id)
            }
            None => Id::made(index),
        };
        self.calls.push(Entry::new(id, index, request, then));
        Ok(index)
    }
}

impl BatchOptions {
    pub(super) fn add_header(&mut self, name: &str, value: &str) {
        match headers::parse(name, value) {
            Ok(_) if self.headers.len() >= headers::MOST => {
                self.fail(format!("more than {} headers of one batch", headers::MOST));
            }
            Ok((name, value)) if !name.as_str().starts_with("content-") => {
                self.headers.push((name, value));
            }
            // These describe the outer message itself and are not applied to its parts.
            Ok((name, _)) => self.fail(format!("the header `{name}` of a batch is written by the library")),
            Err(error) => self.fail(error.to_string()),
        }
    }

    pub(super) fn fail(&mut self, message: String) {
        self.error.get_or_insert(Error::input(message));
    }
}
