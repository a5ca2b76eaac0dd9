//! Versions, and how a change raises them. As in cargo, the second number of a version before 1.0.0 is raised by
//! breaking changes.

use std::fmt;
use std::str::FromStr;

use anyhow::{Result, bail};

/// A version without a pre-release label.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Version([u64; 3]);

/// The meaning of a change for programs.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Level {
    /// The Rust API is the same.
    Fix,
    /// The Rust API has additions.
    Addition,
    /// Programs may have to be changed.
    Breaking,
}

impl Version {
    /// The next version after a change.
    pub(super) fn raised(self, level: Level) -> Self {
        let [major, minor, patch] = self.0;
        Version(match (level, major) {
            (Level::Breaking, 0) => [0, minor + 1, 0],
            (Level::Breaking, _) => [major + 1, 0, 0],
            (Level::Addition, 1..) => [major, minor + 1, 0],
            (Level::Addition | Level::Fix, _) => [major, minor, patch + 1],
        })
    }

    /// Whether cargo accepts this version if the other one is required.
    pub(super) fn is_compatible_with(self, other: Version) -> bool {
        let line = |version: Version| match version.0 {
            [0, 0, patch] => (0, 0, patch),
            [0, minor, _] => (0, minor, 0),
            [major, ..] => (major, 0, 0),
        };
        line(self) == line(other) && self >= other
    }
}

impl FromStr for Version {
    type Err = anyhow::Error;

    fn from_str(text: &str) -> Result<Self> {
        let numbers: Vec<u64> = text.split('.').filter_map(|part| part.parse().ok()).collect();
        match numbers.as_slice() {
            [major, minor, patch] if text.split('.').count() == 3 => Ok(Version([*major, *minor, *patch])),
            _ => bail!("`{}` is not a version such as 1.2.3", text.escape_debug()),
        }
    }
}

impl fmt::Display for Version {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let [major, minor, patch] = self.0;
        write!(f, "{major}.{minor}.{patch}")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn version(text: &str) -> Version {
        text.parse().expect("a version")
    }

    #[test]
    fn a_change_raises_the_number_that_cargo_goes_by() {
        let raised = |text: &str, level| version(text).raised(level).to_string();
        assert_eq!(raised("0.1.4", Level::Fix), "0.1.5");
        assert_eq!(raised("0.1.4", Level::Addition), "0.1.5");
        assert_eq!(raised("0.1.4", Level::Breaking), "0.2.0");
        assert_eq!(raised("1.2.3", Level::Fix), "1.2.4");
        assert_eq!(raised("1.2.3", Level::Addition), "1.3.0");
        assert_eq!(raised("1.2.3", Level::Breaking), "2.0.0");
    }

    #[test]
    fn compatible_is_what_cargo_takes() {
        let takes = |new: &str, old: &str| version(new).is_compatible_with(version(old));
        assert!(takes("0.1.5", "0.1.4") && takes("1.3.0", "1.2.9") && takes("1.2.9", "1.2.9"));
        assert!(!takes("0.2.0", "0.1.4") && !takes("2.0.0", "1.2.9") && !takes("0.1.3", "0.1.4"));
    }

    #[test]
    fn what_is_no_version_is_an_error() {
        for text in ["", "1", "1.2", "1.2.3.4", "1.2.x", "1.2.3-beta", "v1.2.3"] {
            text.parse::<Version>().expect_err(text);
        }
    }
}
