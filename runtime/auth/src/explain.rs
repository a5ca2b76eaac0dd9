//! Error messages that say why a token server refused a request, and what to do about it.

use gapis_runtime::Error;

use crate::http::{Failure, Refusal};

/// The owner of the requested token.
pub(crate) enum Asked<'a> {
    /// A user, by a refresh token.
    User { again: &'a str },
    /// A user, by an authorization code.
    Code,
    /// A service account.
    Account { email: &'a str },
    /// A service account of Google Distributed Cloud.
    Distributed { name: &'a str },
    /// A user, by a service account with domain-wide delegation.
    Delegated { email: &'a str, client_id: Option<&'a str>, subject: &'a str, scopes: &'a str },
    /// A workload, by its own token.
    Workload,
    /// A service account, impersonated by another account.
    Impersonated { email: &'a str, role: &'a str },
}

/// The page on which an administrator grants delegation.
const DELEGATION: &str = "https://admin.google.com/ac/owl/domainwidedelegation";

impl Asked<'_> {
    /// The error for a failure.
    pub(crate) fn error(&self, failure: Failure) -> Error {
        let what = self.what();
        let advice = match &failure {
            Failure::Refused(refusal) => self.advice(refusal),
            _ => None,
        };
        match (failure, advice) {
            (Failure::Refused(refusal), Some(advice)) => {
                let code = if refusal.code.is_empty() { "refused" } else { &*refusal.code };
                let server_text = if refusal.description.is_empty() {
                    String::new()
                } else {
                    format!(" ({}: {})", refusal.host, refusal.description)
                };
                Error::credentials(format!("{what}: {code}: {advice}{server_text}"))
            }
            (failure, _) => failure.into_error(&what),
        }
    }

    fn what(&self) -> String {
        match self {
            Asked::User { .. } => "cannot get a token for the user".into(),
            Asked::Code => "cannot exchange the user's consent for a token".into(),
            Asked::Account { email: name } | Asked::Distributed { name } => {
                format!("cannot get a token for {name}")
            }
            Asked::Workload => "cannot exchange the workload's own token".into(),
            Asked::Delegated { email, subject, .. } => {
                format!("{email} cannot get a token for the user {subject}")
            }
            Asked::Impersonated { email, .. } => format!("cannot act as {email}"),
        }
    }

    fn advice(&self, refusal: &Refusal) -> Option<String> {
        Some(match (&*refusal.code, self) {
            ("invalid_grant", Asked::User { again }) => {
                format!("the login was revoked, has expired, or the user's password was changed; {again}")
            }
            ("invalid_grant", Asked::Code) => "the authorization code was already used or has expired; log in again".into(),
            ("invalid_grant" | "invalid_request" | "unauthorized_client", Asked::Workload) => {
                "the pool's provider must accept the token's issuer, audience and attributes, and the token must not \
                 have expired"
                    .into()
            }
            ("invalid_grant", Asked::Account { email }) => format!(
                "the key was deleted or disabled, {email} no longer exists, or this machine's clock is wrong (compare \
                 it with UTC); the keys are at https://console.cloud.google.com/iam-admin/serviceaccounts"
            ),
            ("invalid_grant", Asked::Distributed { name }) => format!(
                "the key was deleted, there is no service account {name} in the project of its key file, or this \
                 machine's clock is wrong (compare it with UTC)"
            ),
            ("invalid_grant", Asked::Delegated { subject, .. }) => format!(
                "there is no user {subject} in the domain or it is suspended, the account's key was deleted, or this \
                 machine's clock is wrong (compare it with UTC)"
            ),
            ("unauthorized_client" | "access_denied", Asked::Delegated { email, client_id, scopes, .. }) => {
                let client = match client_id {
                    Some(id) => format!("the client ID {id}"),
                    None => format!("the client ID of {email} (the account's unique ID, a number)"),
                };
                let scopes = scopes.replace(' ', ",");
                format!(
                    "domain-wide delegation is not granted; an administrator of the domain adds {client} with the \
                     scopes {scopes} at {DELEGATION}"
                )
            }
            ("unauthorized_client", Asked::User { again }) => {
                format!("the login was made with another client ID or secret; {again}")
            }
            ("invalid_client", _) => "the client's ID or secret is wrong, or the client was deleted; its file is at \
                                      https://console.cloud.google.com/auth/clients"
                .into(),
            ("invalid_scope", Asked::Delegated { scopes, .. }) => format!(
                "one of the scopes does not exist, or none was given: `{scopes}`; choose others with the client's \
                 `.scopes(…)`"
            ),
            ("invalid_scope", _) => {
                "one of the scopes does not exist or must not be requested; choose others with the client's `.scopes(…)`"
                    .into()
            }
            ("PERMISSION_DENIED", Asked::Impersonated { email, role }) => format!(
                "the caller needs the role {role} on {email}, and the IAM Service Account Credentials API must be \
                 enabled in its project"
            ),
            ("NOT_FOUND", Asked::Impersonated { .. }) => "there is no such service account".into(),
            _ => return None,
        })
    }
}
