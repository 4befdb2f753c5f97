//! Tests of the key ring: how often keys are fetched, and which key serves when they cannot be.

use std::sync::Arc;
use std::time::Duration;

use tokio::task::JoinSet;

use super::{CallTime, KeyRing, KeyRingError};
use crate::adapters::memory::MemoryKeySetSource;
use crate::domain::jose::header::KeyId;
use crate::domain::jose::stored_key_set::StoredKeySet;
use crate::domain::profile::SecurityProfile;
use crate::domain::refresh::Jitter;
use crate::domain::time::{Moment, UnixTime};
use crate::testing::{
    FOREIGN_KEY, ISSUER, KEYS_URL, KeysByUrl, NOW, OKTA_KEY, PLENTY, after, call_at, key_set, profile,
    profile_document, with,
};

const SECOND: Duration = Duration::from_secs(1);
const HOUR: Duration = Duration::from_secs(3_600);
/// What an issuer that does not answer comes to, in [`Ring::find`]'s words.
const DOWN: &str =
    "unavailable: the keys URL `https://acme.okta.com/oauth2/default/v1/keys` answered 503 instead of 200";

/// A ring over a source in memory, asked on behalf of one profile.
struct Ring {
    source: Arc<MemoryKeySetSource>,
    keys: KeyRing<Arc<MemoryKeySetSource>>,
    profile: Arc<SecurityProfile>,
}

impl Ring {
    /// Empty; the issuer is down.
    fn new() -> Arc<Self> {
        let source = Arc::new(MemoryKeySetSource::default());
        Arc::new(Self {
            keys: KeyRing::new(Arc::clone(&source), Jitter::NONE),
            source,
            profile: profile(&profile_document()),
        })
    }

    /// Has fetched Okta's key at the beginning; the issuer is up.
    async fn warm() -> Arc<Self> {
        let ring = Self::new();
        ring.source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
        assert_eq!(ring.find("okta-key", Duration::ZERO).await, Ok("okta-key".to_owned()));
        ring
    }

    async fn find(&self, kid: &str, elapsed: Duration) -> Result<String, String> {
        self.find_at(kid, None, after(elapsed)).await
    }

    /// The key's `kid`, or the error in words; what is due is refreshed afterwards, as an invocation does.
    async fn find_at(&self, kid: &str, stored: Option<&StoredKeySet>, now: Moment) -> Result<String, String> {
        let (kid, time) = (KeyId::new(kid).expect("a key id"), CallTime { now, left: PLENTY });
        let found = self.keys.find(&self.profile, stored, &kid, time).await;
        self.keys.refresh_due(time).await;
        found.map(|key| key.key_id().to_string()).map_err(words)
    }
}

fn words(error: KeyRingError) -> String {
    match error {
        KeyRingError::Unknown => "unknown".to_owned(),
        KeyRingError::UnknownCoolingDown => "cooling down".to_owned(),
        KeyRingError::Unavailable { issuer, source } => {
            assert_eq!(issuer, ISSUER);
            source.map_or_else(|| "unavailable, not asked".to_owned(), |source| format!("unavailable: {source}"))
        }
    }
}

fn refused(words: &str) -> Result<String, String> {
    Err(words.to_owned())
}

fn found(kid: &str) -> Result<String, String> {
    Ok(kid.to_owned())
}

/// Okta's key as stored `age` before the beginning.
fn stored_okta_key(age: Duration) -> StoredKeySet {
    let document = serde_json::json!({
        "fetchedAt": NOW.seconds() - age.as_secs(), "maxAge": 3600, "keys": [OKTA_KEY.jwk()]
    });
    StoredKeySet::from_json(document.to_string().as_bytes()).expect("a stored key set")
}

#[tokio::test]
async fn keys_are_fetched_once_and_again_when_they_are_no_longer_fresh() {
    let ring = Ring::warm().await;
    assert_eq!(ring.find("okta-key", HOUR).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 1);
    assert_eq!(ring.find("okta-key", HOUR + SECOND).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 2);
}

