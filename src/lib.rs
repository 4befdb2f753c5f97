//! Okta 2-legged OAuth 2.0 security profiles for Amazon API Gateway.
//!
//! One request through the authorizer, in links:
//! [`adapters::api_gateway::handler`] reads the event and writes the answer;
//! [`application::authorize_request`] picks the profiles that apply ([`application::profile_catalog`]) and tries each;
//! [`domain::jose::jwt`] takes the token apart; [`domain::validation::verify`] holds it against the profile;
//! [`application::key_ring`] finds the key; [`domain::jose::signature`] proves the token;
//! [`domain::validation::authorize`] decides; [`domain::gateway::policy`] says so in IAM's words;
//! [`rejection`] maps every error to what the caller is told.
//!
//! Dependencies point one way: `domain` <- `ports` <- `application` <- `adapters` <- `console`, `cli`, `local` and the binaries.

pub mod adapters;
pub mod application;
pub mod cli;
pub mod config;
pub mod console;
pub mod domain;
pub mod functions;
pub mod local;
pub mod ports;
pub mod rejection;
pub mod telemetry;
#[cfg(test)]
mod testing;
