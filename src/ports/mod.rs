//! What the application needs from outside, as traits. Adapters implement them.

pub mod clock;
pub mod discovery;
pub mod introspection_endpoint;
pub mod key_set_source;
pub mod key_set_store;
pub mod profile_repository;
pub mod profile_store;
pub mod token_endpoint;
