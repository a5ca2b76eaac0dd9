//! Parallel work on many items, with a progress line.

use std::io::{Write, stderr};
use std::num::NonZero;
use std::panic::resume_unwind;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use crate::workspace::Terminal;

/// A line on standard error that shows how much of the work is done. It disappears when the value is dropped.
#[derive(Debug)]
pub struct Progress {
    shown: bool,
    length: usize,
    done: AtomicUsize,
}

impl Progress {
    /// Makes a progress line for `length` items. Nothing is shown if standard error is not a terminal.
    #[must_use]
    pub fn new(length: usize, terminal: &Terminal<'_>) -> Self {
        Progress { shown: terminal.progress, length, done: AtomicUsize::new(0) }
    }

    /// Shows that work on an item has begun.
    pub fn begin(&self, name: &str) {
        self.show(&format!("{}/{} {name} …", self.done.load(Ordering::Relaxed), self.length));
    }

    /// Shows that an item is done.
    pub fn advance(&self, name: &str) {
        let done = 1 + self.done.fetch_add(1, Ordering::Relaxed);
        self.show(&format!("{done}/{} {name}", self.length));
    }

    /// The cursor stays at the beginning of the line, so that the next output overwrites the line.
    fn show(&self, line: &str) {
        if self.shown {
            // If standard error is closed, nobody sees the progress.
            let _ = write!(stderr(), "\x1b[K{line}\r");
        }
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.show("");
    }
}

/// Does `work` on each item, on as many threads as there are processors. The results are in the order of the items.
/// `progress` shows the name of each item.
///
/// # Panics
/// If `work` panics, with the same panic.
pub fn for_each<T: Sync, R: Send>(
    items: &[T],
    progress: &Progress,
    name: impl Fn(&T) -> String + Sync,
    work: impl Fn(&T) -> R + Sync,
) -> Vec<R> {
    let next = AtomicUsize::new(0);
    let run = || {
        let mut results = Vec::new();
        loop {
            let index = next.fetch_add(1, Ordering::Relaxed);
            let Some(item) = items.get(index) else { return results };
            progress.begin(&name(item));
            results.push((index, work(item)));
            progress.advance(&name(item));
        }
    };
    let threads = thread::available_parallelism().map_or(1, NonZero::get).min(items.len());
    let mut results = thread::scope(|scope| {
        let threads: Vec<_> = (0..threads).map(|_| scope.spawn(run)).collect();
        let results =
            threads.into_iter().map(|thread| thread.join().unwrap_or_else(|panic| resume_unwind(panic)));
        results.flatten().collect::<Vec<_>>()
    });
    results.sort_unstable_by_key(|(index, _)| *index);
    results.into_iter().map(|(_, result)| result).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn results_stand_in_the_order_of_the_items() {
        let mut out = Vec::new();
        let progress = Progress::new(1000, &Terminal { out: &mut out, progress: false });
        let items: Vec<usize> = (0..1000).collect();
        let doubled = for_each(&items, &progress, ToString::to_string, |item| item * 2);
        assert_eq!(doubled, items.iter().map(|item| item * 2).collect::<Vec<_>>());
        assert!(for_each(&[0; 0], &progress, ToString::to_string, |item| *item).is_empty());
    }
}
