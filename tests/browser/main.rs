//! The console in a real browser, headless Chromium: the whole way of a profile, by mouse and by keyboard, with pictures.
//! `./check --browser` runs it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test plays the world outside: it has the tester's environment")]

#[path = "../support/mod.rs"]
mod support;
#[path = "../console/world.rs"]
mod world;

mod journey;
mod keyboard;
mod webdriver;
