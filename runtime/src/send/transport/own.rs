//! The settings of the library's own HTTP client.

use std::time::Duration;

use crate::{Error, Result};

/// How long it may take to establish a connection.
#[cfg(not(target_family = "wasm"))]
const CONNECT: Duration = Duration::from_secs(30);

/// The caller's settings for the library's own HTTP client.
#[derive(Default)]
pub(crate) struct Settings {
    pub(crate) proxy: Option<String>,
    /// Certificates in PEM that are trusted in addition to the platform's.
    pub(crate) roots: Vec<Vec<u8>>,
    /// A certificate chain and its private key in PEM.
    pub(crate) identity: Option<Vec<u8>>,
    pub(crate) connect_timeout: Option<Duration>,
}

impl Settings {
    /// Whether nothing was set.
    pub(crate) fn is_empty(&self) -> bool {
        let Settings { proxy, roots, identity, connect_timeout } = self;
        proxy.is_none() && roots.is_empty() && identity.is_none() && connect_timeout.is_none()
    }

    /// Creates the client, which follows no redirects and decompresses nothing.
    ///
    /// # Errors
    /// If a setting cannot be used, or TLS cannot be set up.
    #[cfg(not(target_family = "wasm"))]
    pub(super) fn client(&self) -> Result<reqwest::Client> {
        let mut builder = reqwest::Client::builder()
            .redirect(reqwest::redirect::Policy::none())
            .no_gzip()
            .no_brotli()
            .no_zstd()
            .no_deflate()
            .connect_timeout(self.connect_timeout.unwrap_or(CONNECT));
        if let Some(proxy) = &self.proxy {
            builder = builder.proxy(proxy_at(proxy)?);
        }
        builder = self.with_tls(builder)?;
        builder.build().map_err(|e| Error::connect("cannot set up the HTTP client", e.without_url()))
    }

    /// Browsers provide everything.
    #[cfg(target_family = "wasm")]
    pub(super) fn client(&self) -> Result<reqwest::Client> {
        if !self.is_empty() {
            return Err(Error::input("proxy, certificates and connect timeout cannot be set in a browser"));
        }
        let client = reqwest::Client::builder().build();
        client.map_err(|e| Error::connect("cannot set up the HTTP client", e.without_url()))
    }

    /// TLS with the platform's trusted roots. It has its own crypto provider, so no process-wide one is needed or
    /// changed.
    #[cfg(all(feature = "rustls", not(target_family = "wasm")))]
    fn with_tls(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        use std::sync::Arc;

        use rustls::pki_types::pem::PemObject;
        use rustls::pki_types::{CertificateDer, PrivateKeyDer};

        let failed = |error: rustls::Error| Error::connect("cannot set up TLS", error);
        let certificates = |pem: &[u8], what: &str| {
            let read: Result<Vec<_>, _> = CertificateDer::pem_slice_iter(pem).collect();
            let read = read.ok().filter(|read| !read.is_empty());
            read.ok_or_else(|| Error::input(format!("{what} has no certificates in PEM")))
        };
        let mut roots = Vec::new();
        for pem in &self.roots {
            roots.extend(certificates(pem, "the argument of `root_certificates`")?);
        }
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let verifier = rustls_platform_verifier::Verifier::new_with_extra_roots(roots, provider.clone());
        let verifier = verifier.map_err(|error| match error {
            rustls::Error::InvalidCertificate(_) => {
                Error::input("the argument of `root_certificates` contains something other than certificates")
            }
            error => failed(error),
        })?;
        let config = rustls::ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(failed)?
            .dangerous()
            .with_custom_certificate_verifier(Arc::new(verifier));
        let mut config = match &self.identity {
            None => config.with_no_client_auth(),
            Some(pem) => {
                let chain = certificates(pem, "the identity")?;
                let key = PrivateKeyDer::from_pem_slice(pem)
                    .map_err(|_| Error::input("the identity has no private key in PEM"))?;
                let auth = config.with_client_auth_cert(chain, key);
                auth.map_err(|_| {
                    Error::input("the private key of the identity does not match its certificate")
                })?
            }
        };
        if cfg!(feature = "http2") {
            config.alpn_protocols.push(b"h2".to_vec());
        }
        config.alpn_protocols.push(b"http/1.1".to_vec());
        Ok(builder.tls_backend_preconfigured(config))
    }

    /// TLS with the platform's own library.
    #[cfg(all(feature = "native-tls", not(feature = "rustls"), not(target_family = "wasm")))]
    fn with_tls(&self, mut builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        let refused =
            |what: &str| Error::input(format!("{what} cannot be used by the platform's TLS library"));
        for pem in &self.roots {
            let roots = reqwest::Certificate::from_pem_bundle(pem).ok().filter(|roots| !roots.is_empty());
            let roots = roots.ok_or_else(|| refused("the argument of `root_certificates`"))?;
            builder = builder.tls_certs_merge(roots);
        }
        if let Some(pem) = &self.identity {
            // The library requires that the key's PEM starts with this line.
            let key = memchr::memmem::find(pem, b"-----BEGIN PRIVATE KEY-----");
            let key = key.and_then(|start| pem.get(start..)).unwrap_or_default();
            let identity = reqwest::Identity::from_pkcs8_pem(pem, key);
            builder = builder.identity(identity.map_err(|_| refused("the identity"))?);
        }
        Ok(builder)
    }

    #[cfg(not(any(feature = "rustls", feature = "native-tls", target_family = "wasm")))]
    fn with_tls(&self, builder: reqwest::ClientBuilder) -> Result<reqwest::ClientBuilder> {
        match self.roots.is_empty() && self.identity.is_none() {
            true => Ok(builder),
            false => Err(Error::input("certificates require the feature `rustls` or `native-tls`")),
        }
    }
}

/// The proxy at that address, for `http` and `https`. Errors do not show the address, which may contain a password.
#[cfg(not(target_family = "wasm"))]
fn proxy_at(address: &str) -> Result<reqwest::Proxy> {
    let url = url::Url::parse(address).ok();
    let fits = url.is_some_and(|url| matches!(url.scheme(), "http" | "https") && url.has_host());
    let proxy = fits.then(|| reqwest::Proxy::all(address).ok()).flatten();
    proxy
        .ok_or_else(|| Error::input("the proxy must have the form `http://host:port` or `https://host:port`"))
}
