//! Which version of the media a response has, and which of its bytes.

use http::HeaderMap;

/// The headers that identify a version of a resource.
pub(super) const VALIDATORS: [&str; 3] = ["etag", "x-goog-generation", "x-goog-hash"];

/// Whether a response identifies its version by this header. A weak ETag does not (RFC 9110, section 8.8.1): two
/// versions with the same weak ETag may have different bytes.
pub(super) fn says_which(headers: &HeaderMap, name: &str) -> bool {
    headers.get(name).is_some_and(|value| name != "etag" || !value.as_bytes().starts_with(b"W/"))
}

/// Whether two responses have the same version of a resource; `None` if that is unknown.
pub(super) fn is_same(first: &HeaderMap, other: &HeaderMap, matched: bool) -> Option<bool> {
    let mut known = matched;
    for name in VALIDATORS {
        let (mut one, mut two) = (first.get_all(name).iter(), other.get_all(name).iter());
        if first.contains_key(name) && other.contains_key(name) {
            if !one.by_ref().eq(two.by_ref()) {
                return Some(false);
            }
            known |= says_which(other, name);
        }
    }
    known.then_some(true)
}

/// Parses `bytes 2-5/10` as 2, 6 and 10.
pub(super) fn content_range(value: &str) -> Option<(u64, u64, Option<u64>)> {
    let (range, total) = value.trim().strip_prefix("bytes ")?.split_once('/')?;
    let (start, last) = range.trim().split_once('-')?;
    let (start, last) = (start.parse::<u64>().ok()?, last.parse::<u64>().ok()?);
    let total = if total == "*" { None } else { Some(total.parse().ok()?) };
    let fits = start <= last && total.is_none_or(|total: u64| last < total);
    fits.then_some((start, last.checked_add(1)?, total))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn content_ranges_are_read() {
        assert_eq!(content_range("bytes 2-5/10"), Some((2, 6, Some(10))));
        assert_eq!(content_range("bytes 0-0/*"), Some((0, 1, None)));
        for bad in
            ["", "bytes", "bytes 5-2/10", "bytes 2-10/10", "bytes */10", "bytes 0-18446744073709551615/*"]
        {
            assert_eq!(content_range(bad), None, "{bad}");
        }
    }

    #[test]
    fn only_what_is_in_both_tells() {
        let headers = |pairs: &[(&'static str, &'static str)]| {
            pairs
                .iter()
                .map(|(name, value)| (name.parse().unwrap(), value.parse().unwrap()))
                .collect::<HeaderMap>()
        };
        let (strong, weak) = (("etag", "\"1\""), ("etag", "W/\"1\""));
        let generation = ("x-goog-generation", "1");
        for (one, two, matched, same) in [
            (&[strong][..], &[strong][..], false, Some(true)),
            (&[strong], &[weak], false, Some(false)),
            (&[strong], &[], false, None),
            (&[strong], &[], true, Some(true)),
            (&[weak], &[weak], false, None),
            (&[weak, generation], &[weak, generation], false, Some(true)),
            (&[weak, generation], &[("etag", "W/\"2\""), generation], false, Some(false)),
            (&[strong], &[strong, ("x-goog-generation", "2")], false, Some(true)),
            (&[], &[], false, None),
        ] {
            assert_eq!(is_same(&headers(one), &headers(two), matched), same, "{one:?} {two:?}");
        }
    }
}
