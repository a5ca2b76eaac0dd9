//! JSON values that a schema of a document allows, made from the document only.
//!
//! Members that the document defines are never `null`, because generated types treat `null` as unset and drop it.

use fastrand::Rng;
use serde_json::{Map, Value, json};

/// The style of a value.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Style {
    /// No member is set.
    Empty,
    /// Every member has an ordinary value.
    Full,
    /// Every member has a value at the end of its range or one that is difficult to parse. There are unknown members,
    /// too.
    Edge,
    /// Some members and some unknown members are set.
    Random,
    /// Few members are set, but with the deepest nesting.
    Deep,
}

impl Style {
    /// The maximum nesting of lists and objects. JSON readers stop at 128 levels.
    fn depth(self) -> usize {
        match self {
            Style::Empty => 0,
            Style::Full | Style::Edge | Style::Random => 8,
            Style::Deep => 100,
        }
    }

    /// The probability of an unusual value.
    fn oddness(self) -> f64 {
        match self {
            Style::Empty | Style::Full | Style::Deep => 0.0,
            Style::Random => 0.2,
            Style::Edge => 1.0,
        }
    }
}

/// Makes values for the schemas of a document.
pub(crate) struct Maker<'d> {
    schemas: &'d Map<String, Value>,
    rng: Rng,
    style: Style,
    /// How many more values may be made, so that a schema with many members of its own type does not fill the memory.
    left: usize,
}

impl<'d> Maker<'d> {
    pub(crate) fn new(schemas: &'d Map<String, Value>, rng: Rng, style: Style) -> Self {
        Maker { schemas, rng, style, left: 400 }
    }

    /// Sets the maximum number of values.
    pub(crate) fn at_most(self, values: usize) -> Self {
        Maker { left: values, ..self }
    }

    /// A value for that schema.
    pub(crate) fn value(&mut self, schema: &Value) -> Value {
        self.at(schema, 0, true)
    }

    fn at(&mut self, schema: &Value, depth: usize, top: bool) -> Value {
        self.left = self.left.saturating_sub(1);
        if let Some(name) = text(schema, "$ref") {
            return match self.schemas.get(name) {
                Some(schema) => self.at(schema, depth, true),
                None => self.any(depth),
            };
        }
        match text(schema, "type") {
            Some("array") => self.list(schema.get("items").unwrap_or(&Value::Null), depth),
            Some("object") => self.object(schema, depth, top),
            _ if schema.get("properties").is_some() => self.object(schema, depth, top),
            Some("string" | "boolean" | "integer" | "number") => self.scalar(schema),
            _ => match self.any(depth) {
                // A member that is null is treated as missing.
                Value::Null => json!("any"),
                value => value,
            },
        }
    }

    fn is_at_end(&self, depth: usize) -> bool {
        depth >= self.style.depth() || self.left == 0
    }

    fn list(&mut self, items: &Value, depth: usize) -> Value {
        if self.is_at_end(depth) {
            return json!([]);
        }
        let count = match self.style {
            Style::Deep => 1,
            Style::Full => 2,
            _ => self.rng.usize(0..4),
        };
        (0..count).map(|_| self.at(items, depth + 1, false)).collect()
    }

    fn object(&mut self, schema: &Value, depth: usize, top: bool) -> Value {
        let mut made = Map::new();
        if self.is_at_end(depth) {
            return made.into();
        }
        let members =
            schema.get("properties").and_then(Value::as_object).filter(|members| !members.is_empty());
        let others = schema.get("additionalProperties");
        match (members, others) {
            (Some(members), _) => self.members(members, depth, &mut made),
            (None, Some(values)) => self.entries(values, depth, &mut made),
            // The content of an object without a definition.
            (None, None) if top || self.odd() => self.unknown(&Map::new(), depth, &mut made),
            (None, None) => drop(made.insert("some".to_owned(), self.any(depth + 1))),
        }
        made.into()
    }

    fn members(&mut self, members: &Map<String, Value>, depth: usize, made: &mut Map<String, Value>) {
        let wanted = match self.style {
            Style::Deep => self.way_down(members),
            _ => None,
        };
        for (name, member) in members {
            let chosen = match self.style {
                Style::Empty => false,
                Style::Full | Style::Edge => true,
                Style::Random => self.rng.f64() < 0.4,
                Style::Deep => wanted == Some(name),
            };
            if chosen {
                made.insert(name.clone(), self.at(member, depth + 1, false));
            }
        }
        if self.odd() {
            self.unknown(members, depth, made);
        }
    }

