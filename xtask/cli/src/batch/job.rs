//! A job: reads lines while there is room for calls, and writes replies as they come.

use std::io::Write;
use std::time::Duration;

use anyhow::{Context, Error, Result};
use gapis_runtime::private::Request;
use gapis_runtime::{Client, DryRun};
use tokio::time::{MissedTickBehavior, interval};

use super::args::Batch;
use super::call::Call;
use super::credentials::Clients;
use super::input::Lines;
use super::record::{Answered, Counts, Record};
use super::send::{Flight, Flights, Line, Options};
use super::shown::Shown;
use super::stop::{Signal, Signals};
use super::table::{Api, Table};
use crate::workspace::Terminal;

/// How often standard error shows what the job does.
const TICK: Duration = Duration::from_secs(1);

/// A job that is running.
pub(super) struct Job<'j> {
    batch: &'j Batch,
    out: &'j mut dyn Write,
    table: Table,
    clients: Clients,
    lines: Lines,
    flights: Flights,
    signals: Signals,
    shown: Shown,
    counts: Counts,
    /// Whether no more lines are read.
    is_read: bool,
    /// The signal that stopped the job.
    signal: Option<Signal>,
    /// Why the input could not be read to its end, or the output not be written.
    error: Option<Error>,
    /// Whether the output can still be written.
    writes: bool,
}

/// What a job ended in.
pub(super) struct Ended {
    pub(super) counts: Counts,
    /// The signal that stopped the job.
    pub(super) signal: Option<Signal>,
    /// Why the input could not be read to its end, or the output not be written.
    pub(super) error: Option<Error>,
}

/// What a line of the input becomes.
enum Read {
    Call(&'static Api, Request),
    /// The request that would be sent.
    Dry(Box<DryRun>),
}

impl<'j> Job<'j> {
    /// # Errors
    /// If the credentials or the input cannot be opened, or the folder for journals cannot be made.
    pub(super) fn new(batch: &'j Batch, table: Table, terminal: &'j mut Terminal<'_>) -> Result<Self> {
        Ok(Job {
            batch,
            table,
            clients: batch.who.clients(batch.dry_run)?,
            lines: Lines::of(batch.input.as_deref())?,
            flights: Flights::new(Options {
                concurrency: batch.concurrency as usize,
                calls: batch.batch_size.map(|calls| calls as usize),
                in_flight: batch.in_flight as usize,
                journal: batch.journal.clone().filter(|_| !batch.dry_run),
            })?,
            signals: Signals::watch()?,
            shown: Shown::new(terminal.progress, batch.quiet),
            out: &mut *terminal.out,
            counts: Counts::default(),
            is_read: false,
            signal: None,
            error: None,
            writes: true,
        })
    }

    /// Sends all calls. Whatever happens, calls that are being sent get their replies first.
    pub(super) async fn run(mut self) -> Ended {
        let mut ticks = interval(TICK);
        ticks.set_missed_tick_behavior(MissedTickBehavior::Delay);
        while !(self.is_read && self.flights.is_empty()) {
            tokio::select! {
                signal = self.signals.next(), if self.signal.is_none() => {
                    self.signal = Some(signal);
                    self.stop();
                    self.shown.stopping(signal);
                }
                line = self.lines.next(), if !self.is_read && self.flights.has_room() => match line {
                    Ok(Some((number, text))) => self.take(number, text),
                    Ok(None) => self.close(),
                    Err(error) => {
                        self.error.get_or_insert(error);
                        self.close();
                    }
                },
                answered = self.flights.next(), if !self.flights.is_empty() => {
                    let Some(Flight { line, result, from_journal }) = answered else { continue };
                    self.write(&Record::Answered(Answered { number: line.number, result, from_journal }), &line);
                }
                _ = ticks.tick() => {}
            }
            self.shown.show(&self.counts, || self.flights.wait());
        }
        self.shown.clear();
        if let Err(error) = self.out.flush().context("cannot write the replies") {
            self.error.get_or_insert(error);
        }
        if let Err(error) = self.flights.finish() {
            self.error.get_or_insert(error);
        }
        Ended { counts: self.counts, signal: self.signal, error: self.error }
    }

    /// Reads no more lines.
    fn close(&mut self) {
        self.is_read = true;
        self.flights.close();
    }

    /// Reads no more lines and sends no more calls.
    fn stop(&mut self) {
        self.is_read = true;
        self.flights.stop();
    }

    fn fail(&mut self, error: Error) {
        self.error.get_or_insert(error);
        self.stop();
    }

    /// Sends the call of a line, or says why not.
    fn take(&mut self, number: u64, text: String) {
        let call = Call::read(&text);
        // A reply that is fed again keeps the number it had.
        let number = call.as_ref().ok().and_then(|call| call.line).unwrap_or(number);
        let read = call.and_then(|call| self.read(&call, number));
        let line = Line { number, text };
        match read {
            Ok(Read::Call(api, request)) => {
                if let Err(error) = self.flights.start(self.clients.shared(), api, request, line) {
                    self.fail(error);
                }
            }
            Ok(Read::Dry(dry)) => self.write(&Record::WouldSend { number, dry }, &line),
            Err(error) => self.write(&Record::Refused { number, message: format!("{error:#}") }, &line),
        }
    }

    /// Makes the request of a call.
    fn read(&mut self, call: &Call<'_>, number: u64) -> Result<Read> {
        let (api, method) = self.table.find(&call.method, call.api.as_deref())?;
        let client: Client = self.clients.of(call.subject.as_deref())?;
        let request = call.request(&client, api, method)?;
        if self.batch.dry_run {
            return Ok(Read::Dry(Box::new(DryRun::new(request)?)));
        }
        let has_journal = self.batch.journal.is_some();
        Ok(Read::Call(api, if has_journal { self.with_id(request, call, number) } else { request }))
    }

    /// Sets the id by which the journal knows a call: that of its line, and the user. A request does not say for whom it
    /// is made, and no user may get the reply of another.
    fn with_id(&self, request: Request, call: &Call<'_>, number: u64) -> Request {
        // As it is written, so that `1` and `"1"` are two ids, and no id is that of a line.
        let id = call.id.map_or_else(|| format!("line {number}"), |id| id.get().to_owned());
        match call.subject.as_deref().or(self.batch.who.subject.as_deref()) {
            Some(user) => request.with_id(&format_args!("{id} for {user}")),
            None => request.with_id(&id),
        }
    }

    /// Counts and writes the record of a line. If it cannot be written, the job is stopped.
    fn write(&mut self, record: &Record, line: &Line) {
        self.counts.add(record);
        if self.writes {
            let Err(error) = record.write(&line.text, self.out) else { return };
            self.writes = false;
            self.fail(error);
        }
        self.counts.unwritten += u64::from(record.was_sent());
    }
}
