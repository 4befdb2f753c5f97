//! The key cache under random schedules of time, outages, rotations, stored key sets and made-up `kid`s: what must hold
//! whatever happens in which order.

use std::sync::Arc;
use std::time::Duration;

use proptest::prelude::*;
use serde_json::json;

use super::{
    FetchReason, KeyCache, KeyLookup, MAX_FRESHNESS, MAX_STALENESS, MIN_FETCH_INTERVAL, MIN_FRESHNESS,
    RETRY_INTERVAL_WITHOUT_KEYS, STORED_FRESHNESS,
};
use crate::domain::jose::base64url;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::key_set::KeySet;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::refresh::Jitter;
use crate::domain::time::{Moment, MonotonicTime, UnixTime};

const START: u64 = 1_800_000_000;
/// Keys that the issuer goes through, one after the other.
const KEYS: usize = 5;

/// One thing that happens.
#[derive(Debug, Clone)]
enum Step {
    /// Time passes.
    Pass(Duration),
    /// The issuer cannot be reached, or can be again.
    Outage(bool),
    /// The issuer signs with its next key; the one before it is withdrawn.
    Rotate,
    /// The `keys` function stores what the issuer publishes, and the sandbox reads it.
    Store,
    /// A token of the current key comes.
    Good,
    /// A token with a made-up `kid` comes.
    MadeUp,
}

fn step() -> impl Strategy<Value = Step> {
    let seconds = prop_oneof![4 => 0..40_u64, 3 => 40..4_000_u64, 1 => 4_000..100_000_u64];
    prop_oneof![
        4 => seconds.prop_map(|seconds| Step::Pass(Duration::from_secs(seconds))),
        1 => any::<bool>().prop_map(Step::Outage),
        1 => Just(Step::Rotate),
        1 => Just(Step::Store),
        6 => Just(Step::Good),
        3 => Just(Step::MadeUp),
    ]
}

/// The issuer, and one sandbox that does what the cache says.
struct World {
    cache: KeyCache,
    elapsed: Duration,
    down: bool,
    current: usize,
    max_age: Option<Duration>,
    /// When each fetch began, and whether it was for a key that is missing.
    fetches: Vec<(Duration, FetchReason)>,
    /// Which keys the held set has, and when they were published.
    held: Option<(usize, Duration)>,
    /// When the held set came, and how long it is fresh.
    fresh_until: Duration,
}

impl World {
    fn new(jitter: u64, max_age: Option<u64>) -> Self {
        Self {
            cache: KeyCache::new(Jitter::from_random(jitter)),
            elapsed: Duration::ZERO,
            down: false,
            current: 0,
            max_age: max_age.map(Duration::from_secs),
            fetches: Vec::new(),
            held: None,
            fresh_until: Duration::ZERO,
        }
    }

    fn now(&self) -> MonotonicTime {
        MonotonicTime::from_start(self.elapsed)
    }

    fn take(&mut self, step: &Step) {
        match step {
            Step::Pass(time) => self.elapsed += *time,
            Step::Outage(down) => self.down = *down,
            Step::Rotate => self.current += 1,
            Step::Store => self.store(),
            Step::Good => self.call(&kid(self.current)),
            Step::MadeUp => self.call(&KeyId::new("made-up").expect("a key id")),
        }
    }

    fn store(&mut self) {
        if self.down {
            return;
        }
        let fetched_at = UnixTime::from_seconds(START + self.elapsed.as_secs());
        let keys = Arc::new(keys(self.current));
        let stored = StoredKeySet { keys, fetched_at, max_age: MAX_FRESHNESS.as_secs() };
        let younger = self.held.is_none_or(|(_, since)| since < self.elapsed);
        self.cache.restore(&stored, Moment { wall: fetched_at, monotonic: self.now() });
        if younger && self.cache.held(&kid(self.current), self.now()).is_some() {
            self.held = Some((self.current, self.elapsed));
            self.fresh_until = self.elapsed + STORED_FRESHNESS;
        }
    }

