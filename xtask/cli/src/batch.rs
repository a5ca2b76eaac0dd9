//! `gapis batch`: calls as lines of JSON in, replies as lines of JSON out, for any method of any document.
//!
//! Lines are read as there is room for calls on their way, so that memory does not grow with the input. `send` is the one
//! file that knows how calls travel.

mod call;
mod credentials;
mod input;
mod record;
mod send;
mod table;

use std::io::{Write, stderr};
use std::path::PathBuf;
use std::time::{Duration, Instant};

use anyhow::{Context, Result};
use clap::Args;
use gapis_runtime::private::Request;
use gapis_runtime::{Client, DryRun};

use self::call::Call;
use self::credentials::Who;
use self::input::Lines;
use self::record::{Answered, Counts, Record};
use self::send::{Flight, Flights, Line, Options};
use self::table::{Api, Table};
use crate::documents::Documents;
use crate::workspace::{Terminal, Workspace};

/// What to send, and how.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  gapis batch calls.ndjson --service-account key.json --subject ann@example.com > replies.ndjson
  gapis batch calls.ndjson --dry-run
  gapis batch calls.ndjson --journal calls.journal > replies.ndjson
  gapis batch --document drive.v3.json --token-env TOKEN < calls.ndjson
  jq -c 'select(.error)' replies.ndjson | gapis batch > more.ndjson

