//! What was counted, phase by phase.

use std::collections::BTreeMap;
use std::time::Duration;

use super::constants::HTTP_API_WAITS;
use super::options::{Options, Rotation};
use super::outcome::{Answer, Cause, Refusal};
use super::sandbox::Request;
use super::{FIRST_START, Time, minutes};

/// A part of the simulation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Phase {
    /// Until every sandbox of the first wave has its profiles.
    ColdStart,
    Steady,
    /// From when the new key signs.
    Rotation,
    /// While Okta is out of reach.
    Outage,
    Recovery,
}

impl Phase {
    pub(crate) const ALL: [Self; 5] = [Self::ColdStart, Self::Steady, Self::Rotation, Self::Outage, Self::Recovery];

    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ColdStart => "cold start",
            Self::Steady => "steady",
            Self::Rotation => "rotation",
            Self::Outage => "outage of Okta",
            Self::Recovery => "recovery",
        }
    }
}

/// The counts of every phase.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Ledger {
    counts: [Counts; 5],
    /// When each later phase begins, in this order.
    begins: Vec<(Time, Phase)>,
    phase: Phase,
    since: Time,
    held: u64,
}

/// The counts of one phase.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) lasted: Duration,
    pub(crate) requests: u64,
    pub(crate) made_up: u64,
    /// Requests that came while the sandbox was at work, and that go to another one.
    pub(crate) handed_on: u64,
    pub(crate) starts: u64,
    /// Calls to SSM, attempts that are repeated included.
    pub(crate) ssm: Rate,
    pub(crate) throttled: u64,
    /// Loads that failed.
    pub(crate) failed_loads: u64,
    /// Calls to Okta by the authorizer.
    pub(crate) okta: Rate,
    pub(crate) okta_causes: BTreeMap<Cause, u64>,
    /// Calls to Okta by the `keys` function, and profiles that it could not renew.
    pub(crate) keys_calls: u64,
    pub(crate) keys_failed: u64,
    pub(crate) refused: BTreeMap<Refusal, u64>,
    /// Refused since Okta was out of reach, and no stored key set could have the key.
    pub(crate) refused_for_okta: u64,
    pub(crate) longest_start: Duration,
    /// Starts that took longer than an HTTP API waits.
    pub(crate) too_long_starts: u64,
    /// Of a good request to a sandbox that had started, and of one with a made-up `kid`.
    pub(crate) longest_wait: Duration,
    pub(crate) longest_wait_of_made_up: Duration,
    /// The most sandboxes that were at work after an answer at the same time.
    pub(crate) held: u64,
}

/// A number of calls, and how many there were in the busiest second and minute.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Rate {
    pub(crate) total: u64,
    pub(crate) busiest_second: u64,
    pub(crate) busiest_minute: u64,
    second: (u64, u64),
    minute: (u64, u64),
}

impl Rate {
    fn note(&mut self, now: Time) {
        let count = |(at, count): &mut (u64, u64), current: u64| {
            *count = if *at == current { *count + 1 } else { 1 };
            *at = current;
            *count
        };
        self.total += 1;
        self.busiest_second = self.busiest_second.max(count(&mut self.second, now.as_secs()));
        self.busiest_minute = self.busiest_minute.max(count(&mut self.minute, now.as_secs() / 60));
    }
}

impl Counts {
    pub(crate) fn refused(&self) -> u64 {
        self.refused.values().sum()
    }

    pub(crate) fn okta_for(&self, cause: Cause) -> u64 {
        self.okta_causes.get(&cause).copied().unwrap_or_default()
    }
}

impl Ledger {
    pub(super) fn new(options: &Options) -> Self {
        let after = |of| FIRST_START + minutes(of);
        let mut begins = Vec::new();
        if options.rotation != Rotation::None {
            begins.push((after(options.rotation_at), Phase::Rotation));
        }
        if options.outage_minutes > 0 {
            begins.push((after(options.outage_from), Phase::Outage));
            begins.push((after(options.outage_from + options.outage_minutes), Phase::Recovery));
        }
        begins.sort_by_key(|(at, _)| *at);
        Self { counts: Default::default(), begins, phase: Phase::ColdStart, since: FIRST_START, held: 0 }
    }

    pub(crate) const fn of(&self, phase: Phase) -> &Counts {
        &self.counts[phase as usize]
    }

    /// Refused requests of all phases.
    pub(crate) fn refused(&self) -> u64 {
        self.counts.iter().map(Counts::refused).sum()
    }

    /// Time has come this far.
    pub(super) fn advance(&mut self, now: Time) {
        while let Some((at, phase)) = self.begins.first().copied().filter(|(at, _)| *at <= now) {
            self.begins.remove(0);
            self.enter(phase, at);
        }
    }

    /// Every sandbox of the first wave has its profiles.
    pub(super) fn all_started(&mut self, now: Time) {
        if self.phase == Phase::ColdStart {
            self.enter(Phase::Steady, now);
        }
    }

    pub(super) fn ends(&mut self, now: Time) {
        self.enter(self.phase, now);
    }

    fn enter(&mut self, phase: Phase, at: Time) {
        let lasted = at.saturating_sub(self.since);
        self.now().lasted += lasted;
        (self.phase, self.since) = (phase, at);
        let held = self.held;
        self.now().held = self.now().held.max(held);
    }

    pub(super) const fn now(&mut self) -> &mut Counts {
        &mut self.counts[self.phase as usize]
    }

    pub(super) fn ssm_call(&mut self, now: Time, throttled: bool) {
        let counts = self.now();
        counts.ssm.note(now);
        counts.throttled += u64::from(throttled);
    }

    pub(super) fn okta_call(&mut self, now: Time, cause: Cause) {
        let counts = self.now();
        counts.okta.note(now);
        *counts.okta_causes.entry(cause).or_default() += 1;
    }

    /// A request is answered. `theirs` says that nothing of ours could have had the key.
    pub(super) fn answered(&mut self, request: &Request, answer: Answer, theirs: bool, now: Time) {
        let counts = self.now();
        counts.requests += 1;
        match answer {
            Answer::Decided => {}
            Answer::MadeUpRefused => counts.made_up += 1,
            Answer::Refused(_) if theirs => counts.refused_for_okta += 1,
            Answer::Refused(refusal) => *counts.refused.entry(refusal).or_default() += 1,
        }
        let waited = now - request.came_at;
        let longest = if request.began_at != request.came_at {
            counts.starts += 1;
            counts.too_long_starts += u64::from(waited > HTTP_API_WAITS);
            &mut counts.longest_start
        } else if answer == Answer::MadeUpRefused {
            &mut counts.longest_wait_of_made_up
        } else {
            &mut counts.longest_wait
        };
        *longest = waited.max(*longest);
    }

    /// A sandbox begins or ends its work after an answer.
    pub(super) fn held(&mut self, more: bool) {
        self.held = if more { self.held + 1 } else { self.held.saturating_sub(1) };
        let held = self.held;
        self.now().held = self.now().held.max(held);
    }
}
