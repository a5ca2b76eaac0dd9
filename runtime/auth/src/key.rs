//! A service account's key: the key file, and signing.

use std::sync::Arc;

use gapis_runtime::{Error, Json, Result};
use ring::rand::SystemRandom;
use ring::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, RSA_PKCS1_SHA256, RsaKeyPair};
use rustls_pki_types::PrivateKeyDer;
use rustls_pki_types::pem::PemObject as _;

use crate::jwt;

/// The content of a service account's key file.
pub(crate) struct KeyFile {
    pub(crate) email: String,
    pub(crate) key: Key,
    /// The numeric ID of the account, which an administrator needs to grant delegation.
    pub(crate) client_id: Option<String>,
    pub(crate) token_uri: String,
    pub(crate) universe: Option<String>,
    pub(crate) quota_project: Option<String>,
    pub(crate) subject: Option<String>,
}

/// An RSA key with its ID.
#[derive(Clone)]
pub(crate) struct Key {
    id: String,
    pair: Arc<RsaKeyPair>,
}

/// A key on the elliptic curve P-256, with its ID.
pub(crate) struct EcKey {
    id: String,
    pair: EcdsaKeyPair,
}

/// The token server in Google's key files.
pub(crate) const TOKEN_URI: &str = "https://oauth2.googleapis.com/token";

impl KeyFile {
    /// # Errors
    /// If a member is missing or the key is not valid. No message contains a part of the key.
    pub(crate) fn read(json: &Json) -> Result<Self> {
        if let Some(kind) = json["type"].as_str()
            && kind != "service_account"
        {
            return Err(Error::credentials(format!(
                "the file is not a service account's key: its `type` is {}",
                name(kind)
            )));
        }
        let pem = required(json, "private_key", "the service account's key file")?;
        Ok(KeyFile {
            email: required(json, "client_email", "the service account's key file")?.to_owned(),
            key: Key::from_pem(text(json, "private_key_id").unwrap_or_default(), pem)?,
            client_id: text(json, "client_id").map(str::to_owned),
            token_uri: text(json, "token_uri").unwrap_or(TOKEN_URI).to_owned(),
            universe: text(json, "universe_domain").map(str::to_owned),
            quota_project: text(json, "quota_project_id").map(str::to_owned),
            subject: text(json, "subject").map(str::to_owned),
        })
    }
}

impl Key {
    fn from_pem(id: &str, pem: &str) -> Result<Self> {
        let key = der(pem, "PRIVATE KEY")?;
        let pair = match &key {
            PrivateKeyDer::Pkcs8(key) => RsaKeyPair::from_pkcs8(key.secret_pkcs8_der()),
            PrivateKeyDer::Pkcs1(key) => RsaKeyPair::from_der(key.secret_pkcs1_der()),
            _ => return Err(broken("is not an RSA key")),
        };
        let pair = pair
            .map_err(|_| broken("cannot be used: it is damaged, or not an RSA key of at least 2048 bits"))?;
        Ok(Key { id: id.to_owned(), pair: Arc::new(pair) })
    }

    fn sign(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.pair.public().modulus_len()];
        let signed = self.pair.sign(&RSA_PKCS1_SHA256, &SystemRandom::new(), message, &mut signature);
        signed.map_err(|_| Error::credentials("cannot sign with the service account's key"))?;
        Ok(signature)
    }

    /// Signs the claims and returns the token.
    pub(crate) fn sign_jwt(&self, claims: &Json) -> Result<String> {
        let unsigned = jwt::unsigned("RS256", &self.id, claims);
        let signature = self.sign(unsigned.as_bytes())?;
        Ok(format!("{unsigned}.{}", jwt::encode(&signature)))
    }
}

impl EcKey {
    /// # Errors
    /// If the text is not a key on P-256. The message contains no part of it.
    pub(crate) fn from_pem(id: &str, pem: &str) -> Result<Self> {
        let key = der(pem, "EC PRIVATE KEY")?;
        let pkcs8 = match &key {
            PrivateKeyDer::Sec1(key) => pkcs8_of_p256(key.secret_sec1_der()),
            PrivateKeyDer::Pkcs8(key) => key.secret_pkcs8_der().to_vec(),
            _ => return Err(broken("is not an EC key")),
        };
        let pair = EcdsaKeyPair::from_pkcs8(&ECDSA_P256_SHA256_FIXED_SIGNING, &pkcs8, &SystemRandom::new());
        let pair = pair.map_err(|_| {
            broken("cannot be used: it is damaged, not on the curve P-256, or lacks its public half")
        })?;
        Ok(EcKey { id: id.to_owned(), pair })
    }