#[tokio::test]
async fn a_key_that_okta_rotated_in_is_found_and_one_that_it_withdrew_is_gone() {
    let ring = Ring::warm().await;
    ring.source.serve(Some(key_set(&[FOREIGN_KEY.jwk()])));
    assert_eq!(ring.find("okta-key", 30 * SECOND).await, found("okta-key"), "fresh keys are not asked about");
    assert_eq!(ring.find("foreign-key", 30 * SECOND).await, found("foreign-key"));
    assert_eq!(ring.find("okta-key", 31 * SECOND).await, refused("cooling down"));
    assert_eq!(ring.find("okta-key", 60 * SECOND).await, refused("unknown"));
}

/// Threat 43.
#[tokio::test]
async fn unknown_kids_cause_one_fetch_per_issuer_in_30_seconds() {
    let ring = Ring::warm().await;
    for (elapsed, answer, fetches) in [
        (0, "cooling down", 1),
        (29, "cooling down", 1),
        (30, "unknown", 2),
        (31, "cooling down", 2),
        (60, "unknown", 3),
    ] {
        assert_eq!(ring.find(&format!("made-up-{elapsed}"), elapsed * SECOND).await, refused(answer), "{elapsed} s");
        assert_eq!(ring.source.fetches(), fetches, "{elapsed} s");
    }
    assert_eq!(ring.find("okta-key", 61 * SECOND).await, found("okta-key"), "a held key is not held up");
}

/// Threat 43.
#[tokio::test]
async fn a_thousand_unknown_kids_at_once_cause_one_fetch() {
    let ring = Ring::warm().await;
    let mut calls = JoinSet::new();
    for number in 0..1_000 {
        let ring = Arc::clone(&ring);
        calls.spawn(async move { ring.find(&format!("made-up-{number}"), 30 * SECOND).await });
    }
    let answers = calls.join_all().await;
    assert_eq!(ring.source.fetches(), 2);
    assert_eq!(answers.iter().filter(|answer| **answer == refused("unknown")).count(), 1);
    assert_eq!(answers.iter().filter(|answer| **answer == refused("cooling down")).count(), 999);
}

/// Threat 44.
#[tokio::test]
async fn a_thousand_calls_on_an_empty_ring_cause_one_fetch_whether_or_not_it_works() {
    for (document, answer) in [(Some(key_set(&[OKTA_KEY.jwk()])), found("okta-key")), (None, refused(DOWN))] {
        let ring = Ring::new();
        ring.source.serve(document);
        let mut calls = JoinSet::new();
        for _ in 0..1_000 {
            let ring = Arc::clone(&ring);
            calls.spawn(async move { ring.find("okta-key", Duration::ZERO).await });
        }
        let answers = calls.join_all().await;
        assert_eq!(ring.source.fetches(), 1);
        let others = if answer.is_ok() { answer.clone() } else { refused("unavailable, not asked") };
        assert_eq!(answers.iter().filter(|given| **given == others || **given == answer).count(), 1_000);
        assert!(answers.contains(&answer));
    }
}

/// Threat 44.
#[tokio::test]
async fn a_thousand_calls_for_a_key_that_okta_just_rotated_in_share_one_fetch_and_all_find_it() {
    let ring = Ring::warm().await;
    ring.source.serve(Some(key_set(&[OKTA_KEY.jwk(), FOREIGN_KEY.jwk()])));
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        let ring = Arc::clone(&ring);
        calls.spawn(async move { ring.find("foreign-key", 30 * SECOND).await });
    }
    assert_eq!(calls.join_all().await, vec![found("foreign-key"); 1_000]);
    assert_eq!(ring.source.fetches(), 2);
}

/// Threat 45.
#[tokio::test]
async fn a_held_key_serves_for_24_hours_while_okta_is_down() {
    let ring = Ring::warm().await;
    ring.source.serve(None);
    for hours in [2, 12, 24] {
        assert_eq!(ring.find("okta-key", hours * HOUR).await, found("okta-key"), "{hours} h");
    }
    assert_eq!(ring.source.fetches(), 4, "each of the three tried");
    assert_eq!(ring.find("okta-key", 24 * HOUR).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 4, "and the next try waits");
}

