//! The effects of faults: each fault changes one member of the combined effects on a call or on a whole HTTP response.

use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;

use crate::reply::MockResponse;

/// The combined effects of the faults of a call.
#[derive(Clone, Debug, Default)]
pub(crate) struct CallEffects {
    /// Replaces the response of the handler.
    pub(crate) answer: Option<MockResponse>,
    pub(crate) dropped: bool,
    pub(crate) duplicated: bool,
    pub(crate) garbled_json: bool,
    /// Replaces the whole part.
    pub(crate) raw: Option<Bytes>,
    pub(crate) garbled_status_line: bool,
    pub(crate) no_reason: bool,
    pub(crate) no_blank_line: bool,
    pub(crate) no_colon: bool,
    pub(crate) unfinished_head: bool,
    /// Added to the inner `Content-Length`.
    pub(crate) length_off: i64,
}

/// The combined effects of the faults of an HTTP response.
#[derive(Clone, Debug, Default)]
pub(crate) struct ResponseEffects {
    /// Replaces the responses of all handlers.
    pub(crate) answer: Option<MockResponse>,
    /// The maximum number of calls in a batch.
    pub(crate) limit: Option<usize>,
    pub(crate) form: Form,
    pub(crate) end_at: Option<usize>,
    pub(crate) gzip: bool,
    pub(crate) way: Way,
}

/// The format of the parts of a batch.
#[derive(Clone, Debug, Default)]
pub(crate) struct Form {
    pub(crate) order: Vec<Order>,
    pub(crate) ids: Ids,
    pub(crate) lf: bool,
    pub(crate) quoted_boundary: bool,
    pub(crate) surrounded: bool,
    pub(crate) no_final_break: bool,
}

/// How a response is sent, whatever its content.
#[derive(Clone, Debug, Default)]
pub(crate) struct Way {
    pub(crate) close: bool,
    pub(crate) delay: Duration,
    /// The delay before each part of a batch.
    pub(crate) part_delay: Duration,
    /// The size of the chunks.
    pub(crate) pieces: Option<usize>,
    /// The number of bytes after which the connection fails.
    pub(crate) cut: Option<usize>,
}

/// The order of the parts.
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

/// The effect of one fault.
#[derive(Clone)]
pub(crate) enum Effect {
    Call(Arc<dyn Fn(&mut CallEffects) + Send + Sync>),
    Response(Arc<dyn Fn(&mut ResponseEffects) + Send + Sync>),
}

impl std::fmt::Debug for Effect {
    /// Prints the effect on its own.
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
