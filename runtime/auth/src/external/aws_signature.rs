//! Signatures of requests to AWS, [version 4], for requests without a body.
//!
//! [version 4]: https://docs.aws.amazon.com/IAM/latest/UserGuide/reference_sigv-create-signed-request.html

use std::fmt::Write as _;
use std::time::SystemTime;

use gapis_runtime::DateTime;
use ring::{digest, hmac};
use url::Url;

/// The keys of a role or a user. There is no `Debug`, so they cannot be printed.
pub(super) struct Keys {
    pub(super) id: String,
    pub(super) secret: String,
    /// The session token of temporary keys.
    pub(super) session: Option<String>,
}

/// A `POST` without a body.
pub(super) struct Request<'a> {
    pub(super) url: &'a str,
    pub(super) region: &'a str,
    pub(super) service: &'a str,
    /// Another header to sign. Its name must be last in alphabetical order.
    pub(super) extra: (&'static str, &'a str),
}

impl Request<'_> {
    /// The headers of the request; the last one contains the signature. `None` if the URL is invalid or the time is out of
    /// range.
    pub(super) fn sign(&self, keys: &Keys, time: SystemTime) -> Option<Vec<(&'static str, String)>> {
        let url = Url::parse(self.url).ok()?;
        let host = url.host_str()?;
        let host = url.port().map_or_else(|| host.to_owned(), |port| format!("{host}:{port}"));
        let time = timestamp(time)?;
        let date = time.get(..8)?;

        let mut headers = vec![("host", host), ("x-amz-date", time.clone())];
        if let Some(session) = &keys.session {
            headers.push(("x-amz-security-token", session.clone()));
        }
        headers.push((self.extra.0, self.extra.1.to_owned()));

        let names: Vec<&str> = headers.iter().map(|(name, _)| *name).collect();
        let names = names.join(";");
        let scope = format!("{date}/{}/{}/aws4_request", self.region, self.service);
        let canonical = canonical(&url, &headers, &names);
        let to_sign = format!("AWS4-HMAC-SHA256\n{time}\n{scope}\n{}", hash(canonical.as_bytes()));

        let mut key = mac(format!("AWS4{}", keys.secret).as_bytes(), date);
        for part in [self.region, self.service, "aws4_request", &to_sign] {
            key = mac(key.as_ref(), part);
        }
        let signature = hex(key.as_ref());
        headers.push((
            "authorization",
            format!(
                "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
                keys.id
            ),
        ));
        Some(headers)
    }
}

/// The canonical form of the request, which is hashed.
fn canonical(url: &Url, headers: &[(&'static str, String)], names: &str) -> String {
    let mut query: Vec<(String, String)> =
        url.query_pairs().map(|(name, value)| (escape(&name), escape(&value))).collect();
    query.sort();
    let query: Vec<String> = query.into_iter().map(|(name, value)| format!("{name}={value}")).collect();
    let mut text = format!("POST\n{}\n{}\n", url.path(), query.join("&"));
    for (name, value) in headers {
        let _ = writeln!(text, "{name}:{}", value.trim());
    }
    let _ = write!(text, "\n{names}\n{}", hash(b""));
    text
}

/// Percent-encodes everything except letters, digits and `-_.~` (RFC 3986).
fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte) {
            escaped.push(char::from(byte));
        } else {
            let _ = write!(escaped, "%{byte:02X}");
        }
    }
    escaped
}

/// `20150830T123600Z`.
fn timestamp(time: SystemTime) -> Option<String> {
    let seconds = time.duration_since(SystemTime::UNIX_EPOCH).ok()?.as_secs();
    let whole = SystemTime::UNIX_EPOCH.checked_add(std::time::Duration::from_secs(seconds))?;
    let text = DateTime::try_from(whole).ok()?.to_string();
    let plain: String = text.chars().filter(|c| !matches!(c, '-' | ':')).collect();
    Some(plain).filter(|text| text.len() == 16 && text.ends_with('Z'))
}

fn mac(key: &[u8], message: &str) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(hmac::HMAC_SHA256, key), message.as_bytes())
}

fn hash(bytes: &[u8]) -> String {
    hex(digest::digest(&digest::SHA256, bytes).as_ref())
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The expected signatures were made with botocore 1.44.8.
    #[test]
    fn a_request_is_signed_as_aws_s_own_library_signs_it() {
        let signed = |session: Option<&str>, url| {
            let keys = Keys {
                id: "AKIDEXAMPLE".into(),
                secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
                session: session.map(str::to_owned),
            };
            let extra = ("x-goog-cloud-target-resource", "//iam.example.com/pools/farm");
            let request = Request { url, region: "us-east-1", service: "sts", extra };
            let headers =
                request.sign(&keys, SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160)).unwrap();
            headers.last().unwrap().1.split_once("Signature=").unwrap().1.to_owned()
        };
        let plain = "https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(signed(None, plain), "2f0c55f29dc3f03b8e75d002e143cdeb3a2f93b412ca437299a2205bcaaf6d5f");
        assert_eq!(
            signed(Some("the-session-token"), plain),
            "c02ea0588f5d4035a418e7b651ff2f8f405b6d9e06049817c14f47324e34b165"
        );
        // The order and the encoding of the parameters do not matter.
        let other = "https://sts.us-east-1.amazonaws.com/?Version=2011%2D06-15&Action=GetCallerIdentity";
        assert_eq!(signed(None, other), signed(None, plain));
    }

    #[test]
    fn what_is_no_url_is_not_signed() {
        let keys = Keys { id: "a".into(), secret: "b".into(), session: None };
        let request = Request { url: "sts", region: "r", service: "sts", extra: ("x-z", "") };
        assert!(request.sign(&keys, SystemTime::now()).is_none());
    }
}
