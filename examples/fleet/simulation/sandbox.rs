//! One sandbox of the authorizer: the real state machines, and what `ProfileCatalog`, `KeyRing` and `AfterAnswer` do with
//! them, step by step. It says what is to be asked of SSM and Okta, and is told what came.

mod keys;

use std::time::Duration;

use okta_security_profiles::application::call_time::CallTime;
use okta_security_profiles::domain::profile_freshness::{ProfileFreshness, ProfileState};
use okta_security_profiles::domain::refresh::{Jitter, Refresh};

use super::constants::{INVOCATION, MARGIN, RESERVE};
use super::keys_function::StoredKeySets;
use super::load::Load;
use super::okta::{Kid, Okta};
use super::outcome::{Answer, Cause, Refusal};
use super::retries::RetryTokens;
use super::{Time, moment};
use keys::KeyRing;

/// A sandbox, from its start to its end.
#[derive(Debug)]
pub(super) struct Sandbox {
    pub(super) activity: Activity,
    /// The load under way, whoever waits for it.
    pub(super) load: Option<Load>,
    /// The calls of a first load that failed and that had come, where they are kept.
    pub(super) kept: Vec<usize>,
    pub(super) retry_tokens: RetryTokens,
    /// When a first load may begin, beyond what the state machine says.
    pub(super) first_load_not_before: Time,
    /// Numbers of loads, fetches and turns: an event with another number comes too late.
    pub(super) loads: u32,
    pub(super) fetches: u32,
    pub(super) turns: u32,
    /// Whose keys are being fetched.
    pub(super) fetching: usize,
    freshness: ProfileFreshness,
    stored: Option<StoredKeySets>,
    keys: KeyRing,
    /// `CallTime` of the call, or of the work after it, that is under way.
    time: CallTime,
}

/// What it does.
#[derive(Debug, Clone)]
pub(super) enum Activity {
    /// It does not exist, or no longer.
    Gone,
    /// It starts; the request that it was started for came then.
    Starting { since: Time },
    /// It waits for a request.
    Idle,
    /// A request waits for SSM or Okta.
    Answering(Request),
    /// The request is answered; SSM, Okta or both are waited for.
    AfterAnswer { loading: bool, fetching: bool },
}

/// A request.
#[derive(Debug, Clone, Copy)]
pub(super) struct Request {
    pub(super) came_at: Time,
    /// When its invocation began: later than it came where a sandbox had to start first.
    pub(super) began_at: Time,
    pub(super) profile: usize,
    pub(super) kid: Kid,
}

/// What is to be done next.
#[derive(Debug, Clone, Copy)]
pub(super) enum Step {
    /// Read the profiles, and give up after this time.
    Load { key_sets_needed: bool, within: Duration },
    /// Fetch an issuer's keys.
    Fetch(Fetch),
    /// Answer.
    Answer(Answer),
}

/// A fetch from Okta.
#[derive(Debug, Clone, Copy)]
pub(super) struct Fetch {
    pub(super) issuer: usize,
    pub(super) within: Duration,
    pub(super) cause: Cause,
}

impl Sandbox {
    pub(super) fn new(ttl: Duration, jitter: Jitter, issuers: usize, retry_tokens: RetryTokens) -> Self {
        Self {
            activity: Activity::Gone,
            load: None,
            kept: Vec::new(),
            retry_tokens,
            first_load_not_before: Time::ZERO,
            loads: 0,
            fetches: 0,
            turns: 0,
            fetching: 0,
            freshness: ProfileFreshness::new(ttl, jitter),
            stored: None,
            keys: KeyRing::new(issuers, jitter),
            time: CallTime { now: moment(Time::ZERO), left: Duration::ZERO },
        }
    }

    /// Whether it ever loaded its profiles.
    pub(super) const fn has_profiles(&self) -> bool {
        self.stored.is_some()
    }

    /// Init: `run_authorizer` warms up with `INIT_PATIENCE`.
    pub(super) fn start(&mut self, now: Time, patience: Duration) -> Step {
        self.activity = Activity::Starting { since: now };
        self.time = CallTime { now: moment(now), left: patience };
        self.begin_load(patience)
    }

