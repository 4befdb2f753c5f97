//! When a copy of something that is kept elsewhere is refreshed: ahead of time and after an answer where that can be,
//! before an answer where it must be, and with growing pauses while that fails. It never reads a clock.

use std::time::Duration;

use super::time::MonotonicTime;

/// The pause after the first failure in a row; it doubles with each further one.
pub const FIRST_PAUSE: Duration = Duration::from_secs(30);
/// The longest pause.
pub const LONGEST_PAUSE: Duration = Duration::from_secs(240);
/// For how long a failure is a reason to let nobody wait for the next attempt. Longer than [`LONGEST_PAUSE`], so that
/// calls which come steadily never wait twice during one outage.
const FAILURE_IS_RECENT: Duration = Duration::from_secs(300);

/// The place of one sandbox in every interval, drawn once when it starts, so that a thousand sandboxes which started
/// together do not refresh together.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Jitter(f64);

impl Jitter {
    /// The end of every interval: no jitter.
    pub const NONE: Self = Self(1.0);

    /// A place drawn from random bits.
    #[must_use]
    pub fn from_random(bits: u64) -> Self {
        // 53 bits are what an `f64` holds exactly.
        Self((bits >> 11) as f64 / (1_u64 << 53) as f64)
    }

    /// A point in the part of `whole` that begins at `from`, a fraction from 0 to 1.
    #[must_use]
    pub fn after(self, from: f64, whole: Duration) -> Duration {
        whole.mul_f64(from + (1.0 - from) * self.0)
    }
}

/// How a copy stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It is young.
    Fresh,
    /// Its time is almost up.
    Due,
    /// Its time is up. It serves on where it cannot be refreshed.
    Stale,
}

impl Freshness {
    /// How a copy of this age stands that is due and stale after these times.
    #[must_use]
    pub fn of(age: Duration, due_after: Duration, fresh_for: Duration) -> Self {
        if age > fresh_for {
            Self::Stale
        } else if age > due_after {
            Self::Due
        } else {
            Self::Fresh
        }
    }
}

/// What is to be done about a copy now.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Refresh {
    /// Nothing: it is fresh, or it is too early to try again.
    NotNow,
    /// Refresh it once the call is answered: what is held serves this call.
    AfterAnswer,
    /// Refresh it first: what is held serves only where that fails.
    BeforeAnswer,
}

/// The attempts to refresh a copy.
#[derive(Debug, Clone, Copy, Default)]
pub struct Attempts {
    next: Option<MonotonicTime>,
    failures: u32,
    last_failure: Option<MonotonicTime>,
}

impl Attempts {
    /// What is to be done about a copy that stands like this.
    #[must_use]
    pub fn refresh(&self, freshness: Freshness, now: MonotonicTime) -> Refresh {
        let failed_recently = self.last_failure.is_some_and(|failure| now.since(failure) < FAILURE_IS_RECENT);
        match freshness {
            Freshness::Fresh => Refresh::NotNow,
            Freshness::Due | Freshness::Stale if self.next.is_some_and(|next| next > now) => Refresh::NotNow,
            Freshness::Due => Refresh::AfterAnswer,
            Freshness::Stale if failed_recently => Refresh::AfterAnswer,
            Freshness::Stale => Refresh::BeforeAnswer,
        }
    }

    /// An attempt begins: the next one waits, even where nothing is heard of this one again.
    pub fn begin(&mut self, now: MonotonicTime) {
        self.next = Some(now.plus(pause(self.failures)));
    }

    /// The attempt worked. Returns whether the one before had failed.
    pub fn succeed(&mut self) -> bool {
        let recovered = self.failures > 0;
        *self = Self::default();
        recovered
    }

    /// The attempt failed; the other side may have asked for a pause of its own. Returns whether it is the first
    /// failure in a row.
    pub fn fail(&mut self, asked_pause: Option<Duration>, now: MonotonicTime) -> bool {
        self.next = Some(now.plus(asked_pause.unwrap_or_default().max(pause(self.failures))));
        self.failures = self.failures.saturating_add(1);
        self.last_failure = Some(now);
        self.failures == 1
    }
}

