//! The settings that all kinds of credentials have.

use std::time::Duration;

use gapis_runtime::{AuthHeaders, Client, Result};
use http::HeaderName;

use crate::http::Http;

/// The header that names the project for quota and billing.
const QUOTA_PROJECT: HeaderName = HeaderName::from_static("x-goog-user-project");

#[derive(Clone, Default)]
pub(crate) struct Settings {
    pub(crate) http: Http,
    pub(crate) quota_project: Option<String>,
    pub(crate) universe: Option<String>,
}

impl Settings {
    pub(crate) fn set_client(&mut self, client: Client) {
        self.http = Http::with(client, self.http.timeout);
    }

    pub(crate) fn set_timeout(&mut self, timeout: Duration) {
        self.http.timeout = timeout;
    }

    pub(crate) fn universe(&self) -> &str {
        self.universe.as_deref().unwrap_or(crate::GOOGLE)
    }

    /// The headers for a token.
    pub(crate) fn headers(&self, token: &str) -> Result<AuthHeaders> {
        let headers = AuthHeaders::bearer(token)?.with_universe_domain(self.universe());
        match &self.quota_project {
            Some(project) => headers.with_header(QUOTA_PROJECT, project),
            None => Ok(headers),
        }
    }
}

/// The setters that all kinds of credentials have. `$settings` returns `&mut Settings` for `&mut self`.
macro_rules! setters {
    ($name:ident, $settings:ident) => {
        impl $name {
            /// Sets the client that sends requests for tokens, with its connections, proxy, identity for mutual TLS
            /// and observer. The credentials of the client are not used.
            #[must_use]
            pub fn token_client(mut self, client: &gapis_runtime::Client) -> Self {
                self.$settings().set_client(client.clone());
                self
            }

            /// Sets how long a request for a token may take. Default: 20 seconds.
            #[must_use]
            pub fn token_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.$settings().set_timeout(timeout);
                self
            }

            /// Sets the project that is charged for quota and billing. The client's own setting takes precedence.
            #[must_use]
            pub fn quota_project(mut self, project: &str) -> Self {
                self.$settings().quota_project = Some(project.to_owned());
                self
            }
        }
    };
}
pub(crate) use setters;
