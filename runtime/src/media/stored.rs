//! Compares what a server has stored with what was sent.
//!
//! Cloud Storage responds to an upload with `size`, `crc32c` and `md5Hash` (base64 of the big-endian bytes), Drive
//! with `size` and `md5Checksum` (hexadecimal) if `fields` requests them. Other responses have nothing to compare.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use md5::Context as Md5;

use crate::call::request::Request;
use crate::{Error, Json, RawResponse, Result};

/// The checksums of the sent bytes, from the first byte on.
#[derive(Clone)]
pub(super) struct Sums {
    /// The number of bytes included.
    count: u64,
    crc32c: u32,
    /// MD5 is more expensive than CRC32C, and is needed only if the caller requests it from the server.
    md5: Option<Md5>,
    /// Whether some sent bytes are not included, because they were skipped.
    gap: bool,
}

impl Sums {
    pub(super) fn new(request: &Request) -> Self {
        let asked = request.parameters().get("fields").is_some_and(|fields| fields.contains("md5"));
        Sums { count: 0, crc32c: 0, md5: asked.then(Md5::new), gap: false }
    }

    /// Adds bytes that are sent from that offset on. Bytes that were sent before are already included.
    pub(super) fn add(&mut self, at: u64, bytes: &Bytes) {
        let Some(known) = self.count.checked_sub(at) else {
            self.gap = true;
            return;
        };
        let Some(new) = usize::try_from(known).ok().and_then(|known| bytes.get(known..)) else { return };
        self.crc32c = crc32c::crc32c_append(self.crc32c, new);
        if let Some(md5) = &mut self.md5 {
            md5.consume(new);
        }
        self.count += new.len() as u64;
    }

    /// Compares the checksums with those in the response to an upload of that length.
    ///
    /// # Errors
    /// If the server has stored something else.
    pub(super) fn check(&self, request: &Request, length: u64, response: &RawResponse) -> Result<()> {
        let Some(answer) = crate::value::parse_body(&response.body) else { return Ok(()) };
        let text = |name: &str| answer.get(name).and_then(Json::as_str);
        let [crc32c, md5, md5_hex] = ["crc32c", "md5Hash", "md5Checksum"].map(text);
        let is_known = matches!(text("kind"), Some("storage#object" | "drive#file"));
        // In responses of another kind, a size could belong to anything.
        if !is_known && crc32c.or(md5).or(md5_hex).is_none() {
            return Ok(());
        }
        let size = answer.get("size").and_then(|size| size.as_u64().or_else(|| size.as_str()?.parse().ok()));
        let id = request.id();
        if let Some(size) = size.filter(|size| *size != length) {
            return Err(Error::checksum(format!("{id}: the server has stored {size} of {length} bytes")));
        }
        if self.gap || self.count != length {
            return Ok(());
        }
        let differs = |said: Option<&str>, own: &str| said.is_some_and(|said| said != own);
        let sum = self.md5.as_ref().map(|md5| md5.clone().finalize().0);
        let wrong = if differs(crc32c, &STANDARD.encode(self.crc32c.to_be_bytes())) {
            "CRC32C"
        } else if sum.is_some_and(|sum| {
            let hex = sum.iter().map(|byte| format!("{byte:02x}")).collect::<String>();
            differs(md5, &STANDARD.encode(sum)) || differs(md5_hex, &hex)
        }) {
            "MD5"
        } else {
            return Ok(());
        };
        Err(Error::checksum(format!(
            "{id}: the {wrong} stored by the server differs from that of the upload"
        )))
    }
}
