//! What is sent and received, as data: facts about methods, paths, bodies, responses and errors. Nothing in this
//! module knows a client or sends anything.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod response;
pub mod spec;
pub(crate) mod words;
