//! How the SDK's standard mode tries a call again: with growing pauses drawn at random, and with tokens that run out.

use std::time::Duration;

use super::options::WhatIf;
use super::random::Random;

/// The tokens of one client. A retry takes some. The next retry of any of the client's calls forgets them; a call that
/// works gives back those of the last retry, or one where there are none (`aws-smithy-runtime`,
/// `client/retries/strategy/standard.rs`, whose strategy is one for all calls of a client).
#[derive(Debug, Clone)]
pub(super) struct RetryTokens {
    all: u32,
    left: u32,
    of_last_retry: u32,
}

impl RetryTokens {
    pub(super) const fn new(all: u32) -> Self {
        Self { all, left: all, of_last_retry: 0 }
    }

    /// Whether there are enough for one more retry.
    pub(super) const fn take(&mut self, cost: u32) -> bool {
        if self.left < cost {
            return false;
        }
        self.left -= cost;
        self.of_last_retry = cost;
        true
    }

    /// A call worked.
    pub(super) fn reward(&mut self) {
        let back = if self.of_last_retry > 0 { self.of_last_retry } else { 1 };
        self.of_last_retry = 0;
        self.left = self.left.saturating_add(back).min(self.all);
    }
}

/// The pause after so many attempts.
pub(super) fn pause(attempts: u32, what_if: &WhatIf, random: &mut Random) -> Duration {
    let longest = what_if.first_backoff.saturating_mul(2_u64.saturating_pow(attempts - 1)).min(what_if.max_backoff);
    Duration::from_millis(longest).mul_f64(random.fraction())
}
