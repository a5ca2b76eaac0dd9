//! Bytes, encoded as text.

use base64::Engine as _;
use base64::alphabet::URL_SAFE;
use base64::engine::DecodePaddingMode;
use base64::engine::general_purpose::{GeneralPurpose, GeneralPurposeConfig, URL_SAFE as PADDED_URL_SAFE};

use super::text::{ParseError, text};

text! {
    /// Bytes, encoded as base64. The text is kept as it was received.
    ///
    /// Discovery documents define the format `byte` as padded base64 with the URL-safe alphabet (RFC 4648, section 5).
    /// Bytes are encoded that way. Decoding accepts both alphabets, with or without padding.
    ///
    /// ```
    /// use gapis_runtime::Base64;
    ///
    /// let raw = Base64::from(&[0xfb, 0xff][..]);
    /// assert_eq!(raw.as_str(), "-_8=");
    /// assert_eq!(Base64::from_encoded("+/8").decode()?, [0xfb, 0xff]);
    /// # Ok::<(), gapis_runtime::Error>(())
    /// ```
    Base64, "base64 text"
}

const LENIENT: GeneralPurpose = GeneralPurpose::new(
    &URL_SAFE,
    GeneralPurposeConfig::new()
        .with_decode_padding_mode(DecodePaddingMode::Indifferent)
        .with_decode_allow_trailing_bits(true),
);

impl Base64 {
    /// Wraps text that is already base64, without checking it.
    #[must_use]
    pub fn from_encoded(text: impl Into<String>) -> Self {
        Base64(text.into())
    }

    /// Decodes the text.
    ///
    /// # Errors
    /// If the text is not base64 in either alphabet.
    pub fn decode(&self) -> Result<Vec<u8>, ParseError> {
        let mut text = self.0.clone().into_bytes();
        // Encoders for mail insert line breaks.
        text.retain(|byte| !matches!(byte, b'\r' | b'\n'));
        for byte in &mut text {
            match byte {
                b'+' => *byte = b'-',
                b'/' => *byte = b'_',
                _ => {}
            }
        }
        LENIENT.decode(text).map_err(|error| ParseError::new(format!("text is not base64: {error}")))
    }
}

impl From<&[u8]> for Base64 {
    fn from(bytes: &[u8]) -> Self {
        Base64(PADDED_URL_SAFE.encode(bytes))
    }
}

impl From<Vec<u8>> for Base64 {
    fn from(bytes: Vec<u8>) -> Self {
        bytes.as_slice().into()
    }
}
