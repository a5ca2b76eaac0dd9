//! Finds the names that are most similar to a name that does not exist.

/// The names in `known` that are similar to `text`, at most three, beginning with the most similar one. A name that differs
/// only in the case of letters is the one that is meant.
pub(crate) fn near<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> Vec<&'a str> {
    let text = text.to_ascii_lowercase();
    let mut ranked: Vec<(usize, &str)> = known
        .into_iter()
        .filter_map(|name| {
            let distance = strsim::damerau_levenshtein(&text, &name.to_ascii_lowercase());
            // At most a third of the letters may differ.
            (distance <= name.len().max(text.len()) / 3).then_some((distance, name))
        })
        .collect();
    ranked.sort_unstable();
    ranked.dedup();
    if ranked.first().is_some_and(|(distance, _)| *distance == 0) {
        ranked.retain(|(distance, _)| *distance == 0);
    }
    ranked.into_iter().map(|(_, name)| name).take(3).collect()
}

/// Returns ``; did you mean `a` or `b`?``, or nothing.
pub(crate) fn did_you_mean<'a>(text: &str, known: impl IntoIterator<Item = &'a str>) -> String {
    let quoted: Vec<String> = near(text, known).into_iter().map(|name| format!("`{name}`")).collect();
    if quoted.is_empty() { String::new() } else { format!("; did you mean {}?", quoted.join(" or ")) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn close_names_come_first_and_far_ones_not_at_all() {
        let known = ["drive:v3", "drive:v2", "gmail:v1"];
        assert_eq!(near("drvie:v3", known), ["drive:v3", "drive:v2"]);
        assert_eq!(near("gmial:v1", known), ["gmail:v1"]);
        assert_eq!(near("zzz", known), [""; 0]);
        assert_eq!(did_you_mean("Drive:V3", known), "; did you mean `drive:v3`?");
        assert_eq!(did_you_mean("drive:v1", known), "; did you mean `drive:v2` or `drive:v3`?");
        assert_eq!(did_you_mean("", known), "");
    }
}
