//! `profiles local` as a newcomer meets it: the program is started, and what it prints is done.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod cache;
mod canary;
mod socket;

mod backend;
mod demo;
mod gateway;
mod load;
mod own_profiles;
mod start;
