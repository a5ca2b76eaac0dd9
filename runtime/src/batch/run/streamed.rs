//! The job of a run: takes calls from its source, and keeps replies until they are taken.

use std::collections::{HashMap, HashSet, VecDeque};
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Arc, Mutex};
use std::task::{Context, Poll};

use super::super::job::Job;
use super::super::journal::{Admission, Journal};
use super::super::queue::Entry;
use super::super::reply::{Arrived, Id, Reply, Then};
use super::failures::Failures;
use super::source::{Calls, Follow};
use crate::call::page;
use crate::call::reading::{Panic, Parts, Reader};
use crate::call::request::Request;
use crate::wire::spec::Paging;
use crate::{Error, RawResponse, Result};

/// Counts calls by their results.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Tally {
    pub(super) taken: usize,
    pub(super) succeeded: usize,
    pub(super) failed: usize,
    /// Calls that succeeded in an earlier run. They have no reply.
    pub(super) skipped: usize,
}

impl Tally {
    /// The number of calls that have no reply yet.
    pub(super) fn open(&self) -> usize {
        self.taken - self.succeeded - self.failed - self.skipped
    }
}

/// The number of calls that are skipped before other tasks may run.
const SKIPS: usize = 1000;

pub(super) struct Streamed<'cb, T> {
    pub(super) calls: Calls<'cb, T>,
    /// Calls that were made from replies.
    follow: VecDeque<Parts<'cb, T>>,
    /// The next pages of lists. Each has the index and the id of its list.
    pages: VecDeque<Entry<'cb>>,
    pub(super) paging: Option<&'static Paging>,
    /// The reader for further pages.
    reread: Option<Reader<'cb, T>>,
    /// The page tokens of each list so far.
    tokens: HashMap<usize, Vec<String>>,
    pub(super) then: Option<Follow<'cb, T>>,
    pub(super) replies: VecDeque<Reply<T>>,
    /// The maximum number of replies that wait.
    pub(super) room: usize,
    /// Where the callback of a call puts the decoded reply.
    read: Slot<T>,
    root: Result<String>,
    index: usize,
    pub(super) counts: Tally,
    pub(super) unknown: Vec<Id>,
    pub(super) stopped: Option<Error>,
    pub(super) stop_keys: bool,
    /// Keys for which a call failed.
    failed_keys: HashSet<Arc<str>>,
    pub(super) journal: Option<Box<Journal>>,
    pub(super) keeps_values: bool,
    pub(super) sync_every: u32,
    pub(super) failures: Option<Failures<'cb>>,
    pub(super) panic: Option<Panic>,
}

type Slot<T> = Arc<Mutex<Option<Reply<T>>>>;

