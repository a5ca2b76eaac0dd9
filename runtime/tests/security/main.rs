//! Properties with a hostile server or hostile input: secrets stay secret, values cannot leave their positions, and
//! small responses do not become large ones.
#![allow(missing_docs, unreachable_pub, dead_code, clippy::type_complexity)]

mod bombs;
mod headers;
mod hosts;
mod prints;
