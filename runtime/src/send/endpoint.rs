//! Where the calls of an API are sent: to its own host, or to the place set in the builder.
//!
//! A setting that an API does not support is an error; the call never goes to a different place instead. A program
//! that chose a region, a universe or mutual TLS relies on this.

use std::borrow::Cow;

use crate::send::credentials::GOOGLE;
use crate::wire::spec::ApiSpec;
use crate::{Error, Result};

/// The builder's settings for endpoints.
#[derive(Debug, Default)]
pub(crate) struct Endpoints {
    /// Replaces every API's own root.
    pub(super) fixed: Option<String>,
    pub(super) region: Option<String>,
    pub(super) universe: Option<String>,
    pub(super) mtls: bool,
    /// Whether media is downloaded below `/download/`, for APIs that serve it there.
    pub(super) download_path: Option<bool>,
    /// Scheme, host and port of places, beside the API's own, to which a server may send a resumable upload.
    pub(super) upload_origins: Vec<String>,
}

impl Endpoints {
    /// Checks the settings. The root then ends in `/`.
    ///
    /// # Errors
    /// If a setting is not a URL or domain, or two settings exclude each other.
    pub(super) fn checked(mut self) -> Result<Self> {
        self.fixed = self.fixed.map(|url| normal(&url)).transpose()?;
        self.upload_origins = self.upload_origins.iter().map(|url| origin(url)).collect::<Result<_>>()?;
        if let Some(domain) = &self.universe
            && !is_domain(domain)
        {
            return Err(Error::input(format!(
                "the universe domain {domain:?} is not a domain name such as `example.com`"
            )));
        }
        if self.region.is_some() && self.mtls {
            return Err(Error::input(
                "discovery documents have no regional endpoints for mutual TLS: call either `.region(…)` or `.mtls()`, \
                 or set the address with `.endpoint(…)`",
            ));
        }
        Ok(self)
    }

    /// Whether calls go to the endpoints for mutual TLS.
    pub(super) fn is_mtls(&self) -> bool {
        self.mtls
    }

    /// The universe to which credentials must belong.
    pub(super) fn universe(&self) -> &str {
        self.universe.as_deref().unwrap_or(GOOGLE)
    }

    /// Whether media is downloaded below `/download/` if the API serves it there. By default it is for Google's own
    /// hosts. Most emulators and proxies support only the method's path with `alt=media`, which the clients for Python
    /// and Node.js use.
    pub(super) fn has_download_path(&self) -> bool {
        self.download_path.unwrap_or(self.fixed.is_none())
    }

    /// Checks that an upload that started at `base` may continue at this URL, with credentials: at the same scheme, host and
    /// port, or at one that the caller allowed.
    ///
    /// # Errors
    /// If it may not. The message contains only the hosts.
    pub(super) fn check_upload(&self, address: &url::Url, base: &url::Url) -> Result<()> {
        let origin = address.origin();
        let is_allowed = || {
            let origin = origin.ascii_serialization();
            self.upload_origins.contains(&origin)
        };
        // A user name and password are not allowed.
        let named = !address.username().is_empty() || address.password().is_some();
        if !named && origin.is_tuple() && (origin == base.origin() || is_allowed()) {
            return Ok(());
        }
        Err(Error::protocol(format!(
            "the upload's `Location` is at {}, but the upload started at {}: credentials are not sent to another scheme, \
             host or port, unless the builder's `.upload_origin(…)` allows it",
            address.host_str().unwrap_or("no host"),
            base.host_str().unwrap_or("no host"),
        )))
    }

