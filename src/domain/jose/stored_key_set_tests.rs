//! Tests of stored key sets: what is read, what is written, and which keys outlive their publication.

use std::time::Duration;

use serde_json::{Value, json};

use super::{KeySetRecord, MAX_STORED_BYTES, RecordTooLarge, Renewal, StoredKeySet};
use crate::domain::jose::base64url;
use crate::domain::jose::key_set::KeySetError;
use crate::domain::time::UnixTime;

const START: u64 = 1_800_000_000;
const HOUR: u64 = 3_600;

fn jwk(kid: &str) -> Value {
    json!({"kty": "OKP", "kid": kid, "crv": "Ed25519", "x": base64url::encode([9; 32])})
}

fn document(keys: &[Value]) -> Vec<u8> {
    json!({"keys": keys}).to_string().into_bytes()
}

/// What was fetched `after` seconds, with these keys.
fn fetched(after: u64, kids: &[&str]) -> KeySetRecord {
    let keys: Vec<Value> = kids.iter().map(|kid| jwk(kid)).collect();
    let max_age = Some(Duration::from_secs(86_400));
    KeySetRecord::fetched(&document(&keys), max_age, UnixTime::from_seconds(START + after)).expect("usable keys")
}

fn changed(renewed: Result<(KeySetRecord, Renewal), RecordTooLarge>) -> KeySetRecord {
    let (record, renewal) = renewed.expect("it fits");
    assert_eq!(renewal, Renewal::Changed);
    record
}

fn kids(record: &KeySetRecord) -> (Vec<&str>, Vec<&str>) {
    (record.current().collect(), record.gone().collect())
}

#[test]
fn a_stored_key_set_knows_its_age() {
    let stored = json!({"fetchedAt": 1000, "maxAge": 3600, "keys": [jwk("a")]}).to_string();
    let stored = StoredKeySet::from_json(stored.as_bytes()).expect("valid");
    assert_eq!((stored.fetched_at.seconds(), stored.max_age), (1000, 3600));
    let ageless = json!({"keys": [jwk("a")]}).to_string();
    assert_eq!(StoredKeySet::from_json(ageless.as_bytes()).expect_err("refused"), KeySetError::NoAge);
}

#[test]
fn what_is_written_is_what_a_cold_start_reads() {
    let record = changed(fetched(0, &["a", "b"]).renew(None));
    let json = record.to_json();
    let read = StoredKeySet::from_json(json.as_bytes()).expect("valid");
    assert_eq!((read.fetched_at.seconds(), read.max_age), (START, 86_400));
    assert!(read.keys.has("a") && read.keys.has("b"));
    assert_eq!(KeySetRecord::stored(&json), Some(record));
}

