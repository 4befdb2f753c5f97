//! One run of the `keys` function: any event in, a summary per profile out, with its log lines and metrics.

use std::time::Duration;

use serde::Serialize;

use crate::application::key_ring::chain;
use crate::application::refresh_keys::{Drift, ProfileKeys, RefreshKeys, RefreshKeysError};
use crate::domain::jose::stored_key_set::Renewal;
use crate::ports::clock::Clock;
use crate::ports::discovery::DiscoverySource;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::key_set_store::KeySetStore;
use crate::ports::profile_store::{ProfileStore, ProfileStoreError};
use crate::telemetry::KeysRecord;

/// Answers every event alike: an event says no more than that now is the time.
#[derive(Debug)]
pub struct KeysHandler<S, O, C> {
    /// The job.
    pub application: RefreshKeys<S, O, C>,
}

/// What one run came to: `{"failed": 0, "profiles": [{"profile": "orders", "outcome": "changed", ...}]}`.
#[derive(Debug, Serialize)]
pub struct KeysSummary {
    /// How many profiles' key sets could not be renewed.
    pub failed: usize,
    /// By name.
    pub profiles: Vec<ProfileSummary>,
}

/// One profile.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ProfileSummary {
    /// Its name.
    pub profile: String,
    /// `unchanged`, `renewed`, `changed` or `failed`.
    pub outcome: &'static str,
    /// The `kid`s of the issuer's keys.
    pub keys: Vec<String>,
    /// The `kid`s of keys that it no longer publishes, which are kept for a day.
    pub kept: Vec<String>,
    /// How old the stored key set is, in seconds.
    pub age_seconds: Option<u64>,
    /// Where the issuer's discovery document disagrees with the profile: `issuer`, `tokenUrl`, `keysUrl`, or
    /// `noDiscovery` where there is none.
    pub drift: Vec<&'static str>,
    /// Why it failed, and what to do.
    pub error: Option<String>,
}

impl<S, O, C> KeysHandler<S, O, C>
where
    S: ProfileStore + KeySetStore,
    O: KeySetSource + DiscoverySource,
    C: Clock,
{
    /// Refreshes every profile's stored key set.
    ///
    /// # Errors
    /// [`ProfileStoreError`] where the profiles cannot be read at all.
    pub async fn handle(&self) -> Result<KeysSummary, ProfileStoreError> {
        let profiles: Vec<ProfileSummary> = self.application.refresh().await?.iter().map(summary).collect();
        for profile in &profiles {
            log(profile);
        }
        Ok(KeysSummary { failed: profiles.iter().filter(|profile| profile.error.is_some()).count(), profiles })
    }
}

fn summary(keys: &ProfileKeys) -> ProfileSummary {
    let (outcome, current, gone, error) = match &keys.outcome {
        Ok(stored) => {
            let outcome = match stored.renewal {
                Renewal::Unchanged => "unchanged",
                Renewal::Aged => "renewed",
                Renewal::Changed => "changed",
            };
            (outcome, stored.current.clone(), stored.gone.clone(), None)
        }
        Err(error) => ("failed", Vec::new(), Vec::new(), Some(told(error))),
    };
    ProfileSummary {
        profile: keys.profile.to_string(),
        outcome,
        keys: current,
        kept: gone,
        age_seconds: keys.age.map(|age| age.as_secs()),
        drift: keys.drift.iter().map(|drift| word(*drift)).collect(),
        error,
    }
}

/// With its causes, on one line.
fn told(error: &RefreshKeysError) -> String {
    chain(error).replace('\n', " ")
}

const fn word(drift: Drift) -> &'static str {
    match drift {
        Drift::NoDiscovery => "noDiscovery",
        Drift::Issuer => "issuer",
        Drift::TokenUrl => "tokenUrl",
        Drift::KeysUrl => "keysUrl",
    }
}

fn log(summary: &ProfileSummary) {
    let ProfileSummary { profile, outcome, drift, error, .. } = summary;
    if !drift.is_empty() {
        tracing::warn!(profile, drift = drift.join(" "), "the issuer's discovery document disagrees with the profile");
    }
    KeysRecord {
        profile,
        outcome,
        detail: error.as_deref().unwrap_or_default(),
        age: summary.age_seconds.map(Duration::from_secs),
        drift: drift.len(),
        keys: summary.keys.len(),
    }
    .log();
}
