//! The profile stores: one suite for a folder and for SSM, and what is particular to each.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod bench;
mod folder;
mod repository;
mod ssm;
mod suite;
