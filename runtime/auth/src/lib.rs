//! Credentials that ask others for tokens: what a machine or a workload was given, and a user's consent.
//!
//! They implement [`Credentials`](gapis_runtime::Credentials), so each of them can be given to a client of any API.

mod adc;
mod installed;

pub use adc::ApplicationDefault;
pub use installed::Installed;

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