    /// Signs the claims and returns the token.
    pub(crate) fn sign_jwt(&self, claims: &Json) -> Result<String> {
        let unsigned = jwt::unsigned("ES256", &self.id, claims);
        let signature = self.pair.sign(&SystemRandom::new(), unsigned.as_bytes());
        let signature =
            signature.map_err(|_| Error::credentials("cannot sign with the service account's key"))?;
        Ok(format!("{unsigned}.{}", jwt::encode(signature.as_ref())))
    }
}

/// An error about a key. The underlying errors would show parts of it.
fn broken(why: &str) -> Error {
    Error::credentials(format!("the service account's `private_key` {why}"))
}

fn der(pem: &str, label: &str) -> Result<PrivateKeyDer<'static>> {
    PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
        broken(&format!(
            "is not PEM: it must begin with `-----BEGIN {label}-----` and contain its line ends, as `\\n` in JSON"
        ))
    })
}

/// Wraps a key in the older format of RFC 5915 (`EC PRIVATE KEY`) as PKCS #8 (RFC 5208), which `ring` reads.
fn pkcs8_of_p256(key: &[u8]) -> Vec<u8> {
    /// Version 0, then the algorithm: `ecPublicKey` on the curve `prime256v1`, as object identifiers.
    const HEAD: &[u8] = &[
        0x02, 0x01, 0x00, 0x30, 0x13, 0x06, 0x07, 0x2a, 0x86, 0x48, 0xce, 0x3d, 0x02, 0x01, 0x06, 0x08, 0x2a,
        0x86, 0x48, 0xce, 0x3d, 0x03, 0x01, 0x07,
    ];
    let octets = tagged(0x04, key);
    tagged(0x30, &[HEAD, &octets].concat())
}

/// An element of DER: the tag, the length in as few bytes as possible, and the content.
fn tagged(tag: u8, content: &[u8]) -> Vec<u8> {
    let length = content.len().to_be_bytes();
    let length: Vec<u8> = length.into_iter().skip_while(|byte| *byte == 0).collect();
    let mut element = vec![tag];
    match (length.as_slice(), content.len()) {
        (_, 0..0x80) => element.push(content.len() as u8),
        (bytes, _) => {
            element.push(0x80 | bytes.len() as u8);
            element.extend(bytes);
        }
    }
    element.extend(content);
    element
}

/// Parses JSON of a file. The parser's own message could show a part of it.
pub(crate) fn parse(text: &str, what: &str) -> Result<Json> {
    match serde_json::from_str(text) {
        Ok(json @ Json::Object(_)) => Ok(json),
        Ok(_) => Err(Error::credentials(format!("{what} is not a JSON object"))),
        Err(error) => Err(Error::credentials(format!("{what} is not valid JSON at line {}", error.line()))),
    }
}

/// Reads a text file.
pub(crate) fn read_file(path: &std::path::Path, what: &str) -> Result<String> {
    std::fs::read_to_string(path).map_err(|error| {
        Error::credentials(format!("cannot read {what} {}: {}", path.display(), error.kind()))
    })
}

/// A member that is text and not empty.
pub(crate) fn text<'a>(json: &'a Json, member: &str) -> Option<&'a str> {
    json.get(member)?.as_str().filter(|text| !text.is_empty())
}

pub(crate) fn required<'a>(json: &'a Json, member: &str, what: &str) -> Result<&'a str> {
    text(json, member).ok_or_else(|| Error::credentials(format!("{what} has no `{member}`")))
}

/// A word from a file, for a message, if it is a plain word. In a broken file, a secret may be anywhere.
pub(crate) fn name(word: &str) -> String {
    let plain = word.len() <= 40 && word.bytes().all(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if plain { format!("`{word}`") } else { "not a known word".to_owned() }
}
