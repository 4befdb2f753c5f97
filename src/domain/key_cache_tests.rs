//! Tests of the key cache's states, with time as an argument.

use std::time::Duration;

use serde_json::json;

use super::{FetchReason, KeyCache, KeyLookup, MAX_STALENESS, MIN_FETCH_INTERVAL, RETRY_INTERVAL_WITHOUT_KEYS};
use crate::domain::jose::base64url;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::key_set::KeySet;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::refresh::Jitter;
use crate::domain::time::{Moment, MonotonicTime, UnixTime};

const HOUR: Duration = Duration::from_secs(3600);

fn at(elapsed: Duration) -> MonotonicTime {
    MonotonicTime::from_start(elapsed)
}

fn keys(kid: &str) -> KeySet {
    let jwk = json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64url::encode([9; 32])});
    KeySet::from_json(json!({"keys": [jwk]}).to_string().as_bytes()).expect("a key set")
}

fn kid(kid: &str) -> KeyId {
    KeyId::new(kid).expect("a key id")
}

/// The look-up's answer in one word.
fn state(cache: &KeyCache, key_id: &str, elapsed: Duration) -> &'static str {
    match cache.look_up(&kid(key_id), at(elapsed)) {
        KeyLookup::Found(_) => "found",
        KeyLookup::Due(_) => "found, and due",
        KeyLookup::Fetch { why: FetchReason::NothingHeld, fallback: None } => "fetch: nothing held",
        KeyLookup::Fetch { why: FetchReason::Stale, fallback: Some(_) } => "fetch: stale",
        KeyLookup::Fetch { why: FetchReason::UnknownKeyId, fallback: None } => "fetch: unknown kid",
        KeyLookup::Fetch { .. } => "fetch: impossible",
        KeyLookup::UnknownKey => "unknown",
        KeyLookup::NoKeys => "no keys",
    }
}

fn fetched(max_age: Option<Duration>) -> KeyCache {
    let mut cache = KeyCache::new(Jitter::NONE);
    cache.fetch_begins(at(Duration::ZERO));
    cache.fetched(keys("a"), max_age, at(Duration::ZERO));
    cache
}

#[test]
fn an_empty_cache_asks_for_a_fetch() {
    assert_eq!(state(&KeyCache::new(Jitter::NONE), "a", Duration::ZERO), "fetch: nothing held");
}

#[test]
fn fetched_keys_are_held_for_an_hour_where_okta_says_nothing() {
    let cache = fetched(None);
    assert_eq!(state(&cache, "a", HOUR), "found");
    assert_eq!(state(&cache, "a", HOUR + Duration::from_secs(1)), "fetch: stale");
}

/// Threat 54.
#[test]
fn freshness_has_a_floor_and_a_ceiling() {
    let eager = fetched(Some(Duration::ZERO));
    assert_eq!(state(&eager, "a", Duration::from_secs(60)), "found");
    assert_eq!(state(&eager, "a", Duration::from_secs(61)), "fetch: stale");
    let lazy = fetched(Some(HOUR * 48));
    assert_eq!(state(&lazy, "a", HOUR + Duration::from_secs(1)), "fetch: stale");
}

/// Threat 43.
#[test]
fn an_unknown_kid_asks_for_one_fetch_per_30_seconds() {
    let cache = fetched(None);
    assert_eq!(state(&cache, "b", MIN_FETCH_INTERVAL - Duration::from_secs(1)), "unknown");
    assert_eq!(state(&cache, "b", MIN_FETCH_INTERVAL), "fetch: unknown kid");
    assert_eq!(state(&cache, "a", MIN_FETCH_INTERVAL), "found", "a held key is not held up");
}

/// Threats 45 and 48.
#[test]
fn stale_keys_serve_for_24_hours_while_fetches_fail_and_not_longer() {
    let mut cache = fetched(None);
    let late = HOUR * 23;
    assert_eq!(state(&cache, "a", late), "fetch: stale");
    cache.fetch_begins(at(late));
    cache.fetch_failed(None, at(late));
    assert_eq!(state(&cache, "a", late), "found");
    assert!(cache.held(&kid("a"), at(MAX_STALENESS)).is_some());
    let beyond = MAX_STALENESS + Duration::from_secs(1);
    assert!(cache.held(&kid("a"), at(beyond)).is_none());
    assert_eq!(state(&cache, "a", beyond), "fetch: nothing held");
}

/// Threat 55.
#[test]
fn a_failed_fetch_pauses_for_as_long_as_okta_asked() {
    let mut cache = fetched(None);
    let failed_at = MIN_FETCH_INTERVAL;
    cache.fetch_begins(at(failed_at));
    cache.fetch_failed(Some(Duration::from_secs(300)), at(failed_at));
    assert_eq!(state(&cache, "b", failed_at + Duration::from_secs(299)), "unknown");
    assert_eq!(state(&cache, "b", failed_at + Duration::from_secs(300)), "fetch: unknown kid");
}

