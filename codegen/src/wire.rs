//! The peculiarities of the wire format, each in one place: how paths, formats, sizes and page tokens are written.

/// A scalar in the wire format, by `type` and `format`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Scalar {
    Text,
    Bool,
    I32,
    U32,
    I64,
    U64,
    F32,
    F64,
    DateTime,
    Date,
    Duration,
    FieldMask,
    Bytes,
}

/// The scalar for a `type` and `format`; `None` if the type is not a scalar. The flag says whether the format is
/// known.
pub(crate) fn scalar(kind: &str, format: Option<&str>) -> Option<(Scalar, bool)> {
    let (plain, known) = match (kind, format.unwrap_or_default()) {
        ("string", "") => (Scalar::Text, true),
        ("string", "int64") => (Scalar::I64, true),
        ("string", "uint64") => (Scalar::U64, true),
        ("string", "google-datetime" | "date-time") => (Scalar::DateTime, true),
        ("string", "date") => (Scalar::Date, true),
        ("string", "google-duration") => (Scalar::Duration, true),
        ("string", "google-fieldmask") => (Scalar::FieldMask, true),
        ("string", "byte") => (Scalar::Bytes, true),
        ("string", _) => (Scalar::Text, false),
        ("boolean", format) => (Scalar::Bool, format.is_empty()),
        ("integer", "int32" | "") => (Scalar::I32, true),
        ("integer", "uint32") => (Scalar::U32, true),
        ("integer", "int64") => (Scalar::I64, true),
        ("integer", "uint64") => (Scalar::U64, true),
        ("integer", "int8" | "int16") => (Scalar::I32, false),
        ("integer", "uint8" | "uint16") => (Scalar::U32, false),
        ("integer", _) => (Scalar::I64, false),
        ("number", "float") => (Scalar::F32, true),
        ("number", "double" | "") => (Scalar::F64, true),
        ("number", _) => (Scalar::F64, false),
        _ => return None,
    };
    Some((plain, known))
}

/// A path template with variables `{x}` and `{+x}`, and the names of its variables in order.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Template {
    pub(crate) path: String,
    pub(crate) variables: Vec<String>,
    /// Whether a variable had another form, and was converted to the most similar of these.
    pub(crate) odd: bool,
}

/// The form of a resource name, from its pattern: `projects/*/locations/*` for `^projects/[^/]+/locations/[^/]+$`, and `**`
/// for `.*`. Patterns that restrict more than the segments have no form; the server checks these.
pub(crate) fn form(pattern: &str) -> Option<String> {
    let names = pattern.strip_prefix('^')?.strip_suffix('$')?;
    // Before the segments are split, since the class contains a `/`.
    let names = names.replace("[^/]+", "*");
    let is_literal = |segment: &str| {
        !segment.is_empty()
            && segment.bytes().all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'_' | b'-' | b':'))
    };
    let segments = names.split('/').map(|segment| match segment {
        "*" => Some("*"),
        ".*" => Some("**"),
        literal => is_literal(literal).then_some(literal),
    });
    let form = segments.collect::<Option<Vec<_>>>()?.join("/");
    // This allows any name.
    Some(form).filter(|form| form != "**")
}

