//! libFuzzer's way into `targets/event.rs`.
#![no_main]

#[path = "../targets/event.rs"]
mod target;

libfuzzer_sys::fuzz_target!(|input: &[u8]| target::run(input));
