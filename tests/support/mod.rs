//! The test bed: what the compiled programs meet in production, on loopback.
//!
//! A Lambda Runtime API, an HTTP API, SSM, HTTPS with a private CA, and the programs themselves as processes. A test
//! binary takes it in with `#[path = "../support/mod.rs"] mod support;`. Its own tests are in `tests/test_bed`.
//!
//! Every server runs beside the test, on its own thread or process: it answers no matter what the test's async
//! runtime is doing, and it is gone, with all its connections, when its handle is dropped. Nothing waits for ever:
//! what takes longer than [`PATIENCE`] is a panic that says what was missing.

#![allow(dead_code, unused_imports, reason = "each test binary takes in the whole test bed and uses a part of it")]
#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]
#![allow(
    clippy::disallowed_methods,
    reason = "the test bed plays the world outside: it has the clock, the tester's environment, HTTP clients of its own"
)]

mod background;
mod client_assertion;
mod dpop_proof;
mod event_file;
mod fault_proxy;
mod fault_wire;
mod function;
mod http_api;
mod http_client;
mod http_message;
mod logs;
mod moto;
mod plain_server;
mod private_ca;
mod process;
mod proxy_event;
mod relay;
mod runtime_api;
mod scenario;
mod signing_key;
mod ssm_front;
mod tls;

pub(crate) use client_assertion::{CLIENT_ASSERTION_TYPE, ClientAssertion, assertion_parameters};
pub(crate) use dpop_proof::DpopProof;
pub(crate) use event_file::{EventFile, Placeholders, basic, client_placeholders, form_encoded};
pub(crate) use fault_proxy::{FaultProxy, ProxiedRequest, WireFault};
pub(crate) use function::LambdaFunction;
pub(crate) use http_api::HttpApi;
pub(crate) use http_client::{client_that_trusts, plain_client};
pub(crate) use logs::{Canaries, decisions};
pub(crate) use moto::{Moto, ParameterType, python};
pub(crate) use plain_server::PlainServer;
pub(crate) use private_ca::PrivateCa;
pub(crate) use process::Process;
pub(crate) use relay::Relay;
pub(crate) use runtime_api::{Answer, PendingAnswer, ReportedError, RuntimeApi, TimedAnswer};
pub(crate) use scenario::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, OTHER_SCOPE, SCOPE, Scenario, TIMEOUT, authorization_server, impostor,
    seconds_since_epoch, serve_okta,
};
pub(crate) use signing_key::{SigningKey, decoded_part, random_id};
pub(crate) use ssm_front::{SsmAnswers, SsmCall, SsmFront};
pub(crate) use tls::TlsServer;

use std::time::Duration;

/// How long the test bed waits for a process or an answer before it gives up: far longer than any of them needs on a
/// busy machine, so that reaching it means that something is broken, not slow.
pub(crate) const PATIENCE: Duration = Duration::from_secs(30);

/// Repeats `attempt` until it returns `true`: for what a program does at a time of its own.
///
/// # Panics
/// If [`PATIENCE`] runs out first.
pub(crate) async fn eventually(what: &str, mut attempt: impl AsyncFnMut() -> bool) {
    let attempts = async {
        while !attempt().await {
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    };
    assert!(tokio::time::timeout(PATIENCE, attempts).await.is_ok(), "not within {PATIENCE:?}: {what}");
}
