//! Wrong secrets that come again and again: kept from the authorization server for a while, so that a client which was
//! misconfigured, or somebody who guesses, does not use up its rate limit, and nobody locks another out.
//!
//! Two ledgers. One counts for a client *with this secret*: whoever has the right one is never held up by it. The other
//! counts for an address that tries one secret after another for a client; a client whose secret was right before is never
//! held up by that one either.

use std::collections::{HashMap, VecDeque};
use std::time::Duration;

use super::keyed_hash::SecretDigest;
use super::time::MonotonicTime;

/// Refusals of the same secret that reach the authorization server before the first pause.
const FREE_FOR_A_SECRET: u32 = 3;
/// Refusals of an address, for one client, before the first pause.
const FREE_FOR_A_CALLER: u32 = 10;
/// The first pause; it doubles with each further refusal.
const FIRST_PAUSE: Duration = Duration::from_secs(10);
/// The longest pause.
const LONGEST_PAUSE: Duration = Duration::from_secs(300);
/// How long after its pause ended a ledger's entry starts from nothing again.
const FORGOTTEN_AFTER: Duration = Duration::from_secs(600);
/// What is remembered, at most: the oldest is forgotten first.
const CAPACITY: usize = 1_024;

/// What is known of clients and callers.
#[derive(Debug, Default)]
pub struct RefusedClients {
    secrets: Ledger,
    callers: Ledger,
    /// Clients whose secret was right.
    accepted: Bounded<()>,
}

impl RefusedClients {
    /// How long this client with this secret, from this address, has to wait; `None`: it may go on.
    #[must_use]
    pub fn pause(&self, client: &SecretDigest, caller: Option<&SecretDigest>, now: MonotonicTime) -> Option<Duration> {
        let of_secret = self.secrets.pause(client, now);
        let known = self.accepted.get(client).is_some();
        let of_caller = caller.filter(|_| !known).and_then(|caller| self.callers.pause(caller, now));
        of_secret.max(of_caller)
    }

    /// The authorization server does not know this client, or not with this secret.
    pub fn refused(&mut self, client: SecretDigest, caller: Option<SecretDigest>, now: MonotonicTime) {
        self.accepted.remove(&client);
        self.secrets.count(client, FREE_FOR_A_SECRET, now);
        if let Some(caller) = caller {
            self.callers.count(caller, FREE_FOR_A_CALLER, now);
        }
    }

    /// The authorization server gave this client a token.
    pub fn accepted(&mut self, client: SecretDigest) {
        self.secrets.0.remove(&client);
        self.accepted.insert(client, ());
    }
}

/// Refusals in a row, and until when the next try waits.
#[derive(Debug, Default)]
struct Ledger(Bounded<Refusals>);

#[derive(Debug, Clone, Copy)]
struct Refusals {
    number: u32,
    wait_until: MonotonicTime,
}

impl Ledger {
    fn pause(&self, digest: &SecretDigest, now: MonotonicTime) -> Option<Duration> {
        let refusals = self.0.get(digest)?;
        Some(refusals.wait_until.since(now)).filter(|pause| !pause.is_zero())
    }

    fn count(&mut self, digest: SecretDigest, free: u32, now: MonotonicTime) {
        let recent = self.0.get(&digest).filter(|refusals| now.since(refusals.wait_until) < FORGOTTEN_AFTER);
        let number = recent.map_or(0, |refusals| refusals.number).saturating_add(1);
        let pause = match number.checked_sub(free) {
            None => Duration::ZERO,
            Some(over) => FIRST_PAUSE.saturating_mul(2_u32.saturating_pow(over.min(8))).min(LONGEST_PAUSE),
        };
        self.0.insert(digest, Refusals { number, wait_until: now.plus(pause) });
    }
}

/// A map of bounded size.
#[derive(Debug)]
struct Bounded<V> {
    values: HashMap<SecretDigest, V>,
    order: VecDeque<SecretDigest>,
}

impl<V> Default for Bounded<V> {
    fn default() -> Self {
        Self { values: HashMap::new(), order: VecDeque::new() }
    }
}

impl<V> Bounded<V> {
    fn get(&self, digest: &SecretDigest) -> Option<&V> {
        self.values.get(digest)
    }

    fn insert(&mut self, digest: SecretDigest, value: V) {
        if self.values.insert(digest, value).is_none() {
            self.order.push_back(digest);
            if self.order.len() > CAPACITY
                && let Some(oldest) = self.order.pop_front()
            {
                self.values.remove(&oldest);
            }
        }
    }

