//! The pure core: no async, no I/O, no clock, no environment, no SDK type. Time and keys are arguments.

pub mod binding;
pub mod deny_list;
pub mod gateway;
pub mod jose;
pub mod key_cache;
pub mod keyed_hash;
pub mod oauth;
pub mod profile;
pub mod profile_freshness;
pub mod refresh;
pub mod refused_clients;
pub mod time;
pub mod token_cache;
pub mod validation;
pub mod verified_tokens;
