//! Loads and their calls to SSM, each tried again as the SDK does.

use std::time::Duration;

use super::Fleet;
use crate::simulation::Time;
use crate::simulation::constants::{
    ATTEMPT_TIMEOUT, OPERATION_TIMEOUT, SSM_TAKES, THROTTLED_RETRY_COST, TIMED_OUT_RETRY_COST,
};
use crate::simulation::events::{Event, Owner};
use crate::simulation::load::{Call, Load, Progress};
use crate::simulation::retries::{RetryTokens, pause};
use crate::simulation::ssm::SsmAnswer;

impl Fleet<'_> {
    pub(super) fn begin_load(&mut self, owner: Owner, key_sets_needed: bool, within: Duration, now: Time) {
        let number = self.count_load(owner);
        let mut load = Load::new(number, self.options.profiles, key_sets_needed);
        if let Owner::Sandbox(sandbox) = owner {
            for index in &self.sandboxes[sandbox].kept {
                load.note(*index, true);
            }
        }
        let complete = load.progress() == Progress::Complete;
        let calls: Vec<usize> = load.under_way().collect();
        *self.load_of(owner) = Some(load);
        if complete {
            return self.load_ended(owner, true, now);
        }
        self.queue.push(now + within, Event::GiveUp { owner, load: number });
        for index in calls {
            self.attempt(Call { owner, load: number, index, attempts: 1, began: now }, now);
        }
    }

    pub(super) fn attempt(&mut self, call: Call, now: Time) {
        let answer = self.ssm.ask(now);
        self.ledger.ssm_call(now, answer == SsmAnswer::Throttled);
        let answered_at = now + self.random.within(SSM_TAKES);
        match answer {
            SsmAnswer::Values => self.queue.push(answered_at, Event::Came(call)),
            SsmAnswer::Throttled => self.try_again(call, THROTTLED_RETRY_COST, answered_at),
            SsmAnswer::Silence => self.try_again(call, TIMED_OUT_RETRY_COST, now + ATTEMPT_TIMEOUT),
        }
    }

    /// `StandardRetryStrategy::should_attempt_retry`: attempts that are left, then tokens that are left.
    fn try_again(&mut self, call: Call, cost: u32, failed_at: Time) {
        let ends = call.began + OPERATION_TIMEOUT;
        let what_if = &self.options.what_if;
        if call.attempts >= what_if.max_attempts || !self.tokens_of(call.owner).take(cost) {
            return self.queue.push(failed_at.min(ends), Event::Failed(call));
        }
        let again_at = failed_at + pause(call.attempts, &self.options.what_if, &mut self.random);
        if again_at >= ends {
            return self.queue.push(ends, Event::Failed(call));
        }
        self.queue.push(again_at, Event::Attempt(Call { attempts: call.attempts + 1, ..call }));
    }

    pub(super) fn call_ended(&mut self, call: Call, came: bool, now: Time) {
        if came {
            self.tokens_of(call.owner).reward();
            self.keep(call);
        }
        // What belongs to an earlier load comes too late.
        let Some(load) = self.load_of(call.owner).as_mut().filter(|load| load.number == call.load) else { return };
        match load.note(call.index, came) {
            Progress::UnderWay => {}
            Progress::Complete => self.load_ended(call.owner, true, now),
            Progress::Failed => self.load_ended(call.owner, false, now),
        }
    }

    pub(super) fn give_up(&mut self, owner: Owner, number: u32, now: Time) {
        if self.load_of(owner).as_ref().is_some_and(|load| load.number == number) {
            self.load_ended(owner, false, now);
        }
    }

    fn load_ended(&mut self, owner: Owner, came: bool, now: Time) {
        let Some(load) = self.load_of(owner).take() else { return };
        self.ledger.now().failed_loads += u64::from(!came);
        match owner {
            Owner::Sandbox(sandbox) => self.sandbox_loaded(sandbox, came.then_some(load.key_sets), now),
            Owner::Keys if came => {
                let run = self.keys.run(&self.okta, now);
                self.ledger.now().keys_calls += run.okta_calls;
                self.ledger.now().keys_failed += run.failed;
            }
            Owner::Keys => self.ledger.now().keys_failed += self.options.profiles as u64,
        }
    }

    /// A call of a first load is kept for the next one, where that is asked for.
    fn keep(&mut self, call: Call) {
        let Owner::Sandbox(sandbox) = call.owner else { return };
        let sandbox = &mut self.sandboxes[sandbox];
        if !self.options.what_if.forget_what_came && !sandbox.has_profiles() && !sandbox.kept.contains(&call.index) {
            sandbox.kept.push(call.index);
        }
    }

    fn load_of(&mut self, owner: Owner) -> &mut Option<Load> {
        match owner {
            Owner::Sandbox(sandbox) => &mut self.sandboxes[sandbox].load,
            Owner::Keys => &mut self.keys_load,
        }
    }

    fn tokens_of(&mut self, owner: Owner) -> &mut RetryTokens {
        match owner {
            Owner::Sandbox(sandbox) => &mut self.sandboxes[sandbox].retry_tokens,
            Owner::Keys => &mut self.keys_tokens,
        }
    }

    fn count_load(&mut self, owner: Owner) -> u32 {
        let loads = match owner {
            Owner::Sandbox(sandbox) => &mut self.sandboxes[sandbox].loads,
            Owner::Keys => &mut self.keys_loads,
        };
        *loads += 1;
        *loads
    }
}
