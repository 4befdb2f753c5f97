//! The machine's clocks: the one place that reads them.

use std::sync::OnceLock;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use crate::domain::time::{Moment, MonotonicTime, UnixTime};
use crate::ports::clock::Clock;

/// Reads the system's wall clock and monotonic clock.
#[derive(Debug, Clone, Copy, Default)]
pub struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Moment {
        Moment {
            wall: UnixTime::from_seconds(since_epoch().as_secs()),
            monotonic: MonotonicTime::from_start(since_start()),
        }
    }
}

impl SystemClock {
    /// How long until `milliseconds` after the Unix epoch, as Lambda states its deadline; zero if it has passed.
    #[must_use]
    pub fn until(self, milliseconds: u64) -> Duration {
        Duration::from_millis(milliseconds).saturating_sub(since_epoch())
    }

    /// Time since this process first asked.
    #[must_use]
    pub fn elapsed(self) -> Duration {
        since_start()
    }
}

fn since_epoch() -> Duration {
    #[expect(clippy::disallowed_methods, reason = "the one place that reads the wall clock")]
    let now = SystemTime::now();
    // A clock before 1970 is broken; at zero every token is from the future and refused.
    now.duration_since(UNIX_EPOCH).unwrap_or_default()
}

#[expect(clippy::disallowed_methods, reason = "the one place that reads the monotonic clock")]
fn since_start() -> Duration {
    static START: OnceLock<Instant> = OnceLock::new();
    START.get_or_init(Instant::now).elapsed()
}
