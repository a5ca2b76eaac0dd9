//! How calls travel: each API has a run, which puts calls into batches. Nothing else of the command knows it.

use std::collections::{HashMap, HashSet, VecDeque};
use std::fmt::Display;
use std::future::poll_fn;
use std::path::PathBuf;
use std::pin::Pin;
use std::task::Poll;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use futures_util::Stream;
use futures_util::stream::poll_fn as stream_of;
use gapis_runtime::private::Request;
use gapis_runtime::{Client, Error, RawResponse, Run};
use tokio::sync::mpsc;

use super::record::Reply;
use super::table::Api;

/// How long a request that is not full waits for more calls.
const LINGER: Duration = Duration::from_millis(2);

/// How many calls are in one HTTP request, unless the command says how many.
const USUAL_CALLS: usize = 100;

/// How calls are sent.
pub(super) struct Options {
    /// HTTP requests at the same time, for each API.
    pub(super) concurrency: usize,
    /// Calls in one HTTP request.
    pub(super) calls: Option<usize>,
    /// Calls without a reply, for all APIs.
    pub(super) in_flight: usize,
    /// The folder of the journals.
    pub(super) journal: Option<PathBuf>,
}

/// A line of the input.
pub(super) struct Line {
    pub(super) number: u64,
    pub(super) text: String,
}

/// A call that has its reply.
pub(super) struct Flight {
    pub(super) line: Line,
    pub(super) result: gapis_runtime::Result<Reply>,
    /// Whether an earlier run got the reply.
    pub(super) from_journal: bool,
}

impl Flight {
    fn not_sent(line: Line, why: &dyn Display) -> Self {
        let error = Error::input(format!("the call was not sent: {why}"));
        Flight { line, result: Err(error), from_journal: false }
    }
}

/// A wait in which no calls of an API are sent.
pub(super) struct Wait {
    pub(super) api: &'static str,
    pub(super) left: Duration,
}

/// The calls that are on their way.
pub(super) struct Flights {
    options: Options,
    apis: Vec<ApiCalls>,
    /// The number of calls without a reply.
    open: usize,
    /// Calls that cannot be sent any more.
    refused: VecDeque<Flight>,
    /// The first error that stopped a run, such as of its journal.
    stopped: Option<Error>,
    /// Whether no more calls are sent, because the job is to end.
    is_stopping: bool,
    /// The APIs whose runs were stopped.
    stopped_apis: HashSet<usize>,
    /// Which API is asked first for its next reply, so that none has to wait for the others.
    turn: usize,
}

/// The calls of one API.
struct ApiCalls {
    api: &'static Api,
    /// `None` if the input has ended.
    calls: Option<mpsc::UnboundedSender<Request>>,
    run: Run<'static, (), RawResponse>,
    /// The number of calls so far.
    count: usize,
    /// The lines of the calls without a reply, by the position of the call in the run.
    lines: HashMap<usize, Line>,
}

impl Flights {
    /// # Errors
    /// If the folder for journals cannot be made.
    pub(super) fn new(options: Options) -> Result<Self> {
        if let Some(folder) = &options.journal {
            if folder.exists() && !folder.is_dir() {
                bail!(
                    "{} is a file; `--journal` takes a folder, in which each API has a journal",
                    folder.display()
                );
            }
            std::fs::create_dir_all(folder)
                .with_context(|| format!("cannot make the folder {}", folder.display()))?;
        }
        Ok(Flights {
            options,
            apis: Vec::new(),
            open: 0,
            refused: VecDeque::new(),
            stopped: None,
            is_stopping: false,
            stopped_apis: HashSet::new(),
            turn: 0,
        })
    }

    pub(super) fn has_room(&self) -> bool {
        self.open < self.options.in_flight
    }

    pub(super) fn is_empty(&self) -> bool {
        self.open == 0
    }

    /// Sends a call.
    ///
    /// # Errors
    /// If the journal cannot be opened.
    pub(super) fn start(
        &mut self,
        client: &Client,
        api: &'static Api,
        request: Request,
        line: Line,
    ) -> Result<()> {
        self.open += 1;
        if let Some(calls) = self.apis.iter_mut().find(|known| known.api.number == api.number) {
            calls.push(request, line);
            return Ok(());
        }
        let stopped = self.stopped.clone().filter(|_| self.stopped_apis.contains(&api.number));
        let error = match stopped.map_or_else(|| ApiCalls::new(client, api, &self.options), Err) {
            Ok(mut calls) => {
                calls.push(request, line);
                self.apis.push(calls);
                return Ok(());
            }
            // If nothing is being sent, there is nothing to wait for.
            Err(error) if self.open == 1 => {
                self.open = 0;
                return Err(error.into());
            }
            Err(error) => error,
        };
        self.stopped_apis.insert(api.number);
        self.refused.push_back(Flight::not_sent(line, &error));
        self.stopped.get_or_insert(error);
        Ok(())
    }

