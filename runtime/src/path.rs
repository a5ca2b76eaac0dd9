//! Expansion of path templates and encoding of query parameters.
//!
//! A value never leaves its place: it cannot end the path, start a query, add a header line, or name another resource
//! by `.` and `..`.

use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::param::Param;
use crate::{Error, Result};

/// All but the unreserved characters of RFC 3986, section 2.3: for `{x}` and for queries.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// For `{+x}`: also keeps the reserved characters that a path may have. Unlike RFC 6570 has it, `?`, `#`, `[` and `]`
/// are encoded, and `%` always is: a value is plain text and not encoded yet.
const SEGMENTS: &AsciiSet = &SEGMENT
    .remove(b'/')
    .remove(b':')
    .remove(b'@')
    .remove(b'!')
    .remove(b'$')
    .remove(b'&')
    .remove(b'\'')
    .remove(b'(')
    .remove(b')')
    .remove(b'*')
    .remove(b'+')
    .remove(b',')
    .remove(b';')
    .remove(b'=');

/// Appends the template with its variables replaced by the values, which are in the order of the variables.
pub(crate) fn expand(method_id: &str, template: &str, values: &[&dyn Param], out: &mut String) -> Result<()> {
    let start = out.len();
    let mut values = values.iter();
    let mut rest = template;
    while let Some((literal, after)) = rest.split_once('{') {
        let Some((variable, after)) = after.split_once('}') else { break };
        let Some(value) = values.next() else {
            return Err(bad(method_id, variable, "has no value"));
        };
        out.push_str(literal);
        push_value(method_id, variable, *value, out)?;
        rest = after;
    }
    out.push_str(rest);
    if values.next().is_some() {
        return Err(Error::input(format!(
            "{method_id}: more values than the path {template:?} has variables"
        )));
    }
    // Two variables can meet in one segment, `{a}{b}`.
    if template.contains('{') && out.get(start..).unwrap_or_default().split('/').any(is_dots) {
        return Err(Error::input(format!("{method_id}: the path must not have the segments `.` and `..`")));
    }
    Ok(())
}

fn push_value(method_id: &str, variable: &str, value: &dyn Param, out: &mut String) -> Result<()> {
    let (name, set) = match variable.strip_prefix('+') {
        Some(name) => (name, SEGMENTS),
        None => (variable, SEGMENT),
    };
    let mut count = 0;
    let mut problem = None;
    value.each(&mut |text| {
        count += 1;
        problem = problem.or_else(|| reason_against(text));
        out.extend(utf8_percent_encode(text, set));
    });
    match (count, problem) {
        (1, None) => Ok(()),
        (1, Some(problem)) => Err(bad(method_id, name, problem)),
        (0, _) => Err(bad(method_id, name, "must not be empty")),
        _ => Err(bad(method_id, name, "stands in the path and takes one value only")),
    }
}

/// Also refused in `{x}`, where a `/` is encoded: servers that decode before they route exist.
fn reason_against(text: &str) -> Option<&'static str> {
    if text.is_empty() {
        Some("must not be empty")
    } else if text.starts_with('/') {
        Some("must not begin with `/`")
    } else if text.split(['/', '\\']).any(is_dots) {
        Some("must not have the segments `.` and `..`")
    } else {
        None
    }
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

#[cold]
fn bad(method_id: &str, parameter: &str, problem: &str) -> Error {
    Error::input(format!("{method_id}: the parameter `{parameter}` {problem}"))
}

/// Appends a parameter to a query, which does not begin with `?`.
pub(crate) fn push_query(out: &mut String, name: &str, value: &str) {
    if !out.is_empty() {
        out.push('&');
    }
    out.extend(utf8_percent_encode(name, SEGMENT));
    out.push('=');
    out.extend(utf8_percent_encode(value, SEGMENT));
}
