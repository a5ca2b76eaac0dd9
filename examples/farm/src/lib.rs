//! What the example programs share: where their calls go, where they print, and what a server of theirs knows. And the
//! server of the first of them, the farm.
//!
//! Nothing in here is needed to use a generated crate.

pub mod server;
mod stage;
mod state;

pub use stage::{Output, Stage};
pub use state::Shared;
