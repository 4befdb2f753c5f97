//! libFuzzer's way into `targets/bearer.rs`.
#![no_main]

#[path = "../targets/bearer.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