    fn remove(&mut self, digest: &SecretDigest) {
        if self.values.remove(digest).is_some() {
            self.order.retain(|held| held != digest);
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::{CAPACITY, RefusedClients};
    use crate::domain::keyed_hash::{KeyedHash, SecretDigest};
    use crate::domain::oauth::secret::ClientSecret;
    use crate::domain::profile::ClientId;
    use crate::domain::time::MonotonicTime;

    fn client(secret: &str) -> SecretDigest {
        let id = ClientId::new("0oa1").expect("an id");
        KeyedHash::under(&[7; 32]).of_client("https://a/", &id, &ClientSecret::new(secret.to_owned()))
    }

    fn caller(address: &str) -> SecretDigest {
        let id = ClientId::new("0oa1").expect("an id");
        KeyedHash::under(&[7; 32]).of_caller("https://a/", &id, address.parse().expect("an address"))
    }

    fn at(seconds: u64) -> MonotonicTime {
        MonotonicTime::from_start(Duration::from_secs(seconds))
    }

    fn seconds(pause: Option<Duration>) -> Option<u64> {
        pause.map(|pause| pause.as_secs())
    }

    #[test]
    fn the_same_wrong_secret_waits_longer_each_time_after_the_third() {
        let mut refused = RefusedClients::default();
        let mut now = 0;
        for expected in [None, None, Some(10), Some(20), Some(40), Some(80), Some(160), Some(300), Some(300)] {
            refused.refused(client("wrong"), None, at(now));
            assert_eq!(seconds(refused.pause(&client("wrong"), None, at(now))), expected);
            now += expected.unwrap_or(0);
            assert_eq!(refused.pause(&client("wrong"), None, at(now)), None);
        }
    }

    #[test]
    fn what_was_refused_long_ago_is_forgotten() {
        let mut refused = RefusedClients::default();
        for _ in 0..4 {
            refused.refused(client("wrong"), None, at(0));
        }
        assert_eq!(seconds(refused.pause(&client("wrong"), None, at(0))), Some(20));
        refused.refused(client("wrong"), None, at(619));
        assert_eq!(seconds(refused.pause(&client("wrong"), None, at(619))), Some(40));
        refused.refused(client("wrong"), None, at(659 + 600));
        assert_eq!(refused.pause(&client("wrong"), None, at(659 + 600)), None);
    }

    #[test]
    fn another_secret_of_the_same_client_is_not_held_up() {
        let mut refused = RefusedClients::default();
        for _ in 0..20 {
            refused.refused(client("wrong"), None, at(0));
        }
        assert!(refused.pause(&client("wrong"), None, at(0)).is_some());
        assert_eq!(refused.pause(&client("right"), None, at(0)), None);
    }

    #[test]
    fn an_address_that_guesses_waits_and_others_do_not() {
        let mut refused = RefusedClients::default();
        let (guesser, other) = (caller("203.0.113.7"), caller("203.0.113.8"));
        refused.accepted(client("right"));
        for guess in 0..10 {
            assert_eq!(refused.pause(&client("next"), Some(&guesser), at(0)), None, "{guess}");
            refused.refused(client(&guess.to_string()), Some(guesser), at(0));
        }
        assert_eq!(seconds(refused.pause(&client("next"), Some(&guesser), at(0))), Some(10));
        assert_eq!(refused.pause(&client("next"), Some(&other), at(0)), None);
        assert_eq!(refused.pause(&client("right"), Some(&guesser), at(0)), None, "behind the same address");
    }

    #[test]
    fn a_token_ends_a_clients_pause_and_a_refusal_its_good_name() {
        let mut refused = RefusedClients::default();
        for _ in 0..5 {
            refused.refused(client("a"), Some(caller("203.0.113.7")), at(0));
        }
        refused.accepted(client("a"));
        assert_eq!(refused.pause(&client("a"), None, at(0)), None);
        refused.refused(client("a"), None, at(0));
        assert!(refused.accepted.get(&client("a")).is_none());
    }

    #[test]
    fn what_is_remembered_is_bounded() {
        let mut refused = RefusedClients::default();
        for number in 0..3 * CAPACITY {
            refused.refused(client(&number.to_string()), None, at(0));
            refused.accepted(client(&format!("good {number}")));
        }
        assert_eq!(refused.secrets.0.values.len(), CAPACITY);
        assert_eq!((refused.accepted.values.len(), refused.accepted.order.len()), (CAPACITY, CAPACITY));
    }
}
