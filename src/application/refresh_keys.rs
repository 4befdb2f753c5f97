//! The `keys` function's job: each issuer's current keys, stored beside each of its profiles, so that a cold start needs
//! no answer from Okta.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use futures_util::StreamExt;
use futures_util::stream;

use crate::domain::jose::key_set::KeySetError;
use crate::domain::jose::stored_key_set::{KeySetRecord, RecordTooLarge, Renewal};
use crate::domain::profile::{Endpoints, ProfileError, ProfileName, SecurityProfile, Transport};
use crate::ports::clock::Clock;
use crate::ports::discovery::{DiscoveryDocument, DiscoveryError, DiscoverySource};
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::ports::key_set_store::{KeySetStore, KeySetStoreError};
use crate::ports::profile_store::{LoadRequest, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile};

/// How many issuers are asked at a time.
const AT_A_TIME: usize = 8;
/// How long the store may take, and each issuer's document.
const PATIENCE: Duration = Duration::from_secs(10);

/// Stores key sets.
#[derive(Debug)]
pub struct RefreshKeys<S, O, C> {
    /// Where profiles and their key sets are kept.
    pub store: S,
    /// Okta.
    pub okta: O,
    /// The clocks.
    pub clock: C,
    /// Which profiles.
    pub selection: ProfileSelection,
    /// Whether issuers on a loopback address are allowed.
    pub transport: Transport,
}

/// What one run came to for one profile.
#[derive(Debug)]
pub struct ProfileKeys {
    /// Its name.
    pub profile: ProfileName,
    /// What is stored now, or why it stays as it was.
    pub outcome: Result<StoredKeys, RefreshKeysError>,
    /// Where the issuer's own discovery document disagrees with the profile.
    pub drift: Vec<Drift>,
    /// How old the stored key set is, where there is one.
    pub age: Option<Duration>,
}

/// What is stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredKeys {
    /// Whether it was written, and why.
    pub renewal: Renewal,
    /// The `kid`s of the issuer's keys.
    pub current: Vec<String>,
    /// The `kid`s of keys that it no longer publishes, which are kept for a day.
    pub gone: Vec<String>,
}

/// A disagreement between a profile and its issuer's discovery document, or that there is none.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Drift {
    /// There is no document to compare with.
    NoDiscovery,
    /// `issuer`.
    Issuer,
    /// `token_endpoint` and the profile's `tokenUrl`.
    TokenUrl,
    /// `jwks_uri` and the profile's `keysUrl`.
    KeysUrl,
}