impl<'cb, T: Send + 'static> Streamed<'cb, T> {
    pub(super) fn new(calls: Calls<'cb, T>, root: Result<String>, room: usize) -> Self {
        Streamed {
            calls,
            follow: VecDeque::new(),
            pages: VecDeque::new(),
            paging: None,
            reread: None,
            tokens: HashMap::new(),
            then: None,
            replies: VecDeque::new(),
            room,
            read: Slot::default(),
            root,
            index: 0,
            counts: Tally::default(),
            unknown: Vec::new(),
            stopped: None,
            stop_keys: false,
            failed_keys: HashSet::new(),
            journal: None,
            keeps_values: false,
            sync_every: 1,
            failures: None,
            panic: None,
        }
    }

    pub(super) fn follow(&mut self, parts: Parts<'cb, T>) {
        self.follow.push_back(parts);
    }

    /// Makes an entry for the scheduler. A call that must not be sent gets its reply immediately.
    fn admit(&mut self, parts: Parts<'cb, T>) -> Option<Entry<'cb>> {
        let Parts { mut request, reader } = parts;
        let index = self.index;
        self.index += 1;
        let id = request.options_mut().id.take();
        let id = id.map_or_else(|| Id::made(index), Id::given);
        let admission = match &mut self.journal {
            Some(journal) => journal.admit(&id, index, &mut request),
            None => Admission::Send,
        };
        let known = match admission {
            Admission::Send => None,
            Admission::Reply(result) => Some((result, true)),
            Admission::Refuse(error) => Some((Err(error), false)),
            Admission::Skip if self.then.is_some() => {
                let message = "the journal does not have the call's value, which is needed for further calls";
                Some((Err(Error::input(format!("{}: {message}", request.id()))), false))
            }
            Admission::Skip => {
                self.counts.taken += 1;
                self.counts.skipped += 1;
                return None;
            }
        };
        if let Some(paging) = self.paging {
            self.reread = reader.again();
            page::ask_for_token(&mut request, paging);
        }
        self.enter((id, index), request, reader, known)
    }

    /// Stops taking calls. Calls that were taken are completed.
    pub(super) fn stop(&mut self, error: Error) {
        self.stopped.get_or_insert(error);
        self.calls = Calls::Ended;
    }

    /// Writes the records of replies, before the replies are taken.
    pub(super) fn flush(&mut self) {
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.flush()
        {
            self.stop(error);
        }
        if let Some(failures) = &mut self.failures
            && let Err(error) = failures.flush()
        {
            self.stop(error);
        }
    }

    /// Writes everything at the end of the run, and waits for the disk.
    pub(super) fn sync(&mut self) {
        self.flush();
        if let Some(journal) = &mut self.journal
            && let Err(error) = journal.sync()
        {
            self.stop(error);
        }
    }

    /// Writes the line of a failed call.
    fn note_failure(&mut self, id: &Id, request: &Request, error: &Error) {
        if let Some(failures) = &mut self.failures
            && let Err(error) = failures.note(id, request, error)
        {
            self.stop(error);
        }
    }

    fn enter(
        &mut self,
        (id, index): (Id, usize),
        mut request: Request,
        reader: Reader<'cb, T>,
        // The reply, and whether it is from the journal.
        known: Option<(Result<RawResponse>, bool)>,
    ) -> Option<Entry<'cb>> {
        self.counts.taken += 1;
        let slot = Arc::clone(&self.read);
        let then = Then::callback(reader, move |reply| *lock(&slot) = Some(reply));
        request.fill_request_id();
        let checked = self.check(&request);
        let entry = Entry::new(id, index, request, then);
        match (checked, known) {
            (Ok(()), None) => return Some(entry),
            (Ok(()), Some((result, from_journal))) => {
                let is_unknown = result.as_ref().is_err_and(|error| error.is_unknown_outcome());
                self.unknown.extend(is_unknown.then(|| entry.id.clone()));
                self.answer(entry, result);
                if let Some(reply) = self.replies.back_mut() {
                    reply.from_journal = from_journal;
                }
            }
            (Err(error), _) => self.answer(entry, Err(error)),
        }
        None
    }

    fn check(&self, request: &Request) -> Result<()> {
        request.check()?;
        let root = self.root.as_ref().map_err(Clone::clone)?;
        if request.client().root(request.api())? != *root {
            let id = request.id();
            return Err(Error::input(format!("{id}: the call's endpoint differs from the run's")));
        }
        Ok(())
    }

    fn is_stopped(&self, request: &Request) -> bool {
        self.stop_keys && request.options().key.as_ref().is_some_and(|key| self.failed_keys.contains(key))
    }

    /// Queues the call for the next page, if there is one. It has the id and the index of its list.
    fn turn_page(&mut self, id: Id, index: usize, mut request: Request, response: &RawResponse) {
        let Some(paging) = self.paging else { return };
        let tokens = self.tokens.entry(index).or_default();
        let turned = page::turn(&mut request, paging, tokens, response);
        if let Ok(true) = turned
            && let Some(reader) = self.reread.as_ref().and_then(Reader::again)
        {
            let entry = self.enter((id, index), request, reader, None);
            self.pages.extend(entry);
            return;
        }
        self.tokens.remove(&index);
        if let Err(error) = turned {
            self.note_failure(&id, &request, &error);
            let (result, response) = (Err(error), Some(response.clone()));
            let reply = Reply { id, index, result, response, failed: None, from_journal: false };
            self.counts.taken += 1;
            self.counts.failed += 1;
            self.replies.push_back(reply);
        }
    }
}

