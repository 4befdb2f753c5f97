//! The compiled `keys`, as Lambda runs it: any event in, a summary per profile out, key sets in SSM.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod authorizer;
mod canary;
mod refresh;
mod replay;
