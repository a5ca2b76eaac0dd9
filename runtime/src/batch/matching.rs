//! Matches the parts of a response to calls.
//!
//! A part is matched by its `Content-ID`. If no part has one, parts are matched by their order. If exactly one part and
//! one call are left, they belong together. Anything else would be a guess, so the outcome of these calls is unknown.

use std::mem::replace;

use crate::multipart::Part;

/// How the parts of one response are matched to its calls.
pub(super) struct Matching {
    /// The beginning of the ids in this request.
    token: String,
    calls: usize,
    /// The number of parts so far.
    parts: usize,
    by: By,
}

enum By {
    /// No part has had an id so far. The parts wait for the end of the response, which shows whether there are as many
    /// as calls.
    Order(Vec<Part>),
    /// Parts have ids. One part without a valid id may wait, because it may be the only one left.
    Id(Option<Part>),
    /// Parts have ids, and several parts have none that is valid; or there are more parts without an id than calls.
    IdOnly,
}

impl Matching {
    pub(super) fn new(token: String, calls: usize) -> Self {
        Matching { token, calls, parts: 0, by: By::Order(Vec::new()) }
    }

    /// Takes the next part. Returns it with the number of its call if that is already known. `waits` says whether a
    /// call has no part yet; a second part for a call is ignored.
    pub(super) fn push(&mut self, part: Part, waits: impl Fn(usize) -> bool) -> Option<(usize, Part)> {
        self.parts += 1;
        let number = part.index(&self.token);
        if let By::Order(parts) = &mut self.by {
            if part.content_id().is_none() {
                if parts.len() < self.calls {
                    parts.push(part);
                } else {
                    self.by = By::IdOnly;
                }
                return None;
            }
            self.by = if parts.len() < 2 { By::Id(parts.pop()) } else { By::IdOnly };
        }
        match (number, &mut self.by) {
            (Some(number), _) => return waits(number).then_some((number, part)),
            (None, By::Id(left @ None)) => *left = Some(part),
            (None, by) => *by = By::IdOnly,
        }
        None
    }

    /// Returns the parts that could only be matched at the end of a complete response, each with the number of its
    /// call.
    pub(super) fn finish(&mut self, waiting: impl Iterator<Item = usize>) -> Vec<(usize, Part)> {
        let counts_agree = self.parts == self.calls;
        let waiting: Vec<usize> = waiting.collect();
        match (replace(&mut self.by, By::IdOnly), &waiting[..]) {
            (By::Order(parts), _) if counts_agree => parts.into_iter().enumerate().collect(),
            (By::Id(Some(part)), [number]) if counts_agree => vec![(*number, part)],
            _ => Vec::new(),
        }
    }
}
