//! Tests of the key ring's refreshes: when they are made, how long they may take, and when the issuer is left alone.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use url::Url;

use super::{CallTime, HOUR, KeyRing, SECOND, stored_okta_key};
use crate::adapters::memory::MemoryKeySetSource;
use crate::domain::jose::header::KeyId;
use crate::domain::refresh::Jitter;
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::testing::{OKTA_KEY, call_at, key_set, profile, profile_document};

#[tokio::test]
async fn keys_that_are_due_serve_the_call_and_are_fetched_once_it_is_answered() {
    let source = Arc::new(MemoryKeySetSource::default());
    source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
    let keys = KeyRing::new(Arc::clone(&source), Jitter::from_random(0));
    let (profile, kid) = (profile(&profile_document()), KeyId::new("okta-key").expect("a key id"));
    keys.find(&profile, None, &kid, call_at(Duration::ZERO)).await.expect("fetched");
    let due = call_at(HOUR * 3 / 4 + SECOND);
    for _ in 0..3 {
        keys.find(&profile, None, &kid, due).await.expect("held");
    }
    assert_eq!(source.fetches(), 1, "no call waits for a fetch");
    keys.refresh_due(due).await;
    keys.refresh_due(due).await;
    assert_eq!(source.fetches(), 2);
    keys.refresh_due(call_at(HOUR)).await;
    assert_eq!(source.fetches(), 2, "nobody asked for them since");
}

/// Notes how long a fetch may take, and fails.
#[derive(Default)]
struct ImpatientSource(Mutex<Vec<Duration>>);

impl KeySetSource for ImpatientSource {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        self.0.lock().expect("unpoisoned").push(within);
        Err(KeySetSourceError::Status { url: keys_url.to_string(), status: 503 })
    }
}

/// Threat 64.
#[tokio::test]
async fn a_call_waits_for_what_it_could_do_without_for_half_of_what_is_left_and_at_most_a_second() {
    for (left, expected) in [(600, 300), (5_000, 1_000)] {
        let (left, expected) = (Duration::from_millis(left), Duration::from_millis(expected));
        let keys = KeyRing::new(ImpatientSource::default(), Jitter::NONE);
        let (profile, stored) = (profile(&profile_document()), stored_okta_key(5 * HOUR));
        let kid = |kid: &str| KeyId::new(kid).expect("a key id");
        let time = CallTime { left, ..call_at(Duration::ZERO) };
        keys.find(&profile, Some(&stored), &kid("okta-key"), time).await.expect("stale, but held");
        let later = CallTime { left, ..call_at(60 * SECOND) };
        assert!(keys.find(&profile, Some(&stored), &kid("another"), later).await.is_err());
        assert_eq!(*keys.source.0.lock().expect("unpoisoned"), [expected, left], "all of it where nothing else serves");
    }
}

/// Answers 429.
#[derive(Default)]
struct RateLimitedSource(AtomicUsize);

impl KeySetSource for RateLimitedSource {
    async fn fetch(&self, keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        self.0.fetch_add(1, Ordering::SeqCst);
        Err(KeySetSourceError::RateLimited { url: keys_url.to_string(), retry_after: Some(300 * SECOND) })
    }
}

/// Threat 55.
#[tokio::test]
async fn a_429_is_honoured_and_the_held_key_serves_meanwhile() {
    let keys = KeyRing::new(RateLimitedSource::default(), Jitter::NONE);
    let (profile, stored) = (profile(&profile_document()), stored_okta_key(5 * HOUR));
    let kid = KeyId::new("okta-key").expect("a key id");
    for (elapsed, fetches) in [(0, 1), (31, 1), (299, 1), (300, 2)] {
        let key = keys.find(&profile, Some(&stored), &kid, call_at(elapsed * SECOND)).await.expect("stale, but held");
        assert_eq!(key.key_id(), &kid);
        assert_eq!(keys.source.0.load(Ordering::SeqCst), fetches, "{elapsed} s");
    }
}
