//! The clients that profiles keep, held for a while: what automatic mode and introspection share.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::call_time::CallTime;
use super::key_ring::chain;
use super::profile_catalog::ProfileCatalog;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::domain::time::MonotonicTime;
use crate::ports::profile_store::{ProfileStore, ProfileStoreError};

/// How long a stored client is held before it is read again.
pub(super) const CLIENT_LIFETIME: Duration = Duration::from_secs(300);
/// How old a stored client is at least when it is read again because Okta does not know it: its secret may have been
/// rotated.
pub(super) const LEAST_AGE_OF_A_REFUSED_CLIENT: Duration = Duration::from_secs(30);

/// The clients that were read so far.
#[derive(Debug, Default)]
pub(super) struct StoredClients(Mutex<HashMap<ProfileName, HeldClient>>);

/// A client, and when it was read.
#[derive(Debug, Clone)]
pub(super) struct HeldClient {
    pub(super) client: Arc<ClientCredentials>,
    pub(super) read_at: MonotonicTime,
}

/// Why a profile's client cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoredClientError {
    /// The profile keeps none.
    #[error("the profile `{0}` needs a stored client and keeps none; store its id and secret")]
    Missing(ProfileName),
    /// It cannot be read.
    #[error(transparent)]
    Unreadable(ProfileStoreError),
}

impl StoredClientError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Missing(_) => "stored_client_missing",
            Self::Unreadable(_) => "stored_client_unavailable",
        }
    }
}

impl StoredClients {
    /// The profile's client, read again where it is older than `lifetime`; the held one serves on where that fails.
    ///
    /// # Errors
    /// [`StoredClientError`] where there is none, or it cannot be read.
    pub(super) async fn current<S: ProfileStore>(
        &self,
        profiles: &ProfileCatalog<S>,
        name: &ProfileName,
        time: CallTime,
        lifetime: Duration,
    ) -> Result<HeldClient, StoredClientError> {
        let now = time.now.monotonic;
        let held = self.lock().get(name).cloned();
        if let Some(held) = held.as_ref().filter(|held| now.since(held.read_at) < lifetime) {
            return Ok(held.clone());
        }
        match (profiles.client(name).await, held) {
            (Ok(Some(client)), _) => {
                let read = HeldClient { client: Arc::new(client), read_at: now };
                self.lock().insert(name.clone(), read.clone());
                Ok(read)
            }
            (Ok(None), _) => {
                self.lock().remove(name);
                Err(StoredClientError::Missing(name.clone()))
            }
            (Err(error), Some(held)) => {
                tracing::warn!(profile = %name, error = %chain(&error), "stored client not read, the held one serves on");
                Ok(held)
            }
            (Err(error), None) => Err(StoredClientError::Unreadable(error)),
        }
    }

    fn lock(&self) -> MutexGuard<'_, HashMap<ProfileName, HeldClient>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
