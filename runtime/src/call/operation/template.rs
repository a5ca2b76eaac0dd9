//! Matches paths against path templates, to find the values of the variables.

use std::collections::BTreeMap;

use percent_encoding::percent_decode_str;

/// Values by the names of their variables.
pub(super) type Values<'t> = BTreeMap<&'t str, String>;

/// A server may send text of any length; no path of a call is longer than this.
const LONGEST: usize = 8000;

/// The variables of a template in order, each with whether it may have several segments.
pub(super) fn variables(template: &str) -> impl Iterator<Item = (&str, bool)> {
    template.split('{').skip(1).filter_map(|piece| {
        let (name, _) = piece.split_once('}')?;
        Some(name.strip_prefix('+').map_or((name, false), |name| (name, true)))
    })
}

/// The values in the order of the variables; `None` if one is missing.
pub(super) fn in_order(template: &str, mut values: Values<'_>) -> Option<Vec<String>> {
    variables(template).map(|(name, _)| values.remove(name)).collect()
}

/// The values of the variables in an encoded path, if the path matches the template.
pub(super) fn matched_encoded<'t>(template: &'t str, path: &str) -> Option<Values<'t>> {
    let mut values = matched(template, path)?;
    for value in values.values_mut() {
        *value = percent_decode_str(value).decode_utf8_lossy().into_owned();
    }
    Some(values)
}

/// The values of the variables in a plain path that matches the template without some of the literal segments at its
/// beginning: `apps/a` matches `v1/apps/{app}`.
pub(super) fn matched_tail<'t>(template: &'t str, path: &str) -> Option<Values<'t>> {
    let mut tail = template;
    loop {
        if let Some(values) = matched(tail, path) {
            return Some(values);
        }
        let (literal, rest) = tail.split_once('/')?;
        if literal.contains('{') {
            return None;
        }
        tail = rest;
    }
}

fn matched<'t>(template: &'t str, path: &str) -> Option<Values<'t>> {
    if path.len() > LONGEST {
        return None;
    }
    let template: Vec<&str> = template.split('/').collect();
    let path: Vec<&str> = path.split('/').collect();
    let mut values = Values::new();
    walk(&template, &path, &mut values).then_some(values)
}

/// Matches segment by segment. A variable for several segments takes as many as possible.
fn walk<'t>(template: &[&'t str], path: &[&str], values: &mut Values<'t>) -> bool {
    let Some((segment, rest)) = template.split_first() else { return path.is_empty() };
    let parts = segment.split_once('{').and_then(|(before, inner)| Some((before, inner.split_once('}')?)));
    let Some((before, (variable, after))) = parts else {
        return path
            .split_first()
            .is_some_and(|(first, others)| first == segment && walk(rest, others, values));
    };
    let (variable, most) = match variable.strip_prefix('+') {
        Some(variable) => (variable, path.len()),
        None => (variable, path.len().min(1)),
    };
    (1..=most).rev().any(|count| {
        let (taken, others) = path.split_at(count);
        if !walk(rest, others, values) {
            return false;
        }
        let taken = taken.join("/");
        let value = taken.strip_prefix(before).and_then(|taken| taken.strip_suffix(after));
        let value = value.filter(|value| !value.is_empty());
        value.is_some_and(|value| {
            values.insert(variable, value.to_owned());
            true
        })
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn paths_give_back_their_values() {
        let values = |template, path| {
            matched_encoded(template, path)
                .and_then(|values| in_order(template, values))
                .map(|values| values.join(" "))
        };
        for (template, path, expected) in [
            ("a/{b}/c", "a/x%2Fy/c", Some("x/y")),
            ("a/{b}/c", "a/x/y/c", None),
            ("a/{b}", "a/", None),
            ("a/{b}:go", "a/x:go", Some("x")),
            ("a/{b}:go", "a/x", None),
            ("v1/{+name}:wait", "v1/p/o/1:wait", Some("p/o/1")),
            ("{+folder}/zones/{zone}/operations/{operation}", "f/1/zones/z/operations/o", Some("f/1 z o")),
            ("{+folder}/zones/{zone}", "zones/z", None),
            ("a", "a", Some("")),
            ("a", "b", None),
        ] {
            assert_eq!(values(template, path).as_deref(), expected, "{template} {path}");
        }
    }

    #[test]
    fn the_beginning_may_be_left_out() {
        let found = |template, path| matched_tail(template, path).is_some();
        assert!(found("v1/apps/{app}", "apps/a") && found("v1/apps/{app}", "v1/apps/a"));
        assert!(!found("v1/{x}/apps/{app}", "apps/a"), "not a variable");
    }

    #[test]
    fn an_endless_text_is_no_path() {
        let endless = "a/".repeat(1_000_000);
        assert!(matched("{+folder}/zones/{zone}/operations/{operation}", &endless).is_none());
    }
}
