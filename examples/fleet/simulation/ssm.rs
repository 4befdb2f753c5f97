//! SSM's limit: so many calls each second, and as many at once where it was quiet before.

use super::{Outage, Time};

/// SSM Parameter Store, as all of the account's functions share it.
#[derive(Debug)]
pub(super) struct Ssm {
    limit: f64,
    tokens: f64,
    filled_at: Time,
    outage: Outage,
}

/// What a call is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum SsmAnswer {
    /// What it asked for.
    Values,
    /// `ThrottlingException`.
    Throttled,
    /// Nothing.
    Silence,
}

impl Ssm {
    pub(super) fn new(limit: u32, outage: Outage) -> Self {
        Self { limit: f64::from(limit), tokens: f64::from(limit), filled_at: Time::ZERO, outage }
    }

    pub(super) fn ask(&mut self, now: Time) -> SsmAnswer {
        if self.outage.is_on(now) {
            return SsmAnswer::Silence;
        }
        let passed = now.saturating_sub(self.filled_at).as_secs_f64();
        self.filled_at = now;
        self.tokens = (self.tokens + passed * self.limit).min(self.limit);
        if self.tokens < 1.0 {
            return SsmAnswer::Throttled;
        }
        self.tokens -= 1.0;
        SsmAnswer::Values
    }
}
