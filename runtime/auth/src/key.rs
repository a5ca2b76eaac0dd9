//! A service account's key: the key file, and signing.

use std::sync::Arc;

use gapis_runtime::{Error, Json, Result};
use ring::rand::SystemRandom;
use ring::signature::{RSA_PKCS1_SHA256, RsaKeyPair};
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
        // The underlying errors would show parts of the key.
        let broken = |why: &str| Error::credentials(format!("the service account's `private_key` {why}"));
        let key = PrivateKeyDer::from_pem_slice(pem.as_bytes()).map_err(|_| {
            broken("is not PEM: it must begin with `-----BEGIN PRIVATE KEY-----` and contain its line ends, as `\\n` in JSON")
        })?;
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
        let unsigned = jwt::unsigned(&self.id, claims);
        let signature = self.sign(unsigned.as_bytes())?;
        Ok(format!("{unsigned}.{}", jwt::encode(&signature)))
    }
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
