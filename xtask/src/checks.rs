//! Checks that run generated crates over many documents: values that go there and back (`roundtrip`), and requests
//! compared with those of another client (`differential`).
//!
//! Both choose documents, lay out a workspace of their crates beside one small program, build it, and compare what the
//! program prints. What is expected is made from the documents, never from this generator's model of them.

mod calls;
pub(crate) mod choice;
pub(crate) mod compare;
pub(crate) mod differential;
pub(crate) mod program;
pub(crate) mod roundtrip;
mod values;

use fastrand::Rng;

/// A source of random numbers that depends on the seed and on what it is for, so that a document's values are the same
/// whichever other documents are looked at.
fn rng(seed: u64, purpose: &str) -> Rng {
    // FNV-1a: the standard library's hash may be another one tomorrow.
    let hash = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    Rng::with_seed(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
