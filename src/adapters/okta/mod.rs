//! Okta over HTTPS: its discovery document, its key sets and its token endpoint.

mod client;
mod discovery;
mod introspection;
mod keys;
mod token;

pub use client::OktaClient;