impl<'cb, T: Send + 'static> Job<'cb> for Streamed<'cb, T> {
    fn poll_next(&mut self, cx: &mut Context<'_>) -> Poll<Option<Entry<'cb>>> {
        let skipped = self.counts.skipped;
        loop {
            if self.counts.skipped - skipped > SKIPS {
                cx.waker().wake_by_ref();
                return Poll::Pending;
            }
            if let Some(entry) = self.pages.pop_front() {
                return Poll::Ready(Some(entry));
            }
            let parts = match self.follow.pop_front() {
                Some(parts) => parts,
                // A call is taken from the source only if there is room for its reply.
                None if self.replies.len() >= self.room => return Poll::Pending,
                None => match std::task::ready!(self.calls.poll_next(cx)) {
                    Some(Ok(parts)) => parts,
                    Some(Err(error)) => {
                        self.stopped.get_or_insert(error);
                        continue;
                    }
                    // Replies may still lead to calls.
                    None if self.counts.open() > 0 => {
                        return Poll::Pending;
                    }
                    None => return Poll::Ready(None),
                },
            };
            if let Some(entry) = self.admit(parts) {
                return Poll::Ready(Some(entry));
            }
        }
    }

    fn is_exhausted(&self) -> bool {
        self.calls.is_ended()
    }

    fn refuses(&self, entry: &Entry<'cb>) -> Option<Error> {
        self.is_stopped(&entry.request).then(|| {
            Error::cancelled("the call was not sent, because an earlier call with the same key failed")
        })
    }

    fn sending(&mut self, entry: &Entry<'cb>) -> Result<()> {
        self.journal.as_mut().map_or(Ok(()), |journal| journal.sending(entry))
    }

    fn commit_sending(&mut self) -> Result<()> {
        let written = self.journal.as_mut().map_or(Ok(()), |journal| journal.commit_sending());
        written.inspect_err(|error| self.stop(error.clone()))
    }

    fn returned(&mut self, entry: &Entry<'cb>) {
        if let Some(journal) = &mut self.journal {
            journal.returned(entry);
        }
    }

    fn answer(&mut self, entry: Entry<'cb>, result: Result<RawResponse>) {
        // If another run would send it again, it has not failed permanently.
        let comes_again = self.journal.as_mut().is_some_and(|journal| journal.answered(&entry, &result));
        let Entry { id, index, request, then, sent, ledger, .. } = entry;
        let result = result.map_err(|error| ledger.conclude(error, request.reads()));
        if sent > 0
            && result.as_ref().is_err_and(|error| error.is_unknown_outcome() && !request.is_idempotent())
        {
            self.unknown.push(id.clone());
        }
        let page = self.paging.and_then(|_| Some((id.clone(), result.as_ref().ok()?.clone())));
        let mut undecodable = None;
        if let Then::Callback(callback) = then {
            let arrived =
                Arrived { id: id.clone(), index, request: &request, result, undecodable: &mut undecodable };
            if let Err(panic) = catch_unwind(AssertUnwindSafe(|| callback(arrived))) {
                self.panicked(panic);
            }
        }
        let reply = lock(&self.read).take().unwrap_or_else(|| Reply {
            id,
            index,
            result: Err(Error::cancelled("reading the reply panicked")),
            response: None,
            failed: None,
            from_journal: false,
        });
        if reply.result.is_ok() {
            self.counts.succeeded += 1;
            if let Some(then) = &mut self.then {
                let mut calls = Vec::new();
                let made = catch_unwind(AssertUnwindSafe(|| then(&reply, &mut calls)));
                self.follow.extend(calls);
                if let Err(panic) = made {
                    self.panicked(panic);
                }
            }
        } else {
            self.counts.failed += 1;
            if let Err(error) = &reply.result
                && !comes_again
            {
                self.note_failure(&reply.id, &request, error);
            }
            if let Some(key) = request.options().key.clone().filter(|_| self.stop_keys) {
                self.failed_keys.insert(key);
            }
        }
        self.replies.push_back(reply);
        if let Some((id, response)) = page {
            self.turn_page(id, index, request, &response);
        }
    }

    fn panicked(&mut self, panic: Panic) {
        self.panic.get_or_insert(panic);
    }

    fn abandoned(&mut self, error: &Error) {
        self.stop(error.clone());
    }

    fn has_replies(&self) -> bool {
        !self.replies.is_empty()
    }

    fn has_room(&self) -> bool {
        self.replies.len() < self.room
    }
}

fn lock<T>(slot: &Mutex<T>) -> std::sync::MutexGuard<'_, T> {
    slot.lock().unwrap_or_else(|poisoned| poisoned.into_inner())
}
