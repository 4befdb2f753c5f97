//! Requests: one after the other to each sandbox, its answer, and what follows the answer.

use std::time::Duration;

use super::Fleet;
use crate::simulation::constants::{INVOCATION, RESERVE};
use crate::simulation::events::{Event, Owner};
use crate::simulation::okta::Kid;
use crate::simulation::options::Options;
use crate::simulation::outcome::{Answer, Refusal};
use crate::simulation::random::Random;
use crate::simulation::sandbox::{Activity, Fetch, Request, Step};
use crate::simulation::{FIRST_START, Time};

/// When a request comes to each sandbox: at the same distances, each sandbox at a moment of its own in between.
#[derive(Debug)]
pub(super) struct Ticks {
    /// By moment.
    sandboxes: Vec<(Duration, usize)>,
    next: usize,
    round: Time,
    distance: Duration,
}

impl Ticks {
    pub(super) fn new(options: &Options, random: &mut Random) -> Self {
        let share = options.sandboxes as f64 / options.requests_per_second.max(1) as f64;
        let distance = Duration::from_secs_f64(share.max(0.001));
        let mut sandboxes: Vec<(Duration, usize)> =
            (0..options.sandboxes).map(|sandbox| (distance.mul_f64(random.fraction()), sandbox)).collect();
        sandboxes.sort_unstable();
        Self { sandboxes, next: 0, round: FIRST_START, distance }
    }

    pub(super) fn next_at(&self) -> Time {
        self.sandboxes.get(self.next).map_or(Time::MAX, |(moment, _)| self.round + *moment)
    }

    /// Whose turn it is.
    pub(super) fn next(&mut self) -> usize {
        let (_, sandbox) = self.sandboxes[self.next];
        self.next += 1;
        if self.next == self.sandboxes.len() {
            self.next = 0;
            self.round += self.distance;
        }
        sandbox
    }
}