/// Parses a template. `{/x}` becomes `/{x}` and `{x*}` becomes `{+x}`; no document has these, but the format allows
/// them.
pub(crate) fn template(path: &str) -> Result<Template, &'static str> {
    let mut made = Template { path: String::new(), variables: Vec::new(), odd: false };
    let mut rest = path.trim_start_matches('/');
    while let Some(open) = rest.find(['{', '}']) {
        let (before, at) = rest.split_at(open);
        made.path.push_str(before);
        let inner = at.strip_prefix('{').ok_or("a `}` without a `{`")?;
        let (expression, after) = inner.split_once('}').ok_or("a `{` without a `}`")?;
        let (plus, name) = match expression.strip_prefix('+') {
            Some(name) => (true, name),
            None => (false, expression),
        };
        let (slash, name) = match name.strip_prefix('/') {
            Some(name) => (true, name),
            None => (false, name),
        };
        let (star, name) = match name.strip_suffix('*') {
            Some(name) => (true, name),
            None => (false, name),
        };
        if name.is_empty()
            || !name.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.-$".contains(&byte))
        {
            return Err("a path variable that is neither `{name}` nor `{+name}`");
        }
        made.odd |= slash || star;
        made.path.push_str(if slash { "/" } else { "" });
        made.path.push_str(if plus || star { "{+" } else { "{" });
        made.path.push_str(name);
        made.path.push('}');
        made.odd |= made.variables.iter().any(|variable| variable == name);
        made.variables.push(name.to_owned());
        rest = after;
    }
    made.path.push_str(rest);
    if made.path.contains(|c: char| c.is_control() || c.is_whitespace() || c == '\\' || c == '#') {
        return Err("a character that no path may have");
    }
    Ok(made)
}

/// Whether a segment of a template consists of a variable only.
pub(crate) fn is_variable(segment: &str) -> bool {
    segment.starts_with('{') && segment.find('}').is_some_and(|end| end + 1 == segment.len())
}

/// An HTTP method.
pub(crate) fn verb(written: &str) -> Option<&'static str> {
    const VERBS: &[&str] = &["GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"];
    VERBS.iter().find(|verb| verb.eq_ignore_ascii_case(written)).copied()
}

/// Parses a size such as `1GB` (in binary units, as in Google's own clients) or a number of bytes.
pub(crate) fn size(written: &str) -> Option<u64> {
    let written = written.trim();
    let digits = written.trim_end_matches(|c: char| c.is_ascii_alphabetic());
    let unit = written.get(digits.len()..)?.to_ascii_uppercase();
    let shift = match unit.as_str() {
        "" | "B" => 0,
        "KB" | "K" => 10,
        "MB" | "M" => 20,
        "GB" | "G" => 30,
        "TB" | "T" => 40,
        _ => return None,
    };
    digits.trim().parse::<u64>().ok()?.checked_mul(1 << shift)
}

/// Names for the page token of a request, in the query or in the body.
pub(crate) const REQUEST_TOKENS: &[&str] =
    &["pageToken", "page_token", "_page_token", "nextPageToken", "continue"];

/// Names for the next page token in a response.
pub(crate) const RESPONSE_TOKENS: &[&str] = &["nextPageToken", "pageToken", "next_page_token"];

/// The members of `google.longrunning.Operation`, which is done when its member `done` is true.
pub(crate) const OPERATION: &[&str] = &["name", "done", "error", "response", "metadata"];

/// The members that identify an operation of Compute Engine's form. It is done when its `status` is `DONE`.
pub(crate) const OPERATION_WITH_STATUS: &[&str] = &["name", "operationType", "status"];

/// Names for the list with the items of a response, if it has several lists: the first of these.
pub(crate) const ITEMS: &[&str] = &["items", "results", "rows", "entries"];

/// Lists in a response that are never its items.
pub(crate) const NOT_ITEMS: &[&str] = &[
    "unreachable",
    "unreachables",
    "warnings",
    "unreachableLocations",
    "unreachableResources",
    "missingZones",
    "failedLocation",
    "failedLocations",
];

/// The members of `google.api.HttpBody`, which is raw bytes with a content type, whatever the name of the schema.
pub(crate) const HTTP_BODY: &[&str] = &["contentType", "data", "extensions"];

/// Global parameters for which every call has setters. A method's own parameter with such a name needs none.
pub(crate) const GLOBAL_SETTERS: &[&str] = &["fields", "quotaUser", "prettyPrint"];

