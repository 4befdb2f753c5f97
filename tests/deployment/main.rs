//! The templates against the code, against a simulated CloudFormation, and against what their policies must and must not
//! allow.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod calls;
mod code;
mod examples;
mod iam;
mod monitoring;
mod policies;
mod rendering;
mod stacks;
mod template;
mod versions;
