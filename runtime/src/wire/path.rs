//! Expansion of path templates and encoding of query parameters.
//!
//! A value cannot leave its position: it cannot end the path, start a query, add a header line, or refer to another
//! resource with `.` and `..`.

use memchr::memchr;
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};

use crate::value::param::Param;
use crate::{Error, Result};

/// Everything except the unreserved characters of RFC 3986, section 2.3: for `{x}` and for queries.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');

/// For `{+x}`: also keeps the reserved characters that are allowed in a path. Unlike in RFC 6570, `?`, `#`, `[` and
/// `]` are encoded, and `%` is always encoded, because a value is plain text.
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

/// Appends the template with its variables replaced by the values. The values are in the order of the variables.
pub(crate) fn expand(method_id: &str, template: &str, values: &[&dyn Param], out: &mut String) -> Result<()> {
    let start = out.len();
    let mut has_variables = false;
    let mut values = values.iter();
    let mut rest = template;
    while let Some((literal, after)) = split_at_byte(rest, b'{') {
        has_variables = true;
        let Some((variable, after)) = split_at_byte(after, b'}') else { break };
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
            "{method_id}: there are more values than variables in the path {template:?}"
        )));
    }
    // Two variables may be in one segment, `{a}{b}`.
    if has_variables && has_dots(out.get(start..).unwrap_or_default()) {
        return Err(Error::input(format!(
            "{method_id}: the path must not contain the segments `.` and `..`"
        )));
    }
    Ok(())
}

/// The same for a template that is not the one whose variables are in the values' order: each value goes where its variable's
/// name stands.
pub(crate) fn expand_by_name(
    method_id: &str,
    template: &str,
    ordered: &str,
    values: &[&dyn Param],
    out: &mut String,
) -> Result<()> {
    let mut chosen = Vec::new();
    for name in variables(template) {
        let place = variables(ordered).position(|other| other == name);
        match place.and_then(|place| values.get(place)) {
            Some(value) => chosen.push(*value),
            None => return Err(bad(method_id, name, "has no value")),
        }
    }
    expand(method_id, template, &chosen, out)
}

/// The names of a template's variables.
fn variables(template: &str) -> impl Iterator<Item = &str> {
    let inside = template.split('{').skip(1).filter_map(|part| part.split_once('}'));
    inside.map(|(variable, _)| variable.strip_prefix('+').unwrap_or(variable))
}

/// Checks that the values have the forms of their variables. An id where `projects/*/locations/*` is required would result
/// in the path of another method, or in one that does not exist.
pub(crate) fn check_forms(
    method_id: &str,
    template: &str,
    forms: &[&str],
    values: &[&dyn Param],
) -> Result<()> {
    if forms.is_empty() {
        return Ok(());
    }
    for ((name, form), value) in variables(template).zip(forms).zip(values) {
        let mut fits = true;
        value.each(&mut |text| fits &= form.is_empty() || is_of(text, form));
        if !fits {
            return Err(bad(method_id, name, &format!("does not have the form `{form}`")));
        }
    }
    Ok(())
}

fn is_of(text: &str, form: &str) -> bool {
    let segments: Vec<&str> = text.split('/').collect();
    has_form(&segments, &form.split('/').collect::<Vec<_>>())
}

/// Whether the segments have this form: `*` is one segment that is not empty, `**` one or more of any kind.
fn has_form(segments: &[&str], form: &[&str]) -> bool {
    match (form, segments) {
        ([], []) => true,
        (["**"], [_, ..]) => true,
        (["**", form @ ..], [_, rest @ ..]) => {
            (0..=rest.len()).any(|taken| has_form(rest.get(taken..).unwrap_or_default(), form))
        }
        (["*", form @ ..], [segment, rest @ ..]) => !segment.is_empty() && has_form(rest, form),
        ([literal, form @ ..], [segment, rest @ ..]) => literal == segment && has_form(rest, form),
        _ => false,
    }
}

fn push_value(method_id: &str, variable: &str, value: &dyn Param, out: &mut String) -> Result<()> {
    let (name, set, many) = match variable.strip_prefix('+') {
        Some(name) => (name, SEGMENTS, true),
        None => (variable, SEGMENT, false),
    };
    let mut count = 0;
    let mut problem = None;
    value.each(&mut |text| {
        count += 1;
        problem = problem.or_else(|| reason_against(text, many));
        push_encoded(out, text, set);
    });
    match (count, problem) {
        (1, None) => Ok(()),
        (1, Some(problem)) => Err(bad(method_id, name, problem)),
        (0, _) => Err(bad(method_id, name, "must not be empty")),
        _ => Err(bad(method_id, name, "is part of the path and takes exactly one value")),
    }
}

