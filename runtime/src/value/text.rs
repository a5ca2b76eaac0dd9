//! What all formatted text has in common: it is kept as received, so reading never fails and a round trip is exact.

use std::fmt;

/// The error of text that does not have its format: base64, a time, a date or a duration.
///
/// The `?` operator converts it to an [input error](crate::Error::is_input).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError(String);

impl ParseError {
    #[cold]
    pub(super) fn new(message: impl Into<String>) -> Self {
        ParseError(message.into())
    }
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl std::error::Error for ParseError {}

/// Defines a newtype over text and its impls.
macro_rules! text {
    ($(#[$doc:meta])* $name:ident, $expected:literal) => {
        $(#[$doc])*
        #[derive(Clone, PartialEq, Eq, Hash, Default)]
        pub struct $name(String);

        impl $name {
            /// The text, as given or received.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }
        impl ::std::fmt::Debug for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                ::std::fmt::Debug::fmt(self.0.as_str(), f)
            }
        }
        impl ::std::fmt::Display for $name {
            fn fmt(&self, f: &mut ::std::fmt::Formatter<'_>) -> ::std::fmt::Result {
                f.pad(&self.0)
            }
        }
        impl ::serde::Serialize for $name {
            fn serialize<S: ::serde::Serializer>(&self, serializer: S) -> ::std::result::Result<S::Ok, S::Error> {
                serializer.serialize_str(&self.0)
            }
        }
        impl<'de> ::serde::Deserialize<'de> for $name {
            fn deserialize<D: ::serde::Deserializer<'de>>(deserializer: D) -> ::std::result::Result<Self, D::Error> {
                $crate::value::deserialize(deserializer)
            }
        }
        impl $crate::value::Leaf for $name {
            fn set(&mut self, value: $crate::value::Scalar<'_>) -> ::std::result::Result<(), &'static str> {
                $crate::value::Leaf::set(&mut self.0, value).map_err(|_| $expected)
            }
        }
        $crate::value::scalars::leaf_field!($name, $name(String::new()), $expected, value => $crate::value::View::Text(&value.0));
    };
}
pub(super) use text;
