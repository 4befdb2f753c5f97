//! The profiles in force: loaded once, refreshed after their time during an invocation, the last good ones kept when
//! the store or a document fails.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use crate::application::key_ring::chain;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::jose::key_set::StoredKeySet;
use crate::domain::profile::{ProfileName, SecurityProfile, Transport};
use crate::domain::time::{Moment, MonotonicTime};
use crate::ports::profile_store::{
    LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

/// How long after a failed refresh the next one waits.
const RETRY_INTERVAL: Duration = Duration::from_secs(30);
/// How long after a failed first load the next one waits: every call fails meanwhile.
const RETRY_INTERVAL_WITHOUT_PROFILES: Duration = Duration::from_secs(1);

/// What the catalog is told about its profiles.
#[derive(Debug, Clone)]
pub struct CatalogSettings {
    /// Which profiles.
    pub selection: ProfileSelection,
    /// How long a loaded profile is fresh, already jittered.
    pub time_to_live: Duration,
    /// Whether issuers on a loopback address are allowed.
    pub transport: Transport,
}

/// Loads profiles and keeps them.
#[derive(Debug)]
pub struct ProfileCatalog<S> {
    store: S,
    settings: CatalogSettings,
    state: Mutex<State>,
    /// Held while a load is under way, so that there is one at a time.
    loading: tokio::sync::Mutex<()>,
}

#[derive(Debug, Default)]
struct State {
    snapshot: Option<Arc<Snapshot>>,
    next_load: Option<MonotonicTime>,
}

/// The profiles of one load.
#[derive(Debug, Default)]
pub struct Snapshot {
    profiles: Vec<LoadedProfile>,
    broken: Vec<ProfileName>,
}

/// A profile and its stored key set.
#[derive(Debug, Clone)]
pub struct LoadedProfile {
    /// The profile.
    pub profile: Arc<SecurityProfile>,
    /// Its stored key set, where there is a usable one.
    pub stored_keys: Option<Arc<StoredKeySet>>,
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

impl Snapshot {
    /// The profiles that apply to a request, in their order.
    pub fn applying_to<'s>(&'s self, arn: &'s MethodArn) -> impl Iterator<Item = &'s LoadedProfile> {
        self.profiles.iter().filter(move |loaded| loaded.profile.applies_to(arn))
    }

    /// The profile with this name.
    #[must_use]
    pub fn named(&self, name: &ProfileName) -> Option<&LoadedProfile> {
        self.profiles.iter().find(|loaded| loaded.profile.name() == name)
    }

    /// Profiles whose documents are refused and of which no earlier version is held: what they would have said of a
    /// request cannot be known.
    #[must_use]
    pub fn broken(&self) -> &[ProfileName] {
        &self.broken
    }
}

impl<S: ProfileStore> ProfileCatalog<S> {
    /// An empty catalog over `store`.
    pub fn new(store: S, settings: CatalogSettings) -> Self {
        Self { store, settings, state: Mutex::default(), loading: tokio::sync::Mutex::default() }
    }

    /// The profiles in force, loaded or refreshed where that is due.
    ///
    /// # Errors
    /// [`CatalogError`] where nothing was ever loaded.
    pub async fn current(&self, now: Moment) -> Result<Arc<Snapshot>, CatalogError> {
        if let Some(fresh) = self.fresh(now.monotonic) {
            return Ok(fresh);
        }
        let held = self.lock().snapshot.clone();
        let _turn = match (held, self.loading.try_lock()) {
            (_, Ok(turn)) => turn,
            // Another call is refreshing them; what is held serves meanwhile.
            (Some(held), Err(_)) => return Ok(held),
            (None, Err(_)) => self.loading.lock().await,
        };
        if let Some(fresh) = self.fresh(now.monotonic) {
            return Ok(fresh);
        }
        self.load(now.monotonic).await
    }

    fn fresh(&self, now: MonotonicTime) -> Option<Arc<Snapshot>> {
        let state = self.lock();
        state.snapshot.as_ref().filter(|_| state.next_load.is_some_and(|next| next > now)).cloned()
    }

    async fn load(&self, now: MonotonicTime) -> Result<Arc<Snapshot>, CatalogError> {
        let held = {
            let state = self.lock();
            if state.snapshot.is_none() && state.next_load.is_some_and(|next| next > now) {
                return Err(CatalogError::Unavailable { source: None });
            }
            state.snapshot.clone()
        };
        let loaded = match self.store.load(&self.settings.selection).await {
            Ok(loaded) => loaded,
            Err(error) => return self.load_failed(held, error, now),
        };
        if held.is_none() && !loaded.missing.is_empty() {
            return Err(CatalogError::Missing(loaded.missing));
        }
        let snapshot = Arc::new(self.snapshot(loaded, held.as_deref()));
        let mut state = self.lock();
        state.snapshot = Some(Arc::clone(&snapshot));
        state.next_load = Some(now.plus(self.settings.time_to_live));
        Ok(snapshot)
    }

    fn load_failed(
        &self,
        held: Option<Arc<Snapshot>>,
        error: ProfileStoreError,
        now: MonotonicTime,
    ) -> Result<Arc<Snapshot>, CatalogError> {
        let pause = if held.is_some() { RETRY_INTERVAL } else { RETRY_INTERVAL_WITHOUT_PROFILES };
        self.lock().next_load = Some(now.plus(pause));
        match held {
            Some(held) => {
                tracing::warn!(error = %chain(&error), "profiles not refreshed, the loaded ones serve on");
                Ok(held)
            }
            None => Err(CatalogError::Unavailable { source: Some(error) }),
        }
    }

    /// Parses what was loaded; where a document is refused or gone, the held version stays.
    fn snapshot(&self, loaded: LoadedProfiles, held: Option<&Snapshot>) -> Snapshot {
        let mut snapshot = Snapshot::default();
        let keep_or_give_up = |snapshot: &mut Snapshot, name: ProfileName| match held.and_then(|held| held.named(&name))
        {
            Some(kept) => snapshot.profiles.push(kept.clone()),
            None => snapshot.broken.push(name),
        };
        for stored in loaded.found {
            match SecurityProfile::from_json(&stored.name, &stored.document, self.settings.transport) {
                Ok(profile) => {
                    let is_news = held
                        .and_then(|held| held.named(&stored.name))
                        .is_none_or(|held| held.profile.version() != profile.version());
                    for warning in profile.warnings().iter().filter(|_| is_news) {
                        tracing::warn!(profile = %stored.name, %warning, "profile accepted with a warning");
                    }
                    let stored_keys = stored_keys(&stored);
                    snapshot.profiles.push(LoadedProfile { profile: Arc::new(profile), stored_keys });
                }
                Err(error) => {
                    tracing::error!(profile = %stored.name, %error, "profile refused");
                    keep_or_give_up(&mut snapshot, stored.name);
                }
            }
        }
        for missing in loaded.missing {
            tracing::error!(profile = %missing.name, location = missing.location, "profile vanished");
            keep_or_give_up(&mut snapshot, missing.name);
        }
        self.in_configured_order(snapshot)
    }

    /// The first profile that a token satisfies governs, so the order of `PROFILES` is kept, whatever failed.
    fn in_configured_order(&self, mut snapshot: Snapshot) -> Snapshot {
        match &self.settings.selection {
            ProfileSelection::All => snapshot.profiles.sort_by(|a, b| a.profile.name().cmp(b.profile.name())),
            ProfileSelection::Named(names) => {
                snapshot.profiles.sort_by_key(|loaded| names.iter().position(|name| name == loaded.profile.name()));
            }
        }
        snapshot
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// A stored key set that cannot be read is worth a warning and no more: the issuer still has the keys.
fn stored_keys(stored: &StoredProfile) -> Option<Arc<StoredKeySet>> {
    let json = stored.key_set.as_ref()?;
    match StoredKeySet::from_json(json.as_bytes()) {
        Ok(keys) => Some(Arc::new(keys)),
        Err(error) => {
            tracing::warn!(profile = %stored.name, %error, "stored key set ignored");
            None
        }
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
