//! A key set as Okta serves it, as it is stored, and as it is renewed.

use std::time::Duration;

use okta_security_profiles::domain::jose::key_set::{KeySet, MAX_KEY_SET_BYTES};
use okta_security_profiles::domain::jose::stored_key_set::{KeySetRecord, MAX_STORED_BYTES, StoredKeySet};
use okta_security_profiles::domain::time::UnixTime;

/// A document.
pub(crate) fn run(input: &[u8]) {
    if let Ok(set) = KeySet::from_json(input) {
        assert!(input.len() <= MAX_KEY_SET_BYTES);
        assert!(set.keys().count() > 0, "a key set without keys");
        for key in set.keys() {
            let found = set.find(key.key_id()).expect("every key is found by its kid");
            assert!(found.is_same_as(key) && set.has(key.key_id().as_str()));
        }
        let now = UnixTime::from_seconds(1_800_000_000);
        let record = KeySetRecord::fetched(input, Some(Duration::from_secs(60)), now).expect("usable keys");
        assert_eq!(record.current().count(), set.keys().count());
        if let Ok((kept, _)) = record.renew(None) {
            read_back(&kept);
        }
    }
    let Ok(text) = std::str::from_utf8(input) else { return };
    let stored = KeySetRecord::stored(text);
    assert!(stored.is_none() || StoredKeySet::from_json(input).is_ok());
    if let Some(stored) = stored {
        let later = UnixTime::from_seconds(stored.fetched_at().seconds().saturating_add(60));
        let fetched = KeySetRecord::fetched(input, None, later).ok();
        if let Some(Ok((kept, _))) = fetched.map(|fetched| fetched.renew(Some(&stored))) {
            read_back(&kept);
        }
    }
}

/// What is written is read again, within what a parameter holds.
fn read_back(record: &KeySetRecord) {
    let written = record.to_json();
    assert!(written.len() <= MAX_STORED_BYTES, "{} bytes", written.len());
    let again = KeySetRecord::stored(&written).expect("its own text");
    // Not compared whole: the last digit of a fraction in a member that nobody reads may differ.
    assert!(again.current().eq(record.current()) && again.gone().eq(record.gone()), "{written}");
    assert_eq!(again.fetched_at(), record.fetched_at());
}
