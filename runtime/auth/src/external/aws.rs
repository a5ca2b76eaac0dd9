//! Workloads on AWS. The workload's own token is a signed request to AWS's token service that is not sent. Google sends it,
//! and learns from the response which account and role signed it.
//!
//! The region and the keys come from the environment or from the metadata service of the instance, as in [Google's guide].
//! The secret key is never sent.
//!
//! [Google's guide]: https://cloud.google.com/iam/docs/workload-identity-federation-with-other-clouds

use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, SystemTime};

use gapis_runtime::{AuthHeaders, Error, Json, Result};
use http::HeaderName;
use serde_json::json;

use super::aws_signature::{Keys, Request};
use crate::http::{Failure, Http};
use crate::key::{parse, required, text};

const WHAT: &str = "the workload's credentials";

/// The timeout of the first request to the metadata service. It is in the same network, or there is none.
const FIRST: Duration = Duration::from_secs(4);

/// The headers of version 2 of the metadata service.
const SESSION: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token");
const SESSION_SECONDS: HeaderName = HeaderName::from_static("x-aws-ec2-metadata-token-ttl-seconds");

/// The contents of the credentials file.
pub(super) struct Aws {
    audience: String,
    /// Contains `{region}`.
    verification_url: String,
    region_url: Option<String>,
    keys_url: Option<String>,
    session_url: Option<String>,
    /// Whether the metadata service has answered once.
    seen: AtomicBool,
}

impl Aws {
    /// # Errors
    /// If a member is missing, or the version of the file is not supported.
    pub(super) fn of(json: &Json, source: &Json) -> Result<Self> {
        if text(source, "environment_id") != Some("aws1") {
            return Err(Error::credentials(format!(
                "{WHAT} are of a version that is not supported: `environment_id` is not `aws1`"
            )));
        }
        let url = |member: &str| text(source, member).map(str::to_owned);
        Ok(Aws {
            audience: required(json, "audience", WHAT)?.to_owned(),
            verification_url: required(source, "regional_cred_verification_url", WHAT)?.to_owned(),
            region_url: url("region_url"),
            keys_url: url("url"),
            session_url: url("imdsv2_session_token_url"),
            seen: AtomicBool::new(false),
        })
    }

    /// The workload's own token.
    pub(super) async fn token(&self, http: &Http) -> Result<String> {
        let (region, keys) = (variable(&["AWS_REGION", "AWS_DEFAULT_REGION"]), keys_of_environment());
        let session = match &self.session_url {
            Some(url) if region.is_none() || keys.is_none() => self.session(http, url).await?,
            _ => AuthHeaders::none(),
        };
        let region = match region {
            Some(region) => region,
            None => self.region(http, &session).await?,
        };
        let keys = match keys {
            Some(keys) => keys,
            None => self.keys(http, &session).await?,
        };
        self.signed(&region, &keys, SystemTime::now())
    }

    /// The signed request, in the form that Google's token service expects.
    fn signed(&self, region: &str, keys: &Keys, time: SystemTime) -> Result<String> {
        let url = self.verification_url.replace("{region}", region);
        let request = Request {
            url: &url,
            region,
            service: "sts",
            extra: ("x-goog-cloud-target-resource", &self.audience),
        };
        let headers = request.sign(keys, time).ok_or_else(|| {
            Error::credentials(format!("{WHAT} have a `regional_cred_verification_url` that is not a URL"))
        })?;
        let headers: Vec<Json> =
            headers.iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
        let request = json!({ "url": url, "method": "POST", "headers": headers }).to_string();
        Ok(url::form_urlencoded::byte_serialize(request.as_bytes()).collect())
    }

    /// Starts a session of the metadata service. Returns the header of its other requests.
    async fn session(&self, http: &Http, url: &str) -> Result<AuthHeaders> {
        let seconds = AuthHeaders::none().with_header(SESSION_SECONDS, "300")?;
        let session = self.ask(http, |http| async move { http.put(url, &seconds).await }).await?;
        AuthHeaders::none().with_header(SESSION, session.trim())
    }

    async fn region(&self, http: &Http, session: &AuthHeaders) -> Result<String> {
        let zone = self.get(http, "region_url", self.region_url.as_deref(), session, "AWS_REGION").await?;
        // The zone `us-east-2b` is in the region `us-east-2`.
        let mut region = zone.trim().to_owned();
        region.pop();
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
        if region.is_empty() || !region.chars().all(plain) {
            return Err(Error::credentials("AWS's metadata service gave no region"));
        }
        Ok(region)
    }

