//! The farm for the load programs, in a process of its own so that its memory does not count: spoils calls and whole
//! responses in every way that the mock server knows, and keeps count of what it executed.

use std::collections::HashMap;
use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdout, Command, Stdio};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use gapis_farm_v2::animals;
use gapis_farm_v2::schemas::Animal;
use gapis_mock::{Fault, MockCall, MockError, MockResponse, MockServer};

use crate::check::Checked;

/// Serves until the standard input ends, then prints how many calls it handled, and how many animals it was told to make
/// twice: an insert may not be repeated once it may have been executed.
pub(crate) fn run(share: f64) -> Checked {
    let mock = MockServer::start()?;
    let made: Arc<Mutex<HashMap<String, u32>>> = Arc::default();
    let count = Arc::clone(&made);
    mock.keep(0, 0)
        .on::<animals::Get>(|call| Ok(Animal { id: Some(call.var_as("animalId")?), ..Default::default() }))
        .on::<animals::Insert>(move |call| {
            let animal: Animal = call.body()?;
            let name = animal.name.clone().unwrap_or_default();
            *count.lock().unwrap_or_else(PoisonError::into_inner).entry(name).or_default() += 1;
            Ok(animal)
        })
        .on_raw::<animals::Delete>(|_| MockResponse::new(204));
    if share > 0.0 {
        spoil_calls(&mock, share);
        spoil_responses(&mock, share);
    }
    let mut out = std::io::stdout();
    writeln!(out, "{}", mock.uri())?;
    out.flush()?;
    std::io::stdin().read_to_end(&mut Vec::new())?;
    let made = made.lock().unwrap_or_else(PoisonError::into_inner);
    let twice = made.values().filter(|times| **times > 1).count();
    writeln!(out, "{} {twice}", mock.call_count())?;
    Ok(())
}

/// Whether the parts of the answer to this HTTP request come without ids. Then nothing else may be done to their order
/// and number: no client could tell which part is whose.
fn without_ids(call: &MockCall) -> bool {
    call.request() % 25 == 7
}

fn spoil_calls(mock: &MockServer, share: f64) {
    let ordered =
        [Fault::drop_part(), Fault::duplicate_part()].map(|fault| fault.when(|call| !without_ids(call)));
    let kinds = [
        Fault::garble_json(),
        Fault::garble_status_line(),
        Fault::raw_part("Content-Type: application/http\r\n\r\nno answer at all"),
        Fault::wrong_content_length(7),
        Fault::wrong_content_length(-7),
        Fault::no_blank_line(),
        Fault::header_without_colon(),
        Fault::no_reason_phrase(),
        Fault::unfinished_head(),
        Fault::error(MockError::too_many_requests(None)),
        Fault::error(MockError::unavailable(None)),
        Fault::error(MockError::rate_limit_exceeded()),
        Fault::error(MockError::inner_batch_soft_limit()),
        Fault::error(MockError::unauthenticated()),
        Fault::error(MockError::new(500, "backendError", "Backend Error")),
        Fault::error(MockError::not_found("it")),
    ];
    let each = share / (ordered.len() + kinds.len()) as f64;
    for (seed, kind) in (1..).zip(ordered.into_iter().chain(kinds)) {
        mock.fault(kind.share(seed, each));
    }
}

fn spoil_responses(mock: &MockServer, share: f64) {
    mock.fault(Fault::no_content_ids().when(without_ids).always());
    mock.fault(Fault::limit(500));
    let ordered = [Fault::reverse(), Fault::shuffle(5)].map(|fault| fault.when(|call| !without_ids(call)));
    let kinds = [
        Fault::respond(MockError::unavailable(None)),
        Fault::respond(MockError::too_many_requests(None)),
        Fault::respond(MockResponse::html(502, "Bad Gateway")),
        Fault::respond(MockResponse::new(200).with_body("not multipart")),
        Fault::close(),
        Fault::cut(20_000),
        Fault::end_at(30_000),
        Fault::delay(Duration::from_millis(5)),
        Fault::delay_parts(Duration::from_micros(10)),
        Fault::pieces(1_000),
        Fault::gzip(),
        Fault::lf(),
        Fault::plain_content_ids(),
        Fault::quoted_boundary(),
        Fault::preamble_and_epilogue(),
        Fault::no_final_line_break(),
    ];
    for (seed, kind) in (100..).zip(ordered.into_iter().chain(kinds)) {
        mock.fault(kind.share(seed, share));
    }
}

/// The server, started as a process by a load program and ended with it.
pub(crate) struct Server {
    child: Child,
    out: BufReader<ChildStdout>,
    pub(crate) uri: String,
}

impl Server {
    pub(crate) fn start(share: f64) -> Checked<Self> {
        let mut child = Command::new(std::env::current_exe()?)
            .args(["load-server", &share.to_string()])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()?;
        let mut out = BufReader::new(child.stdout.take().ok_or("the server has no output")?);
        let mut uri = String::new();
        out.read_line(&mut uri)?;
        Ok(Server { child, out, uri: uri.trim().to_owned() })
    }

    /// Ends the server: how many calls it handled, and how many animals were made twice.
    pub(crate) fn end(mut self) -> Checked<(u64, u64)> {
        drop(self.child.stdin.take());
        let mut counts = String::new();
        self.out.read_line(&mut counts)?;
        self.child.wait()?;
        let (calls, twice) = counts.trim().split_once(' ').ok_or("the server said nothing")?;
        Ok((calls.parse()?, twice.parse()?))
    }
}
