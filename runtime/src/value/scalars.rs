//! Text, booleans, numbers and arbitrary JSON as members.
//!
//! Values are converted if nothing is lost: servers send `1.0` for an integer, numbers for 64-bit text, text for
//! numbers, and numbers and booleans for text.

use std::any::Any;

use serde_json::{Number, Value};

use super::field::{Field, Kind, Leaf, Scalar, Slot, View};
use super::write::not_finite;

impl Scalar<'_> {
    /// The value as an integer, if it is one.
    fn integer(self) -> Option<i128> {
        match self {
            Scalar::Signed(value) => Some(value.into()),
            Scalar::Unsigned(value) => Some(value.into()),
            // Integers beyond 64 bits also arrive as floats, with digits lost.
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() < 9.2e18 => Some(value as i128),
            Scalar::Text(text) => match text.parse::<i64>() {
                Ok(value) => Some(value.into()),
                Err(_) => match text.parse::<u64>() {
                    Ok(value) => Some(value.into()),
                    // Accepts `1.0` and `1e3`, but no number with more digits than a float can hold.
                    Err(_) => match parse_float(text) {
                        Some(value) if value.abs() < 9e15 && value.fract() == 0.0 => Some(value as i128),
                        _ => None,
                    },
                },
            },
            _ => None,
        }
    }

    fn float(self) -> Option<f64> {
        match self {
            Scalar::Signed(value) => Some(value as f64),
            Scalar::Unsigned(value) => Some(value as f64),
            Scalar::Float(value) => Some(value),
            Scalar::Text(text) => parse_float(text),
            Scalar::Bool(_) => None,
        }
    }
}

/// Reads a number as JSON writes it, or one of the three that JSON cannot write. The standard library's parser would bring
/// tables that the parser of JSON has too.
fn parse_float(text: &str) -> Option<f64> {
    match text {
        "NaN" => Some(f64::NAN),
        "Infinity" => Some(f64::INFINITY),
        "-Infinity" => Some(f64::NEG_INFINITY),
        _ => serde_json::from_str::<Value>(text).ok()?.as_f64(),
    }
}

/// Writes a number as `parse_float` reads it, and for the same reason with the code of JSON.
pub(super) fn print_float(value: f64) -> String {
    Number::from_f64(value).map_or_else(|| not_finite(value).to_owned(), |number| number.to_string())
}

/// The slot of a scalar. A `null` in a list or map, where nothing can be unset, becomes the empty value.
pub(super) fn leaf<'a>(leaf: &'a mut dyn Leaf, kind: Kind, expected: &'static str) -> Slot<'a> {
    match kind {
        Kind::Leaf => Slot::Leaf(leaf),
        Kind::Null => Slot::Skip,
        Kind::List | Kind::Map => Slot::Mismatch(expected),
    }
}

/// Implements `Field` for a type that implements `Leaf` and `Clone`.
macro_rules! leaf_field {
    ($type:ty, $empty:expr, $expected:expr, $value:ident => $view:expr) => {
        impl $crate::value::Field for $type {
            fn empty() -> Self {
                $empty
            }
            fn view(&self) -> $crate::value::View<'_> {
                let $value = self;
                $view
            }
            fn slot(&mut self, kind: $crate::value::Kind) -> $crate::value::Slot<'_> {
                $crate::value::scalars::leaf(self, kind, $expected)
            }
            fn duplicate(&self) -> Self {
                ::std::clone::Clone::clone(self)
            }
            fn assign(&mut self, other: &dyn $crate::value::Field) {
                if let Some(other) = (other as &dyn ::std::any::Any).downcast_ref::<Self>() {
                    ::std::clone::Clone::clone_from(self, other);
                }
            }
        }
    };
}
pub(super) use leaf_field;

macro_rules! integer {
    ($type:ty, $expected:literal, $value:ident => $view:expr) => {
        impl Leaf for $type {
            fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
                let value = value.integer().and_then(|value| value.try_into().ok());
                *self = value.ok_or($expected)?;
                Ok(())
            }
        }
        leaf_field!($type, 0, $expected, $value => $view);
    };
}

integer!(i32, "a 32-bit integer", value => View::Signed((*value).into()));
integer!(u32, "an unsigned 32-bit integer", value => View::Unsigned((*value).into()));
integer!(i64, "a 64-bit integer", value => View::SignedText(*value));
integer!(u64, "an unsigned 64-bit integer", value => View::UnsignedText(*value));

impl Leaf for f64 {
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
        *self = value.float().ok_or("a number")?;
        Ok(())
    }
}
leaf_field!(f64, 0.0, "a number", value => View::Float(*value));

impl Leaf for f32 {
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
        *self = value.float().ok_or("a number")? as f32;
        Ok(())
    }
}
leaf_field!(f32, 0.0, "a number", value => View::Single(*value));

impl Leaf for bool {
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
        *self = match value {
            Scalar::Bool(value) => value,
            Scalar::Text("true") => true,
            Scalar::Text("false") => false,
            _ => return Err("a boolean"),
        };
        Ok(())
    }
}
leaf_field!(bool, false, "a boolean", value => View::Bool(*value));

impl Leaf for String {
    fn set(&mut self, value: Scalar<'_>) -> Result<(), &'static str> {
        match value {
            // The string is empty, so there is no memory to reuse.
            Scalar::Text(text) => *self = text.to_owned(),
            Scalar::Bool(value) => *self = value.to_string(),
            Scalar::Signed(value) => *self = value.to_string(),
            Scalar::Unsigned(value) => *self = value.to_string(),
            // An integer beyond 64 bits has lost digits here.
            Scalar::Float(value) if value.fract() == 0.0 && value.abs() >= 9e15 => return Err("a string"),
            Scalar::Float(value) => *self = print_float(value),
        }
        Ok(())
    }
}
leaf_field!(String, String::new(), "a string", value => View::Text(value));

impl Field for Value {
    fn empty() -> Self {
        Value::Null
    }
    fn view(&self) -> View<'_> {
        View::Json(self)
    }
    fn slot(&mut self, _: Kind) -> Slot<'_> {
        Slot::Json(self)
    }
    fn duplicate(&self) -> Self {
        self.clone()
    }
    fn assign(&mut self, other: &dyn Field) {
        if let Some(other) = (other as &dyn Any).downcast_ref::<Self>() {
            self.clone_from(other);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_are_text_and_text_is_a_number_as_json_writes_it() {
        let values = ["0.1", "-1e-7", "2.2250738585072014e-308", "NaN", "Infinity", "-Infinity"];
        for text in values {
            let (mut number, mut back) = (0.0, String::new());
            f64::set(&mut number, Scalar::Text(text)).expect(text);
            String::set(&mut back, Scalar::Float(number)).expect(text);
            assert_eq!(back, text);
        }
        for text in ["", "x", "inf", "nan", "+1.5", "1e400", "1 2", "[1]", "\"1\"", "0x10"] {
            assert!(f64::set(&mut 0.0, Scalar::Text(text)).is_err(), "{text}");
            assert!(i64::set(&mut 0, Scalar::Text(text)).is_err(), "{text}");
        }
        let mut count = 0;
        i32::set(&mut count, Scalar::Text("1e3")).expect("a thousand");
        assert_eq!(count, 1000);
    }
}
