//! libFuzzer's way into `targets/jwt.rs`.
#![no_main]

#[path = "../targets/jwt.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
