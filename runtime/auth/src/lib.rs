//! Credentials that ask others for tokens: what a machine or a workload was given, and a user's consent.
//!
//! They implement [`Credentials`](gapis_runtime::Credentials), so each of them can be given to a client of any API.

mod adc;
mod installed;

pub use adc::ApplicationDefault;
pub use installed::Installed;

/// The domain of Google's public cloud: the universe of credentials that were told of none.
const GOOGLE: &str = "googleapis.com";

/// The guide's code is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../../docs/guide/credentials.md")]
mod guide {}
