//! The token URL over HTTP.

pub mod token_handler;
