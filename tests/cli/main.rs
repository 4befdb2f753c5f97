//! The command line as an operator meets it: every verb over a folder and over SSM, its errors, its output.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]
#![allow(clippy::disallowed_methods, reason = "a test plays the world outside: it has the tester's environment")]

#[path = "../support/mod.rs"]
mod support;

mod client;
mod edit;
mod errors;
mod help;
mod init;
mod json;
mod put;
mod read;
mod schema;
mod snapshots;
mod terminal;
mod world;
