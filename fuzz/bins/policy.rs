//! libFuzzer's way into `targets/policy.rs`.
#![no_main]

#[path = "../targets/policy.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