    /// An invocation begins: `ProfileCatalog::current`, with what `deadline::within` leaves.
    pub(super) fn receive(&mut self, request: Request, okta: &Okta) -> Step {
        let left = INVOCATION - RESERVE - MARGIN;
        self.time = CallTime { now: moment(request.began_at), left };
        self.turns += 1;
        let state = self.freshness.state(self.time.now.monotonic);
        match state {
            ProfileState::Loaded(Refresh::NotNow | Refresh::AfterAnswer) => self.find_key(request, okta),
            ProfileState::Loaded(Refresh::BeforeAnswer) => self.wait(request, |sandbox| {
                let spare = sandbox.time.spare();
                sandbox.begin_load(spare)
            }),
            ProfileState::EmptyCoolingDown => Step::Answer(Answer::Refused(Refusal::ProfilesUnavailable)),
            ProfileState::Empty if request.began_at < self.first_load_not_before => {
                Step::Answer(Answer::Refused(Refusal::ProfilesUnavailable))
            }
            ProfileState::Empty => self.wait(request, |sandbox| sandbox.begin_load(left)),
        }
    }

    /// The load that an answer waited for has ended: `ProfileCatalog::load`, then `KeyRing::find`. A load that fails is
    /// no matter where earlier profiles are held.
    pub(super) fn go_on(&mut self, request: Request, okta: &Okta) -> Step {
        if self.has_profiles() {
            return self.find_key(request, okta);
        }
        Step::Answer(Answer::Refused(Refusal::ProfilesUnavailable))
    }

    /// `ProfileCatalog::take`: the time of a load is that of the call which began it.
    pub(super) fn loaded(&mut self, key_sets: Option<StoredKeySets>) {
        self.freshness.loaded(key_sets.is_some(), self.time.now.monotonic);
        if key_sets.is_some() {
            self.stored = key_sets;
        }
        self.kept.clear();
    }

    /// `ProfileCatalog::load_failed`.
    pub(super) fn load_failed(&mut self) {
        self.freshness.load_failed(self.time.now.monotonic);
    }

    /// The fetch that an answer waited for has ended: `KeyRing::fetch_once`.
    pub(super) fn fetched(&mut self, request: Request, edition: Option<usize>, okta: &Okta) -> Answer {
        let (issuer, now) = (self.issuer_of(request.profile), self.time.now.monotonic);
        self.keys.take(issuer, edition, okta, now);
        self.keys.after_fetch(issuer, request.kid, edition.is_some(), okta, now)
    }

    /// What is due once a call is answered: `ProfileCatalog::refresh_due` and `KeyRing::refresh_due`, side by side.
    pub(super) fn after_answer(&mut self, began_at: Time, now: Time) -> (Option<Step>, Option<Fetch>) {
        let left = (began_at + INVOCATION).saturating_sub(now + RESERVE + MARGIN);
        self.time = CallTime { now: moment(now), left };
        self.turns += 1;
        if left.is_zero() {
            return (None, None);
        }
        let due = self.freshness.state(self.time.now.monotonic) == ProfileState::Loaded(Refresh::AfterAnswer);
        (due.then(|| self.begin_load(left)), self.next_due_fetch())
    }

    /// A fetch after the answer has ended; the keys of the next issuer that was due follow.
    pub(super) fn fetched_after_answer(&mut self, edition: Option<usize>, okta: &Okta) -> Option<Fetch> {
        self.keys.take(self.fetching, edition, okta, self.time.now.monotonic);
        self.next_due_fetch()
    }

    /// What is waited for is dropped, and what is left of `KeyRing::refresh_due`'s list with it.
    pub(super) fn drop_waiting(&mut self) {
        self.load = None;
        self.fetches += 1;
        self.keys.due.clear();
    }

    fn next_due_fetch(&mut self) -> Option<Fetch> {
        let now = self.time.now.monotonic;
        let (issuer, cause) = self.keys.next_due(now)?;
        Some(Fetch { issuer, within: self.time.left, cause })
    }

    fn begin_load(&mut self, within: Duration) -> Step {
        let now = self.time.now.monotonic;
        self.freshness.load_begins(now);
        Step::Load { key_sets_needed: self.freshness.needs_key_sets(now), within }
    }

    fn find_key(&mut self, request: Request, okta: &Okta) -> Step {
        let issuer = self.issuer_of(request.profile);
        let stored = self.stored.as_ref().and_then(|stored| stored[request.profile].as_ref());
        match self.keys.find(issuer, stored, request.kid, okta, self.time) {
            Ok(answer) => Step::Answer(answer),
            Err((cause, within)) => self.wait(request, |_| Step::Fetch(Fetch { issuer, within, cause })),
        }
    }

    fn wait(&mut self, request: Request, step: impl FnOnce(&mut Self) -> Step) -> Step {
        self.activity = Activity::Answering(request);
        step(self)
    }

    const fn issuer_of(&self, profile: usize) -> usize {
        profile % self.keys.issuers.len()
    }
}
