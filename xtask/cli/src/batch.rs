//! `gapis batch`: calls as lines of JSON in, replies as lines of JSON out, for any method of any document.
//!
//! Lines are read as there is room for calls on their way, so that memory does not grow with the input. `send` is the one
//! file that knows how calls travel.

mod args;
mod call;
mod credentials;
mod input;
mod job;
mod record;
mod send;
mod shown;
mod stop;
mod table;

use std::fs::File;
use std::io::{Write, stderr};

use anyhow::{Context, Result};

pub(crate) use self::args::Batch;
use self::job::{Ended, Job};
use self::record::Counts;
use self::table::Table;
use crate::documents::Documents;
use crate::workspace::{Terminal, Workspace};

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
            files => {
                // What is in them is read when the first call needs it.
                for path in files {
                    File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
                }
                Documents::of_files(files)?
            }
        };
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .context("cannot start the async runtime")?;
        let Ended { counts, signal, error } = runtime.block_on(async {
            let job = Job::new(self, Table::new(documents), terminal)?;
            anyhow::Ok(job.run().await)
        })?;
        if !self.quiet && (counts.all > 0 || error.is_none()) {
            self.summarize(&counts);
        }
        if let Some(error) = error {
            return Err(error);
        }
        Ok(match (signal, counts) {
            (Some(signal), _) => signal.status(),
            (None, Counts { unknown: 1.., .. }) => SOME_UNKNOWN,
            (None, Counts { failed: 1.., .. }) => SOME_FAILED,
            _ => 0,
        })
    }

    fn summarize(&self, counts: &Counts) {
        let mut lines = format!("{counts}\n");
        if counts.unwritten > 0 {
            let where_else = match self.journal {
                Some(_) => "; run the command again to get them from the journal",
                None => "",
            };
            lines += &format!("replies that could not be written: {}{where_else}\n", counts.unwritten);
        }
        if counts.failed_before > 0 {
            lines += &format!(
                "failed in an earlier run and not sent again: {}; to send them again, feed their lines of output\n",
                counts.failed_before
            );
        }
        // If standard error is closed, the exit status says the most of it.
        let _ = stderr().write_all(lines.as_bytes());
    }
}