#[test]
fn only_usable_keys_and_only_what_verifies_are_written() {
    let mut long = jwk("a");
    long["x5c"] = json!(["MIIC"]);
    long["d"] = json!("private");
    let odd = [long, json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"}), jwk("twice"), jwk("twice"), json!(7)];
    let record = KeySetRecord::fetched(&document(&odd), None, UnixTime::from_seconds(START)).expect("one usable key");
    assert_eq!(kids(&record), (vec!["a"], vec![]));
    let json = record.to_json();
    assert!(!json.contains("x5c") && !json.contains("private") && !json.contains("c2VjcmV0"), "{json}");
}

/// Found by fuzzing: what has the `kid` of a usable key was written for one.
#[test]
fn a_key_that_is_not_usable_is_not_written_because_another_has_its_kid() {
    let mut for_encryption = jwk("a");
    for_encryption["use"] = json!("enc");
    let document = document(&[for_encryption, jwk("a"), jwk("b")]);
    let record = KeySetRecord::fetched(&document, None, UnixTime::from_seconds(START)).expect("usable keys");
    assert_eq!(kids(&record), (vec!["a", "b"], vec![]));
    assert!(!record.to_json().contains("enc"), "{}", record.to_json());
}

/// Found by fuzzing: it was kept for a day as if the issuer had published it.
#[test]
fn what_is_not_usable_in_a_stored_set_is_not_kept_as_a_key_that_is_gone() {
    let odd = json!({"fetchedAt": START, "maxAge": 3600, "keys": [{"kty": "oct"}, jwk("old"), {"": "EC", "x": 1.5}]});
    let stored = KeySetRecord::stored(&odd.to_string()).expect("one usable key");
    let record = changed(fetched(HOUR, &["new"]).renew(Some(&stored)));
    assert_eq!(kids(&record), (vec!["new"], vec!["old"]));
    assert!(!record.to_json().contains("oct") && !record.to_json().contains("1.5"), "{}", record.to_json());
}

/// Threat 49.
#[test]
fn what_is_no_key_set_is_never_written() {
    for bytes in [&b"<html>"[..], b"", b"{\"keys\":[]}", b"{\"keys\":[{\"kty\":\"oct\",\"kid\":\"a\"}]}"] {
        assert!(KeySetRecord::fetched(bytes, None, UnixTime::from_seconds(START)).is_err());
    }
}

#[test]
fn an_unchanged_set_is_written_again_only_once_it_has_aged() {
    let stored = changed(fetched(0, &["a"]).renew(None));
    for (after, expected) in [(1_799, Renewal::Unchanged), (1_800, Renewal::Aged)] {
        let (record, renewal) = fetched(after, &["a"]).renew(Some(&stored)).expect("it fits");
        assert_eq!((kids(&record).0, renewal), (vec!["a"], expected));
    }
}

#[test]
fn a_key_that_disappears_is_kept_for_24_hours_and_then_dropped() {
    let stored = changed(fetched(0, &["old", "new"]).renew(None));
    let rotated = changed(fetched(HOUR, &["new"]).renew(Some(&stored)));
    assert_eq!(kids(&rotated), (vec!["new"], vec!["old"]));
    let read = StoredKeySet::from_json(rotated.to_json().as_bytes()).expect("valid");
    assert!(read.keys.has("old"), "it still verifies");

    let (later, renewal) = fetched(24 * HOUR - 1, &["new"]).renew(Some(&rotated)).expect("it fits");
    assert_eq!((kids(&later), renewal), ((vec!["new"], vec!["old"]), Renewal::Aged));
    let end = changed(fetched(24 * HOUR, &["new"]).renew(Some(&later)));
    assert_eq!(kids(&end), (vec!["new"], vec![]));
}

#[test]
fn a_key_that_comes_back_is_current_again() {
    let stored = changed(fetched(0, &["a", "b"]).renew(None));
    let without = changed(fetched(HOUR, &["b"]).renew(Some(&stored)));
    let back = changed(fetched(2 * HOUR, &["a", "b"]).renew(Some(&without)));
    assert_eq!(kids(&back), (vec!["a", "b"], vec![]));
}

#[test]
fn a_set_that_lost_a_key_by_mistake_does_not_shrink() {
    let stored = changed(fetched(0, &["a", "b"]).renew(None));
    let mut broken = jwk("a");
    broken["x"] = json!("too short");
    let half = KeySetRecord::fetched(&document(&[broken, jwk("b")]), None, UnixTime::from_seconds(START + HOUR));
    let kept = changed(half.expect("one usable key").renew(Some(&stored)));
    assert_eq!(kids(&kept), (vec!["b"], vec!["a"]));
}

#[test]
fn what_does_not_fit_gives_way_the_oldest_first_and_current_keys_never() {
    let long = |at: u64, name: &str| {
        let kid = format!("{name}{}", "-".repeat(240));
        fetched(at, &[&kid])
    };
    let mut stored = changed(long(0, "key-00").renew(None));
    for number in 1..30 {
        stored = changed(long(number * 60, &format!("key-{number:02}")).renew(Some(&stored)));
        assert!(stored.to_json().len() <= MAX_STORED_BYTES);
    }
    let (current, gone) = kids(&stored);
    assert!(current.len() == 1 && current[0].starts_with("key-29"));
    let first = gone.iter().map(|kid| &kid[..6]).min().expect("some are kept");
    assert!(gone.len() > 3 && first > "key-15", "{gone:?}");

    let many: Vec<Value> = (0..30).map(|number| jwk(&format!("{number}{}", "-".repeat(200)))).collect();
    let many = KeySetRecord::fetched(&document(&many), None, UnixTime::from_seconds(START)).expect("usable keys");
    let error = many.renew(None).expect_err("too large");
    assert!(error.keys == 30 && error.bytes > MAX_STORED_BYTES);
}

#[test]
fn a_stored_set_that_cannot_be_read_is_replaced() {
    for broken in ["", "{", "{\"keys\":[]}", "{\"fetchedAt\":1,\"maxAge\":1,\"keys\":[{\"kty\":\"RSA\"}]}"] {
        assert_eq!(KeySetRecord::stored(broken), None, "{broken}");
    }
}