/// Why a profile's stored key set stays as it was.
#[derive(Debug, thiserror::Error)]
pub enum RefreshKeysError {
    /// The profile does not exist.
    #[error("`{location}` does not exist; create it, or correct `PROFILES`")]
    Missing {
        /// Where it was looked for.
        location: String,
    },
    /// Its document is refused.
    #[error(transparent)]
    Profile(#[from] ProfileError),
    /// Its issuer's keys did not come.
    #[error(transparent)]
    Keys(#[from] Arc<KeySetSourceError>),
    /// The discovery document is another issuer's: so are its keys.
    #[error(
        "the discovery document is that of `{found}`, not of the profile's issuer; correct `issuer` or `discoveryUrl`"
    )]
    OtherIssuer {
        /// The issuer that it names.
        found: String,
    },
    /// Its issuer's keys are of no use.
    #[error(transparent)]
    Unusable(#[from] KeySetError),
    /// They do not fit.
    #[error(transparent)]
    TooLarge(#[from] RecordTooLarge),
    /// They could not be written.
    #[error(transparent)]
    Store(#[from] KeySetStoreError),
}

/// What an issuer's two documents came to: asked for once, whatever the number of its profiles.
struct Published {
    discovery: Result<DiscoveryDocument, DiscoveryError>,
    keys: Result<FetchedKeySet, Arc<KeySetSourceError>>,
}

impl<S, O, C> RefreshKeys<S, O, C>
where
    S: ProfileStore + KeySetStore,
    O: KeySetSource + DiscoverySource,
    C: Clock,
{
    /// Asks every issuer once, and stores what came for each of its profiles. What fails for one does not stop another.
    ///
    /// # Errors
    /// [`ProfileStoreError`] where the profiles cannot be read at all.
    pub async fn refresh(&self) -> Result<Vec<ProfileKeys>, ProfileStoreError> {
        let loaded = self.store.load(LoadRequest::everything(&self.selection, PATIENCE)).await?;
        let missing = loaded.missing.into_iter().map(|missing| {
            let outcome = Err(RefreshKeysError::Missing { location: missing.location });
            ProfileKeys { profile: missing.name, outcome, drift: Vec::new(), age: None }
        });
        let mut report: Vec<ProfileKeys> = missing.collect();
        let mut profiles = Vec::new();
        for stored in loaded.found {
            match SecurityProfile::from_json(&stored.name, &stored.document, self.transport) {
                Ok(profile) => profiles.push((stored, profile)),
                Err(error) => report.push(self.report(&stored, Err(error.into()), Vec::new())),
            }
        }
        let published = self.ask(&profiles).await;
        for (stored, profile) in &profiles {
            let Some(published) = published.get(&place(profile.endpoints())) else { continue };
            let outcome = self.store_keys(stored, profile, published).await;
            report.push(self.report(stored, outcome, drift(profile.endpoints(), &published.discovery)));
        }
        report.sort_by(|a, b| a.profile.cmp(&b.profile));
        Ok(report)
    }

    /// What each issuer publishes, some of them asked at a time.
    async fn ask(&self, profiles: &[(StoredProfile, SecurityProfile)]) -> HashMap<Place, Published> {
        let mut places: HashMap<Place, &Endpoints> = HashMap::new();
        for (_, profile) in profiles {
            places.entry(place(profile.endpoints())).or_insert(profile.endpoints());
        }
        let asked = places.into_iter().map(|(place, endpoints)| async move {
            let discovery = self.okta.discover(&endpoints.discovery_url, PATIENCE).await;
            let keys = self.okta.fetch(&endpoints.keys_url, PATIENCE).await.map_err(Arc::new);
            (place, Published { discovery, keys })
        });
        stream::iter(asked).buffer_unordered(AT_A_TIME).collect().await
    }

    async fn store_keys(
        &self,
        stored: &StoredProfile,
        profile: &SecurityProfile,
        published: &Published,
    ) -> Result<StoredKeys, RefreshKeysError> {
        if let Ok(discovery) = &published.discovery
            && discovery.issuer != profile.issuer().as_str()
        {
            return Err(RefreshKeysError::OtherIssuer { found: discovery.issuer.clone() });
        }
        let fetched = published.keys.as_ref().map_err(Arc::clone)?;
        let record = KeySetRecord::fetched(&fetched.document, fetched.max_age, self.clock.now().wall)?;
        let before = stored.key_set.as_deref().and_then(KeySetRecord::stored);
        let (record, renewal) = record.renew(before.as_ref())?;
        if renewal != Renewal::Unchanged {
            self.store.store_key_set(&stored.name, &record.to_json()).await?;
        }
        let current = record.current().map(str::to_owned).collect();
        Ok(StoredKeys { renewal, current, gone: record.gone().map(str::to_owned).collect() })
    }

    fn report(
        &self,
        stored: &StoredProfile,
        outcome: Result<StoredKeys, RefreshKeysError>,
        drift: Vec<Drift>,
    ) -> ProfileKeys {
        let now = self.clock.now().wall;
        let written = outcome.as_ref().is_ok_and(|stored| stored.renewal != Renewal::Unchanged);
        let before = stored.key_set.as_deref().and_then(KeySetRecord::stored);
        let age = if written { Some(Duration::ZERO) } else { before.map(|record| now.since(record.fetched_at())) };
        ProfileKeys { profile: stored.name.clone(), outcome, drift, age }
    }
}

/// Whose documents are the same: all of an issuer's profiles, unless one has URLs of its own.
type Place = (String, String);

fn place(endpoints: &Endpoints) -> Place {
    (endpoints.discovery_url.to_string(), endpoints.keys_url.to_string())
}

fn drift(endpoints: &Endpoints, discovery: &Result<DiscoveryDocument, DiscoveryError>) -> Vec<Drift> {
    let Ok(discovery) = discovery else { return vec![Drift::NoDiscovery] };
    let compared = [
        (Drift::Issuer, discovery.issuer == endpoints.issuer.as_str()),
        (Drift::TokenUrl, discovery.token_endpoint == endpoints.token_url.as_str()),
        (Drift::KeysUrl, discovery.jwks_uri == endpoints.keys_url.as_str()),
    ];
    compared.into_iter().filter(|(_, agrees)| !agrees).map(|(drift, _)| drift).collect()
}

#[cfg(test)]
#[path = "refresh_keys_tests.rs"]
mod tests;
