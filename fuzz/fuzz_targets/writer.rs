//! Calls made from the bytes: what is written is what an independent parser reads.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gapis_runtime::private::codec::writer(data));