    /// A token comes, and what is due is refreshed once it is answered.
    fn call(&mut self, key_id: &KeyId) {
        let is_held = self.held_key_is(key_id);
        let looked_up = self.cache.look_up(key_id, self.now());
        match looked_up {
            KeyLookup::Found(key) | KeyLookup::Due(key) => {
                assert_eq!(key.key_id(), key_id);
                assert!(is_held, "a key that is not held, or expired, was served");
            }
            KeyLookup::Fetch { why, fallback } => {
                assert_eq!(fallback.is_some(), is_held, "a held key was refused within 24 hours");
                if why == FetchReason::Stale {
                    assert!(self.elapsed > self.fresh_until, "fresh keys hold up no call");
                }
                self.fetch(why);
                assert_eq!(self.cache.held(key_id, self.now()).is_some(), self.held_key_is(key_id));
            }
            KeyLookup::UnknownKey => assert!(!is_held, "a held key was refused within 24 hours"),
            KeyLookup::NoKeys => {
                assert!(!is_held, "a held key was refused within 24 hours");
                assert!(!self.fetches.is_empty(), "nothing was ever tried");
            }
        }
        if self.cache.is_due(self.now()) {
            self.fetch(FetchReason::Due);
        }
    }

    fn held_key_is(&self, key_id: &KeyId) -> bool {
        self.held.is_some_and(|(key, since)| kid(key) == *key_id && self.elapsed - since <= MAX_STALENESS)
    }

    fn fetch(&mut self, why: FetchReason) {
        let has_keys = self.held.is_some_and(|(_, since)| self.elapsed - since <= MAX_STALENESS);
        self.fetches.push((self.elapsed, why));
        self.cache.fetch_begins(self.now());
        if self.down {
            self.cache.fetch_failed(None, self.now());
        } else {
            self.cache.fetched(keys(self.current), self.max_age, self.now());
            self.held = Some((self.current, self.elapsed));
            let fresh_for = self.max_age.unwrap_or(MAX_FRESHNESS).clamp(MIN_FRESHNESS, MAX_FRESHNESS);
            self.fresh_until = self.elapsed + fresh_for;
        }
        if let [.., (before, _), (this, _)] = self.fetches[..] {
            let least = if has_keys { MIN_FETCH_INTERVAL } else { RETRY_INTERVAL_WITHOUT_KEYS };
            assert!(this - before >= least, "{why:?}: {:?} after the one before", this - before);
        }
    }
}

fn kid(number: usize) -> KeyId {
    KeyId::new(&format!("key-{}", number % KEYS)).expect("a key id")
}

fn keys(number: usize) -> KeySet {
    let jwk = json!({"kty": "OKP", "kid": kid(number).as_str(), "crv": "Ed25519", "x": base64url::encode([9; 32])});
    KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).expect("a key set")
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    /// Threats 43, 45, 48 and 54: never more fetches than allowed, never an expired set served, never a held key refused
    /// while its set is within 24 hours.
    #[test]
    fn whatever_happens_held_keys_serve_for_24_hours_and_fetches_keep_their_distance(
        jitter in any::<u64>(),
        max_age in prop_oneof![Just(None), (0..10_000_u64).prop_map(Some)],
        steps in prop::collection::vec(step(), 1..200),
    ) {
        let mut world = World::new(jitter, max_age);
        for step in &steps {
            world.take(step);
        }
    }

    /// Threats 45 and 55: with the issuer down for good, the fetches become rare.
    #[test]
    fn in_a_long_outage_an_issuer_is_asked_once_in_four_minutes(jitter in any::<u64>()) {
        let mut world = World::new(jitter, None);
        world.take(&Step::Good);
        world.take(&Step::Outage(true));
        for _ in 0..23 * 3_600 / 10 {
            world.take(&Step::Pass(Duration::from_secs(10)));
            world.take(&Step::Good);
        }
        let hours = world.elapsed.as_secs() / 3_600;
        prop_assert!(world.fetches.len() as u64 <= 5 + hours * 15, "{} fetches in {hours} h", world.fetches.len());
        prop_assert!(world.fetches.len() as u64 >= hours * 14, "it goes on trying");
    }

    /// With the `keys` function at work, a sandbox that reads what it stores asks the issuer nothing.
    #[test]
    fn while_stored_key_sets_are_renewed_every_hour_no_sandbox_asks_the_issuer(jitter in any::<u64>()) {
        let mut world = World::new(jitter, None);
        world.take(&Step::Store);
        for minute in 1..=48 * 60 {
            world.take(&Step::Pass(Duration::from_secs(60)));
            if minute % 65 == 0 {
                world.take(&Step::Store);
            }
            world.take(&Step::Good);
        }
        prop_assert_eq!(world.fetches.len(), 0);
    }
}