#[test]
fn without_any_keys_a_failed_fetch_is_tried_again_sooner() {
    let mut cache = KeyCache::new(Jitter::NONE);
    cache.fetch_begins(at(Duration::ZERO));
    cache.fetch_failed(None, at(Duration::ZERO));
    assert_eq!(state(&cache, "a", RETRY_INTERVAL_WITHOUT_KEYS - Duration::from_secs(1)), "no keys");
    assert_eq!(state(&cache, "a", RETRY_INTERVAL_WITHOUT_KEYS), "fetch: nothing held");
}

#[test]
fn keys_are_due_ahead_of_their_time_at_a_point_of_the_sandboxs_own() {
    let mut cache = KeyCache::new(Jitter::from_random(0));
    cache.fetched(keys("a"), None, at(Duration::ZERO));
    let three_quarters = HOUR * 3 / 4;
    assert_eq!(state(&cache, "a", three_quarters), "found");
    assert_eq!(state(&cache, "a", three_quarters + Duration::from_secs(1)), "found, and due");
    assert!(cache.is_due(at(three_quarters + Duration::from_secs(1))) && !cache.is_due(at(three_quarters)));
    cache.fetched(keys("a"), Some(Duration::ZERO), at(HOUR));
    assert_eq!(state(&cache, "a", HOUR + Duration::from_secs(60)), "found", "never before the floor");
}

#[test]
fn while_fetches_fail_a_stale_key_is_answered_with_at_once_and_the_pauses_grow() {
    let mut cache = fetched(None);
    let mut now = HOUR * 2;
    assert_eq!(state(&cache, "a", now), "fetch: stale");
    for pause in [30, 60, 120, 240, 240] {
        cache.fetch_begins(at(now));
        cache.fetch_failed(None, at(now));
        assert_eq!(state(&cache, "a", now + Duration::from_secs(pause - 1)), "found");
        now += Duration::from_secs(pause);
        assert_eq!(state(&cache, "a", now), "found, and due");
    }
    assert_eq!(state(&cache, "a", now + Duration::from_secs(300)), "fetch: stale", "a sandbox that slept asks first");
}

#[test]
fn a_stored_key_set_is_fresh_for_four_hours_unless_okta_said_less() {
    let mut cache = KeyCache::new(Jitter::NONE);
    cache.restore(&StoredKeySet { max_age: 600, ..stored("a", 100_000) }, moment(100_000, Duration::ZERO));
    assert_eq!(state(&cache, "a", Duration::from_secs(601)), "fetch: stale");
    cache.restore(&StoredKeySet { max_age: 86_400, ..stored("a", 100_700) }, moment(100_700, Duration::from_secs(700)));
    assert_eq!(state(&cache, "a", Duration::from_secs(700) + 4 * HOUR), "found");
}

#[test]
fn a_key_that_the_issuer_withdrew_is_gone_after_the_next_fetch() {
    let mut cache = fetched(None);
    cache.fetched(keys("b"), None, at(HOUR));
    assert!(cache.held(&kid("a"), at(HOUR)).is_none() && cache.held(&kid("b"), at(HOUR)).is_some());
}

fn stored(kid: &str, fetched_at: u64) -> StoredKeySet {
    StoredKeySet { keys: keys(kid).into(), fetched_at: UnixTime::from_seconds(fetched_at), max_age: 3600 }
}

fn moment(wall: u64, monotonic: Duration) -> Moment {
    Moment { wall: UnixTime::from_seconds(wall), monotonic: at(monotonic) }
}

/// Threat 47.
#[test]
fn a_stored_key_set_serves_a_cold_start_at_its_true_age() {
    let mut cache = KeyCache::new(Jitter::NONE);
    cache.restore(&stored("a", 100_000), moment(100_000 + 4 * 3_600, Duration::ZERO));
    assert_eq!(state(&cache, "a", Duration::ZERO), "found");
    assert_eq!(state(&cache, "a", Duration::from_secs(1)), "fetch: stale");
    assert_eq!(state(&cache, "a", HOUR * 20 + Duration::from_secs(1)), "fetch: nothing held");
}

#[test]
fn a_stored_key_set_replaces_only_older_keys() {
    let mut cache = fetched(None);
    cache.restore(&stored("old", 100_000), moment(100_000 + 7_200, HOUR));
    assert_eq!(state(&cache, "a", HOUR), "found");
    cache.restore(&stored("new", 100_000 + 7_000), moment(100_000 + 7_200, HOUR));
    assert_eq!(state(&cache, "new", HOUR), "found");
}

/// Threat 62.
#[test]
fn a_wall_clock_that_jumps_back_neither_ages_nor_rejuvenates_held_keys() {
    let mut cache = KeyCache::new(Jitter::NONE);
    cache.restore(&stored("a", 100_000), moment(50_000, Duration::ZERO));
    assert_eq!(state(&cache, "a", 4 * HOUR), "found", "a set from the future counts as new");
    assert_eq!(state(&cache, "a", 4 * HOUR + Duration::from_secs(1)), "fetch: stale");
}
