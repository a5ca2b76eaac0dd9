//! The servers that the programs run against by default: typed handlers over a state that calls change.

pub mod farm;