    /// Checks that credentials may be sent to a URL from a response: at the API's own root, or with `https` at a host
    /// of its universe that serves media.
    ///
    /// # Errors
    /// If they must not.
    pub(super) fn check_link(&self, api: &ApiSpec, url: &url::Url) -> Result<()> {
        let root = self.root(api)?;
        let host = url.host_str().unwrap_or_default();
        let is_below = |domain: &str| {
            host.strip_suffix(domain).is_some_and(|before| before.is_empty() || before.ends_with('.'))
        };
        let is_own = url::Url::parse(&root).is_ok_and(|root| root.origin() == url.origin());
        let of_google = || self.universe() == GOOGLE && MEDIA_HOSTS.iter().any(|domain| is_below(domain));
        let is_safe = url.scheme() == "https" && url.port().is_none();
        let is_plain = url.username().is_empty() && url.password().is_none();
        if is_plain && (is_own || is_safe && (is_below(self.universe()) || of_google())) {
            return Ok(());
        }
        Err(Error::input(format!(
            "credentials of {} must not be sent to {:?}, only with https to hosts of its universe, or to its own endpoint",
            name(api),
            host,
        )))
    }

    /// Scheme and host for calls of this API, ending in `/`.
    ///
    /// # Errors
    /// If the API has no such endpoint.
    pub(super) fn root<'a>(&'a self, api: &ApiSpec) -> Result<Cow<'a, str>> {
        if let Some(fixed) = &self.fixed {
            return Ok(Cow::Borrowed(fixed));
        }
        let root = match &self.region {
            Some(region) => regional(api, region)?,
            None if self.mtls => mtls(api)?,
            None => api.root_url,
        };
        match &self.universe {
            Some(domain) if domain != GOOGLE => in_universe(api, root, domain).map(Cow::Owned),
            _ => Ok(Cow::Borrowed(root)),
        }
    }
}

/// Hosts of Google's own universe, other than `googleapis.com`, that serve media to clients with the credentials of an
/// API: exports and content of Drive (`exportLinks`, `webContentLink`, `downloadUri`), and the targets of their
/// redirects. <https://developers.google.com/workspace/drive/api/reference/rest/v3/files>
const MEDIA_HOSTS: [&str; 4] =
    ["docs.google.com", "drive.google.com", "usercontent.google.com", "googleusercontent.com"];

fn name(api: &ApiSpec) -> String {
    format!("{} {}", api.name, api.version)
}

fn regional(api: &ApiSpec, region: &str) -> Result<&'static str> {
    if let Some((_, root)) = api.endpoints.iter().find(|(location, _)| *location == region) {
        return Ok(root);
    }
    let name = name(api);
    if api.endpoints.is_empty() {
        return Err(Error::input(format!(
            "{name} has no regional endpoints, so its calls cannot be sent to {region:?}"
        )));
    }
    let known: Vec<&str> = api.endpoints.iter().map(|(location, _)| *location).collect();
    let known = known.join(", ");
    Err(Error::input(format!("{name} has no endpoint in {region:?}; its regions are: {known}")))
}

fn mtls(api: &ApiSpec) -> Result<&'static str> {
    match api.mtls_root_url {
        "" => Err(Error::input(format!("{} has no endpoint for mutual TLS", name(api)))),
        root => Ok(root),
    }
}

/// The same host in another universe: `https://compute.googleapis.com/` becomes `https://compute.example.com/`.
fn in_universe(api: &ApiSpec, root: &str, domain: &str) -> Result<String> {
    let parts = root.split_once("://").and_then(|(scheme, rest)| {
        let (host, path) = rest.split_once('/')?;
        let prefix = host.strip_suffix(GOOGLE)?;
        (prefix.is_empty() || prefix.ends_with('.')).then(|| format!("{scheme}://{prefix}{domain}/{path}"))
    });
    parts.ok_or_else(|| {
        let name = name(api);
        Error::input(format!("{name} is at {root} and not at `{GOOGLE}`, so it has no endpoint in {domain}"))
    })
}

