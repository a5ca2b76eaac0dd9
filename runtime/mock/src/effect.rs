//! What faults do: each one changes one member of what all of them add up to, for a call or for a whole HTTP response.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::reply::MockResponse;

/// What the faults of one call add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallEffects {
    /// In place of the handler's answer.
    pub(crate) answer: Option<MockResponse>,
    pub(crate) dropped: bool,
    pub(crate) duplicated: bool,
    pub(crate) garbled_json: bool,
    /// The part as a whole.
    pub(crate) raw: Option<Bytes>,
    pub(crate) garbled_status_line: bool,
    pub(crate) no_reason: bool,
    pub(crate) no_blank_line: bool,
    pub(crate) no_colon: bool,
    pub(crate) unfinished_head: bool,
    /// Added to the inner `Content-Length`.
    pub(crate) length_off: i64,
}

/// What the faults of one HTTP response add up to.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseEffects {
    /// In place of all that handlers answer.
    pub(crate) answer: Option<MockResponse>,
    /// The most calls that a batch may have.
    pub(crate) limit: Option<usize>,
    pub(crate) form: Form,
    pub(crate) end_at: Option<usize>,
    pub(crate) gzip: bool,
    pub(crate) way: Way,
}

/// How the parts of a batch are written.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) order: Vec<Order>,
    pub(crate) ids: Ids,
    pub(crate) lf: bool,
    pub(crate) quoted_boundary: bool,
    pub(crate) surrounded: bool,
    pub(crate) no_final_break: bool,
}

/// How a response goes out, whatever it says.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    pub(crate) close: bool,
    pub(crate) delay: Duration,
    /// Before each part of a batch.
    pub(crate) part_delay: Duration,
    /// The size of the pieces.
    pub(crate) pieces: Option<usize>,
    /// After how many bytes the connection breaks.
    pub(crate) cut: Option<usize>,
}

/// What happens to the order of parts.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Order {
    Reverse,
    Shuffle(u64),
}

/// The ids of parts.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) enum Ids {
    #[default]
    Usual,
    Plain,
    None,
}

/// What one fault adds.
#[derive(Clone)]
pub(crate) enum Effect {
    Call(Arc<dyn Fn(&mut CallEffects) + Send + Sync>),
    Response(Arc<dyn Fn(&mut ResponseEffects) + Send + Sync>),
}

impl std::fmt::Debug for Effect {
    /// What it adds up to alone.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Effect::Call(add) => {
                let mut alone = CallEffects::default();
                add(&mut alone);
                alone.fmt(f)
            }
            Effect::Response(add) => {
                let mut alone = ResponseEffects::default();
                add(&mut alone);
                alone.fmt(f)
            }
        }
    }
}
