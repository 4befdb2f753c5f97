//! Tests of the test bed: `tests/support` is tried against the real crates and programs that it serves.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod client_credentials;
mod connection;
mod echo_function;
mod fault_proxy;
mod fault_proxy_tls;
mod function;
mod http_api;
mod moto;
mod process;
mod proxy_function;
mod raw_client;
mod runtime_api;
mod tls;
