//! What the example programs share: their endpoint, their output, and the state of their servers. It also contains the
//! server of the first program, the farm.
//!
//! None of this is needed to use a generated crate.

pub mod server;
mod stage;
mod state;

pub use stage::{Output, Stage};
pub use state::Shared;
