//! libFuzzer's way into `targets/route.rs`.
#![no_main]

#[path = "../targets/route.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
