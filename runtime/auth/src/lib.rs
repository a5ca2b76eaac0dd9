//! Credentials that ask others for tokens: what a machine or a workload was given, service accounts that act for users,
//! and a user's own login.
//!
//! They implement [`Credentials`], so each of them can be given to a client of any API.
//!
//! | who is calling | credentials |
//! |---|---|
//! | a program on Google's clouds, in a workload pool, or of a developer who ran `gcloud` | [`ApplicationDefault`] |
//! | an administrator's program that acts for the users of a domain | [`ServiceAccount`] |
//! | the user in front of the program | [`UserLogin`] |
//!
//! All of them keep a token for each set of scopes and renew it shortly before it ends. However many calls wait, one
//! request is on its way. Each takes 20 seconds at most. One that fails in a way that passes, as by a connection refused
//! or the statuses 429 and 503, is made again by the policy of the client whose call needs the token; a failure is not
//! kept. No redirect is followed, and no error, `Debug` or log record has a key, a token, a code or an assertion.
//!
//! [`Credentials`]: gapis_runtime::Credentials

mod adc;
mod explain;
mod external;
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

/// The domain of Google's public cloud: the universe of credentials that were told of none.
const GOOGLE: &str = "googleapis.com";

/// Compiles the code in the README and in the guide's page on credentials.
#[cfg(doctest)]
mod documents {
    #[doc = include_str!("../README.md")]
    mod readme {}
    #[doc = include_str!("../../guide/credentials.md")]
    mod guide {}
}
