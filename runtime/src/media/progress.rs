//! Progress reports to the caller.

/// The progress of an upload or a download.
///
/// `bytes` never decreases: while bytes are sent again, nothing is reported until there is new progress. At the end of
/// a successful transfer it equals the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// For an upload, the bytes that the server has or, for an upload in one request, the bytes passed to the
    /// connection. For a download, the bytes passed to the caller.
    pub bytes: u64,
    /// The total number of bytes, if known.
    pub total: Option<u64>,
}

/// Calls the caller's closure, if there is one, but only for new progress.
#[derive(Default)]
pub(super) struct Teller {
    tell: Option<Box<dyn FnMut(Progress) + Send>>,
    /// The last reported number of bytes, and whether the total was known.
    told: Option<(u64, bool)>,
}

impl Teller {
    pub(super) fn new(tell: impl FnMut(Progress) + Send + 'static) -> Self {
        Teller { tell: Some(Box::new(tell)), told: None }
    }

    /// Whether the caller has set a closure.
    pub(super) fn is_some(&self) -> bool {
        self.tell.is_some()
    }

    pub(super) fn tell(&mut self, bytes: u64, total: Option<u64>) {
        let now = (bytes, total.is_some());
        if self.told.is_none_or(|told| now > told)
            && let Some(tell) = &mut self.tell
        {
            self.told = Some(now);
            tell(Progress { bytes, total });
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::{Arc, Mutex};

    use super::Teller;

    #[test]
    fn what_is_told_never_falls() {
        let told = Arc::new(Mutex::new(Vec::new()));
        let keep = told.clone();
        let mut teller = Teller::new(move |at| keep.lock().unwrap().push(at.bytes));
        [0, 0, 5, 3, 5, 9].into_iter().for_each(|bytes| teller.tell(bytes, None));
        // How many there are in all may turn out at the end.
        [5, 9, 9].into_iter().for_each(|bytes| teller.tell(bytes, Some(9)));
        assert_eq!(*told.lock().unwrap(), [0, 5, 9, 9]);
    }
}
