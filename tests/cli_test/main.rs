//! `profiles test`, `explain` and `policy` as an operator meets them: over a folder and over SSM, against an authorization
//! server over TLS, good and bad.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod arguments;
mod canary;
mod client_faults;
mod explain;
mod issuer_faults;
mod policy;
mod snapshot;
mod test_verb;
mod world;
