//! Serialization: one `Serialize` implementation for every value.

use serde::ser::{Serialize, SerializeMap, SerializeSeq, Serializer};

use super::field::{Field, Object, View};

/// Serializes the value as JSON. An absent value becomes `null`.
///
/// # Errors
/// If a value cannot be represented in JSON. Generated types always can.
pub fn to_vec(value: &dyn Field) -> serde_json::Result<Vec<u8>> {
    let mut out = Vec::with_capacity(256);
    to_writer(&mut out, value)?;
    Ok(out)
}

/// Appends the value as JSON. An absent value becomes `null`.
///
/// This writes to memory only: with a generic writer, a virtual call for each token would double the time.
///
/// # Errors
/// If a value cannot be represented in JSON. Generated types always can.
pub fn to_writer(out: &mut Vec<u8>, value: &dyn Field) -> serde_json::Result<()> {
    serde_json::to_writer(out, &Out(value))
}

struct Out<'a>(&'a dyn Field);

impl Serialize for Out<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        view(self.0.view(), serializer)
    }
}

/// A value whose view is already known.
struct Seen<'a>(View<'a>);

impl Serialize for Seen<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        view(self.0, serializer)
    }
}

fn view<S: Serializer>(value: View<'_>, serializer: S) -> Result<S::Ok, S::Error> {
    match value {
        View::Absent => serializer.serialize_none(),
        View::Bool(value) => serializer.serialize_bool(value),
        View::Signed(value) => serializer.serialize_i64(value),
        View::Unsigned(value) => serializer.serialize_u64(value),
        View::Float(value) if value.is_finite() => serializer.serialize_f64(value),
        View::Float(value) => serializer.serialize_str(not_finite(value)),
        View::Single(value) if value.is_finite() => serializer.serialize_f32(value),
        View::Single(value) => serializer.serialize_str(not_finite(value.into())),
        View::SignedText(value) => serializer.collect_str(&value),
        View::UnsignedText(value) => serializer.collect_str(&value),
        View::Text(value) => serializer.serialize_str(value),
        View::Json(value) => value.serialize(serializer),
        View::Object(value) => object(value, serializer),
        View::List(value) => {
            let mut out = serializer.serialize_seq(Some(value.len()))?;
            for item in (0..value.len()).filter_map(|index| value.get(index)) {
                out.serialize_element(&Out(item))?;
            }
            out.end()
        }
        View::Map(value) => {
            let mut out = serializer.serialize_map(Some(value.len()))?;
            let mut result = Ok(());
            value.each(&mut |key, value| {
                result = out.serialize_entry(key, &Out(value));
                result.is_ok()
            });
            result?;
            out.end()
        }
    }
}

pub(super) fn not_finite(value: f64) -> &'static str {
    if value.is_nan() {
        "NaN"
    } else if value > 0.0 {
        "Infinity"
    } else {
        "-Infinity"
    }
}

pub(super) fn object<S: Serializer>(value: &dyn Object, serializer: S) -> Result<S::Ok, S::Error> {
    let mut out = serializer.serialize_map(None)?;
    let names = value.names();
    for (index, name) in names.iter().enumerate() {
        let seen = value.get(index).view();
        if !matches!(seen, View::Absent) {
            out.serialize_entry(name, &Seen(seen))?;
        }
    }
    for (name, json) in value.extra().iter() {
        let set =
            names.binary_search(&name).is_ok_and(|index| !matches!(value.get(index).view(), View::Absent));
        if !set {
            out.serialize_entry(name, json)?;
        }
    }
    out.end()
}
