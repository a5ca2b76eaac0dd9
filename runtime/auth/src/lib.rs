//! Credentials that request tokens: application default credentials, service accounts that act for users, and a user's
//! own login.
//!
//! They implement [`Credentials`], so they can be used by a client of any API.
//!
//! | caller | credentials |
//! |---|---|
//! | a program on Google Cloud, in a workload identity pool, or of a developer who ran `gcloud` | [`ApplicationDefault`] |
//! | an administrator's program that acts for the users of a domain | [`ServiceAccount`] |
//! | a user of the program | [`UserLogin`] |
//!
//! They keep a token for each set of scopes, and renew it shortly before it expires. However many calls wait for a
//! token, there is only one request for it. A request takes 20 seconds at most. After a temporary failure, such as a
//! refused connection or one of the statuses 429 and 503, the request is repeated according to the retry policy of the
//! client whose call needs the token. Failures are not kept. No redirect is followed, and no error, `Debug` output or
//! log record contains a key, a token, an authorization code or an assertion.
//!
//! [`Credentials`]: gapis_runtime::Credentials

#![warn(clippy::indexing_slicing, clippy::unwrap_used)]

mod adc;
mod explain;
mod external;
mod gdch;
mod http;
mod impersonate;
mod jwt;
mod key;
mod login;
mod metadata;
mod service_account;
mod settings;
mod tokens;
mod user;

pub use adc::ApplicationDefault;
pub use login::store::{FileStore, TokenStore};
pub use login::{Prompt, UserLogin};
pub use service_account::ServiceAccount;

/// The domain of Google's public cloud, the default universe of credentials.
const GOOGLE: &str = "googleapis.com";

/// Compiles the code in the README and in the guide's page on credentials.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../../guide/credentials.md")]
    mod guide {}
}
