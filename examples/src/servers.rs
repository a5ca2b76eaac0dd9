//! The servers that the programs run against by default: typed handlers over a state that calls change.

pub mod calendar;
pub mod classroom;
pub mod displayvideo;
pub mod docs;
pub mod sheets;
