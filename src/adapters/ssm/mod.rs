//! SSM Parameter Store: where profiles live in an account.

mod client;
mod first_load;
mod key_set_store;
mod profile_repository;
mod profile_store;

pub use client::{FIRST_BACKOFF, MAX_ATTEMPTS, MAX_BACKOFF, SsmConnection, connect};
pub use profile_store::{SsmProfileStore, calls_for};