A line of input:
  {\"method\":\"drive.files.update\",\"params\":{\"fileId\":\"ID\"},\"body\":{\"starred\":true},\"id\":\"row 7\"}
It may also have `headers`, `idempotent` (true where the call may be executed twice), `subject` (the user to act for), and
`api` (drive:v3, where several documents have the method).

A line of output, in the order in which replies come:
  {\"line\":1,\"id\":\"row 7\",\"method\":\"drive.files.update\",\"status\":200,\"response\":{…}}
A call that failed is written as it was, with `error` beside it, so that it can be fed again. Where nobody knows whether
it was executed, `error.outcome` is `unknown`.

Exit status: 0 all calls succeeded, 1 the input or output failed, 2 the command line is wrong, 3 some calls failed, 4 of
some failed calls nobody knows whether they were executed.")]
pub(crate) struct Batch {
    /// The file of calls, a line each [default: standard input]
    #[arg(value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// A document with methods, in place of those of gapis.toml; may be given several times
    #[arg(long, value_name = "FILE")]
    pub(crate) document: Vec<PathBuf>,
    /// Print what would be sent, and send nothing
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Calls in one HTTP request at most [default: the API's limit, but no more than 100]
    #[arg(long, value_name = "N", value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) batch_size: Option<u32>,
    /// HTTP requests on their way at once, for each API
    #[arg(long, value_name = "N", default_value = "4", value_parser = clap::value_parser!(u32).range(1..=1000))]
    pub(crate) concurrency: u32,
    /// Calls that are read and not answered yet, at most
    #[arg(long, value_name = "N", default_value = "1000", value_parser = clap::value_parser!(u32).range(1..=1_000_000))]
    pub(crate) in_flight: u32,
    /// A folder that records which calls were sent and which have replies. If the same command is run again after a crash,
    /// it sends no call that has a reply or that may have been executed and must not be executed twice, and its output has
    /// the replies of all calls. Calls are known by their `id`, or else by the number of their line, and by the user they
    /// are made for
    #[arg(long, value_name = "DIR")]
    pub(crate) journal: Option<PathBuf>,
    /// No summary on standard error
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) who: Who,
}

/// What a job of calls ended in, as exit statuses.
const SOME_FAILED: u8 = 3;
const SOME_UNKNOWN: u8 = 4;

impl Batch {
    /// Sends. Returns the exit status.
    ///
    /// # Errors
    /// If a document, the credentials or the input cannot be read, or the output cannot be written.
    pub(crate) fn run(
        &self,
        workspace: impl FnOnce() -> Result<Workspace>,
        terminal: &mut Terminal<'_>,
    ) -> Result<u8> {
        let documents = match self.document.as_slice() {
            [] => Documents::of(&workspace()?)?,
            files => Documents::of_files(files)?,
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the async runtime")?;
        let counts = runtime.block_on(self.send_all(Table::new(documents), terminal))?;
        terminal.out.flush().context("cannot write the replies")?;
        if !self.quiet {
            // If standard error is closed, the exit status says the most of it.
            let _ = writeln!(stderr(), "{counts}");
        }
        Ok(match counts {
            Counts { unknown: 1.., .. } => SOME_UNKNOWN,
            Counts { failed: 1.., .. } => SOME_FAILED,
            _ => 0,
        })
    }

    async fn send_all(&self, mut table: Table, terminal: &mut Terminal<'_>) -> Result<Counts> {
        let mut clients = self.who.clients(self.dry_run)?;
        let mut lines = Lines::of(self.input.as_deref())?;
        let mut flights = Flights::new(Options {
            concurrency: self.concurrency as usize,
            calls: self.batch_size.map(|calls| calls as usize),
            in_flight: self.in_flight as usize,
            journal: self.journal.clone().filter(|_| !self.dry_run),
        })?;
        let mut progress = Shown::new(terminal.progress);
        let mut counts = Counts::default();
        let mut ended = false;
        // Why the input could not be read to its end. The calls before that are on their way and get their replies.
        let mut broken = None;
        while !(ended && flights.is_empty()) {
            tokio::select! {
                line = lines.next(), if !ended && flights.has_room() => match line {
                    Err(error) => {
                        (ended, broken) = (true, Some(error));
                        flights.close();
                    }
                    Ok(None) => {
                        ended = true;
                        flights.close();
                    }
                    Ok(Some((number, text))) => {
                        let line = Line { number, text };
                        match self.read(&line, &mut table, &mut clients) {
                            Ok(Read::Call(api, request)) => {
                                flights.start(clients.shared(), api, request, line)?;
                            }
                            Ok(Read::Dry(dry)) => {
                                write(&mut counts, &Record::WouldSend { number, dry }, &line, terminal)?;
                            }
                            Err(error) => {
                                let record = Record::Refused { number, message: format!("{error:#}") };
                                write(&mut counts, &record, &line, terminal)?;
                            }
                        }
                    }
                },
                answered = flights.next(), if !flights.is_empty() => {
                    let Some(Flight { line, result }) = answered else { continue };
                    let record = Record::Answered(Answered { number: line.number, result });
                    write(&mut counts, &record, &line, terminal)?;
                }
            }
            progress.show(&counts);
        }
        progress.clear();
        flights.finish()?;
        broken.map_or(Ok(counts), Err)
    }

    /// Reads a line, and makes its request.
    fn read(&self, line: &Line, table: &mut Table, clients: &mut credentials::Clients) -> Result<Read> {
        let call = Call::read(&line.text)?;
        let (api, method) = table.find(&call.method, call.api.as_deref())?;
        let client: Client = clients.of(call.subject.as_deref())?;
        let request = call.request(&client, api, method)?;
        if self.dry_run {
            return Ok(Read::Dry(Box::new(DryRun::new(request)?)));
        }
        Ok(Read::Call(
            api,
            if self.journal.is_some() { self.with_id(request, &call, line.number) } else { request },
        ))
    }

    /// Sets the id by which the journal knows a call: that of its line, and the user. A request does not say for whom it
    /// is made, and no user may get the reply of another.
    fn with_id(&self, request: Request, call: &Call<'_>, number: u64) -> Request {
        // As it is written, so that `1` and `"1"` are two ids, and no id is that of a line.
        let id = call.id.map_or_else(|| format!("line {number}"), |id| id.get().to_owned());
        match call.subject.as_deref().or(self.who.subject.as_deref()) {
            Some(user) => request.with_id(&format_args!("{id} for {user}")),
            None => request.with_id(&id),
        }
    }
}

/// What a line of the input becomes.
enum Read {
    Call(&'static Api, Request),
    /// The request that would be sent.
    Dry(Box<DryRun>),
}

/// Counts and writes the record of a line.
fn write(counts: &mut Counts, record: &Record, line: &Line, terminal: &mut Terminal<'_>) -> Result<()> {
    counts.add(record);
    record.write(&line.text, terminal.out)
}

/// A line on standard error that says how far the job is, after the first second.
struct Shown {
    on: bool,
    begun: Instant,
    last: Instant,
    anything: bool,
}

impl Shown {
    fn new(on: bool) -> Self {
        let now = Instant::now();
        Shown { on, begun: now, last: now, anything: false }
    }

    fn show(&mut self, counts: &Counts) {
        if !self.on || self.last.elapsed() < Duration::from_secs(1) {
            return;
        }
        self.last = Instant::now();
        self.anything = true;
        let rate = counts.all as f64 / self.begun.elapsed().as_secs_f64();
        // A terminal that is gone needs no progress.
        let _ = write!(stderr(), "\x1b[K{counts}, {rate:.0} a second\r");
    }

    fn clear(&self) {
        if self.anything {
            let _ = write!(stderr(), "\x1b[K");
        }
    }
}
