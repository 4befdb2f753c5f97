//! The compiled functions with broken wires: SSM and the authorization server each behind a proxy that refuses, stays
//! silent, breaks off, drips or lies.
//!
//! | threat | what is tested elsewhere |
//! | --- | --- |
//! | 57, cold | `tests/authorizer/keys.rs`: every other document that is refused |
//! | 58 | `tests/stores/ssm.rs`: what a refused decryption says; the functions decrypt nothing |
//! | 63 | `tests/authorizer/panics.rs`: no event makes the compiled function panic |
//! | 68, 72 | `tests/token/upstream.rs`: what Okta answers over a sound wire |

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

#[path = "../authorizer/events.rs"]
#[allow(dead_code, reason = "the authorizer's tests use all of it")]
mod events;
#[path = "../token/http.rs"]
#[allow(dead_code, reason = "the token function's tests use all of it")]
mod http;
#[path = "../authorizer/minting.rs"]
#[allow(dead_code, reason = "the authorizer's tests use all of it")]
mod minting;

mod away_and_back;
mod canary;
mod frozen;
mod keys_cold;
mod keys_held;
mod keys_unknown;
mod outage;
mod profiles;
mod profiles_ssm_down;
mod token;
mod world;
