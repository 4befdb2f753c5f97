//! In-memory twins of the ports, for unit tests: what they hold is set by the test, and calls are counted.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use url::Url;

use crate::domain::jose::key_set::{KeySet, KeySetError};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::domain::time::Moment;
use crate::ports::clock::Clock;
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

/// A store in memory.
#[derive(Debug, Default)]
pub struct MemoryProfileStore {
    profiles: Mutex<Vec<StoredProfile>>,
    out_of_order: Mutex<bool>,
    loads: AtomicUsize,
    stored_client: Mutex<Option<ClientCredentials>>,
    client_reads: AtomicUsize,
}

impl MemoryProfileStore {
    /// A store that holds these.
    #[must_use]
    pub fn holding(profiles: Vec<StoredProfile>) -> Self {
        Self { profiles: Mutex::new(profiles), ..Self::default() }
    }

    /// Replaces what the store holds.
    pub fn replace(&self, profiles: Vec<StoredProfile>) {
        *self.profiles.lock().unwrap_or_else(PoisonError::into_inner) = profiles;
    }

    /// Makes every load fail, or not.
    pub fn set_out_of_order(&self, out_of_order: bool) {
        *self.out_of_order.lock().unwrap_or_else(PoisonError::into_inner) = out_of_order;
    }

    /// Keeps this client for every profile.
    pub fn keep_client(&self, client: Option<ClientCredentials>) {
        *self.stored_client.lock().unwrap_or_else(PoisonError::into_inner) = client;
    }

    /// How often a client was read.
    #[must_use]
    pub fn client_reads(&self) -> usize {
        self.client_reads.load(Ordering::SeqCst)
    }

    /// How often it was loaded from.
    #[must_use]
    pub fn loads(&self) -> usize {
        self.loads.load(Ordering::SeqCst)
    }
}

impl MemoryProfileStore {
    fn check_order(&self) -> Result<(), ProfileStoreError> {
        let source = "out of order";
        let failed = *self.out_of_order.lock().unwrap_or_else(PoisonError::into_inner);
        let error = || ProfileStoreError::Unavailable { what: "memory".to_owned(), source: source.into() };
        if failed { Err(error()) } else { Ok(()) }
    }
}

impl ProfileStore for MemoryProfileStore {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        self.loads.fetch_add(1, Ordering::SeqCst);
        self.check_order()?;
        let held = self.profiles.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let mut loaded = LoadedProfiles { key_sets_read: true, ..LoadedProfiles::default() };
        let ProfileSelection::Named(names) = request.selection else {
            return Ok(LoadedProfiles { found: held, ..loaded });
        };
        for name in names {
            match held.iter().find(|stored| stored.name == *name) {
                Some(stored) => loaded.found.push(stored.clone()),
                None => loaded.missing.push(MissingProfile { name: name.clone(), location: format!("memory/{name}") }),
            }
        }
        Ok(loaded)
    }

    async fn client(&self, _name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        self.client_reads.fetch_add(1, Ordering::SeqCst);
        self.check_order()?;
        Ok(self.stored_client.lock().unwrap_or_else(PoisonError::into_inner).clone())
    }
}

/// A key set source in memory.
#[derive(Debug, Default)]
pub struct MemoryKeySetSource {
    document: Mutex<Option<String>>,
    fetches: AtomicUsize,
}

impl MemoryKeySetSource {
    /// Serves this key set from now on; `None`: fails.
    pub fn serve(&self, document: Option<String>) {
        *self.document.lock().unwrap_or_else(PoisonError::into_inner) = document;
    }

    /// How often keys were fetched.
    #[must_use]
    pub fn fetches(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }
}

impl KeySetSource for MemoryKeySetSource {
    async fn fetch(&self, keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        self.fetches.fetch_add(1, Ordering::SeqCst);
        // Let every other task run first, as a real fetch does.
        tokio::task::yield_now().await;
        let document = self.document.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let malformed = |problem: KeySetError| KeySetSourceError::Malformed { url: keys_url.to_string(), problem };
        let document = document.ok_or_else(|| KeySetSourceError::Status { url: keys_url.to_string(), status: 503 })?;
        let keys = KeySet::from_json(document.as_bytes()).map_err(malformed)?;
        Ok(FetchedKeySet { keys, document: document.into_bytes(), max_age: None, date: None })
    }
}

/// A clock that stands where it is set.
#[derive(Debug)]
pub struct FixedClock(Mutex<Moment>);

impl FixedClock {
    /// A clock at this moment.
    #[must_use]
    pub fn at(moment: Moment) -> Self {
        Self(Mutex::new(moment))
    }

    /// Sets it.
    pub fn set(&self, moment: Moment) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = moment;
    }
}

impl Clock for FixedClock {
    fn now(&self) -> Moment {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
