//! How far media is, as its caller is told.

/// How far an upload or a download is.
///
/// `bytes` never falls: of what has to be sent again, nothing is told until it is further than before. At the end of
/// what succeeds it is the total.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub struct Progress {
    /// Of an upload: the bytes that the server has, or in one request those that were handed to the connection. Of a
    /// download: the bytes that were handed to the caller.
    pub bytes: u64,
    /// How many there are in all, if that is known.
    pub total: Option<u64>,
}

/// Tells the caller's closure, if there is one, and only of what is further than before.
#[derive(Default)]
pub(super) struct Teller {
    tell: Option<Box<dyn FnMut(Progress) + Send>>,
    /// How far it was, and whether there was a total.
    told: Option<(u64, bool)>,
}

impl Teller {
    pub(super) fn new(tell: impl FnMut(Progress) + Send + 'static) -> Self {
        Teller { tell: Some(Box::new(tell)), told: None }
    }

    /// Whether somebody is told.
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