    /// Chooses a member that has members itself.
    fn way_down<'m>(&mut self, members: &'m Map<String, Value>) -> Option<&'m String> {
        let is_nested = |schema: &Value| {
            schema.get("$ref").is_some() || matches!(text(schema, "type"), Some("array" | "object"))
        };
        let ways: Vec<&String> =
            members.iter().filter(|(_, schema)| is_nested(schema)).map(|(name, _)| name).collect();
        self.rng.choice(&ways).copied().or_else(|| members.keys().next())
    }

    fn entries(&mut self, values: &Value, depth: usize, made: &mut Map<String, Value>) {
        let count = match self.style {
            Style::Full | Style::Deep => 1,
            _ => self.rng.usize(0..4),
        };
        for _ in 0..count {
            let key = if self.odd() { self.pick(TEXTS) } else { self.pick(&["key", "a/b", "other"]) };
            made.insert(key.to_owned(), self.at(values, depth + 1, false));
        }
    }

    /// Adds members that the document does not define, some with names that are similar to those of defined members.
    fn unknown(&mut self, known: &Map<String, Value>, depth: usize, made: &mut Map<String, Value>) {
        for _ in 0..self.rng.usize(1..4) {
            let name = match self.rng.usize(0..4) {
                0 => self.pick(TEXTS).to_owned(),
                1 => self.rng.choice(known.keys()).map_or_else(String::new, |name| name.to_uppercase()),
                2 => self.rng.choice(known.keys()).map_or_else(String::new, |name| format!("{name}_")),
                _ => self.pick(&["extra", "extra_", "type_", "r#type", "zzz", "Ünknown"]).to_owned(),
            };
            if !known.contains_key(&name) {
                made.insert(name, self.any(depth + 1));
            }
        }
    }

    fn scalar(&mut self, schema: &Value) -> Value {
        let odd = self.odd();
        if let Some(values) = schema.get("enum").and_then(Value::as_array) {
            return match self.rng.choice(values) {
                Some(value) if !odd || self.rng.bool() => value.clone(),
                _ => json!(self.pick(&["A_VALUE_OF_TOMORROW", "", "ünknown", "UNKNOWN", "0", " "])),
            };
        }
        match (text(schema, "type"), text(schema, "format").unwrap_or_default()) {
            (Some("boolean"), _) => json!(self.rng.bool()),
            (Some("integer"), "uint32") if odd => json!(self.pick(&[0, 1, u32::MAX])),
            (Some("integer"), "uint32") => json!(self.rng.u32(..)),
            (Some("integer"), _) if odd => json!(self.pick(&[i32::MIN, -1, 0, i32::MAX])),
            (Some("integer"), _) => json!(self.rng.i32(..)),
            (Some("number"), "float") => self.single(odd),
            (Some("number"), _) => self.double(odd),
            (_, "int64") if odd => {
                json!(self.pick(&["-9223372036854775808", "9223372036854775807", "0", "-1"]))
            }
            (_, "int64") => json!(self.rng.i64(..).to_string()),
            (_, "uint64") if odd => json!(self.pick(&["18446744073709551615", "9223372036854775808", "0"])),
            (_, "uint64") => json!(self.rng.u64(..).to_string()),
            (_, "google-datetime" | "date-time") => json!(self.pick(TIMES)),
            (_, "date") => json!(self.pick(&["2014-01-31", "0001-01-01", "9999-12-31", "2024-02-29"])),
            (_, "google-duration") => {
                json!(self.pick(&["3.5s", "0s", "-1.000000001s", "315576000000s", "1.50s"]))
            }
            (_, "google-fieldmask") => json!(self.pick(&["a,b.c", "", "*", "fooBar,foo_bar.x-y", "a.`b.c`"])),
            (_, "byte") => json!(self.pick(&["", "-_8=", "+/8=", "+/8", "-_8", "AA==", "aGVsbG8gd29ybGQ="])),
            _ if odd => json!(self.pick(TEXTS)),
            _ => json!(format!("text {}", self.rng.u16(..))),
        }
    }

    fn double(&mut self, odd: bool) -> Value {
        const ENDS: &[f64] = &[
            0.0,
            -0.0,
            0.1,
            f64::MAX,
            f64::MIN,
            f64::MIN_POSITIVE,
            5e-324,
            9_007_199_254_740_993.0,
            1e21,
            -1.0,
        ];
        match self.rng.usize(0..3) {
            0 if odd => json!(self.pick(&["NaN", "Infinity", "-Infinity"])),
            0 => json!(self.rng.i32(..)),
            _ if odd => json!(self.pick(ENDS)),
            // Random digits reveal a reader that is not exact.
            _ => json!(self.rng.f64() * 10_f64.powi(self.rng.i32(-30..30))),
        }
    }

    fn single(&mut self, odd: bool) -> Value {
        let value = match self.rng.usize(0..3) {
            0 if odd => return json!(self.pick(&["NaN", "Infinity", "-Infinity"])),
            0 => return json!(self.rng.i16(..)),
            _ if odd => {
                self.pick(&[0.0, -0.0, 0.1, f32::MAX, f32::MIN, f32::MIN_POSITIVE, 1e-45, 16_777_216.0])
            }
            _ => self.rng.f32() * 10_f32.powi(self.rng.i32(-10..10)),
        };
        // As a server writes it, with the digits of single precision. The runtime's formatter is used, because for a
        // few numbers there are two texts that are equally short and equally near.
        serde_json::to_string(&value)
            .ok()
            .and_then(|digits| serde_json::from_str(&digits).ok())
            .unwrap_or_default()
    }

    /// Any JSON value, including `null`.
    fn any(&mut self, depth: usize) -> Value {
        self.left = self.left.saturating_sub(1);
        // This value has a few levels at most, however deep it is nested.
        let kinds = if self.left == 0 || depth > self.style.depth().min(100) { 7 } else { 9 };
        match self.rng.usize(0..kinds) {
            0 => Value::Null,
            1 => json!(self.rng.bool()),
            2 => json!(self.pick(&[i64::MIN, i64::MAX, 0, -1])),
            3 => json!(self.pick(&[u64::MAX, 1 << 63, 0])),
            4 => json!(self.rng.f64() * 10_f64.powi(self.rng.i32(-30..30))),
            5 => json!(self.pick(TEXTS)),
            6 => json!(self.pick(&[json!([]), json!({}), json!("text")])),
            7 => (0..self.rng.usize(0..3)).map(|_| self.any(depth + 2)).collect(),
            _ => {
                let keys = (0..self.rng.usize(0..3)).map(|_| self.pick(TEXTS).to_owned()).collect::<Vec<_>>();
                keys.into_iter().map(|key| (key, self.any(depth + 2))).collect()
            }
        }
    }

    fn odd(&mut self) -> bool {
        self.rng.f64() < self.style.oddness()
    }

    fn pick<T: Clone + Default>(&mut self, from: &[T]) -> T {
        self.rng.choice(from).cloned().unwrap_or_default()
    }
}

