//! libFuzzer's way into `targets/dpop.rs`.
#![no_main]

#[path = "../targets/dpop.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
