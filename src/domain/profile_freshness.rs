//! When the loaded profiles are fresh, due, stale or cooling down, and when their stored key sets are read with them: a
//! state machine that never loads and never reads a clock.

use std::time::Duration;

use super::refresh::{Attempts, Freshness, Jitter, Refresh};
use super::time::MonotonicTime;

/// How long after a failed first load the next one waits: every call fails meanwhile.
pub const RETRY_INTERVAL_WITHOUT_PROFILES: Duration = Duration::from_secs(1);
/// How long stored key sets that were read serve before they are read again, where that costs a call of its own. The
/// `keys` function renews them once an hour, and they are fresh for four.
pub const KEY_SETS_INTERVAL: Duration = Duration::from_secs(60 * 60);

/// The part of its time after which a copy may be refreshed ahead. The first refresh is spread wider than the later
/// ones, since a thousand sandboxes may have started within seconds.
const FIRST_AHEAD: f64 = 0.25;
const AHEAD: f64 = 0.75;

/// The age of what was loaded.
#[derive(Debug)]
pub struct ProfileFreshness {
    time_to_live: Duration,
    jitter: Jitter,
    loaded: Option<Load>,
    attempts: Attempts,
    /// While nothing is loaded: when the next load may begin.
    next_first_load: Option<MonotonicTime>,
}

#[derive(Debug, Clone, Copy)]
struct Load {
    at: MonotonicTime,
    due_after: Duration,
    key_sets_at: MonotonicTime,
    key_sets_due_after: Duration,
}

/// How the profiles stand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ProfileState {
    /// Nothing was loaded yet; it may be tried now.
    Empty,
    /// Nothing was loaded yet, and the last failure was too recent to try again.
    EmptyCoolingDown,
    /// They are loaded, and this is to be done about them.
    Loaded(Refresh),
}

impl ProfileFreshness {
    /// Nothing is loaded yet. What is loaded is fresh for `time_to_live`.
    #[must_use]
    pub fn new(time_to_live: Duration, jitter: Jitter) -> Self {
        Self { time_to_live, jitter, loaded: None, attempts: Attempts::default(), next_first_load: None }
    }

    /// How the profiles stand.
    #[must_use]
    pub fn state(&self, now: MonotonicTime) -> ProfileState {
        match self.loaded {
            Some(load) => {
                // What has lived its whole time is stale: a change is in force everywhere within that time.
                let fresh_for = self.time_to_live.saturating_sub(Duration::from_nanos(1));
                let freshness = Freshness::of(now.since(load.at), load.due_after, fresh_for);
                ProfileState::Loaded(self.attempts.refresh(freshness, now))
            }
            None if self.next_first_load.is_some_and(|next| next > now) => ProfileState::EmptyCoolingDown,
            None => ProfileState::Empty,
        }
    }

    /// Whether the next load has to read the stored key sets, even where that costs calls of its own.
    #[must_use]
    pub fn needs_key_sets(&self, now: MonotonicTime) -> bool {
        self.loaded.is_none_or(|load| now.since(load.key_sets_at) >= load.key_sets_due_after)
    }

    /// A load begins.
    pub fn load_begins(&mut self, now: MonotonicTime) {
        self.attempts.begin(now);
    }

    /// A load ended well. Returns whether the one before had failed.
    pub fn loaded(&mut self, with_key_sets: bool, now: MonotonicTime) -> bool {
        let ahead = if self.loaded.is_none() { FIRST_AHEAD } else { AHEAD };
        let due_after = |whole| self.jitter.after(ahead, whole);
        let (key_sets_at, key_sets_due_after) = match self.loaded {
            Some(load) if !with_key_sets => (load.key_sets_at, load.key_sets_due_after),
            Some(_) | None => (now, due_after(KEY_SETS_INTERVAL)),
        };
        let due_after = due_after(self.time_to_live);
        self.loaded = Some(Load { at: now, due_after, key_sets_at, key_sets_due_after });
        self.attempts.succeed()
    }

    /// A load failed. Returns whether it is the first failure in a row.
    pub fn load_failed(&mut self, now: MonotonicTime) -> bool {
        self.next_first_load = Some(now.plus(RETRY_INTERVAL_WITHOUT_PROFILES));
        self.attempts.fail(None, now)
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{KEY_SETS_INTERVAL, ProfileFreshness, ProfileState};
    use crate::domain::refresh::{Jitter, Refresh};
    use crate::domain::time::MonotonicTime;

    const TTL: Duration = Duration::from_secs(300);
    const EARLIEST: u64 = 0;

    fn at(seconds: u64) -> MonotonicTime {
        MonotonicTime::from_start(Duration::from_secs(seconds))
    }

    fn loaded(jitter: Jitter) -> ProfileFreshness {
        let mut freshness = ProfileFreshness::new(TTL, jitter);
        assert_eq!(freshness.state(at(0)), ProfileState::Empty);
        freshness.load_begins(at(0));
        freshness.loaded(true, at(0));
        freshness
    }

    fn refresh(freshness: &ProfileFreshness, seconds: u64) -> Refresh {
        match freshness.state(at(seconds)) {
            ProfileState::Loaded(refresh) => refresh,
            empty @ (ProfileState::Empty | ProfileState::EmptyCoolingDown) => panic!("{empty:?}"),
        }
    }

    #[test]
    fn the_first_refresh_is_spread_over_most_of_the_time_and_later_ones_over_its_end() {
        let mut freshness = loaded(Jitter::from_random(EARLIEST));
        assert_eq!([75, 76].map(|at| refresh(&freshness, at)), [Refresh::NotNow, Refresh::AfterAnswer]);
        freshness.loaded(false, at(100));
        assert_eq!([325, 326].map(|at| refresh(&freshness, at)), [Refresh::NotNow, Refresh::AfterAnswer]);
    }

    #[test]
    fn a_sandbox_that_slept_past_the_time_reads_before_it_answers() {
        for jitter in [Jitter::from_random(EARLIEST), Jitter::NONE] {
            assert_eq!(refresh(&loaded(jitter), 300), Refresh::BeforeAnswer);
        }
    }

    #[test]
    fn key_sets_are_read_with_the_first_load_and_then_about_once_an_hour() {
        let mut freshness = ProfileFreshness::new(TTL, Jitter::NONE);
        assert!(freshness.needs_key_sets(at(0)));
        freshness.loaded(true, at(0));
        let hour = KEY_SETS_INTERVAL.as_secs();
        freshness.loaded(false, at(hour - 1));
        assert!(!freshness.needs_key_sets(at(hour - 1)) && freshness.needs_key_sets(at(hour)));
        freshness.loaded(true, at(hour));
        assert!(!freshness.needs_key_sets(at(hour)));
    }

    #[test]
    fn a_first_load_that_fails_is_tried_again_a_second_later() {
        let mut freshness = ProfileFreshness::new(TTL, Jitter::NONE);
        freshness.load_begins(at(0));
        assert!(freshness.load_failed(at(5)));
        assert_eq!(
            [5, 6].map(|seconds| freshness.state(at(seconds))),
            [ProfileState::EmptyCoolingDown, ProfileState::Empty]
        );
        assert!(freshness.loaded(true, at(6)), "it recovered");
    }
}
