//! Time as the domain sees it: always an argument, never read here.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

/// Wall-clock time in whole seconds since 1970-01-01T00:00:00Z, as `exp`, `nbf` and `iat` count it
/// (`NumericDate`, RFC 7519 section 2).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(transparent)]
pub struct UnixTime(u64);

impl UnixTime {
    /// A time `seconds` after the Unix epoch.
    #[must_use]
    pub const fn from_seconds(seconds: u64) -> Self {
        Self(seconds)
    }

    /// Seconds since the Unix epoch.
    #[must_use]
    pub const fn seconds(self) -> u64 {
        self.0
    }

    /// As `2026-01-31T23:59:59Z` (RFC 3339 section 5.6), the form of dates in IAM policies. A year beyond 9999 is
    /// written as the end of 9999.
    #[must_use]
    pub fn to_rfc3339(self) -> String {
        const END_OF_9999: i64 = 253_402_300_799;
        let seconds = i64::try_from(self.0).unwrap_or(END_OF_9999).min(END_OF_9999);
        let date = time::OffsetDateTime::from_unix_timestamp(seconds).ok();
        date.and_then(|date| date.format(&time::format_description::well_known::Rfc3339).ok()).unwrap_or_default()
    }

    /// This time plus `seconds`, held at the largest value instead of wrapping.
    #[must_use]
    pub const fn plus(self, seconds: u64) -> Self {
        Self(self.0.saturating_add(seconds))
    }

    /// How long `earlier` was before this time; zero if it was not before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        Duration::from_secs(self.0.saturating_sub(earlier.0))
    }
}

impl fmt::Display for UnixTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}", self.0)
    }
}

/// A point on a clock that never jumps: time passed since an arbitrary start. What lives for a while
/// (profiles, keys) is aged on this clock, so that a corrected wall clock neither freezes nor empties a cache.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub struct MonotonicTime(Duration);

impl MonotonicTime {
    /// The point `elapsed` after the clock's start.
    #[must_use]
    pub const fn from_start(elapsed: Duration) -> Self {
        Self(elapsed)
    }

    /// How long `earlier` was before this point; zero if it was not before.
    #[must_use]
    pub const fn since(self, earlier: Self) -> Duration {
        self.0.saturating_sub(earlier.0)
    }

    /// The point `duration` later.
    #[must_use]
    pub const fn plus(self, duration: Duration) -> Self {
        Self(self.0.saturating_add(duration))
    }
}

/// One reading of both clocks, taken once per request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Moment {
    /// What the wall clock says: compared with `exp`, `nbf` and `iat`.
    pub wall: UnixTime,
    /// What the monotonic clock says: ages caches.
    pub monotonic: MonotonicTime,
}

#[cfg(test)]
mod tests {
    use super::UnixTime;

    #[test]
    fn a_time_is_written_as_policies_want_it() {
        assert_eq!(UnixTime::from_seconds(0).to_rfc3339(), "1970-01-01T00:00:00Z");
        assert_eq!(UnixTime::from_seconds(1_795_493_306).to_rfc3339(), "2026-11-24T04:08:26Z");
        assert_eq!(UnixTime::from_seconds(u64::MAX).to_rfc3339(), "9999-12-31T23:59:59Z");
    }
}
