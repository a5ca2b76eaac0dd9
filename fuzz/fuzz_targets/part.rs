//! One part: whatever its bytes, it is read or reported.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gapis_runtime::private::codec::part(data));
