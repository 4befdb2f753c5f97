//! What `profiles test` says of an issuer's keys: those that it publishes, those that are stored, and its clock.

use std::sync::Arc;
use std::time::Duration;

use super::key_ring::chain;
use super::remedies::Remedy;
use super::test_step::{Report, StepReport, TestStep};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::stored_key_set::{KeySetRecord, StoredKeySet};
use crate::domain::key_cache::{MAX_STALENESS, STORED_FRESHNESS};
use crate::domain::profile::SecurityProfile;
use crate::domain::time::UnixTime;
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource};
use crate::ports::profile_store::StoredProfile;

/// A clock difference that is worth a look, in seconds: more than an answer is under way.
const NOTABLE_DIFFERENCE: u64 = 5;
const RUN_THE_KEYS_FUNCTION: &str = "Run the `keys` function once (aws lambda invoke --function-name KEYS_FUNCTION \
                                     /dev/stdout), and check its schedule.";

/// The keys that the issuer publishes now.
pub(super) struct Fetched(FetchedKeySet);

impl Fetched {
    /// As a cold start would find them, so that what follows is verified with these and nothing is fetched twice.
    pub(super) fn as_stored(&self, now: UnixTime) -> Option<Arc<StoredKeySet>> {
        let record = KeySetRecord::fetched(&self.0.document, self.0.max_age, now).ok()?;
        StoredKeySet::from_json(record.to_json().as_bytes()).ok().map(Arc::new)
    }

    fn key_ids(&self) -> Vec<&str> {
        let mut ids: Vec<&str> = self.0.keys.keys().map(|key| key.key_id().as_str()).collect();
        ids.sort_unstable();
        ids
    }
}

/// Fetches the issuer's keys, and says which of them can be used with the profile.
pub(super) async fn check_keys<K: KeySetSource, F: FnMut(&StepReport)>(
    source: &K,
    profile: &SecurityProfile,
    within: Duration,
    report: &mut Report<F>,
) -> Option<Fetched> {
    let fetched = match source.fetch(&profile.endpoints().keys_url, within).await {
        Ok(fetched) => Fetched(fetched),
        Err(error) => {
            report.fail(TestStep::Keys, "keys_unavailable", chain(&error), error.remedy());
            return None;
        }
    };
    let mut keys: Vec<&VerificationKey> = fetched.0.keys.keys().collect();
    keys.sort_by_key(|key| key.key_id());
    let fitting = |key: &VerificationKey| {
        let fits = |algorithm: &Algorithm| profile.accepts_algorithm(*algorithm) && key.fits(*algorithm);
        Algorithm::ALL.into_iter().filter(fits).map(Algorithm::name).collect::<Vec<_>>().join("/")
    };
    let shown: Vec<String> = keys
        .iter()
        .map(|key| {
            let (id, algorithms) = (key.key_id().as_str().escape_default(), fitting(key));
            let algorithms = if algorithms.is_empty() { "none of `algorithms`" } else { &algorithms };
            format!("`{id}` ({algorithms})")
        })
        .collect();
    let age = fetched.0.max_age.map_or_else(String::new, |age| format!(", to be kept for {} s", age.as_secs()));
    let detail = format!("usable keys: {}{age}", shown.join(", "));
    if keys.iter().all(|key| fitting(key).is_empty()) {
        let remedy = "Add the algorithm that the authorization server signs with to the profile's `algorithms`.";
        report.fail(TestStep::Keys, "key_unfit", detail, remedy);
    } else {
        report.pass(TestStep::Keys, detail);
    }
    for skipped in fetched.0.keys.skipped() {
        let detail = format!("key {} of the key set is left out: {}", skipped.index + 1, skipped.reason);
        let remedy = "Nothing, unless tokens name this key: then ask Okta, since it serves the key set.";
        report.warn(TestStep::Keys, "key_skipped", detail, remedy);
    }
    Some(fetched)
}

/// Whether the stored key set would carry a cold start over an outage of Okta.
pub(super) fn check_stored_keys<F: FnMut(&StepReport)>(
    stored: &StoredProfile,
    fetched: Option<&Fetched>,
    now: UnixTime,
    report: &mut Report<F>,
) {
    let mut warn = |reason, detail: String| report.warn(TestStep::StoredKeys, reason, detail, RUN_THE_KEYS_FUNCTION);
    let Some(json) = &stored.key_set else {
        return warn("stored_keys_missing", "no key set is stored beside the profile".to_owned());
    };
    let Some(record) = KeySetRecord::stored(json) else {
        return warn("stored_keys_unusable", "the stored key set cannot be used".to_owned());
    };
    let age = now.since(record.fetched_at());
    let mut current: Vec<&str> = record.current().collect();
    current.sort_unstable();
    if let Some(fetched) = fetched
        && current != fetched.key_ids()
    {
        let shown = current.join(", ").escape_default().to_string();
        return warn("stored_keys_differ", format!("other keys are stored than the issuer has: {shown}"));
    }
    if age >= STORED_FRESHNESS {
        let use_of_it = if age >= MAX_STALENESS { "too old to be used" } else { "not renewed for a while" };
        return warn("stored_keys_old", format!("the stored key set is {} old: {use_of_it}", in_words(age)));
    }
    report.pass(TestStep::StoredKeys, format!("the issuer's keys are stored, fetched {} ago", in_words(age)));
}

/// How far this machine's clock is from the issuer's.
pub(super) fn check_clock<F: FnMut(&StepReport)>(
    profile: &SecurityProfile,
    fetched: Option<&Fetched>,
    now: UnixTime,
    report: &mut Report<F>,
) {
    let Some(theirs) = fetched.and_then(|fetched| fetched.0.date) else {
        report.skip(TestStep::Clock, "no_date", "Okta did not say what time it is");
        return;
    };
    let (ahead, behind) = (now.since(theirs).as_secs(), theirs.since(now).as_secs());
    let seconds = ahead.max(behind);
    let where_to = if behind == 0 { "ahead of" } else { "behind" };
    let detail = format!("this machine's clock is {seconds} s {where_to} Okta's");
    let remedy = "Set this machine's clock (NTP). AWS keeps the clock of the functions.";
    let leeway = profile.leeway_seconds();
    if seconds > leeway.max(NOTABLE_DIFFERENCE) {
        let detail = format!("{detail}, more than the profile's {leeway} s of `leewaySeconds`");
        report.fail(TestStep::Clock, "clock_differs", detail, remedy);
    } else if seconds > NOTABLE_DIFFERENCE {
        report.warn(TestStep::Clock, "clock_differs", detail, remedy);
    } else {
        report.pass(TestStep::Clock, format!("this machine's clock is within {NOTABLE_DIFFERENCE} s of Okta's"));
    }
}

/// Whole seconds, minutes, hours or days.
fn in_words(age: Duration) -> String {
    match age.as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}
