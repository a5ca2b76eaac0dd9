//! Schemas, members and parameters.

use fastrand::Rng;
use serde_json::{Value, json};

use crate::names::{distinct, name};
use crate::{object, prose};

pub(crate) struct Shapes<'d> {
    /// The names of all schemas.
    pub(crate) schemas: &'d [String],
}

impl Shapes<'_> {
    /// A schema of the document: mostly an object.
    pub(crate) fn schema(&self, rng: &mut Rng) -> Value {
        if rng.u8(..6) == 0 { self.any(rng, 2) } else { self.object(rng, 3) }
    }

    /// A body or a response.
    pub(crate) fn payload(&self, rng: &mut Rng) -> Value {
        match rng.u8(..8) {
            0 => self.object(rng, 2),
            1 => json!({ "type": "object", "properties": {
                "nextPageToken": { "type": "string" },
                "items": { "type": "array", "items": self.any(rng, 1) },
            } }),
            _ => self.reference(rng),
        }
    }

    pub(crate) fn parameter(&self, rng: &mut Rng) -> Value {
        let mut parameter = scalar(rng);
        if rng.u8(..5) == 0 {
            parameter["repeated"] = json!(true);
        }
        parameter
    }

    fn object(&self, rng: &mut Rng, depth: usize) -> Value {
        let members = distinct(rng, 0..7);
        let mut schema = json!({ "type": "object", "description": prose(rng) });
        schema["properties"] = object(&members, |_| self.any(rng, depth));
        schema
    }

    fn any(&self, rng: &mut Rng, depth: usize) -> Value {
        let mut schema = match rng.u8(..12) {
            0 if depth > 0 => json!({ "type": "array", "items": self.any(rng, depth - 1) }),
            1 if depth > 0 => json!({ "type": "object", "additionalProperties": self.any(rng, depth - 1) }),
            2 | 3 if depth > 0 => self.object(rng, depth - 1),
            4 | 5 => self.reference(rng),
            6 => json!({ "type": "any" }),
            7 => json!({ "type": "array", "items": self.reference(rng) }),
            _ => scalar(rng),
        };
        if rng.u8(..4) == 0 {
            schema["description"] = json!(prose(rng));
        }
        if rng.u8(..9) == 0 {
            schema["deprecated"] = json!(true);
        }
        schema
    }

    fn reference(&self, rng: &mut Rng) -> Value {
        let missing = "Missing".to_owned();
        let name =
            if rng.u8(..40) == 0 { &missing } else { rng.choice(self.schemas.iter()).unwrap_or(&missing) };
        json!({ "$ref": name })
    }
}

fn scalar(rng: &mut Rng) -> Value {
    const SCALARS: &[(&str, &str)] = &[
        ("string", ""),
        ("string", "int64"),
        ("string", "uint64"),
        ("string", "google-datetime"),
        ("string", "date"),
        ("string", "google-duration"),
        ("string", "google-fieldmask"),
        ("string", "byte"),
        ("string", "odd"),
        ("boolean", ""),
        ("integer", "int32"),
        ("integer", "uint32"),
        ("number", "float"),
        ("number", "double"),
    ];
    if rng.u8(..4) == 0 {
        let values = distinct(rng, 1..7);
        let said: Vec<String> = values.iter().map(|_| prose(rng)).collect();
        return json!({ "type": "string", "enum": values, "enumDescriptions": said });
    }
    let (kind, format) = rng.choice(SCALARS.iter()).copied().unwrap_or(("string", ""));
    let mut schema = json!({ "type": kind });
    if !format.is_empty() {
        schema["format"] = json!(format);
    }
    if rng.u8(..5) == 0 {
        schema["default"] = json!(name(rng));
    }
    schema
}
