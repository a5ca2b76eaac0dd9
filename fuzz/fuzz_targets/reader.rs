//! A response in chunks: chunking changes nothing, no part is lost, memory is bounded.
#![no_main]

libfuzzer_sys::fuzz_target!(|data: &[u8]| gapis_runtime::private::codec::reader(data));