/// Threat 48.
#[tokio::test]
async fn beyond_24_hours_a_held_key_serves_no_more() {
    let ring = Ring::warm().await;
    ring.source.serve(None);
    assert_eq!(ring.find("okta-key", 24 * HOUR + SECOND).await, refused(DOWN));
    assert_eq!(ring.find("okta-key", 24 * HOUR + 2 * SECOND).await, refused("unavailable, not asked"));
    ring.source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
    assert_eq!(ring.find("okta-key", 24 * HOUR + 6 * SECOND).await, found("okta-key"), "asked again 5 s later");
}

/// Threat 64.
#[tokio::test]
async fn a_fetch_that_the_end_of_the_invocation_cut_off_is_tried_again_soon() {
    let ring = Ring::new();
    ring.source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
    tokio::select! {
        biased;
        answer = ring.find("okta-key", Duration::ZERO) => panic!("answered before the cut: {answer:?}"),
        () = std::future::ready(()) => {}
    }
    assert_eq!(ring.find("okta-key", 4 * SECOND).await, refused("unavailable, not asked"));
    assert_eq!(ring.find("okta-key", 5 * SECOND).await, found("okta-key"));
    assert_eq!(ring.find("other", 34 * SECOND).await, refused("cooling down"), "30 s count from the fetch that worked");
    assert_eq!(ring.find("other", 35 * SECOND).await, refused("unknown"));
}

/// Threat 46.
#[tokio::test]
async fn an_unknown_kid_is_unknown_only_once_okta_has_been_asked() {
    let ring = Ring::warm().await;
    ring.source.serve(None);
    assert_eq!(ring.find("other", 30 * SECOND).await, refused(DOWN));
    ring.source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
    assert_eq!(ring.find("other", 60 * SECOND).await, refused("unknown"));
}

/// Threat 47.
#[tokio::test]
async fn a_cold_start_without_okta_needs_a_stored_key_set() {
    let ring = Ring::new();
    assert_eq!(ring.find("okta-key", Duration::ZERO).await, refused(DOWN));
    let ring = Ring::new();
    let stored = stored_okta_key(HOUR / 2);
    assert_eq!(ring.find_at("okta-key", Some(&stored), after(Duration::ZERO)).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 0, "a fresh stored key set spares the fetch");
    assert_eq!(ring.find_at("okta-key", Some(&stored), after(4 * HOUR)).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 1, "a stale one serves while Okta is down");
}

/// Threat 47.
#[tokio::test]
async fn a_kid_that_the_stored_key_set_lacks_is_fetched_from_okta() {
    let ring = Ring::new();
    ring.source.serve(Some(key_set(&[OKTA_KEY.jwk(), FOREIGN_KEY.jwk()])));
    let stored = stored_okta_key(HOUR / 2);
    assert_eq!(ring.find_at("foreign-key", Some(&stored), after(Duration::ZERO)).await, found("foreign-key"));
    assert_eq!(ring.source.fetches(), 1);
}

/// Threat 48.
#[tokio::test]
async fn a_stored_key_set_of_more_than_24_hours_serves_nobody() {
    let ring = Ring::new();
    let stored = stored_okta_key(24 * HOUR + SECOND);
    assert_eq!(ring.find_at("okta-key", Some(&stored), after(Duration::ZERO)).await, refused(DOWN));
}

/// Threat 49.
#[tokio::test]
async fn what_is_no_key_set_leaves_the_held_one_in_force_and_fails_a_cold_start() {
    for (document, problem) in [
        ("<html>Sign in</html>".to_owned(), "the key set is not a JSON object"),
        (String::new(), "the key set is not a JSON object"),
        (key_set(&[OKTA_KEY.jwk()])[..200].to_owned(), "the key set is not a JSON object"),
        (key_set(&[]), "the key set has 0 keys and none of them is usable"),
        (" ".repeat(150_001), "the key set has 150001 bytes, more than 150000"),
    ] {
        let warm = Ring::warm().await;
        warm.source.serve(Some(document.clone()));
        assert_eq!(warm.find("okta-key", 2 * HOUR).await, found("okta-key"), "{problem}");
        assert_eq!(warm.source.fetches(), 2);
        let cold = Ring::new();
        cold.source.serve(Some(document));
        let expected = format!("unavailable: the keys URL `{KEYS_URL}` did not answer with a key set: {problem}");
        assert_eq!(cold.find("okta-key", Duration::ZERO).await, refused(&expected));
    }
}

