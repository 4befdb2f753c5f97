//! libFuzzer's way into `targets/key_set.rs`.
#![no_main]

#[path = "../targets/key_set.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