/// The pause after one more failure than these.
fn pause(failures: u32) -> Duration {
    FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(failures.min(8))).min(LONGEST_PAUSE)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{Attempts, FAILURE_IS_RECENT, Freshness, Jitter, LONGEST_PAUSE, Refresh};
    use crate::domain::time::MonotonicTime;

    const SECOND: Duration = Duration::from_secs(1);

    fn at(seconds: u64) -> MonotonicTime {
        MonotonicTime::from_start(Duration::from_secs(seconds))
    }

    #[test]
    fn jitter_lies_in_the_part_that_it_is_asked_for() {
        for (bits, from, expected) in [(0, 0.75, 75.0), (u64::MAX, 0.75, 100.0), (u64::MAX / 2, 0.5, 75.0)] {
            let point = Jitter::from_random(bits).after(from, 100 * SECOND).as_secs_f64();
            assert!((point - expected).abs() < 0.001, "{point} is not {expected}");
        }
        assert_eq!(Jitter::NONE.after(0.25, 100 * SECOND), 100 * SECOND);
    }

    #[test]
    fn a_copy_is_fresh_then_due_then_stale() {
        let of = |age: u32| Freshness::of(age * SECOND, 75 * SECOND, 100 * SECOND);
        assert_eq!([of(0), of(75)], [Freshness::Fresh; 2]);
        assert_eq!([of(76), of(100)], [Freshness::Due; 2]);
        assert_eq!(of(101), Freshness::Stale);
    }

    #[test]
    fn what_is_due_waits_for_the_answer_and_what_is_stale_does_not() {
        let attempts = Attempts::default();
        assert_eq!(attempts.refresh(Freshness::Fresh, at(0)), Refresh::NotNow);
        assert_eq!(attempts.refresh(Freshness::Due, at(0)), Refresh::AfterAnswer);
        assert_eq!(attempts.refresh(Freshness::Stale, at(0)), Refresh::BeforeAnswer);
    }

    #[test]
    fn while_refreshing_fails_no_call_waits_for_it_and_the_pauses_grow() {
        let mut attempts = Attempts::default();
        let mut now = 0;
        for (failure, pause) in [30, 60, 120, 240, 240].into_iter().enumerate() {
            attempts.begin(at(now));
            assert_eq!(attempts.fail(None, at(now)), failure == 0);
            assert_eq!(attempts.refresh(Freshness::Stale, at(now + pause - 1)), Refresh::NotNow);
            now += pause;
            assert_eq!(attempts.refresh(Freshness::Stale, at(now)), Refresh::AfterAnswer);
        }
        assert!(attempts.succeed() && !attempts.succeed());
        assert_eq!(attempts.refresh(Freshness::Stale, at(now)), Refresh::BeforeAnswer);
    }

    #[test]
    fn a_sandbox_that_slept_through_the_failure_tries_before_it_answers() {
        let mut attempts = Attempts::default();
        attempts.fail(None, at(0));
        assert!(LONGEST_PAUSE < FAILURE_IS_RECENT);
        assert_eq!(attempts.refresh(Freshness::Stale, at(299)), Refresh::AfterAnswer);
        assert_eq!(attempts.refresh(Freshness::Stale, at(300)), Refresh::BeforeAnswer);
    }

    #[test]
    fn a_pause_that_the_other_side_asked_for_is_kept() {
        let mut attempts = Attempts::default();
        attempts.fail(Some(600 * SECOND), at(0));
        assert_eq!(attempts.refresh(Freshness::Stale, at(599)), Refresh::NotNow);
        assert_eq!(attempts.refresh(Freshness::Stale, at(600)), Refresh::BeforeAnswer);
    }

    #[test]
    fn an_attempt_that_nothing_is_heard_of_again_counts_as_a_pause() {
        let mut attempts = Attempts::default();
        attempts.begin(at(0));
        assert_eq!(attempts.refresh(Freshness::Stale, at(29)), Refresh::NotNow);
        assert_eq!(attempts.refresh(Freshness::Stale, at(30)), Refresh::BeforeAnswer);
    }
}
