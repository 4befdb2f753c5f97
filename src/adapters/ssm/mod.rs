//! SSM Parameter Store: where profiles live in an account.

mod client;
mod profile_store;

pub use client::{SsmConnection, connect};
pub use profile_store::SsmProfileStore;