    async fn keys(&self, http: &Http, session: &AuthHeaders) -> Result<Keys> {
        let variables = "AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY";
        let role = self.get(http, "url", self.keys_url.as_deref(), session, variables).await?;
        let url =
            format!("{}/{}", self.keys_url.as_deref().unwrap_or_default().trim_end_matches('/'), role.trim());
        let what = "the role's keys, by AWS's metadata service,";
        let keys = parse(&self.get(http, "url", Some(&url), session, variables).await?, what)?;
        Ok(Keys {
            id: required(&keys, "AccessKeyId", what)?.to_owned(),
            secret: required(&keys, "SecretAccessKey", what)?.to_owned(),
            session: text(&keys, "Token").map(str::to_owned),
        })
    }

    /// The response of the metadata service at a URL, which is from `member` of the file. The environment variables
    /// `variables` replace it.
    async fn get(
        &self,
        http: &Http,
        member: &str,
        url: Option<&str>,
        session: &AuthHeaders,
        variables: &str,
    ) -> Result<String> {
        let url = url.ok_or_else(|| {
            Error::credentials(format!("{WHAT} have no `{member}`, and the environment has no {variables}"))
        })?;
        self.ask(http, |http| async move { http.get(url, session).await }).await
    }

    async fn ask<F>(&self, http: &Http, send: impl FnOnce(Http) -> F) -> Result<String>
    where
        F: Future<Output = std::result::Result<gapis_runtime::RawResponse, Failure>>,
    {
        let seen = self.seen.load(Ordering::Relaxed);
        let mut http = http.clone();
        if !seen {
            http.timeout = http.timeout.min(FIRST);
        }
        match send(http).await {
            Ok(response) => {
                self.seen.store(true, Ordering::Relaxed);
                Ok(String::from_utf8_lossy(&response.body).into_owned())
            }
            Err(Failure::Passing { message, reached: false, .. }) if !seen => {
                Err(Error::credentials(format!(
                    "there is no metadata service of AWS ({message}): set AWS_REGION, AWS_ACCESS_KEY_ID and \
                 AWS_SECRET_ACCESS_KEY, or run on a machine of AWS that has a role"
                )))
            }
            Err(failure) => Err(failure.into_error("AWS's metadata service gave no role's keys")),
        }
    }
}

fn keys_of_environment() -> Option<Keys> {
    Some(Keys {
        id: variable(&["AWS_ACCESS_KEY_ID"])?,
        secret: variable(&["AWS_SECRET_ACCESS_KEY"])?,
        session: variable(&["AWS_SESSION_TOKEN"]),
    })
}

/// The first of these environment variables that is set and not empty.
fn variable(names: &[&str]) -> Option<String> {
    names.iter().find_map(|name| std::env::var(name).ok().filter(|value| !value.is_empty()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The expected signature was made with botocore 1.44.8.
    #[test]
    fn a_signed_request_is_what_google_s_token_service_reads() {
        let json = json!({ "audience": "//iam.example.com/pools/farm" });
        let source = json!({
            "environment_id": "aws1",
            "regional_cred_verification_url":
                "https://sts.{region}.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15",
        });
        let keys = Keys {
            id: "AKIDEXAMPLE".into(),
            secret: "wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY".into(),
            session: Some("the-session-token".into()),
        };
        let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_440_938_160);
        let token = Aws::of(&json, &source).unwrap().signed("us-east-1", &keys, time).unwrap();
        let decoded: String = url::form_urlencoded::parse(token.as_bytes()).next().unwrap().0.into_owned();
        assert!(!decoded.contains("wJalr"));
        let request: Json = serde_json::from_str(&decoded).unwrap();
        let headers = [
            ("host", "sts.us-east-1.amazonaws.com"),
            ("x-amz-date", "20150830T123600Z"),
            ("x-amz-security-token", "the-session-token"),
            ("x-goog-cloud-target-resource", "//iam.example.com/pools/farm"),
            (
                "authorization",
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/sts/aws4_request, \
                 SignedHeaders=host;x-amz-date;x-amz-security-token;x-goog-cloud-target-resource, \
                 Signature=c02ea0588f5d4035a418e7b651ff2f8f405b6d9e06049817c14f47324e34b165",
            ),
        ];
        let headers: Vec<Json> =
            headers.iter().map(|(name, value)| json!({ "key": name, "value": value })).collect();
        let url = "https://sts.us-east-1.amazonaws.com?Action=GetCallerIdentity&Version=2011-06-15";
        assert_eq!(request, json!({ "url": url, "method": "POST", "headers": headers }));
    }

    #[test]
    fn another_version_is_refused() {
        let source =
            json!({ "environment_id": "aws2", "regional_cred_verification_url": "https://sts.example/" });
        let failed = Aws::of(&json!({ "audience": "a" }), &source).err().unwrap();
        assert!(failed.to_string().contains("`environment_id` is not `aws1`"), "{failed}");
    }
}
