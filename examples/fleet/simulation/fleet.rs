//! The fleet: events in their order, and requests to the sandboxes that are up.

mod calls;
mod requests;

use std::error::Error;
use std::time::Duration;

use okta_security_profiles::domain::refresh::Jitter;

use super::constants::KEYS_PATIENCE;
use super::events::{Event, Owner, Queue};
use super::keys_function::KeysFunction;
use super::ledger::Ledger;
use super::load::Load;
use super::okta::Okta;
use super::options::Options;
use super::random::Random;
use super::retries::RetryTokens;
use super::sandbox::{Activity, Sandbox};
use super::ssm::Ssm;
use super::{FIRST_START, Outage, Time, minutes};
use requests::Ticks;

/// How often the `keys` function runs, and at which minute from the first start. That Lambda runs it twice more where it
/// could not read the profiles is left out.
const KEYS_EVERY: Duration = Duration::from_secs(60 * 60);
const KEYS_AT: u64 = 20;

/// Everything there is.
#[derive(Debug)]
struct Fleet<'o> {
    options: &'o Options,
    random: Random,
    queue: Queue,
    ticks: Ticks,
    sandboxes: Vec<Sandbox>,
    /// How many of the first wave have no profiles yet.
    without_profiles: usize,
    ssm: Ssm,
    okta: Okta,
    keys: KeysFunction,
    /// The `keys` function's load, and the tokens of its client.
    keys_load: Option<Load>,
    keys_loads: u32,
    keys_tokens: RetryTokens,
    ledger: Ledger,
}

/// Simulates, and says what was counted.
pub(crate) fn run(options: &Options) -> Result<Ledger, Box<dyn Error>> {
    run_until(options, |_, _| false)
}

/// Ends earlier where `enough` says so, which is told how many sandboxes of the first wave have no profiles yet.
pub(super) fn run_until(options: &Options, enough: impl Fn(&Ledger, usize) -> bool) -> Result<Ledger, Box<dyn Error>> {
    let mut fleet = Fleet::new(options)?;
    let ends = FIRST_START + minutes(options.minutes);
    loop {
        let (event_at, tick_at) = (fleet.queue.next_at().unwrap_or(Time::MAX), fleet.ticks.next_at());
        let now = event_at.min(tick_at);
        if now >= ends || enough(&fleet.ledger, fleet.without_profiles) {
            fleet.ledger.ends(now.min(ends));
            return Ok(fleet.ledger);
        }
        fleet.ledger.advance(now);
        if tick_at < event_at {
            let sandbox = fleet.ticks.next();
            fleet.tick(sandbox, now);
        } else if let Some((now, event)) = fleet.queue.pop() {
            fleet.handle(event, now);
        }
    }
}

impl<'o> Fleet<'o> {
    fn new(options: &'o Options) -> Result<Self, Box<dyn Error>> {
        let mut random = Random::new(options.seed);
        let mut fleet = Self {
            options,
            queue: Queue::default(),
            ticks: Ticks::new(options, &mut random),
            sandboxes: Vec::with_capacity(options.sandboxes),
            without_profiles: options.sandboxes,
            ssm: Ssm::new(options.ssm_limit, Outage::new(options.ssm_outage_from, options.ssm_outage_minutes)),
            okta: Okta::new(options)?,
            keys: KeysFunction::new(options.profiles, options.issuers())?,
            keys_load: None,
            keys_loads: 0,
            keys_tokens: RetryTokens::new(options.what_if.retry_tokens),
            ledger: Ledger::new(options),
            random,
        };
        fleet.set_events();
        Ok(fleet)
    }

    /// The starts of the first wave, the runs of the `keys` function, of which those before the first start are done at
    /// once, and the replacements.
    fn set_events(&mut self) {
        let within = Duration::from_secs(self.options.starting_within);
        for sandbox in 0..self.options.sandboxes {
            let new = self.new_sandbox();
            self.sandboxes.push(new);
            let starts_after = within.mul_f64(self.random.fraction());
            self.queue.push(FIRST_START + starts_after, Event::Start(sandbox));
        }
        let ends = FIRST_START + minutes(self.options.minutes);
        let mut run_at = minutes(KEYS_AT);
        while run_at < ends {
            if run_at < FIRST_START {
                self.keys.run(&self.okta, run_at);
            } else {
                self.queue.push(run_at, Event::Keys);
            }
            run_at += KEYS_EVERY;
        }
        if self.options.replaced_per_minute > 0 {
            self.queue.push(FIRST_START + minutes(1), Event::Replace);
        }
    }

    fn new_sandbox(&mut self) -> Sandbox {
        let (ttl, jitter) = (Duration::from_secs(self.options.ttl), Jitter::from_random(self.random.bits()));
        Sandbox::new(ttl, jitter, self.options.issuers(), RetryTokens::new(self.options.what_if.retry_tokens))
    }

    fn handle(&mut self, event: Event, now: Time) {
        match event {
            Event::Start(sandbox) => {
                let patience = Duration::from_millis(self.options.what_if.init_patience);
                let step = self.sandboxes[sandbox].start(now, patience);
                self.take(sandbox, step, now);
            }
            Event::Attempt(call) => self.attempt(call, now),
            Event::Came(call) => self.call_ended(call, true, now),
            Event::Failed(call) => self.call_ended(call, false, now),
            Event::GiveUp { owner, load } => self.give_up(owner, load, now),
            Event::Fetched { sandbox, fetch, edition } => self.fetched(sandbox, fetch, edition, now),
            Event::CutOff { sandbox, turn } => self.cut_off(sandbox, turn, now),
            Event::Keys => {
                self.keys_tokens = RetryTokens::new(self.options.what_if.retry_tokens);
                self.begin_load(Owner::Keys, true, KEYS_PATIENCE, now);
            }
            Event::Replace => self.replace(now),
        }
    }

    /// A sandbox that waits for requests ends, and a request starts another one in its place.
    fn replace(&mut self, now: Time) {
        let next = minutes(1) / u32::try_from(self.options.replaced_per_minute).unwrap_or(u32::MAX);
        self.queue.push(now + next, Event::Replace);
        let chosen = self.random.below(self.sandboxes.len());
        if matches!(self.sandboxes[chosen].activity, Activity::Idle) && self.sandboxes[chosen].has_profiles() {
            let mut new = self.new_sandbox();
            let old = &self.sandboxes[chosen];
            (new.loads, new.fetches, new.turns) = (old.loads, old.fetches, old.turns);
            self.sandboxes[chosen] = new;
            self.handle(Event::Start(chosen), now);
        }
    }
}
