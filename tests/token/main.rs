//! The compiled `token` function, as Lambda runs it: proxy events in, HTTP answers out, with SSM and an authorization
//! server on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod canary;
mod http;
mod pages;
mod profiles;
mod replay;
mod requests;
mod rfc6749;
mod upstream;
