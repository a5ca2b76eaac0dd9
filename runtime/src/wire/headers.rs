//! Headers that a caller adds. They are checked when they are set.

use http::header::{CONTENT_LENGTH, HOST, HeaderName, HeaderValue};

use crate::{Error, Result};

/// A caller's headers in the order in which they were set, with one value for each name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Headers(Vec<(HeaderName, HeaderValue)>);

/// More than any server takes, and less than a map has room for.
pub(crate) const MOST: usize = 1000;

impl Headers {
    /// Sets a header, replacing any earlier value.
    ///
    /// # Errors
    /// If HTTP does not allow the name or the value, or if the library itself writes the header because it describes
    /// the message or the connection.
    pub(crate) fn set(&mut self, name: &str, value: &str) -> Result<()> {
        let (name, value) = parse(name, value)?;
        if self.0.len() >= MOST && !self.has(&name) {
            return Err(Error::input(format!("more than {MOST} headers of one call")));
        }
        self.put(name, value);
        Ok(())
    }

    /// Sets a header that is known to be valid.
    pub(crate) fn put(&mut self, name: HeaderName, value: HeaderValue) {
        self.remove(&name);
        self.0.push((name, value));
    }

    pub(crate) fn remove(&mut self, name: &HeaderName) {
        self.0.retain(|(other, _)| other != name);
    }

    pub(crate) fn has(&self, name: &HeaderName) -> bool {
        self.0.iter().any(|(other, _)| other == name)
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&HeaderName, &HeaderValue)> {
        self.0.iter().map(|(name, value)| (name, value))
    }

    pub(crate) fn as_slice(&self) -> &[(HeaderName, HeaderValue)] {
        &self.0
    }
}

/// Headers about one connection, which a proxy does not forward (RFC 9110, section 7.6.1), and `Expect`.
const OF_THE_CONNECTION: [&str; 8] = [
    "connection",
    "expect",
    "keep-alive",
    "proxy-connection",
    "te",
    "trailer",
    "transfer-encoding",
    "upgrade",
];

/// Checks the name and value of a header.
///
/// # Errors
/// As [`Headers::set`]. The message does not show the value.
pub(crate) fn parse(name: &str, value: &str) -> Result<(HeaderName, HeaderValue)> {
    let parsed = HeaderName::from_bytes(name.as_bytes()).ok().zip(HeaderValue::from_str(value).ok());
    let (name, value) = parsed
        .ok_or_else(|| Error::input(format!("the name or the value of the header {name:?} is invalid")))?;
    if [CONTENT_LENGTH, HOST].contains(&name) || OF_THE_CONNECTION.contains(&name.as_str()) {
        return Err(Error::input(format!("the header `{name}` is written by the library")));
    }
    Ok((name, value))
}
