//! The compiled `authorizer`, as Lambda runs it: events in, answers out, with SSM and an authorization server on loopback.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod automatic;
mod binding;
mod canary;
mod credentials;
mod decisions;
mod deny_list;
mod events;
mod introspection;
mod keys;
mod minting;
mod outages;
mod panics;
mod profiles;
mod proxy;
mod refusals;
mod replay;
mod routes;
mod start;
mod tokens;
