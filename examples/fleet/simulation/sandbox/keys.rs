//! A sandbox's keys: a real `KeyCache` for each issuer, and the rules of `KeyRing` around it.

use std::sync::Arc;
use std::time::Duration;

use okta_security_profiles::application::call_time::CallTime;
use okta_security_profiles::domain::jose::stored_key_set::StoredKeySet;
use okta_security_profiles::domain::key_cache::{FetchReason, KeyCache, KeyLookup};
use okta_security_profiles::domain::refresh::Jitter;
use okta_security_profiles::domain::time::MonotonicTime;

use crate::simulation::okta::{Kid, Okta};
use crate::simulation::outcome::{Answer, Cause, Refusal};

/// All issuers' keys.
#[derive(Debug)]
pub(super) struct KeyRing {
    pub(super) issuers: Vec<IssuerKeys>,
    /// Whose keys are to be fetched once the call is answered.
    pub(super) due: Vec<usize>,
}

#[derive(Debug)]
pub(super) struct IssuerKeys {
    cache: KeyCache,
    /// The stored key set that was offered last.
    offered: Option<Arc<StoredKeySet>>,
    /// Whether the held keys came from Okta and not from the store.
    own: bool,
}

impl KeyRing {
    pub(super) fn new(issuers: usize, jitter: Jitter) -> Self {
        let new = |_| IssuerKeys { cache: KeyCache::new(jitter), offered: None, own: false };
        Self { issuers: (0..issuers).map(new).collect(), due: Vec::new() }
    }

    /// `KeyRing::find`: an answer, or why Okta is to be asked and how long the call waits for it.
    pub(super) fn find(
        &mut self,
        issuer: usize,
        stored: Option<&Arc<StoredKeySet>>,
        kid: Kid,
        okta: &Okta,
        time: CallTime,
    ) -> Result<Answer, (Cause, Duration)> {
        let keys = &mut self.issuers[issuer];
        if let Some(stored) = stored {
            keys.restore(stored, time);
        }
        let now = time.now.monotonic;
        match keys.cache.look_up(okta.key_id(issuer, kid), now) {
            KeyLookup::Found(_) => Ok(Answer::Decided),
            KeyLookup::Due(_) => {
                if !self.due.contains(&issuer) {
                    self.due.push(issuer);
                }
                Ok(Answer::Decided)
            }
            KeyLookup::Fetch { why, fallback } => {
                let within = if fallback.is_some() { time.spare() } else { time.left };
                keys.cache.fetch_begins(now);
                Err((Cause::of(why, kid, keys.own), within))
            }
            KeyLookup::UnknownKey => Ok(refused(kid, Refusal::KeyCoolingDown)),
            KeyLookup::NoKeys => Ok(refused(kid, Refusal::KeysUnavailable)),
        }
    }

    /// `KeyRing::fetch`: what came is taken, or the failure noted. `now` is that of the call which began it.
    pub(super) fn take(&mut self, issuer: usize, edition: Option<usize>, okta: &Okta, now: MonotonicTime) {
        let keys = &mut self.issuers[issuer];
        match edition {
            Some(edition) => {
                let fetched = okta.edition(issuer, edition).keys.clone();
                keys.cache.fetched(fetched, Some(okta.max_age()), now);
                keys.own = true;
            }
            None => {
                keys.cache.fetch_failed(None, now);
            }
        }
    }

    /// `KeyRing::fetch_once`, after the fetch: the fresh keys have the `kid` or not, and a stale key that is held serves.
    pub(super) fn after_fetch(&self, issuer: usize, kid: Kid, came: bool, okta: &Okta, now: MonotonicTime) -> Answer {
        let held = self.issuers[issuer].cache.held(okta.key_id(issuer, kid), now);
        match (held, came) {
            (Some(_), _) => Answer::Decided,
            (None, true) => refused(kid, Refusal::KeyUnknown),
            (None, false) => refused(kid, Refusal::KeysUnavailable),
        }
    }

    /// `KeyRing::refresh_due`: the next issuer that was noted and whose keys are due still.
    pub(super) fn next_due(&mut self, now: MonotonicTime) -> Option<(usize, Cause)> {
        while !self.due.is_empty() {
            let issuer = self.due.remove(0);
            let keys = &mut self.issuers[issuer];
            if keys.cache.is_due(now) {
                keys.cache.fetch_begins(now);
                return Some((issuer, Cause::of(FetchReason::Due, Kid::Signing(0), keys.own)));
            }
        }
        None
    }
}

impl IssuerKeys {
    /// `KeyCache::restore` does not look at a set again that it was offered before.
    fn restore(&mut self, stored: &Arc<StoredKeySet>, time: CallTime) {
        if self.offered.as_ref().is_some_and(|offered| Arc::ptr_eq(offered, stored)) {
            return;
        }
        let before = self.cache.age(time.now.monotonic);
        self.cache.restore(stored, time.now);
        if self.cache.age(time.now.monotonic) != before {
            self.own = false;
        }
        self.offered = Some(Arc::clone(stored));
    }
}

fn refused(kid: Kid, refusal: Refusal) -> Answer {
    match kid {
        Kid::Signing(_) => Answer::Refused(refusal),
        Kid::MadeUp => Answer::MadeUpRefused,
    }
}
