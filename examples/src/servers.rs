//! The servers that the programs use by default: typed handlers for a state that calls change.

pub mod calendar;
pub mod classroom;
pub mod compute;
pub mod displayvideo;
pub mod docs;
pub mod drive;
pub mod gmail;
pub mod sheets;
pub mod storage;
