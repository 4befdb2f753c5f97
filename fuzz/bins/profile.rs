//! libFuzzer's way into `targets/profile.rs`.
#![no_main]

#[path = "../targets/profile.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
