//! What must hold against a hostile server or hostile input: secrets stay where they belong, values stay in their
//! places, and small answers do not become large ones.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::type_complexity)]

mod bombs;
mod headers;
mod hosts;
mod prints;
