//! Checksums of whole downloads, as Cloud Storage sends them in `x-goog-hash`
//! (<https://cloud.google.com/storage/docs/xml-api/reference-headers#xgooghash>).

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use http::HeaderMap;
use md5::Context as Md5;

use crate::{Error, Result};

/// The server's checksums and those of the bytes received so far.
pub(super) struct Hashes {
    crc32c: Option<([u8; 4], u32)>,
    md5: Option<([u8; 16], Md5)>,
}

impl Hashes {
    /// Reads the checksums from the headers of a response, if there are any.
    pub(super) fn expected(headers: &HeaderMap) -> Option<Self> {
        let mut hashes = Hashes { crc32c: None, md5: None };
        for value in headers.get_all("x-goog-hash").iter().filter_map(|value| value.to_str().ok()) {
            for (name, sum) in value.split(',').filter_map(|pair| pair.trim().split_once('=')) {
                let Ok(sum) = STANDARD.decode(sum.trim()) else { continue };
                match name.trim() {
                    "crc32c" => hashes.crc32c = sum.try_into().ok().map(|sum| (sum, 0)),
                    "md5" => hashes.md5 = sum.try_into().ok().map(|sum| (sum, Md5::new())),
                    _ => {}
                }
            }
        }
        (hashes.crc32c.is_some() || hashes.md5.is_some()).then_some(hashes)
    }

    pub(super) fn add(&mut self, bytes: &[u8]) {
        if let Some((_, sum)) = &mut self.crc32c {
            *sum = crc32c::crc32c_append(*sum, bytes);
        }
        if let Some((_, sum)) = &mut self.md5 {
            sum.consume(bytes);
        }
    }

    /// # Errors
    /// If the received bytes do not match a checksum of the server.
    pub(super) fn check(self) -> Result<()> {
        let wrong = |name: &str| {
            Err(Error::checksum(format!("the downloaded bytes do not match the server's {name} checksum")))
        };
        if self.crc32c.is_some_and(|(said, sum)| said != sum.to_be_bytes()) {
            return wrong("CRC32C");
        }
        if self.md5.is_some_and(|(said, sum)| said != sum.finalize().0) {
            return wrong("MD5");
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(values: &[&'static str], bytes: &[u8]) -> Option<bool> {
        let mut headers = HeaderMap::new();
        for value in values {
            headers.append("x-goog-hash", http::HeaderValue::from_static(value));
        }
        let mut hashes = Hashes::expected(&headers)?;
        bytes.chunks(2).for_each(|chunk| hashes.add(chunk));
        Some(hashes.check().is_ok())
    }

    /// The sums of `123456789`: the check value of CRC32C is e3069283.
    #[test]
    fn sums_are_compared() {
        let (crc, md5) = ("crc32c=4waSgw==", "md5=JfnnlDI7RTiF9RgfG2JNCw==");
        for good in [&[crc][..], &[md5], &[crc, md5], &["crc32c=4waSgw==,md5=JfnnlDI7RTiF9RgfG2JNCw=="]] {
            assert_eq!(checked(good, b"123456789"), Some(true), "{good:?}");
            assert_eq!(checked(good, b"123456780"), Some(false), "{good:?}");
        }
        assert_eq!(checked(&[crc, "md5=AAAAAAAAAAAAAAAAAAAAAA=="], b"123456789"), Some(false));
        for unknown in ["", "sha1=AAAA", "crc32c=AAAA", "md5", "crc32c=?"] {
            assert_eq!(checked(&[unknown], b""), None, "{unknown}");
        }
    }
}