/// Scheme and host, ending in `/`.
pub(crate) fn root_url(written: &str) -> Option<String> {
    let rest = written.strip_prefix("https://").or_else(|| written.strip_prefix("http://"))?;
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._~:/[]".contains(c);
    if rest.is_empty() || rest.starts_with('/') || !rest.chars().all(is_fine) {
        return None;
    }
    Some(if written.ends_with('/') { written.to_owned() } else { format!("{written}/") })
}

/// A plain path below the root, without a leading `/`.
pub(crate) fn plain_path(written: &str) -> Option<&str> {
    let path = written.trim_start_matches('/');
    let is_fine = |c: char| c.is_ascii_alphanumeric() || "-._~:/@$&+,=!*'()%".contains(c);
    let is_inside = !path.split('/').any(|segment| segment == ".." || segment == ".");
    (path.chars().all(is_fine) && is_inside).then_some(path)
}

/// Whether a part of an API's id can be part of a crate's name and of a path.
pub(crate) fn is_id(text: &str, may_have_dots: bool) -> bool {
    let is_fine =
        |byte: u8| byte.is_ascii_alphanumeric() || b"_-".contains(&byte) || (may_have_dots && byte == b'.');
    text.len() <= 64
        && text.bytes().all(is_fine)
        && text.starts_with(|c: char| c.is_ascii_alphanumeric())
        && text.ends_with(|c: char| c.is_ascii_alphanumeric())
}

#[cfg(test)]
mod tests {
    use super::{form, plain_path, root_url, size, template, verb};

    #[test]
    fn templates() {
        let read = |path: &str| template(path).map(|made| (made.path, made.variables.join(","), made.odd));
        assert_eq!(read("/v1/{+name}:get"), Ok(("v1/{+name}:get".into(), "name".into(), false)));
        assert_eq!(read("a/{b}/{c.d}"), Ok(("a/{b}/{c.d}".into(), "b,c.d".into(), false)));
        assert_eq!(read("a{/b}/{c*}"), Ok(("a/{b}/{+c}".into(), "b,c".into(), true)));
        assert_eq!(read("{a}{a}"), Ok(("{a}{a}".into(), "a,a".into(), true)));
        for bad in ["{", "}", "{}", "{a b}", "a b", "a#", "{{a}}", "a\n"] {
            assert!(template(bad).is_err(), "{bad}");
        }
    }

    #[test]
    fn forms() {
        for (pattern, read) in [
            ("^projects/[^/]+/locations/[^/]+$", Some("projects/*/locations/*")),
            ("^people/[^/]+$", Some("people/*")),
            ("^[^/]+$", Some("*")),
            ("^v1/documents/.*$", Some("v1/documents/**")),
            ("^.*$", None),
            ("projects/[^/]+", None),
            ("^projects/[a-z]+$", None),
            ("^projects/\\d+$", None),
            ("^(a|b)/[^/]+$", None),
            ("^a.b$", None),
            ("^a//b$", None),
            ("^$", None),
            ("", None),
        ] {
            assert_eq!(form(pattern).as_deref(), read, "{pattern}");
        }
    }

    #[test]
    fn sizes() {
        assert_eq!(size("1GB"), Some(1 << 30));
        assert_eq!(size("36MB"), Some(36 << 20));
        assert_eq!(size("5497558138880"), Some(5_497_558_138_880));
        for bad in ["", "GB", "1XB", "-1", "99999999999999999999", "9999999999TB"] {
            assert_eq!(size(bad), None, "{bad}");
        }
    }

    #[test]
    fn addresses_and_verbs() {
        assert_eq!(root_url("https://e.com").as_deref(), Some("https://e.com/"));
        assert_eq!(root_url("javascript:alert(1)"), None);
        assert_eq!(plain_path("/batch/drive/v3"), Some("batch/drive/v3"));
        assert_eq!(plain_path("a/../b"), None);
        assert_eq!(verb("patch"), Some("PATCH"));
        assert_eq!(verb("GET /"), None);
    }
}
