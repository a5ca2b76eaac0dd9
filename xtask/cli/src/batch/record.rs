//! The lines of the output, and what they add up to.

use std::fmt;
use std::io::Write;

use anyhow::{Context, Result};
use gapis_runtime::private::spec::ApiSpec;
use gapis_runtime::{DryRun, Error, RawResponse};
use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::call::Call;

/// A successful response.
pub(super) struct Reply {
    status: u16,
    /// JSON on one line, as the server wrote it; none if there is no body.
    json: Option<Box<RawValue>>,
    /// A body that is no JSON.
    text: Option<String>,
}

impl Reply {
    pub(super) fn of(api: &ApiSpec, response: &RawResponse) -> Self {
        let status = response.status.as_u16();
        let body = response.body.as_ref();
        if body.iter().all(u8::is_ascii_whitespace) {
            return Reply { status, json: None, text: None };
        }
        let json = std::str::from_utf8(body).ok().and_then(|text| {
            let value: &RawValue = serde_json::from_str(text).ok()?;
            let value = if api.data_wrapper { unwrapped(value).unwrap_or(value) } else { value };
            RawValue::from_string(on_one_line(value.get())).ok()
        });
        let text = json.is_none().then(|| String::from_utf8_lossy(body).into_owned());
        Reply { status, json, text }
    }
}

/// The member `data`, which some APIs put around everything.
fn unwrapped(value: &RawValue) -> Option<&RawValue> {
    #[derive(serde::Deserialize)]
    struct Wrapped<'a> {
        #[serde(borrow)]
        data: &'a RawValue,
    }
    Some(serde_json::from_str::<Wrapped<'_>>(value.get()).ok()?.data)
}

/// JSON without white space between its tokens. Numbers and texts stay as they are written.
fn on_one_line(json: &str) -> String {
    let mut line = String::with_capacity(json.len());
    let (mut in_text, mut is_escaped) = (false, false);
    for c in json.chars() {
        if in_text {
            in_text = is_escaped || c != '"';
            is_escaped = c == '\\' && !is_escaped;
        } else if c.is_ascii_whitespace() {
            continue;
        } else {
            in_text = c == '"';
        }
        line.push(c);
    }
    line
}

/// What is said of one line of the input.
pub(super) enum Record {
    /// The call was sent, and this is its end.
    Answered(Answered),
    /// It cannot be sent.
    Refused {
        /// The line's number.
        number: u64,
        /// Why not.
        message: String,
    },
    /// It would be sent.
    WouldSend {
        /// The line's number.
        number: u64,
        /// What would be sent.
        dry: Box<DryRun>,
    },
}

pub(super) struct Answered {
    pub(super) number: u64,
    pub(super) result: Result<Reply, Error>,
    pub(super) from_journal: bool,
}

#[derive(Serialize)]
struct Succeeded<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    method: &'a str,
    status: u16,
    #[serde(skip_serializing_if = "Option::is_none")]
    response: Option<&'a RawValue>,
    #[serde(skip_serializing_if = "Option::is_none")]
    text: Option<&'a str>,
}

#[derive(Serialize)]
struct Failed<'a> {
    line: u64,
    #[serde(flatten)]
    call: &'a Call<'a>,
    #[serde(skip_serializing_if = "Option::is_none")]
    status: Option<u16>,
    error: Why,
}

/// A line that is no call at all, as it was.
#[derive(Serialize)]
struct Unread<'a> {
    line: u64,
    input: &'a str,
    error: Why,
}

#[derive(Serialize)]
struct Why {
    outcome: Outcome,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    message: String,
}

#[derive(Serialize)]
struct WouldSend<'a> {
    line: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    id: Option<&'a RawValue>,
    method: &'a str,
    verb: &'a str,
    url: &'a str,
    headers: Value,
    #[serde(skip_serializing_if = "Option::is_none")]
    body: Option<&'a RawValue>,
}

/// What is known of a call that failed.
#[derive(Clone, Copy, PartialEq, Eq, Serialize)]
enum Outcome {
    #[serde(rename = "not sent")]
    NotSent,
    #[serde(rename = "failed")]
    Failed,
    /// It may have been executed.
    #[serde(rename = "unknown")]
    Unknown,
}

impl Outcome {
    fn of(error: &Error) -> Self {
        match error {
            error if error.is_unknown_outcome() => Outcome::Unknown,
            // A call meets no file but the journal, in which it is recorded before it is sent.
            error if error.is_input() || error.is_cancelled() || error.is_io() => Outcome::NotSent,
            _ => Outcome::Failed,
        }
    }
}

impl Why {
    fn not_sent(message: &str) -> Self {
        Why { outcome: Outcome::NotSent, reason: None, message: message.to_owned() }
    }

    fn of(error: &Error) -> Self {
        Why {
            outcome: Outcome::of(error),
            reason: error.reason().map(str::to_owned),
            message: error.to_string(),
        }
    }
}

