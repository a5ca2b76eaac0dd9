//! What the programs have in common: how they say what they checked, and what it took.

use std::collections::BTreeSet;
use std::fmt::{Debug, Display};

/// Ends a program at the first thing that is not as it should be.
pub(crate) type Checked<T = ()> = Result<T, Box<dyn std::error::Error>>;

/// Goes on only if that holds.
macro_rules! ensure {
    ($holds:expr, $($said:tt)+) => {
        if !$holds {
            return ::std::result::Result::Err(::std::format!($($said)+).into());
        }
    };
}
pub(crate) use ensure;

/// Says that something was checked.
pub(crate) fn passed(what: impl Display) {
    println!("ok    {what}");
}

/// Says something that is no check: what a server does not do.
pub(crate) fn note(what: impl Display) {
    println!("note  {what}");
}

/// Expectations that another project has of a server, by what they are about.
#[derive(Default)]
pub(crate) struct Expectations(BTreeSet<String>);

impl Expectations {
    pub(crate) fn equal<T: PartialEq + Debug>(&mut self, what: &str, found: T, expected: T) -> Checked {
        ensure!(found == expected, "{what}: {found:?} is not {expected:?}");
        self.0.insert(what.to_owned());
        Ok(())
    }

    pub(crate) fn holds(&mut self, what: &str, holds: bool) -> Checked {
        self.equal(what, holds, true)
    }

    /// How many there are; one that holds for many files is one.
    pub(crate) fn count(&self) -> usize {
        self.0.len()
    }
}

/// A member of `/proc/self/status` in KiB, such as the peak of resident memory; 0 where there is none.
pub(crate) fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.split_whitespace().next()?.parse().ok()).unwrap_or(0)
}
