//! The arguments of `bench`: what to measure, and how.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

/// What to measure.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub enum Subject {
    /// `cargo check` of compute, whole and with one resource, and of drive: seconds and memory
    Compile,
    /// A program with one call, in release: seconds and size
    Hello,
    /// The generator over a folder of documents (--documents)
    Generate,
    /// The generator for documents made to be slow, of 1, 3 and 10 MB: seconds and memory
    Growth,
    /// A batch at run time, compared with the same work by hand and with google-api-python-client
    Batch,
    /// Lines and bytes of the generated crates
    Sizes,
    /// All of these
    All,
}

/// What to measure, and how.
#[derive(Args, Clone, Debug)]
pub struct Bench {
    /// What to measure
    #[arg(value_enum, value_name = "WHAT")]
    pub subject: Subject,
    /// For `compile`, `hello` and `growth`, only what has one of these in its name or its peer's
    #[arg(long, value_name = "NAME", value_delimiter = ',')]
    pub only: Vec<String>,
    /// The folder of documents for `generate`
    #[arg(long, value_name = "DIR")]
    pub documents: Option<PathBuf>,
    /// An interpreter that has google-api-python-client, for `batch` [default: one is set up below target/]
    #[arg(long, value_name = "PATH")]
    pub python: Option<PathBuf>,
    /// How often to compile each crate; the lowest cost counts
    #[arg(long, value_name = "N", default_value_t = 1)]
    pub runs: usize,
    /// Measure only our own crates
    #[arg(long)]
    pub no_peers: bool,
    /// For `compile`, compare with the crates of another checkout of this repository, in turns, instead of with peers
    #[arg(long, value_name = "DIR")]
    pub before: Option<PathBuf>,
}

impl Bench {
    /// Whether to run a comparison: part of its name or the peer's name must match.
    pub(super) fn wants(&self, name: &str, peer: &str) -> bool {
        let named = |part: &String| name.contains(part.as_str()) || peer.contains(part.as_str());
        self.only.is_empty() || self.only.iter().any(named)
    }
}
