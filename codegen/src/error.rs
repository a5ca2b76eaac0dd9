//! Errors and warnings about a document, with the document's name and the JSON path.

use std::fmt;

use crate::visible::visible;

/// Why no crate was generated: the document, the place in it, and the problem.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Place>);

/// An unusual property of a document that the generator could handle.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Warning(Box<Place>);

#[derive(Clone, Debug, PartialEq, Eq)]
struct Place {
    document: String,
    path: String,
    message: String,
}

impl Place {
    fn new(document: &str, path: &str, message: impl Into<String>) -> Box<Self> {
        // Text of a document may be printed on a terminal, so control characters are replaced, and its length is
        // limited.
        let tame = |text: &str| -> String {
            let mut short: String = text.chars().take(300).collect();
            if short.len() < text.len() {
                short.push('…');
            }
            visible(&short).into_owned()
        };
        Box::new(Place { document: tame(document), path: tame(path), message: tame(&message.into()) })
    }
}

impl fmt::Display for Place {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.path.is_empty() {
            write!(f, "{}: {}", self.document, self.message)
        } else {
            write!(f, "{}: at `{}`: {}", self.document, self.path, self.message)
        }
    }
}

macro_rules! place {
    ($name:ident) => {
        impl $name {
            pub(crate) fn new(document: &str, path: &str, message: impl Into<String>) -> Self {
                $name(Place::new(document, path, message))
            }

            /// The name of the document, as given in the options.
            #[must_use]
            pub fn document(&self) -> &str {
                &self.0.document
            }

            /// The JSON path of the place, `schemas.File.properties.id`; empty for the document as a whole.
            #[must_use]
            pub fn path(&self) -> &str {
                &self.0.path
            }

            /// The problem.
            #[must_use]
            pub fn message(&self) -> &str {
                &self.0.message
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

place!(Error);
place!(Warning);

impl std::error::Error for Error {}