/// Threats 16, 50, 51 and 52.
#[tokio::test]
async fn a_key_that_was_dropped_from_its_set_is_an_unknown_key_and_the_others_serve() {
    let ring = Ring::new();
    let renamed = |kid: &str| with(FOREIGN_KEY.jwk(), "kid", kid.into());
    ring.source.serve(Some(key_set(&[
        OKTA_KEY.jwk(),
        with(renamed("exponent-one"), "e", "AQ".into()),
        with(renamed("small"), "n", "_____w".into()),
        renamed("twice"),
        renamed("twice"),
        with(renamed("for-encryption"), "use", "enc".into()),
        serde_json::json!({"kty": "oct", "kid": "shared", "k": "c2VjcmV0"}),
        serde_json::json!("malformed"),
    ])));
    let dropped = ["exponent-one", "small", "twice", "for-encryption", "shared"];
    for (turn, kid) in (0..).zip(dropped) {
        assert_eq!(ring.find(kid, turn * 30 * SECOND).await, refused("unknown"), "{kid}");
    }
    assert_eq!(ring.find("okta-key", Duration::ZERO).await, found("okta-key"));
}

/// Threat 21.
#[tokio::test]
async fn keys_of_one_issuer_never_serve_another() {
    let source = Arc::new(KeysByUrl::default());
    let other_issuer = "https://globex.okta.com/oauth2/default";
    let other_keys_url = format!("{other_issuer}/v1/keys");
    source.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
    source.serve(&other_keys_url, &[FOREIGN_KEY.jwk()]);
    let keys = KeyRing::new(Arc::clone(&source), Jitter::NONE);
    let acme = profile(&profile_document());
    let globex = profile(&with(profile_document(), "issuer", other_issuer.into()));
    let kid = |kid: &str| KeyId::new(kid).expect("a key id");
    let now = call_at(Duration::ZERO);
    assert!(keys.find(&globex, None, &kid("foreign-key"), now).await.is_ok());
    let crossed = keys.find(&acme, None, &kid("foreign-key"), now).await.map(|_| ()).map_err(words);
    assert_eq!(crossed, Err("unknown".to_owned()));
    assert_eq!(source.asked(), [other_keys_url.as_str(), KEYS_URL]);
}

/// Threat 62.
#[tokio::test]
async fn a_stored_key_set_does_not_grow_young_again_when_the_wall_clock_jumps_back() {
    let ring = Ring::new();
    let stored = stored_okta_key(HOUR / 2);
    assert_eq!(ring.find_at("okta-key", Some(&stored), after(Duration::ZERO)).await, found("okta-key"));
    let before_the_fetch = NOW.seconds() - HOUR.as_secs();
    let jumped = |elapsed| Moment { wall: UnixTime::from_seconds(before_the_fetch), ..after(elapsed) };
    assert_eq!(ring.find_at("okta-key", Some(&stored), jumped(23 * HOUR)).await, found("okta-key"));
    assert_eq!(ring.source.fetches(), 1, "it is stale, so Okta was asked");
    assert_eq!(ring.find_at("okta-key", Some(&stored), jumped(24 * HOUR)).await, refused(DOWN));
}

#[tokio::test]
async fn a_stored_key_set_from_the_future_does_not_push_out_what_okta_served_since() {
    let ring = Ring::new();
    let mut stored = stored_okta_key(Duration::ZERO);
    stored.fetched_at = NOW.plus(600);
    assert_eq!(ring.find_at("okta-key", Some(&stored), after(Duration::ZERO)).await, found("okta-key"));
    ring.source.serve(Some(key_set(&[FOREIGN_KEY.jwk()])));
    for elapsed in [1, 2, 3] {
        let answer = ring.find_at("foreign-key", Some(&stored), after(elapsed * SECOND)).await;
        assert_eq!(answer, found("foreign-key"), "{elapsed} s");
    }
    assert_eq!(ring.source.fetches(), 1);
}

#[path = "key_ring_refresh_tests.rs"]
mod refresh;
