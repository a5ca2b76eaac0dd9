//! Random numbers that are the same in each run.

use fastrand::Rng;

/// A source of random numbers that depends on the seed and on what it is for, so that a document's values are the same
/// whichever other documents are looked at.
pub(super) fn rng(seed: u64, purpose: &str) -> Rng {
    // FNV-1a: the standard library's hash may be another one tomorrow.
    let hash = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    Rng::with_seed(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
