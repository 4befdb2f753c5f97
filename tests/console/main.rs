//! The console as a browser without script meets it: every page, every form, and every door that must stay shut.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test plays the world outside: it has the tester's environment")]

#[path = "../support/mod.rs"]
mod support;

mod accessible;
mod browser;
mod contrast;
mod doors;
mod journey;
mod world;
