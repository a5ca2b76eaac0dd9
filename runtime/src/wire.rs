//! What goes over the wire and what comes back, as data: facts of methods, paths, bodies, responses, errors. Nothing in
//! here knows a client or sends anything.

pub(crate) mod address;
pub(crate) mod body;
pub(crate) mod error;
pub(crate) mod headers;
pub(crate) mod path;
pub(crate) mod query;
pub(crate) mod response;
pub mod spec;
pub(crate) mod words;