/// Why a value is not allowed. In `{x}` a `/` is encoded and is part of the name, as in an object `/a/../b`, so only
/// the whole value is checked.
fn reason_against(text: &str, many: bool) -> Option<&'static str> {
    if text.is_empty() {
        Some("must not be empty")
    } else if many && text.starts_with('/') {
        Some("must not begin with `/`")
    } else if is_dots(text) || many && has_dots(text) {
        Some("must not contain the segments `.` and `..`")
    } else {
        None
    }
}

fn is_dots(segment: &str) -> bool {
    matches!(segment, "." | "..")
}

/// Whether one of the segments is `.` or `..`. Most paths contain no dot.
fn has_dots(path: &str) -> bool {
    memchr(b'.', path.as_bytes()).is_some() && path.split('/').any(is_dots)
}

/// Splits the text at the first occurrence of an ASCII character. Every call does this several times, and for short texts
/// it is much faster than `split_once`.
pub(crate) fn split_at_byte(text: &str, byte: u8) -> Option<(&str, &str)> {
    let at = memchr(byte, text.as_bytes())?;
    Some((text.get(..at)?, text.get(at + 1..)?))
}

#[cold]
fn bad(method_id: &str, parameter: &str, problem: &str) -> Error {
    Error::input(format!("{method_id}: the parameter `{parameter}` {problem}"))
}

/// Whether a path can be sent unchanged. URL parsers treat `\` as `/`, resolve `..` and `%2e%2E`, and encode
/// characters that are not encoded, so a path with any of these would be sent differently than written.
pub(crate) fn is_encoded(path: &str) -> bool {
    let path = path.strip_prefix('/').unwrap_or(path);
    let read = url::Url::parse(&format!("https://h/{path}"));
    read.is_ok_and(|url| url.path().strip_prefix('/') == Some(path)) && !path.starts_with('/')
}

/// Appends a parameter to a query. The query does not begin with `?`.
pub(crate) fn push_query(out: &mut String, name: &str, value: &str) {
    // Most values need no encoding, and most queries are a few short pairs, so memory is allocated once.
    let room = name.len() + value.len() + 2;
    out.reserve(if out.is_empty() { room.max(64) } else { room });
    if !out.is_empty() {
        out.push('&');
    }
    push_encoded(out, name, SEGMENT);
    out.push('=');
    push_encoded(out, value, SEGMENT);
}

/// Appends the text with the characters of the set encoded.
fn push_encoded(out: &mut String, text: &str, set: &'static AsciiSet) {
    if is_unreserved(text) { out.push_str(text) } else { out.extend(utf8_percent_encode(text, set)) }
}

/// For each byte, whether it is an unreserved character. A table is faster than comparisons.
#[expect(clippy::indexing_slicing, reason = "it is evaluated when it is compiled")]
const UNRESERVED: [bool; 256] = {
    let mut table = [false; 256];
    let mut bytes: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~";
    while let [first, rest @ ..] = bytes {
        table[*first as usize] = true;
        bytes = rest;
    }
    table
};

/// Whether no character of the text is ever encoded, as in most names and ids.
fn is_unreserved(text: &str) -> bool {
    text.bytes().all(|byte| UNRESERVED.get(usize::from(byte)).is_some_and(|plain| *plain))
}