impl Record {
    /// Whether the call was sent, so that this record is all that says what came of it.
    pub(super) fn was_sent(&self) -> bool {
        match self {
            Record::Answered(Answered { result, .. }) => {
                result.as_ref().map_or_else(|error| Outcome::of(error) != Outcome::NotSent, |_| true)
            }
            Record::Refused { .. } | Record::WouldSend { .. } => false,
        }
    }

    /// Writes it as a line. `text` is the line of the input.
    ///
    /// # Errors
    /// If it cannot be written.
    pub(super) fn write(&self, text: &str, out: &mut dyn Write) -> Result<()> {
        let call = Call::read(text);
        let line = match (self, &call) {
            (Record::Answered(Answered { number, result: Ok(reply), .. }), Ok(call)) => json(&Succeeded {
                line: *number,
                id: call.id,
                method: &call.method,
                status: reply.status,
                response: reply.json.as_deref(),
                text: reply.text.as_deref(),
            }),
            (Record::Answered(Answered { number, result: Err(error), .. }), Ok(call)) => json(&Failed {
                line: *number,
                call,
                status: error.status().map(|status| status.as_u16()),
                error: Why::of(error),
            }),
            (Record::Refused { number, message }, Ok(call)) => {
                json(&Failed { line: *number, call, status: None, error: Why::not_sent(message) })
            }
            (Record::Refused { number, message }, Err(_)) => {
                json(&Unread { line: *number, input: text.trim_end(), error: Why::not_sent(message) })
            }
            (Record::WouldSend { number, dry }, Ok(call)) => {
                let body = dry.text().ok().and_then(|text| serde_json::from_str(text).ok());
                json(&WouldSend {
                    line: *number,
                    id: call.id,
                    method: &call.method,
                    verb: &dry.verb,
                    url: &dry.url,
                    headers: dry.headers.iter().map(|(name, value)| (name.clone(), value.clone())).collect(),
                    body,
                })
            }
            // What was sent was read before.
            (_, Err(error)) => {
                json(&Unread { line: 0, input: text, error: Why::not_sent(&error.to_string()) })
            }
        }?;
        out.write_all(&line).context("cannot write the replies")
    }
}

fn json(record: &impl Serialize) -> Result<Vec<u8>> {
    let mut line = serde_json::to_vec(record).context("cannot print a reply")?;
    line.push(b'\n');
    Ok(line)
}

/// What came of all calls.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Counts {
    pub(super) all: u64,
    pub(super) failed: u64,
    /// Of those, the ones of which nobody knows whether they were executed.
    pub(super) unknown: u64,
    /// Of the failed ones, those that were not sent.
    pub(super) not_sent: u64,
    /// Replies from the journal.
    pub(super) from_journal: u64,
    /// Of those, the errors of calls that failed in an earlier run and can be sent again.
    pub(super) failed_before: u64,
    /// Replies of the server that could not be written.
    pub(super) unwritten: u64,
}

impl Counts {
    pub(super) fn add(&mut self, record: &Record) {
        self.all += 1;
        match record {
            Record::Refused { .. } => {
                self.failed += 1;
                self.not_sent += 1;
            }
            Record::Answered(Answered { result, from_journal, .. }) => {
                self.from_journal += u64::from(*from_journal);
                if let Err(error) = result {
                    let outcome = Outcome::of(error);
                    self.failed += 1;
                    self.unknown += u64::from(outcome == Outcome::Unknown);
                    self.not_sent += u64::from(outcome == Outcome::NotSent);
                    self.failed_before += u64::from(*from_journal && outcome == Outcome::Failed);
                }
            }
            Record::WouldSend { .. } => {}
        }
    }
}

impl fmt::Display for Counts {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Counts { all, failed, unknown, not_sent, from_journal, .. } = *self;
        let calls = if all == 1 { "call" } else { "calls" };
        write!(f, "{all} {calls}, {failed} failed")?;
        match (unknown, not_sent) {
            (0, 0) => {}
            (0, _) => write!(f, " ({not_sent} not sent)")?,
            (_, 0) => write!(f, " ({unknown} with an unknown outcome)")?,
            _ => write!(f, " ({unknown} with an unknown outcome, {not_sent} not sent)")?,
        }
        match from_journal {
            0 => Ok(()),
            1 => f.write_str(", 1 reply from the journal"),
            _ => write!(f, ", {from_journal} replies from the journal"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::on_one_line;

    #[test]
    fn json_on_one_line_keeps_texts_and_numbers() {
        let json = "{\n  \"a b\" : \"c \\\" \\\\\",\n \"n\": 12345678901234567890123,\t\"l\": [ 1.0e5 , null ] }\r\n";
        let line = "{\"a b\":\"c \\\" \\\\\",\"n\":12345678901234567890123,\"l\":[1.0e5,null]}";
        assert_eq!(on_one_line(json), line);
        assert_eq!(on_one_line(line), line);
    }
}