/// Texts that are difficult to parse or to print.
const TEXTS: &[&str] = &[
    "",
    " ",
    "null",
    "a \"quoted\" \\ path/with/slashes",
    "\u{0}\u{1}\u{1f}\u{7f}\t\r\n",
    "Größe ☃ 🦀 e\u{301} \u{202e}\u{2028}\u{feff}\u{fffd}",
    "</script><!--",
    "$ref",
    "12345678901234567890",
    "2014-01-01T10:00:00Z",
];

/// Times with nanoseconds, with and without offsets, and some that only text can represent, such as leap seconds.
const TIMES: &[&str] = &[
    "2014-01-01T10:00:00Z",
    "2014-01-01T10:00:00.123456789Z",
    "2014-01-01T10:00:00.100Z",
    "2014-01-01T10:00:00+05:30",
    "2014-01-01T10:00:00-00:00",
    "2014-01-01T10:00:00",
    "2016-12-31T23:59:60Z",
    "0001-01-01T00:00:00Z",
    "9999-12-31T23:59:59.999999999Z",
    "2014-01-01t10:00:00z",
];

fn text<'s>(schema: &'s Value, member: &str) -> Option<&'s str> {
    schema.get(member)?.as_str()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn make(document: &Value, style: Style) -> Value {
        let schemas = document.as_object().expect("an object");
        Maker::new(schemas, Rng::with_seed(7), style).value(&json!({ "$ref": "A" }))
    }

    #[test]
    fn the_styles_differ_in_what_they_set() {
        let document = json!({ "A": { "type": "object", "properties": {
            "n": { "type": "string", "format": "int64" },
            "e": { "type": "string", "enum": ["X"] },
            "m": { "type": "object", "additionalProperties": { "type": "boolean" } },
        } } });
        assert_eq!(make(&document, Style::Empty), json!({}));
        let full = make(&document, Style::Full);
        let members: Vec<&String> = full.as_object().expect("an object").keys().collect();
        assert_eq!(members, ["e", "m", "n"]);
        assert_eq!(full["e"], "X");
        assert!(full["n"].as_str().is_some_and(|text| text.parse::<i64>().is_ok()));
        let edge = make(&document, Style::Edge);
        assert!(edge.as_object().is_some_and(|members| members.len() > 3), "unknown members: {edge}");
        assert_eq!(edge, make(&document, Style::Edge), "the same seed, the same value");
    }

    #[test]
    fn recursion_ends() {
        let itself = json!({ "$ref": "A" });
        let document = json!({ "A": { "type": "object", "properties": {
            "one": itself, "many": { "type": "array", "items": itself },
            "map": { "type": "object", "additionalProperties": itself },
        } } });
        let depth = |style| {
            let (mut depth, mut most) = (0_usize, 0);
            for byte in make(&document, style).to_string().bytes() {
                match byte {
                    b'{' | b'[' => depth += 1,
                    b'}' | b']' => depth -= 1,
                    _ => {}
                }
                most = most.max(depth);
            }
            most
        };
        assert!((90..=120).contains(&depth(Style::Deep)), "{}", depth(Style::Deep));
        assert!((5..=20).contains(&depth(Style::Full)));
        assert!(make(&document, Style::Edge).to_string().len() < 1_000_000);
    }

    #[test]
    fn known_members_are_never_null() {
        let document = json!({ "A": { "type": "object", "properties": { "any": { "type": "any" } } } });
        for seed in 0..200 {
            let schemas = document.as_object().expect("an object");
            let made = Maker::new(schemas, Rng::with_seed(seed), Style::Edge).value(&document["A"]);
            assert!(!made["any"].is_null());
        }
    }
}