/// Checks the endpoint and adds a `/` at its end.
fn normal(url: &str) -> Result<String> {
    let uri: http::Uri = url.parse().map_err(|e| Error::input(format!("the endpoint is not a URL: {e}")))?;
    let scheme = uri.scheme_str().unwrap_or_default();
    // URL parsers drop a fragment, but the paths of calls would be appended to it.
    let plain = !url.contains('#')
        && uri.query().is_none()
        && uri.authority().is_some_and(|host| !host.as_str().contains('@'));
    if !matches!(scheme, "http" | "https") || !plain {
        return Err(Error::input(
            "the endpoint must have the form `http://host/` or `https://host/`, without user, query and fragment",
        ));
    }
    Ok(format!("{}/", url.trim_end_matches('/')))
}

/// Scheme, host and port in normal form, of a URL that has nothing else.
fn origin(url: &str) -> Result<String> {
    let parsed = normal(url).ok().and_then(|url| url::Url::parse(&url).ok());
    let parsed = parsed
        .filter(|url| url.path() == "/")
        .ok_or_else(|| Error::input("the origin for uploads is not `https://host` or `https://host:port`"))?;
    Ok(parsed.origin().ascii_serialization())
}

/// Whether the text can follow a service's name in a host: `example.com`.
fn is_domain(text: &str) -> bool {
    let is_label = |label: &str| {
        let own = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        own && !label.is_empty() && !label.starts_with('-') && !label.ends_with('-')
    };
    text.contains('.') && text.split('.').all(is_label)
}

#[cfg(test)]
mod tests {
    use super::*;

    const API: ApiSpec = ApiSpec {
        name: "zoo",
        version: "v1",
        root_url: "https://zoo.googleapis.com/",
        mtls_root_url: "https://zoo.mtls.googleapis.com/",
        endpoints: &[
            ("north", "https://zoo.north.rep.googleapis.com/"),
            ("south", "https://zoo.south.rep.googleapis.com/"),
        ],
        ..ApiSpec::DEFAULT
    };
    const OTHER: ApiSpec =
        ApiSpec { name: "other", version: "v2", root_url: "https://other.test/", ..ApiSpec::DEFAULT };

    fn endpoints(change: impl FnOnce(&mut Endpoints)) -> Endpoints {
        let mut endpoints = Endpoints::default();
        change(&mut endpoints);
        endpoints.checked().unwrap()
    }

    #[test]
    fn endpoints_are_checked() {
        assert_eq!(normal("http://127.0.0.1:80").unwrap(), "http://127.0.0.1:80/");
        assert_eq!(normal("https://h/base/").unwrap(), "https://h/base/");
        for bad in [
            "",
            "127.0.0.1",
            "ftp://h/",
            "https://u:p@h/",
            "https://h/?key=1",
            "https://h h/",
            "https://h/#x",
            "https://h#",
        ] {
            assert!(normal(bad).is_err_and(|e| e.is_input() && !e.to_string().contains("u:p")), "{bad}");
        }
    }

    #[test]
    fn each_api_has_its_own_place() {
        let root = |endpoints: &Endpoints, api: &ApiSpec| {
            endpoints.root(api).map(Cow::into_owned).map_err(|error| error.to_string())
        };
        let plain = endpoints(|_| {});
        assert_eq!(root(&plain, &API).unwrap(), "https://zoo.googleapis.com/");
        assert_eq!(root(&plain, &OTHER).unwrap(), "https://other.test/");

        let south = endpoints(|e| e.region = Some("south".into()));
        assert_eq!(root(&south, &API).unwrap(), "https://zoo.south.rep.googleapis.com/");
        assert_eq!(
            root(&south, &OTHER).unwrap_err(),
            "other v2 has no regional endpoints, so its calls cannot be sent to \"south\""
        );
        let west = endpoints(|e| e.region = Some("west".into()));
        assert_eq!(
            root(&west, &API).unwrap_err(),
            "zoo v1 has no endpoint in \"west\"; its regions are: north, south"
        );

        let mtls = endpoints(|e| e.mtls = true);
        assert_eq!(root(&mtls, &API).unwrap(), "https://zoo.mtls.googleapis.com/");
        assert_eq!(root(&mtls, &OTHER).unwrap_err(), "other v2 has no endpoint for mutual TLS");

        let universe = |endpoints: &mut Endpoints| endpoints.universe = Some("example.com".into());
        assert_eq!(root(&endpoints(universe), &API).unwrap(), "https://zoo.example.com/");
        let both = endpoints(|e| (universe(e), e.region = Some("north".into())).0);
        assert_eq!(root(&both, &API).unwrap(), "https://zoo.north.rep.example.com/");
        let both = endpoints(|e| (universe(e), e.mtls = true).0);
        assert_eq!(root(&both, &API).unwrap(), "https://zoo.mtls.example.com/");
        assert_eq!(
            root(&endpoints(universe), &OTHER).unwrap_err(),
            "other v2 is at https://other.test/ and not at `googleapis.com`, so it has no endpoint in example.com"
        );
        let same = endpoints(|e| e.universe = Some(GOOGLE.into()));
        assert_eq!(root(&same, &OTHER).unwrap(), "https://other.test/");
    }

