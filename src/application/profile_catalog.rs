//! The profiles in force: loaded once, refreshed ahead of their time once a call is answered, the last good ones kept
//! when the store or a document fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::call_time::CallTime;
use super::key_ring::chain;
pub use super::profile_snapshot::{LoadedProfile, Snapshot};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::{ProfileName, Transport};
use crate::domain::profile_freshness::{ProfileFreshness, ProfileState};
use crate::domain::refresh::{Jitter, Refresh};
use crate::domain::time::MonotonicTime;
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError,
};

/// What the catalog is told about its profiles.
#[derive(Debug, Clone)]
pub struct CatalogSettings {
    /// Which profiles.
    pub selection: ProfileSelection,
    /// How long a loaded profile is fresh.
    pub time_to_live: Duration,
    /// The sandbox's place in the intervals.
    pub jitter: Jitter,
    /// Whether issuers on a loopback address are allowed.
    pub transport: Transport,
}

/// Loads profiles and keeps them.
#[derive(Debug)]
pub struct ProfileCatalog<S> {
    store: S,
    selection: ProfileSelection,
    transport: Transport,
    state: Mutex<State>,
    /// Held while a load is under way, so that there is one at a time.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Debug)]
struct State {
    snapshot: Option<Arc<Snapshot>>,
    freshness: ProfileFreshness,
}

/// Why there are no profiles to decide by.
#[derive(Debug, thiserror::Error)]
pub enum CatalogError {
    /// The store cannot be read, and nothing was loaded before.
    #[error("no profiles are loaded")]
    Unavailable {
        /// Why the store cannot be read; `None` where the last failure was too recent to try again.
        #[source]
        source: Option<ProfileStoreError>,
    },
    /// Profiles that the configuration names do not exist.
    #[error("{}", missing_profiles(.0))]
    Missing(Vec<MissingProfile>),
}

impl<S: ProfileStore> ProfileCatalog<S> {
    /// An empty catalog over `store`.
    pub fn new(store: S, settings: CatalogSettings) -> Self {
        let CatalogSettings { selection, time_to_live, jitter, transport } = settings;
        let state = State { snapshot: None, freshness: ProfileFreshness::new(time_to_live, jitter) };
        Self { store, selection, transport, state: Mutex::new(state), loading: tokio::sync::Mutex::default() }
    }

    /// The profiles in force. They are loaded first where none are, and where the held ones have lived their time.
    ///
    /// # Errors
    /// [`CatalogError`] where nothing was ever loaded.
    pub async fn current(&self, time: CallTime) -> Result<Arc<Snapshot>, CatalogError> {
        if let Some(usable) = self.usable(time) {
            return Ok(usable);
        }
        let held = self.lock().snapshot.clone();
        let _turn = match (held, self.loading.try_lock()) {
            (_, Ok(turn)) => turn,
            // Another call is refreshing them; what is held serves meanwhile.
            (Some(held), Err(_)) => return Ok(held),
            (None, Err(_)) => self.loading.lock().await,
        };
        match self.usable(time) {
            Some(usable) => Ok(usable),
            None => self.load(time, time.spare()).await,
        }
    }

    /// Loads the profiles again where they are due. To be called once a call is answered.
    pub async fn refresh_due(&self, time: CallTime) {
        if self.state(time) != ProfileState::Loaded(Refresh::AfterAnswer) {
            return;
        }
        if let Ok(_turn) = self.loading.try_lock() {
            // Why it failed is in the log; what is held serves on.
            let _serves_on = self.load(time, time.left).await;
        }
    }

    /// The client that a profile keeps, its secret decrypted.
    ///
    /// # Errors
    /// [`ProfileStoreError`] where it cannot be read.
    pub async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        self.store.client(name).await
    }

    /// How long ago the document of a profile that is in force was last read and accepted.
    #[must_use]
    pub fn age(&self, name: &ProfileName, now: MonotonicTime) -> Option<Duration> {
        Some(self.lock().snapshot.as_ref()?.named(name)?.age(now))
    }

    /// The held profiles, where this call is to be decided by them.
    fn usable(&self, time: CallTime) -> Option<Arc<Snapshot>> {
        let state = self.lock();
        match state.freshness.state(time.now.monotonic) {
            ProfileState::Loaded(Refresh::NotNow | Refresh::AfterAnswer) => state.snapshot.clone(),
            ProfileState::Loaded(Refresh::BeforeAnswer) | ProfileState::Empty | ProfileState::EmptyCoolingDown => None,
        }
    }

    fn state(&self, time: CallTime) -> ProfileState {
        self.lock().freshness.state(time.now.monotonic)
    }

    /// Loads; a refresh of held profiles gives up after `spare`.
    async fn load(&self, time: CallTime, spare: Duration) -> Result<Arc<Snapshot>, CatalogError> {
        let now = time.now.monotonic;
        let (held, key_sets_needed) = {
            let mut state = self.lock();
            if state.freshness.state(now) == ProfileState::EmptyCoolingDown {
                return Err(CatalogError::Unavailable { source: None });
            }
            state.freshness.load_begins(now);
            (state.snapshot.clone(), state.freshness.needs_key_sets(now))
        };
        let within = if held.is_some() { spare } else { time.left };
        let request = LoadRequest { selection: &self.selection, key_sets_needed, within };
        match self.store.load(request).await {
            Ok(loaded) => self.take(loaded, held.as_deref(), time),
            Err(error) => self.load_failed(held, error, time),
        }
    }

    fn take(
        &self,
        loaded: LoadedProfiles,
        held: Option<&Snapshot>,
        time: CallTime,
    ) -> Result<Arc<Snapshot>, CatalogError> {
        if held.is_none() && !loaded.missing.is_empty() {
            self.lock().freshness.load_failed(time.now.monotonic);
            return Err(CatalogError::Missing(loaded.missing));
        }
        let (now, key_sets_read) = (time.now.monotonic, loaded.key_sets_read);
        let snapshot = Arc::new(Snapshot::of(loaded, held, &self.selection, self.transport, now));
        let mut state = self.lock();
        state.snapshot = Some(Arc::clone(&snapshot));
        if state.freshness.loaded(key_sets_read, now) && held.is_some() {
            tracing::info!("profiles refreshed again");
        }
        Ok(snapshot)
    }

    fn load_failed(
        &self,
        held: Option<Arc<Snapshot>>,
        error: ProfileStoreError,
        time: CallTime,
    ) -> Result<Arc<Snapshot>, CatalogError> {
        let is_news = self.lock().freshness.load_failed(time.now.monotonic);
        match held {
            Some(held) => {
                if is_news {
                    tracing::warn!(error = %chain(&error), "profiles not refreshed, the loaded ones serve on");
                }
                Ok(held)
            }
            None => Err(CatalogError::Unavailable { source: Some(error) }),
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn missing_profiles(missing: &[MissingProfile]) -> String {
    let missing: Vec<String> = missing
        .iter()
        .map(|missing| format!("profile `{}`: `{}` does not exist", missing.name, missing.location))
        .collect();
    format!("{}; create it, or correct `PROFILES`", missing.join("; "))
}

#[cfg(test)]
#[path = "profile_catalog_tests.rs"]
mod tests;
