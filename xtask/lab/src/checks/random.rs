//! Random numbers that are the same in each run.

use fastrand::Rng;

/// A random number generator that depends on the seed and on a purpose, so that the values for a document do not
/// depend on the other documents.
pub(super) fn rng(seed: u64, purpose: &str) -> Rng {
    // FNV-1a, because the hash function of the standard library may change.
    let hash = purpose
        .bytes()
        .fold(0xcbf2_9ce4_8422_2325_u64, |hash, byte| (hash ^ u64::from(byte)).wrapping_mul(0x100_0000_01b3));
    Rng::with_seed(hash ^ seed.wrapping_mul(0x9e37_79b9_7f4a_7c15))
}