    #[test]
    fn an_endpoint_wins_over_all() {
        let all = Endpoints {
            fixed: Some("http://127.0.0.1:8080".into()),
            region: Some("nowhere".into()),
            universe: Some("example.com".into()),
            ..Endpoints::default()
        };
        assert_eq!(all.checked().unwrap().root(&OTHER).unwrap(), "http://127.0.0.1:8080/");
    }

    #[test]
    fn uploads_stay_where_they_began_or_go_where_the_caller_allowed() {
        let url = |text: &str| url::Url::parse(text).unwrap();
        let base = url("https://storage.example.com/upload/x?uploadType=resumable");
        let check = |endpoints: &Endpoints, address: &str| endpoints.check_upload(&url(address), &base);
        let own = Endpoints::default();
        let told = endpoints(|e| {
            e.upload_origins =
                vec!["https://Uploads.example.com:443/".into(), "http://127.0.0.1:8080".into()];
        });
        for (address, by_default, by_word) in [
            ("https://storage.example.com:443/x?upload_id=1", true, true),
            ("https://uploads.example.com/x", false, true),
            ("http://127.0.0.1:8080/x", false, true),
            ("http://127.0.0.1:8081/x", false, false),
            ("http://uploads.example.com/x", false, false),
            ("https://uploads.example.com.evil.test/x", false, false),
            ("https://u:s3cret@storage.example.com/x", false, false),
            ("https://u:s3cret@uploads.example.com/x", false, false),
            ("https://evil.test/s3cret", false, false),
            ("data:text/plain,x", false, false),
        ] {
            assert_eq!(check(&own, address).is_ok(), by_default, "{address}");
            assert_eq!(check(&told, address).is_ok(), by_word, "{address}");
            assert!(
                check(&own, address).is_ok_and(|()| true)
                    || !check(&own, address).unwrap_err().to_string().contains("s3cret")
            );
        }
        for bad in [
            "",
            "uploads.example.com",
            "https://h/path",
            "https://u:p@h",
            "ftp://h",
            "https://h?x",
            "https://h#x",
        ] {
            let told = Endpoints { upload_origins: vec![bad.into()], ..Endpoints::default() };
            assert!(
                told.checked().is_err_and(|error| error.is_input() && !error.to_string().contains("u:p")),
                "{bad}"
            );
        }
    }

    #[test]
    fn a_host_that_only_ends_alike_is_not_google_s() {
        let api = ApiSpec { root_url: "https://notgoogleapis.com/", ..API };
        assert!(in_universe(&api, api.root_url, "example.com").is_err());
        for bad in [
            "",
            "example",
            "example..com",
            ".com",
            "-a.com",
            "https://example.com",
            "a.com/x",
            "a.com:80",
            "a@b.com",
        ] {
            let told = Endpoints { universe: Some(bad.into()), ..Endpoints::default() };
            assert!(told.checked().is_err_and(|error| error.is_input()), "{bad}");
        }
    }
}
