//! The arguments of `gapis batch`, and its help.

use std::path::PathBuf;

use clap::Args;

use super::credentials::Who;

/// What to send, and how.
#[derive(Args, Clone, Debug)]
#[command(after_help = "Examples:
  gapis batch calls.ndjson --service-account key.json --subject ann@example.com > replies.ndjson
  gapis batch calls.ndjson --dry-run
  gapis batch calls.ndjson --journal journals/ > replies.ndjson
  gapis batch --document drive.v3.json --token-env TOKEN < calls.ndjson
  jq -c 'select(.error)' replies.ndjson | gapis batch > more.ndjson

A line of input:
  {\"method\":\"drive.files.update\",\"params\":{\"fileId\":\"ID\"},\"body\":{\"starred\":true},\"id\":\"row 7\"}
It may also have `headers`, `idempotent` (true where the call may be executed twice), `subject` (the user to act for), and
`api` (drive:v3, where several documents have the method). A parameter that is null is not set.

A line of output, in the order in which replies come:
  {\"line\":1,\"id\":\"row 7\",\"method\":\"drive.files.update\",\"status\":200,\"response\":{…}}
A call that failed is written as it was, with `error` beside it, so that it can be fed again; it keeps its `line`. Where
nobody knows whether it was executed, `error.outcome` is `unknown`.

With a journal, the same command can be run again. Only what has no reply yet is sent. A call that failed has its error
from the journal, unless the line that is fed has an `error`: then it is sent again.

SIGINT (Ctrl+C) and SIGTERM stop the job: no more calls are read or sent, and the replies to those that are being sent are
written. A second signal ends the program at once.

Exit status: 0 all calls succeeded, 1 the input or output failed, 2 the command line is wrong, 3 some calls failed, 4 of
some failed calls nobody knows whether they were executed, 130 stopped by SIGINT, 143 stopped by SIGTERM.")]
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
    /// Neither a summary nor waits on standard error
    #[arg(long)]
    pub(crate) quiet: bool,
    #[command(flatten)]
    pub(crate) who: Who,
}
