//! Which call a part of an answer belongs to.
//!
//! By its `Content-ID`; where no part has one, by its place; and the one part that is left belongs to the one call that
//! is left. Anything else would be a guess, so its calls have an unknown outcome.

use std::mem::replace;

use crate::multipart::Part;

/// How the parts of one answer are matched to its calls.
pub(super) struct Matching {
    /// What the ids of this request begin with.
    token: String,
    calls: usize,
    /// How many parts came.
    parts: usize,
    by: By,
}

enum By {
    /// No part had an id so far: these wait for the end, which tells whether there are as many as calls.
    Order(Vec<Part>),
    /// Parts have ids. One whose id is missing or not ours waits: it may be the only one that is left.
    Id(Option<Part>),
    /// Parts have ids, and more than one was nobody's; or there are more parts without an id than calls.
    IdOnly,
}

impl Matching {
    pub(super) fn new(token: String, calls: usize) -> Self {
        Matching { token, calls, parts: 0, by: By::Order(Vec::new()) }
    }

    /// Takes the next part, and gives it back with the number of its call where that is known already. A second part for
    /// a call is nobody's, as `waits` says.
    pub(super) fn push(&mut self, part: Part, waits: impl Fn(usize) -> bool) -> Option<(usize, Part)> {
        self.parts += 1;
        let number = part.index(&self.token);
        self.by = match (replace(&mut self.by, By::IdOnly), part.content_id()) {
            (By::Order(mut parts), None) => {
                return {
                    if parts.len() < self.calls {
                        parts.push(part);
                        self.by = By::Order(parts);
                    }
                    None
                };
            }
            (By::Order(mut parts), Some(_)) if parts.len() < 2 => By::Id(parts.pop()),
            (By::Order(_), Some(_)) => By::IdOnly,
            (by, _) => by,
        };
        match (number, &mut self.by) {
            (Some(number), _) => return waits(number).then_some((number, part)),
            (None, By::Id(left @ None)) => *left = Some(part),
            (None, by) => *by = By::IdOnly,
        }
        None
    }

    /// What is known at the end of a complete answer: the parts that waited, each with the number of its call.
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
