//! How many sandboxes can start together without a refused request: found by halving, for several seeds.

use std::error::Error;
use std::time::Duration;

use super::fleet;
use super::ledger::Phase;
use super::options::{Options, Rotation};

/// The seeds that all have to agree.
const SEEDS: u64 = 5;
/// As many requests as each sandbox gets, each second.
const REQUESTS_TO_EACH: u64 = 10;
/// More sandboxes than anybody starts within seconds.
const MOST: usize = 65_536;

/// The row of a Markdown table.
pub(crate) fn report(options: &Options) -> Result<String, Box<dyn Error>> {
    let (sandboxes, longest) = find(options)?;
    let Options { profiles, ssm_limit, starting_within, .. } = options;
    let ms = longest.as_millis();
    Ok(format!("| {profiles} | {ssm_limit}/s | {starting_within} s | {sandboxes} | {ms} ms |\n"))
}

/// The largest number, and the longest that one of their starts took.
pub(crate) fn find(options: &Options) -> Result<(usize, Duration), Box<dyn Error>> {
    let (mut enough, mut longest, mut too_many) = (0, Duration::ZERO, 1);
    while let Some(start) = all_served(options, too_many)? {
        (enough, longest) = (too_many, start);
        too_many *= 2;
        if too_many > MOST {
            return Ok((enough, longest));
        }
    }
    while too_many - enough > 1 {
        let middle = enough.midpoint(too_many);
        match all_served(options, middle)? {
            Some(start) => (enough, longest) = (middle, start),
            None => too_many = middle,
        }
    }
    Ok((enough, longest))
}

/// The longest start of so many sandboxes, where none refuses a request with any seed.
fn all_served(options: &Options, sandboxes: usize) -> Result<Option<Duration>, Box<dyn Error>> {
    let mut longest = Duration::ZERO;
    for seed in options.seed..options.seed + SEEDS {
        let options = Options {
            sandboxes,
            requests_per_second: REQUESTS_TO_EACH * sandboxes as u64,
            seed,
            minutes: 2 + options.starting_within.div_ceil(60),
            rotation: Rotation::None,
            outage_minutes: 0,
            ..options.clone()
        };
        let ledger = fleet::run_until(&options, |ledger, without| without == 0 || ledger.refused() > 0)?;
        if ledger.refused() > 0 {
            return Ok(None);
        }
        longest = longest.max(ledger.of(Phase::ColdStart).longest_start);
    }
    Ok(Some(longest))
}
