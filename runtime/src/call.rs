//! A call as a value, and what can be done with it: send it, fetch its pages, wait for its operation, print it.

pub(crate) mod dry_run;
pub(crate) mod message;
pub(crate) mod method;
pub(crate) mod next;
pub(crate) mod operation;
pub(crate) mod page;
pub(crate) mod reading;
pub(crate) mod request;
pub(crate) mod sending;