/// Whether an encoded pair of a query has that name.
pub(crate) fn is_named(pair: &str, name: &str) -> bool {
    let (first, begins) = (pair.as_bytes().first(), name.as_bytes().first());
    if begins.is_some() && first != begins && first != Some(&b'%') {
        return false;
    }
    if is_unreserved(name) {
        return pair.strip_prefix(name).is_some_and(|rest| rest.starts_with('='));
    }
    let mut rest = Some(pair);
    for piece in utf8_percent_encode(name, SEGMENT) {
        rest = rest.and_then(|rest| rest.strip_prefix(piece));
    }
    rest.is_some_and(|rest| rest.starts_with('='))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn expanded(template: &str, values: &[&dyn Param]) -> Result<String, String> {
        let mut out = String::from("/v1/");
        expand("t.m", template, values, &mut out).map(|()| out).map_err(|error| error.to_string())
    }

    #[test]
    fn puts_values_in_order() {
        assert_eq!(expanded("files/{a}/x/{b}", &[&"1", &7_i64]).unwrap(), "/v1/files/1/x/7");
        assert_eq!(expanded("{+name}:cancel", &[&"operations/a b"]).unwrap(), "/v1/operations/a%20b:cancel");
        assert_eq!(expanded("files", &[]).unwrap(), "/v1/files");
    }

    #[test]
    fn another_template_takes_values_by_name() {
        let by_name = |template: &str| {
            let mut out = String::new();
            let values: &[&dyn Param] = &[&"x/y", &"2"];
            expand_by_name("t.m", template, "zoos/{+a}/animals/{b}", values, &mut out).map(|()| out)
        };
        assert_eq!(by_name("upload/{b}/of/{a}").unwrap(), "upload/2/of/x%2Fy");
        assert_eq!(by_name("upload/{+a}").unwrap(), "upload/x/y", "not all values need be there");
        assert_eq!(by_name("upload").unwrap(), "upload");
        let error = by_name("upload/{c}").unwrap_err();
        assert_eq!(error.to_string(), "t.m: the parameter `c` has no value");
    }

    #[test]
    fn encodes_what_could_leave_the_place() {
        assert_eq!(expanded("{a}", &[&"a/b?c#d%2e\r\n é"]).unwrap(), "/v1/a%2Fb%3Fc%23d%252e%0D%0A%20%C3%A9");
        assert_eq!(expanded("{+a}", &[&"a/b?c#d%2e:@[x]"]).unwrap(), "/v1/a/b%3Fc%23d%252e:@%5Bx%5D");
        assert_eq!(expanded("{a}", &[&"/a/../b"]).unwrap(), "/v1/%2Fa%2F..%2Fb");
    }

    #[test]
    fn a_path_that_would_be_read_otherwise_is_not_encoded() {
        for path in
            ["", "/", "animals/a", "/zoo/v1/animals/a:b@c", "a%2Fb/%2e%2e%2fc", "a//b", "...", "a/.b/c%2e"]
        {
            assert!(is_encoded(path), "{path}");
        }
        for path in [
            ".",
            "..",
            "a/../b",
            "a/./b",
            "/../a",
            "a/%2e%2e/%2e%2e/admin",
            "a/%2E./b",
            "a/.%2e",
            "a/%2e",
            "a\\b",
            "\\",
            "//host/a",
            "a b",
            "a#b",
            "a?b",
            "é",
            "a\tb",
            "a\nb",
            "<a>",
            "a\0",
        ] {
            assert!(!is_encoded(path), "{path}");
        }
    }

    #[test]
    fn refuses_what_names_something_else() {
        for (template, value) in [
            ("{a}", "."),
            ("{a}", ".."),
            ("{+a}", "x/../y"),
            ("{+a}", "x/.."),
            ("{+a}", "./x"),
            ("{+a}", "/x"),
            ("{a}", ""),
            ("{+a}:go", ".."),
            ("x/.{a}", "."),
        ] {
            assert!(expanded(template, &[&value]).is_err(), "{template} {value}");
        }
        assert!(expanded("{a}{b}", &[&".", &"x"]).is_err());
        let error = expanded("files/{fileId}", &[&""]).unwrap_err();
        assert!(error.contains("t.m") && error.contains("`fileId` must not be empty"), "{error}");
    }

    #[test]
    fn values_have_the_form_of_their_names() {
        for (form, good, bad) in [
            (
                "projects/*/locations/*",
                &["projects/p/locations/l", "projects/-/locations/-"][..],
                &[
                    "p",
                    "projects/p",
                    "projects/p/locations/",
                    "projects//locations/l",
                    "projects/p/locations/l/x",
                    "",
                ][..],
            ),
            ("people/*", &["people/me"], &["me", "People/me", "people/", "/people/me", "people/a/b"]),
            ("*", &["a", "a b"], &["", "a/b"]),
            (
                "documents/**",
                &["documents/", "documents/a", "documents/a/b"],
                &["documents", "a/documents/b"],
            ),
            ("a/**/b/*", &["a/x/b/c", "a/x/y/b/c", "a/b/b/b/c"], &["a/b/c", "a/x/b", "a/x/b/"]),
            ("", &["", "anything/at/all"], &[]),
        ] {
            let check = |value: &str| check_forms("t.m", "v1/{+name}:go", &[form], &[&value]);
            good.iter().for_each(|value| assert!(check(value).is_ok(), "{form} {value}"));
            bad.iter().for_each(|value| assert!(check(value).is_err_and(|e| e.is_input()), "{form} {value}"));
        }
        let error = check_forms("t.m", "{a}/{+name}", &["", "people/*"], &[&"x", &"s3cret"]).unwrap_err();
        assert_eq!(error.to_string(), "t.m: the parameter `name` does not have the form `people/*`");
        assert!(check_forms("t.m", "{a}/{+b}", &[], &[&"x", &"y"]).is_ok());
    }

    proptest! {
        #[test]
        fn a_form_takes_what_its_pattern_takes(
            form in "([a-c]|\\*|\\*\\*)(/([a-c]|\\*|\\*\\*)){0,4}", value in "[abc/]{0,9}",
        ) {
            let pattern = form.replace("**", ".#").replace('*', "[^/]+").replace('#', "*");
            prop_assert_eq!(is_of(&value, &form), matches_pattern(&pattern, &value), "{} {}", form, value);
        }
    }

    /// A pattern of letters, `/`, `[^/]+` and `.*`, by trying all ways.
    fn matches_pattern(pattern: &str, value: &str) -> bool {
        if let Some(rest) = pattern.strip_prefix("[^/]+") {
            let end = value.find('/').unwrap_or(value.len());
            (1..=end).any(|taken| matches_pattern(rest, &value[taken..]))
        } else if let Some(rest) = pattern.strip_prefix(".*") {
            (0..=value.len()).any(|taken| matches_pattern(rest, &value[taken..]))
        } else if let Some(first) = pattern.chars().next() {
            value.strip_prefix(first).is_some_and(|rest| matches_pattern(&pattern[1..], rest))
        } else {
            value.is_empty()
        }
    }

    #[test]
    fn refuses_wrong_numbers_of_values() {
        let many: &[&str] = &["a", "b"];
        let none: &[&str] = &[];
        assert!(expanded("{a}", &[&many]).is_err());
        assert!(expanded("{a}", &[&none]).is_err());
        assert!(expanded("{a}", &[]).is_err());
        assert!(expanded("a", &[&"x"]).is_err());
    }

    /// Another decoder than the one that belongs to the encoder.
    fn decoded(text: &str) -> String {
        let mut bytes = Vec::new();
        let mut rest = text.bytes();
        while let Some(byte) = rest.next() {
            bytes.push(match byte {
                b'%' => {
                    let digits = [rest.next().unwrap(), rest.next().unwrap()];
                    u8::from_str_radix(std::str::from_utf8(&digits).unwrap(), 16).unwrap()
                }
                byte => byte,
            });
        }
        String::from_utf8(bytes).unwrap()
    }

    proptest! {
        #[test]
        fn a_value_comes_back_and_stays_in_its_segment(value in any::<String>()) {
            if let Ok(path) = expanded("a/{x}/b", &[&value]) {
                let segments: Vec<&str> = path.split('/').collect();
                prop_assert_eq!(segments.len(), 5);
                prop_assert_eq!(decoded(segments[3]), value);
                prop_assert!(!path.contains(['?', '#', ' ', '\r', '\n']) && path.is_ascii());
            }
        }

        #[test]
        fn many_segments_come_back_and_stay_in_the_path(value in "([a-z./?#%\\\\ \r\n:é]|\\.\\./){1,12}") {
            if let Ok(path) = expanded("a/{+x}", &[&value]) {
                let rest = path.strip_prefix("/v1/a/").unwrap();
                prop_assert_eq!(decoded(rest), value);
                prop_assert!(!path.contains(['?', '#', ' ', '\r', '\n', '\\']) && path.is_ascii());
                prop_assert!(!path.split('/').any(|segment| matches!(segment, "." | "..")));
            }
        }

        #[test]
        fn queries_come_back(name in any::<String>(), value in any::<String>()) {
            let mut query = String::new();
            push_query(&mut query, "first", "1");
            push_query(&mut query, &name, &value);
            let (_, second) = query.split_once('&').unwrap();
            let (left, right) = second.split_once('=').unwrap();
            prop_assert!(is_named(second, &name));
            for other in [name.clone() + "=", "x".to_owned() + &name] {
                prop_assert!(!is_named(second, &other));
            }
            prop_assert_eq!(decoded(left), name);
            prop_assert_eq!(decoded(right), value);
            prop_assert!(query.bytes().all(|byte| byte.is_ascii_graphic() && byte != b'#'));
        }
    }
}
