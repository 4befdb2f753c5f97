//! A fleet of sandboxes around the real state machines, in simulated time: no clock, no network, no sleep.
//!
//! Real: [`ProfileFreshness`](okta_security_profiles::domain::profile_freshness), the
//! [`KeyCache`](okta_security_profiles::domain::key_cache) of each issuer, stored key sets, and the whole job of the
//! `keys` function. Imitated, with a comment at each place that says whose rule it is: what `ProfileCatalog`, `KeyRing`
//! and `AfterAnswer` do around them, the SDK's retries, SSM's limit, Okta, and Lambda.

pub(crate) mod constants;
pub(crate) mod fleet;
pub(crate) mod ledger;
pub(crate) mod options;
pub(crate) mod outcome;
pub(crate) mod report;

mod events;
mod keys_function;
mod largest_start;
mod load;
mod okta;
mod random;
mod retries;
mod sandbox;
mod ssm;

use std::error::Error;
use std::time::Duration;

use okta_security_profiles::domain::time::{Moment, MonotonicTime, UnixTime};

use options::Options;

/// What is to be printed, and whether it is as `--check` wants it.
pub(crate) fn run(options: &Options) -> Result<(String, bool), Box<dyn Error>> {
    if options.largest_start {
        return Ok((largest_start::report(options)?, true));
    }
    let ledger = fleet::run(options)?;
    let verdicts = report::verdicts(&ledger, options);
    let as_wanted = !options.check || verdicts.iter().all(|verdict| verdict.holds || !verdict.by_design);
    Ok((report::tables(&ledger, options, &verdicts), as_wanted))
}

/// Simulated time since the beginning of the simulation.
type Time = Duration;

/// When the first sandbox starts. Before, there is only the `keys` function, which has run every hour.
const FIRST_START: Time = Duration::from_secs(4 * 60 * 60);
/// The wall clock at the beginning.
const WALL_CLOCK: UnixTime = UnixTime::from_seconds(1_800_000_000);

/// What the clocks of every sandbox say. That a sandbox's monotonic clock begins with its start makes no difference.
fn moment(time: Time) -> Moment {
    Moment { wall: WALL_CLOCK.plus(time.as_secs()), monotonic: MonotonicTime::from_start(time) }
}

const fn minutes(minutes: u64) -> Duration {
    Duration::from_secs(60 * minutes)
}

/// A time in which something is out of reach.
#[derive(Debug, Clone, Copy)]
struct Outage {
    from: Time,
    to: Time,
}

impl Outage {
    /// Counted in minutes from the first start.
    const fn new(from: u64, lasting: u64) -> Self {
        let from = Duration::from_secs(FIRST_START.as_secs() + 60 * from);
        Self { from, to: Duration::from_secs(from.as_secs() + 60 * lasting) }
    }

    fn is_on(&self, now: Time) -> bool {
        self.from <= now && now < self.to
    }
}
