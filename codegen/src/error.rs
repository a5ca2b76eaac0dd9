//! What is wrong with a document, said with the document's name and the JSON path, and what is merely odd.

use std::fmt;

use crate::visible::visible;

/// Why no crate was made: the document, the place in it and what is wrong there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error(Box<Place>);

/// Something odd in a document that the generator worked around.
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
        // What a document says ends on a terminal: no control characters, and no end without end.
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

            /// The name of the document, as it was given.
            #[must_use]
            pub fn document(&self) -> &str {
                &self.0.document
            }

            /// The JSON path of the place, `schemas.File.properties.id`; empty for the document as a whole.
            #[must_use]
            pub fn path(&self) -> &str {
                &self.0.path
            }

            /// What is wrong there.
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