impl Fleet<'_> {
    /// A request comes. Lambda hands one event at a time to a sandbox: while it is at work, another one gets it.
    pub(super) fn tick(&mut self, sandbox: usize, now: Time) {
        match self.sandboxes[sandbox].activity {
            Activity::Gone | Activity::Starting { .. } => {}
            Activity::Answering(_) | Activity::AfterAnswer { .. } => self.ledger.now().handed_on += 1,
            Activity::Idle => self.invoke(sandbox, now, now),
        }
    }

    fn invoke(&mut self, sandbox: usize, came_at: Time, now: Time) {
        let profile = self.random.below(self.options.profiles);
        let made_up = (self.random.below(1_000_000) as u64) < self.options.made_up_per_million;
        let kid = if made_up { Kid::MadeUp } else { self.okta.token(now, &mut self.random) };
        let request = Request { came_at, began_at: now, profile, kid };
        let step = self.sandboxes[sandbox].receive(request, &self.okta);
        match step {
            Step::Answer(answer) => self.answer(sandbox, request, answer, now),
            step @ (Step::Load { .. } | Step::Fetch(_)) => {
                let turn = self.sandboxes[sandbox].turns;
                self.queue.push(now + INVOCATION - RESERVE, Event::CutOff { sandbox, turn });
                self.take(sandbox, step, now);
            }
        }
    }

    pub(super) fn take(&mut self, sandbox: usize, step: Step, now: Time) {
        match step {
            Step::Load { key_sets_needed, within } => {
                self.begin_load(Owner::Sandbox(sandbox), key_sets_needed, within, now);
            }
            Step::Fetch(fetch) => self.fetch(sandbox, fetch, now),
            Step::Answer(answer) => {
                if let Activity::Answering(request) = self.sandboxes[sandbox].activity {
                    self.answer(sandbox, request, answer, now);
                }
            }
        }
    }

    /// A load has ended: well, and with key sets or without, or not.
    pub(super) fn sandbox_loaded(&mut self, index: usize, came: Option<bool>, now: Time) {
        let sandbox = &mut self.sandboxes[index];
        let had_profiles = sandbox.has_profiles();
        match came {
            Some(key_sets) => sandbox.loaded(key_sets.then(|| self.keys.key_sets())),
            None => {
                sandbox.load_failed();
                let pause = Duration::from_millis(self.options.what_if.first_load_pause);
                sandbox.first_load_not_before = now + pause.mul_f64(0.5 + 0.5 * self.random.fraction());
            }
        }
        let has_first_profiles = !had_profiles && self.sandboxes[index].has_profiles();
        match self.sandboxes[index].activity.clone() {
            // The request that the sandbox was started for comes now, whether the profiles did or not.
            Activity::Starting { since } => self.invoke(index, since, now),
            Activity::Answering(request) => {
                let step = self.sandboxes[index].go_on(request, &self.okta);
                self.take(index, step, now);
            }
            Activity::AfterAnswer { fetching, .. } => self.still_at_work(index, false, fetching),
            Activity::Gone | Activity::Idle => {}
        }
        if has_first_profiles && self.without_profiles > 0 {
            self.without_profiles -= 1;
            if self.without_profiles == 0 {
                self.ledger.all_started(now);
            }
        }
    }

    fn fetch(&mut self, sandbox: usize, fetch: Fetch, now: Time) {
        self.ledger.okta_call(now, fetch.cause);
        let (takes, edition) = self.okta.fetch(now, fetch.within, &mut self.random);
        let waiting = &mut self.sandboxes[sandbox];
        waiting.fetches += 1;
        waiting.fetching = fetch.issuer;
        self.queue.push(now + takes, Event::Fetched { sandbox, fetch: waiting.fetches, edition });
    }

    pub(super) fn fetched(&mut self, index: usize, fetch: u32, edition: Option<usize>, now: Time) {
        let sandbox = &mut self.sandboxes[index];
        if sandbox.fetches != fetch {
            return;
        }
        match sandbox.activity.clone() {
            Activity::Answering(request) => {
                let answer = sandbox.fetched(request, edition, &self.okta);
                self.answer(index, request, answer, now);
            }
            Activity::AfterAnswer { loading, .. } => match sandbox.fetched_after_answer(edition, &self.okta) {
                Some(next) => self.fetch(index, next, now),
                None => self.still_at_work(index, loading, false),
            },
            Activity::Gone | Activity::Starting { .. } | Activity::Idle => {}
        }
    }

    /// `deadline::within`: what still waits is dropped. Calls to SSM are tasks of their own and go on.
    pub(super) fn cut_off(&mut self, index: usize, turn: u32, now: Time) {
        let sandbox = &mut self.sandboxes[index];
        if sandbox.turns != turn {
            return;
        }
        match sandbox.activity.clone() {
            Activity::Answering(request) => {
                sandbox.drop_waiting();
                self.answer(index, request, Answer::Refused(Refusal::Deadline), now);
            }
            Activity::AfterAnswer { .. } => {
                sandbox.drop_waiting();
                self.still_at_work(index, false, false);
            }
            Activity::Gone | Activity::Starting { .. } | Activity::Idle => {}
        }
    }

    /// Answers, and does what is due after the answer (`AfterAnswer`, `AuthorizeRequest::refresh_due`).
    fn answer(&mut self, index: usize, request: Request, answer: Answer, now: Time) {
        // A key that Okta began to sign with while nobody could fetch it.
        let theirs = answer == Answer::Refused(Refusal::KeysUnavailable) && self.okta.is_out_of_reach(now);
        self.ledger.answered(&request, answer, theirs, now);
        let sandbox = &mut self.sandboxes[index];
        let (load, fetch) = sandbox.after_answer(request.began_at, now);
        if load.is_none() && fetch.is_none() {
            sandbox.activity = Activity::Idle;
            return;
        }
        sandbox.activity = Activity::AfterAnswer { loading: load.is_some(), fetching: fetch.is_some() };
        let turn = sandbox.turns;
        self.ledger.held(true);
        self.queue.push(request.began_at + INVOCATION - RESERVE, Event::CutOff { sandbox: index, turn });
        if let Some(step) = load {
            self.take(index, step, now);
        }
        if let Some(fetch) = fetch {
            self.fetch(index, fetch, now);
        }
    }

    fn still_at_work(&mut self, index: usize, loading: bool, fetching: bool) {
        if loading || fetching {
            self.sandboxes[index].activity = Activity::AfterAnswer { loading, fetching };
        } else {
            self.sandboxes[index].activity = Activity::Idle;
            self.ledger.held(false);
        }
    }
}
