//! The measured work: one piece, on one side, for batches of one size.

use std::hint::black_box;
use std::str::FromStr;
use std::sync::Arc;
use std::sync::atomic::AtomicUsize;

use bytes::Bytes;
use tokio::runtime::Runtime;

use crate::zoo::{self, Answer, Prepared, Zoo};
use crate::{floor, ours};

/// The runtime for the futures, with one thread.
pub(crate) fn runtime() -> Runtime {
    tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime")
}

/// The side that does the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Ours,
    Floor,
}

/// The piece of the work.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Phase {
    /// Creating and queueing the calls.
    Build,
    /// Writing the request's body.
    Encode,
    /// Splitting the response.
    Read,
    /// Decoding JSON to values.
    Decode,
    /// The whole, from the call to the callback.
    Whole,
}

impl Phase {
    pub(crate) const ALL: [Phase; 5] =
        [Phase::Build, Phase::Encode, Phase::Read, Phase::Decode, Phase::Whole];

    /// Whether it depends on the response of the server.
    pub(crate) fn sees_answers(self) -> bool {
        !matches!(self, Phase::Build | Phase::Encode)
    }
}

impl FromStr for Side {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        [Side::Ours, Side::Floor].into_iter().find(|side| format!("{side:?}") == text).ok_or(text.to_owned())
    }
}

impl FromStr for Answer {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Answer::ALL.into_iter().find(|answer| format!("{answer:?}") == text).ok_or(text.to_owned())
    }
}

impl FromStr for Phase {
    type Err = String;
    fn from_str(text: &str) -> Result<Self, String> {
        Phase::ALL.into_iter().find(|phase| format!("{phase:?}") == text).ok_or(text.to_owned())
    }
}

/// Everything that the work needs and that is not part of it.
pub(crate) struct Work {
    side: Side,
    phase: Phase,
    ids: Vec<String>,
    prepared: Arc<Prepared>,
    chunks: Vec<Bytes>,
    jsons: Vec<String>,
    calls: Vec<floor::Call>,
    zoo: Zoo,
    runtime: Runtime,
}

impl Work {
    pub(crate) fn new(side: Side, phase: Phase, count: usize, answer: Answer) -> Self {
        let ids: Vec<String> = (0..count).map(zoo::id).collect();
        let prepared = Arc::new(Prepared::new(count, answer));
        Work {
            side,
            phase,
            chunks: prepared.answer(b""),
            jsons: (0..count).map(|number| answer.json(number)).collect(),
            calls: floor::build(&ids),
            zoo: ours::zoo(&prepared, || ()),
            runtime: runtime(),
            ids,
            prepared,
        }
    }

    /// Does the work for one batch.
    pub(crate) fn once(&self) {
        match (self.side, self.phase) {
            (Side::Ours, Phase::Build) => {
                let seen = AtomicUsize::new(0);
                black_box(ours::build(&self.zoo, &self.ids, &seen).len());
            }
            (Side::Floor, Phase::Build) => drop(black_box(floor::build(&self.ids))),
            (Side::Ours, Phase::Encode) => {
                let call = &self.calls[0];
                black_box(ours::encode(self.calls.len(), call.target(), call.body()));
            }
            (Side::Floor, Phase::Encode) => drop(black_box(floor::encode(&self.calls))),
            (Side::Ours, Phase::Read) => drop(black_box(ours::read(&self.chunks))),
            (Side::Floor, Phase::Read) => floor::read(&self.chunks, |index, status, body| {
                black_box((index, status, body));
            }),
            (Side::Ours, Phase::Decode) => {
                self.jsons.iter().for_each(|json| drop(black_box(ours::decode(json.as_bytes()))));
            }
            (Side::Floor, Phase::Decode) => {
                self.jsons.iter().for_each(|json| drop(black_box(floor::decode(json.as_bytes()))));
            }
            (Side::Ours, Phase::Whole) => {
                black_box(self.runtime.block_on(ours::whole(&self.zoo, &self.ids)));
            }
            (Side::Floor, Phase::Whole) => {
                black_box(floor::whole(&self.prepared, &self.ids));
            }
        }
    }
}
