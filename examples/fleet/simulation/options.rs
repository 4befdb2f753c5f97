//! The command line: what the fleet is, what happens to it, and what would be different.

use clap::{Args, Parser, ValueEnum};
use okta_security_profiles::adapters::ssm::{FIRST_BACKOFF, MAX_ATTEMPTS, MAX_BACKOFF};

use super::constants::{INIT_PATIENCE, RETRY_TOKENS};

/// Simulates a fleet of authorizers: what it asks of SSM and Okta, and which requests it refuses. Prints Markdown.
#[derive(Debug, Clone, Parser)]
#[command(name = "fleet")]
pub(crate) struct Options {
    /// Sandboxes
    #[arg(long, default_value_t = 1_000, value_name = "N")]
    pub(crate) sandboxes: usize,
    /// Seconds within which they start, each at a random moment
    #[arg(long, default_value_t = 10, value_name = "S")]
    pub(crate) starting_within: u64,
    /// Profiles, named in `PROFILES`
    #[arg(long, default_value_t = 50, value_name = "N")]
    pub(crate) profiles: usize,
    /// Authorization servers that they share
    #[arg(long, default_value_t = 5, value_name = "N")]
    pub(crate) issuers: usize,
    /// Requests to the whole fleet, each second
    #[arg(long, default_value_t = 10_000, value_name = "N")]
    pub(crate) requests_per_second: u64,
    /// Of a million requests, how many have a made-up kid
    #[arg(long, default_value_t = 100, value_name = "N")]
    pub(crate) made_up_per_million: u64,
    /// Calls that SSM answers each second, and at once
    #[arg(long, default_value_t = 40, value_name = "N")]
    pub(crate) ssm_limit: u32,
    /// `PROFILE_TTL_SECONDS`
    #[arg(long, default_value_t = 300, value_name = "S")]
    pub(crate) ttl: u64,
    /// How long it all lasts, in minutes from the first start
    #[arg(long, default_value_t = 180, value_name = "M")]
    pub(crate) minutes: u64,
    /// How every issuer's signing key is replaced
    #[arg(long, value_enum, default_value_t = Rotation::Planned)]
    pub(crate) rotation: Rotation,
    /// Minute from which the new key signs
    #[arg(long, default_value_t = 30, value_name = "M")]
    pub(crate) rotation_at: u64,
    /// For how many minutes the new key of a planned rotation is published before it signs
    #[arg(long, default_value_t = 150, value_name = "M")]
    pub(crate) lead_minutes: u64,
    /// `max-age` of Okta's keys in seconds; 0 is `no-cache`, as Okta says shortly before a rotation
    #[arg(long, default_value_t = 1_209_600, value_name = "S")]
    pub(crate) okta_max_age: u64,
    /// Minute from which Okta is out of reach
    #[arg(long, default_value_t = 50, value_name = "M")]
    pub(crate) outage_from: u64,
    /// For how many minutes it is
    #[arg(long, default_value_t = 60, value_name = "M")]
    pub(crate) outage_minutes: u64,
    /// Minute from which SSM is out of reach
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub(crate) ssm_outage_from: u64,
    /// For how many minutes it is
    #[arg(long, default_value_t = 0, value_name = "M")]
    pub(crate) ssm_outage_minutes: u64,
    /// Sandboxes that end and are replaced by new ones, each minute
    #[arg(long, default_value_t = 0, value_name = "N")]
    pub(crate) replaced_per_minute: u64,
    /// The same seed gives the same numbers
    #[arg(long, default_value_t = 1, value_name = "N")]
    pub(crate) seed: u64,
    /// Exit with 1 where a goal is missed that holds by design
    #[arg(long)]
    pub(crate) check: bool,
    /// Find how many sandboxes can start within the time without a refused request, for 10 requests/s to each
    #[arg(long)]
    pub(crate) largest_start: bool,
    #[command(flatten)]
    pub(crate) what_if: WhatIf,
}

/// What is not so, and what would be if it were.
#[derive(Debug, Clone, Copy, Args)]
#[command(next_help_heading = "What if")]
pub(crate) struct WhatIf {
    /// How long a start waits for SSM, in milliseconds
    #[arg(long, default_value_t = INIT_PATIENCE.as_millis() as u64, value_name = "MS")]
    pub(crate) init_patience: u64,
    /// Attempts of one call to SSM
    #[arg(long, default_value_t = MAX_ATTEMPTS, value_name = "N")]
    pub(crate) max_attempts: u32,
    /// The longest pause before the second attempt, in milliseconds
    #[arg(long, default_value_t = FIRST_BACKOFF.as_millis() as u64, value_name = "MS")]
    pub(crate) first_backoff: u64,
    /// The longest pause before any attempt, in milliseconds
    #[arg(long, default_value_t = MAX_BACKOFF.as_millis() as u64, value_name = "MS")]
    pub(crate) max_backoff: u64,
    /// Tokens that a client has for its retries; the SDK would give it 500
    #[arg(long, default_value_t = RETRY_TOKENS, value_name = "N")]
    pub(crate) retry_tokens: u32,
    /// What came before a first load failed is forgotten, not kept for the next one
    #[arg(long)]
    pub(crate) forget_what_came: bool,
    /// The least pause after a failed first load, in milliseconds; each sandbox takes half of it to all of it
    #[arg(long, default_value_t = 0, value_name = "MS")]
    pub(crate) first_load_pause: u64,
}

/// How signing keys are replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Rotation {
    /// The new key is published for a while before it signs; clients renew their tokens within the hour
    Planned,
    /// The new key signs at once, and clients take new tokens within a minute
    Emergency,
    /// Not at all
    None,
}

impl Options {
    /// Each profile has an issuer, and no issuer is without a profile.
    pub(super) fn issuers(&self) -> usize {
        self.issuers.clamp(1, self.profiles.max(1))
    }
}
