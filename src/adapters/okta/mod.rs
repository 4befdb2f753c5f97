//! Okta over HTTPS: its key sets and its token endpoint.

mod client;
mod keys;
mod token;

pub use client::OktaClient;
