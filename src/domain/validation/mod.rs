//! The ladder from a token that someone sent to a decision that the gateway can act on: cheapest check first.

pub mod authorize;
pub mod error;
pub mod hypothetical;
pub mod ladder;
pub mod verify;

#[cfg(test)]
mod tests;
