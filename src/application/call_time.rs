//! The time of one call: when it began, and how long it may still wait for others.

use std::time::Duration;

use crate::domain::time::Moment;

/// The longest that a call waits for a fresh copy of something that it could do without.
const MAX_SPARE: Duration = Duration::from_secs(1);

/// One reading of the clocks, and what is left of the call.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct CallTime {
    /// When the call began.
    pub now: Moment,
    /// How long it may take, the time for writing the answer not counted.
    pub left: Duration,
}

impl CallTime {
    /// How long the call may wait for something that it can do without: at most a second, and at most half of what is
    /// left, so that it is answered in time where that never comes.
    #[must_use]
    pub fn spare(self) -> Duration {
        MAX_SPARE.min(self.left / 2)
    }
}
