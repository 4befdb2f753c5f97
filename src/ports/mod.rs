//! What the application needs from outside, as traits. Adapters implement them.

pub mod clock;
pub mod key_set_source;
pub mod profile_store;
pub mod token_endpoint;
