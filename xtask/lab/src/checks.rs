//! Checks that run generated crates over many documents: values that go there and back (`roundtrip`), and requests
//! compared with those of another client (`differential`).
//!
//! Both choose documents, lay out a workspace of their crates beside one small program, build it, and compare what the
//! program prints. What is expected is made from the documents, never from this generator's model of them.

mod calls;
pub(crate) mod choice;
mod compare;
pub(crate) mod differential;
mod program;
mod random;
pub(crate) mod roundtrip;
mod values;
