//! HTTP GET requests for `fetch`, with limits, and only to the hosts of the directory.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context, Result, bail};
use reqwest::blocking::{Client, ClientBuilder};
use reqwest::header::{ACCEPT, ACCEPT_ENCODING, CONTENT_ENCODING};
use reqwest::{Url, redirect};
use rustls::{ClientConfig, RootCertStore};
use rustls_platform_verifier::BuilderVerifierExt;

use crate::files::{LARGEST_DOCUMENT, read_limited};

const CONNECT_TIMEOUT: Duration = Duration::from_secs(15);
const TOTAL_TIMEOUT: Duration = Duration::from_secs(120);
const REDIRECTS: usize = 5;

/// A client for the documents below a URL.
#[derive(Debug)]
pub(crate) struct Http {
    client: Client,
    base: Url,
}

impl Http {
    /// Makes a client for `base`, an `http` or `https` URL without credentials.
    pub(crate) fn new(base: &str) -> Result<Self> {
        let base = Url::parse(base).with_context(|| format!("`{}` is not a URL", base.escape_debug()))?;
        if !matches!(base.scheme(), "http" | "https") || base.host_str().is_none() {
            bail!("`{base}` is not an http or https URL");
        }
        if !base.username().is_empty() || base.password().is_some() {
            bail!("a URL must not contain credentials");
        }
        let builder = Client::builder()
            .tls_backend_preconfigured(tls(&base)?)
            .user_agent(concat!("gapis-cli/", env!("CARGO_PKG_VERSION")))
            .connect_timeout(CONNECT_TIMEOUT)
            .timeout(TOTAL_TIMEOUT)
            .redirect(same_host_only())
            // Another crate of the workspace may enable this feature of reqwest for all crates.
            .no_gzip();
        let client =
            without_proxy_on_loopback(builder, &base).build().context("cannot make an HTTP client")?;
        Ok(Http { client, base })
    }

    pub(crate) fn base(&self) -> &Url {
        &self.base
    }

    /// Whether a URL from a response may be requested: it has the same origin as the base, or both belong to Google.
    pub(crate) fn permits(&self, url: &Url) -> bool {
        let googles = |url: &Url| {
            url.scheme() == "https"
                && url.port().is_none()
                && url.host_str().is_some_and(|host| host.ends_with(".googleapis.com"))
        };
        url.origin() == self.base.origin() || (googles(&self.base) && googles(url))
    }

    /// Returns the body of a successful response. Compression is neither requested nor removed.
    pub(crate) fn get(&self, url: &Url) -> Result<Vec<u8>> {
        if !self.permits(url) {
            bail!("{url}: not on the host of the directory");
        }
        let request = self
            .client
            .get(url.clone())
            .header(ACCEPT, "application/json")
            .header(ACCEPT_ENCODING, "identity");
        // The error of the client would repeat the URL.
        let reply = request.send().map_err(reqwest::Error::without_url).with_context(|| url.to_string())?;
        if !reply.status().is_success() {
            bail!("{url}: {}", reply.status());
        }
        if reply.headers().get(CONTENT_ENCODING).is_some_and(|coding| coding != "identity") {
            bail!("{url}: the response is compressed, which was not requested");
        }
        if reply.content_length().is_some_and(|length| length > LARGEST_DOCUMENT) {
            bail!("{url}: the response is too large for a document");
        }
        read_limited(reply, LARGEST_DOCUMENT).with_context(|| url.to_string())
    }
}

/// The TLS configuration, without a process-wide provider. The system's root certificates are only read if TLS is used,
/// because some machines have none.
fn tls(base: &Url) -> Result<ClientConfig> {
    let builder = ClientConfig::builder_with_provider(Arc::new(rustls::crypto::ring::default_provider()))
        .with_safe_default_protocol_versions()
        .context("TLS")?;
    if base.scheme() == "https" {
        let builder =
            builder.with_platform_verifier().context("cannot read the system's root certificates")?;
        return Ok(builder.with_no_client_auth());
    }
    Ok(builder.with_root_certificates(RootCertStore::empty()).with_no_client_auth())
}

fn same_host_only() -> redirect::Policy {
    redirect::Policy::custom(|attempt| {
        let same = attempt.previous().last().is_some_and(|from| from.origin() == attempt.url().origin());
        if !same {
            attempt.error(io::Error::other("redirect to another host"))
        } else if attempt.previous().len() > REDIRECTS {
            attempt.error(io::Error::other("too many redirects"))
        } else {
            attempt.follow()
        }
    })
}

/// Ignores a proxy from the environment for a server on this machine.
fn without_proxy_on_loopback(builder: ClientBuilder, base: &Url) -> ClientBuilder {
    let host = base.host_str().unwrap_or_default();
    let address = host.trim_start_matches('[').trim_end_matches(']').parse::<IpAddr>();
    if host == "localhost" || address.is_ok_and(|address| address.is_loopback()) {
        builder.no_proxy()
    } else {
        builder
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn addresses_that_are_none_are_refused() {
        for base in ["", "x", "file:///etc", "ftp://a.example/", "http://user:word@a.example/"] {
            Http::new(base).expect_err(base);
        }
    }

    #[test]
    fn other_hosts_are_not_permitted() {
        let url = |text: &str| Url::parse(text).expect("an address");
        let local = Http::new("http://127.0.0.1:9/apis").expect("a client");
        assert!(local.permits(&url("http://127.0.0.1:9/other")));
        for other in [
            "http://127.0.0.1:10/",
            "https://127.0.0.1:9/",
            "http://a.example/",
            "https://drive.googleapis.com/",
        ] {
            assert!(!local.permits(&url(other)), "{other}");
        }
        // No certificates are needed to judge addresses.
        let google = Http { base: url("https://www.googleapis.com/discovery/v1/apis"), ..local };
        assert!(google.permits(&url("https://drive.googleapis.com/$discovery/rest?version=v3")));
        for other in
            ["http://drive.googleapis.com/", "https://googleapis.com.example/", "https://xgoogleapis.com/"]
        {
            assert!(!google.permits(&url(other)), "{other}");
        }
    }
}
