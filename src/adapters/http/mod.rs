//! The token URL over HTTP.

mod answer;
pub mod cors;
mod metadata;
pub mod token_handler;
