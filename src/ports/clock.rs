//! The two clocks, read together once per request.

use crate::domain::time::Moment;

/// Reads the time.
pub trait Clock: Send + Sync {
    /// The wall clock and the monotonic clock, now.
    fn now(&self) -> Moment;
}

impl<C: Clock> Clock for std::sync::Arc<C> {
    fn now(&self) -> Moment {
        (**self).now()
    }
}
