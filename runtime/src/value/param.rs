//! Values of path and query parameters.

use std::fmt::{Display, Write as _};

use crate::value::{Base64, Date, DateTime, Duration, Enum, FieldMask, Open};

/// A value of a path or query parameter: text, numbers, booleans, enums, formatted text, and slices of these.
pub trait Param {
    /// Calls `f` with each value as text: once, or once for each item of a list.
    fn each(&self, f: &mut dyn FnMut(&str));
}

impl<E: Enum> Param for E {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(self.as_str());
    }
}

impl<E: Enum> Param for Open<E> {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(self.as_str());
    }
}

impl Param for &str {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(self);
    }
}

impl Param for String {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(self);
    }
}

impl Param for &String {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(self);
    }
}

impl Param for bool {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        f(if *self { "true" } else { "false" });
    }
}

fn printed(value: &dyn Display, f: &mut dyn FnMut(&str)) {
    let mut text = String::new();
    // Writing to a string does not fail.
    let _ = write!(text, "{value}");
    f(&text);
}

macro_rules! integers {
    ($($type:ty)*) => {$(
        impl Param for $type {
            fn each(&self, f: &mut dyn FnMut(&str)) {
                printed(self, f);
            }
        }
    )*};
}
integers! { i32 u32 i64 u64 }

macro_rules! floats {
    ($($type:ty)*) => {$(
        impl Param for $type {
            fn each(&self, f: &mut dyn FnMut(&str)) {
                match *self {
                    value if value.is_finite() => printed(&value, f),
                    value if value.is_nan() => f("NaN"),
                    value if value > 0.0 => f("Infinity"),
                    _ => f("-Infinity"),
                }
            }
        }
    )*};
}
floats! { f32 f64 }

macro_rules! texts {
    ($($type:ty)*) => {$(
        impl Param for $type {
            fn each(&self, f: &mut dyn FnMut(&str)) {
                f(self.as_str());
            }
        }
        impl Param for &$type {
            fn each(&self, f: &mut dyn FnMut(&str)) {
                f(self.as_str());
            }
        }
    )*};
}
texts! { DateTime Date Duration Base64 FieldMask }

impl<T: Param> Param for &[T] {
    fn each(&self, f: &mut dyn FnMut(&str)) {
        for item in *self {
            item.each(f);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(crate::private::derive::OpenEnum)]
    enum Order {
        #[wire("asc")]
        Asc,
    }

    fn texts(value: &dyn Param) -> Vec<String> {
        let mut all = Vec::new();
        value.each(&mut |text| all.push(text.to_owned()));
        all
    }

    #[test]
    fn prints_each_kind() {
        assert_eq!(texts(&"a b"), ["a b"]);
        assert_eq!(texts(&"a".to_owned()), ["a"]);
        assert_eq!(texts(&true), ["true"]);
        assert_eq!(texts(&i64::MIN), ["-9223372036854775808"]);
        assert_eq!(texts(&u64::MAX), ["18446744073709551615"]);
        assert_eq!(texts(&0.1_f32), ["0.1"]);
        assert_eq!(texts(&1e21), ["1000000000000000000000"]);
        assert_eq!(texts(&f64::NEG_INFINITY), ["-Infinity"]);
        assert_eq!(texts(&f32::NAN), ["NaN"]);
        assert_eq!(texts(&Order::Asc), ["asc"]);
        assert_eq!(texts(&Open::<Order>::from("by color")), ["by color"]);
        assert_eq!(texts(&&Base64::from(vec![251])), ["-w=="]);
    }

    #[test]
    fn repeats_lists() {
        let ids: &[&str] = &["a", "b"];
        assert_eq!(texts(&ids), ["a", "b"]);
        let none: &[i64] = &[];
        assert_eq!(texts(&none), [""; 0]);
        let orders: &[Order] = &[Order::Asc, Order::Asc];
        assert_eq!(texts(&orders), ["asc", "asc"]);
    }
}
