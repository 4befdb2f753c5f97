//! The `keys` function: its real job, over a store and an Okta of this simulation.

use std::collections::HashMap;
use std::error::Error;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use futures_util::FutureExt as _;
use okta_security_profiles::application::refresh_keys::RefreshKeys;
use okta_security_profiles::domain::jose::stored_key_set::StoredKeySet;
use okta_security_profiles::domain::oauth::client_credentials::ClientCredentials;
use okta_security_profiles::domain::profile::{ProfileName, Transport};
use okta_security_profiles::domain::time::Moment;
use okta_security_profiles::ports::clock::Clock;
use okta_security_profiles::ports::discovery::{DiscoveryDocument, DiscoveryError, DiscoverySource};
use okta_security_profiles::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use okta_security_profiles::ports::key_set_store::{KeySetStore, KeySetStoreError};
use okta_security_profiles::ports::profile_store::{
    LoadRequest, LoadedProfiles, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};
use serde_json::json;
use url::Url;

use super::okta::Okta;
use super::{Time, moment};

/// The stored key set of each profile, where there is one, as one load reads them.
pub(super) type StoredKeySets = Arc<[Option<Arc<StoredKeySet>>]>;

/// The function and its store.
#[derive(Debug)]
pub(super) struct KeysFunction {
    issuers: usize,
    profiles: Vec<StoredProfile>,
    key_sets: StoredKeySets,
}

/// What one run came to.
#[derive(Debug, Clone, Copy)]
pub(super) struct KeysRun {
    pub(super) okta_calls: u64,
    /// Profiles whose key set could not be renewed.
    pub(super) failed: u64,
}

impl KeysFunction {
    pub(super) fn new(profiles: usize, issuers: usize) -> Result<Self, Box<dyn Error>> {
        let stored = |number: usize| {
            let document = json!({
                "version": 1, "issuer": issuer(number % issuers), "audiences": ["api://orders"],
                "scopes": ["orders"], "apis": ["*"]
            });
            let name = ProfileName::new(&format!("profile-{number}"))?;
            Ok::<_, Box<dyn Error>>(StoredProfile { name, document: document.to_string(), key_set: None })
        };
        let stored: Vec<StoredProfile> = (0..profiles).map(stored).collect::<Result<_, _>>()?;
        Ok(Self { issuers, profiles: stored, key_sets: vec![None; profiles].into() })
    }

    /// What a load reads now.
    pub(super) fn key_sets(&self) -> StoredKeySets {
        Arc::clone(&self.key_sets)
    }

    /// Runs once.
    pub(super) fn run(&mut self, okta: &Okta, now: Time) -> KeysRun {
        let world =
            Arc::new(World { okta, now, issuers: self.issuers, profiles: &self.profiles, run: Mutex::default() });
        let job = RefreshKeys {
            store: Arc::clone(&world),
            okta: Arc::clone(&world),
            clock: Arc::clone(&world),
            selection: ProfileSelection::All,
            transport: Transport::Https,
        };
        let report = job.refresh().now_or_never();
        let failed = report
            .and_then(Result::ok)
            .map_or(self.profiles.len(), |report| report.iter().filter(|profile| profile.outcome.is_err()).count());
        let run = std::mem::take(&mut *world.run.lock().unwrap_or_else(PoisonError::into_inner));
        drop((job, world));
        self.store(&run.written);
        KeysRun { okta_calls: run.okta_calls, failed: failed as u64 }
    }

    /// Key sets that are the same text are one in memory, too: a thousand sandboxes hold them.
    fn store(&mut self, written: &HashMap<ProfileName, String>) {
        let mut parsed: HashMap<&str, Option<Arc<StoredKeySet>>> = HashMap::new();
        let mut key_sets = self.key_sets.to_vec();
        for (stored, key_set) in self.profiles.iter_mut().zip(&mut key_sets) {
            let Some(json) = written.get(&stored.name) else { continue };
            let parse = || StoredKeySet::from_json(json.as_bytes()).ok().map(Arc::new);
            key_set.clone_from(parsed.entry(json).or_insert_with(parse));
            stored.key_set = Some(json.clone());
        }
        self.key_sets = key_sets.into();
    }
}

/// What the job sees of the simulation in one run. Every port answers at once.
struct World<'w> {
    okta: &'w Okta,
    now: Time,
    issuers: usize,
    profiles: &'w [StoredProfile],
    run: Mutex<Run>,
}

#[derive(Default)]
struct Run {
    okta_calls: u64,
    written: HashMap<ProfileName, String>,
}

impl World<'_> {
    /// The issuer that a URL lies below, where it can be reached.
    fn ask(&self, url: &Url) -> Option<usize> {
        self.run.lock().unwrap_or_else(PoisonError::into_inner).okta_calls += 1;
        let below = |number: &usize| url.as_str().starts_with(&format!("{}/", issuer(*number)));
        (0..self.issuers).find(below).filter(|_| !self.okta.is_out_of_reach(self.now))
    }
}

impl ProfileStore for World<'_> {
    async fn load(&self, _request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        Ok(LoadedProfiles { found: self.profiles.to_vec(), missing: Vec::new(), key_sets_read: true, deny_list: None })
    }

    async fn client(&self, _name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        Ok(None)
    }
}

impl KeySetStore for World<'_> {
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        let mut run = self.run.lock().unwrap_or_else(PoisonError::into_inner);
        run.written.insert(name.clone(), key_set.to_owned());
        Ok(())
    }
}

impl KeySetSource for World<'_> {
    async fn fetch(&self, keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        let Some(issuer) = self.ask(keys_url) else {
            return Err(KeySetSourceError::Unreachable { url: keys_url.to_string(), source: "outage".into() });
        };
        let edition = self.okta.edition(issuer, self.okta.published(self.now));
        let (keys, document) = (edition.keys.clone(), edition.document.clone());
        Ok(FetchedKeySet { keys, document, max_age: Some(self.okta.max_age()), date: None })
    }
}

impl DiscoverySource for World<'_> {
    async fn discover(&self, discovery_url: &Url, _within: Duration) -> Result<DiscoveryDocument, DiscoveryError> {
        let Some(number) = self.ask(discovery_url) else {
            return Err(DiscoveryError::Unreachable { url: discovery_url.to_string(), source: "outage".into() });
        };
        let issuer = issuer(number);
        let (token_endpoint, jwks_uri) = (format!("{issuer}/v1/token"), format!("{issuer}/v1/keys"));
        Ok(DiscoveryDocument { issuer, token_endpoint, jwks_uri })
    }
}

impl Clock for World<'_> {
    fn now(&self) -> Moment {
        moment(self.now)
    }
}

fn issuer(number: usize) -> String {
    format!("https://acme.okta.com/oauth2/aus{number}")
}