    /// Says that no more calls come.
    pub(super) fn close(&mut self) {
        self.apis.iter_mut().for_each(|api| api.calls = None);
    }

    /// Sends no more calls. Those that are being sent get their replies, and the others are reported as not sent.
    pub(super) fn stop(&mut self) {
        self.close();
        self.is_stopping = true;
        self.apis.iter_mut().for_each(|api| api.run.stop());
    }

    /// The longest wait of an API that has calls, if there is one.
    pub(super) fn wait(&self) -> Option<Wait> {
        let waits = self.apis.iter().filter(|api| !api.lines.is_empty()).filter_map(|api| {
            let left = api.run.progress().blocked_for?;
            Some(Wait { api: &api.api.id, left })
        });
        waits.max_by_key(|wait| wait.left)
    }

    /// The next reply, in the order in which they arrive. `None` if there is nothing to wait for.
    pub(super) async fn next(&mut self) -> Option<Flight> {
        poll_fn(|cx| {
            loop {
                if let Some(flight) = self.refused.pop_front() {
                    self.open -= 1;
                    return Poll::Ready(Some(flight));
                }
                if self.apis.is_empty() {
                    return Poll::Ready(None);
                }
                let mut ended = None;
                for step in 0..self.apis.len() {
                    let place = (self.turn + step) % self.apis.len();
                    let Some(calls) = self.apis.get_mut(place) else { continue };
                    match Pin::new(&mut calls.run).poll_next(cx) {
                        Poll::Ready(Some(reply)) => {
                            self.turn = place + 1;
                            let Some(line) = calls.lines.remove(&reply.index) else { continue };
                            self.open -= 1;
                            let spec = calls.api.spec;
                            let result = reply.result.map(|response| Reply::of(spec, &response));
                            let from_journal = reply.from_journal;
                            return Poll::Ready(Some(Flight { line, result, from_journal }));
                        }
                        Poll::Ready(None) => ended = Some(place),
                        Poll::Pending => {}
                    }
                }
                match ended {
                    Some(place) => self.end(place),
                    None => return Poll::Pending,
                }
            }
        })
        .await
    }

    /// Ends a run without replies. If it was stopped, calls are left that were not sent.
    fn end(&mut self, place: usize) {
        let ApiCalls { api, run, lines, .. } = self.apis.swap_remove(place);
        let error = run.finish().stopped;
        let why: &dyn Display = error.as_ref().map_or(&"the run has ended", |error| error);
        let mut left: Vec<Line> = lines.into_values().collect();
        left.sort_by_key(|line| line.number);
        self.refused.extend(left.into_iter().map(|line| Flight::not_sent(line, why)));
        if let Some(error) = error.filter(|_| !self.is_stopping) {
            self.stopped_apis.insert(api.number);
            self.stopped.get_or_insert(error);
        }
    }

    /// Ends all runs.
    ///
    /// # Errors
    /// The first error that stopped a run, such as of a journal that cannot be written.
    pub(super) fn finish(self) -> Result<()> {
        let reports = self.apis.into_iter().filter_map(|calls| calls.run.finish().stopped);
        let reports = reports.filter(|error| !(self.is_stopping && error.is_cancelled()));
        match self.stopped.into_iter().chain(reports).next() {
            Some(error) => Err(error.into()),
            None => Ok(()),
        }
    }
}

impl ApiCalls {
    fn new(client: &Client, api: &'static Api, options: &Options) -> gapis_runtime::Result<Self> {
        let (sender, mut calls) = mpsc::unbounded_channel();
        let limit = api.spec.limits.calls.min(USUAL_CALLS);
        let mut run = Run::raw(client, api.spec, stream_of(move |cx| calls.poll_recv(cx)))
            .with_concurrency(options.concurrency)
            .with_max_calls(options.calls.unwrap_or(limit))
            .with_replies(options.in_flight)
            .with_linger(LINGER);
        if let Some(folder) = &options.journal {
            let file = folder.join(format!("{}.journal", api.id.replace(':', "-")));
            // With its value, a call of an earlier run has its line of output again.
            run = run.journal(file)?.with_journal_values();
        }
        Ok(ApiCalls { api, calls: Some(sender), run, count: 0, lines: HashMap::new() })
    }

    fn push(&mut self, request: Request, line: Line) {
        self.lines.insert(self.count, line);
        self.count += 1;
        // If the run was stopped, it takes no more calls, and the line is reported when the run ends.
        let _ = self.calls.as_ref().map(|calls| calls.send(request));
    }
}
