//! Places in a document, and the log of warnings about them.

use std::fmt;

use crate::error::{Error, Warning};

/// Collects warnings and creates errors.
pub(crate) struct Log<'a> {
    document: &'a str,
    pub(crate) warnings: Vec<Warning>,
}

impl<'a> Log<'a> {
    pub(crate) fn new(document: &'a str) -> Self {
        Log { document, warnings: Vec::new() }
    }

    pub(crate) fn warn(&mut self, place: &Place<'_>, message: impl Into<String>) {
        // A hostile document could cause a million warnings, which nobody would read.
        if self.warnings.len() < 1000 {
            self.warnings.push(Warning::new(self.document, &place.to_string(), message));
        }
    }

    /// An error about the document as a whole.
    pub(crate) fn error_of_all(&self, message: impl Into<String>) -> Error {
        Error::new(self.document, "", message)
    }

    pub(crate) fn error(&self, place: &Place<'_>, message: impl Into<String>) -> Error {
        Error::new(self.document, &place.to_string(), message)
    }
}

/// A place in the document, as a linked list on the stack. It becomes text only for a message.
#[derive(Clone, Copy)]
pub(crate) struct Place<'a> {
    parent: Option<&'a Place<'a>>,
    key: &'a str,
}

impl<'a> Place<'a> {
    pub(crate) const fn top(key: &'a str) -> Self {
        Place { parent: None, key }
    }

    pub(crate) const fn below(&'a self, key: &'a str) -> Self {
        Place { parent: Some(self), key }
    }
}

impl fmt::Display for Place<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(parent) = self.parent {
            write!(f, "{parent}.")?;
        }
        f.write_str(self.key)
    }
}
