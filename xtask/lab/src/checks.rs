//! Checks that run generated crates for many documents: values that are read and written again (`roundtrip`), and
//! requests compared with those of another client (`differential`).
//!
//! Both choose documents, create a workspace with their crates and a small program, build it, and compare the
//! program's output with what is expected. The expected output is made from the documents, and not from this
//! generator's model of them.

mod calls;
pub(crate) mod choice;
mod compare;
pub(crate) mod differential;
mod listener;
mod program;
mod random;
pub(crate) mod roundtrip;
mod values;
