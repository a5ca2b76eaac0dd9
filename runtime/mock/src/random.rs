//! Pseudorandom numbers that depend on a seed.

/// A number between 0 and 1 for that seed and occasion.
pub(crate) fn unit(seed: u64, occasion: usize) -> f64 {
    #[expect(clippy::cast_precision_loss, reason = "32 bits fit")]
    let number = (scramble(seed ^ scramble(occasion as u64)) >> 32) as f64;
    number / f64::from(u32::MAX)
}

/// The finalizer of SplitMix64: similar inputs give unrelated outputs.
pub(crate) fn scramble(number: u64) -> u64 {
    let mut z = number.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}
