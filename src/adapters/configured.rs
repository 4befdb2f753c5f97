//! The store that the configuration names, and everything else that both functions are made of.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::Arc;
use std::time::Duration;

use super::file::FileProfileStore;
use super::okta::OktaClient;
use super::ssm::{SsmConnection, SsmProfileStore, connect};
use super::system_clock::SystemClock;
use super::trust::{TrustError, client_config};
use crate::application::authorize_request::AuthorizeRequest;
use crate::application::issue_token::IssueToken;
use crate::application::key_ring::KeyRing;
use crate::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use crate::application::verify_token::TokenMemory;
use crate::config::{Config, StoreConfig};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::ports::profile_store::{LoadedProfiles, ProfileSelection, ProfileStore, ProfileStoreError};

/// SSM or a folder.
#[derive(Debug, Clone)]
pub enum ConfiguredStore {
    /// SSM Parameter Store.
    Ssm(SsmProfileStore),
    /// A folder.
    File(FileProfileStore),
}

impl ConfiguredStore {
    /// Opens the store that the configuration names. Nothing is read yet.
    pub async fn open(config: &StoreConfig) -> Self {
        match config {
            StoreConfig::Ssm { root } => {
                Self::Ssm(SsmProfileStore::new(connect(SsmConnection::default()).await, root.clone()))
            }
            StoreConfig::File { directory } => Self::File(FileProfileStore::new(directory.clone())),
        }
    }
}

impl ProfileStore for ConfiguredStore {
    async fn load(&self, selection: &ProfileSelection) -> Result<LoadedProfiles, ProfileStoreError> {
        match self {
            Self::Ssm(store) => store.load(selection).await,
            Self::File(store) => store.load(selection).await,
        }
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        match self {
            Self::Ssm(store) => store.client(name).await,
            Self::File(store) => store.client(name).await,
        }
    }
}

/// The authorizer as it runs in Lambda and in the local gateway.
pub type ConfiguredAuthorizer = AuthorizeRequest<ConfiguredStore, Arc<OktaClient>, SystemClock>;

/// The token function as it runs in Lambda and in the local gateway.
pub type ConfiguredTokenIssuer = IssueToken<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>;

/// Puts the authorizer together.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub async fn authorizer(config: &Config) -> Result<ConfiguredAuthorizer, TrustError> {
    let okta = okta_client(config)?;
    let profiles = ProfileCatalog::new(ConfiguredStore::open(&config.store).await, catalog_settings(config));
    Ok(AuthorizeRequest { profiles, keys: KeyRing::new(okta), memory: TokenMemory::default(), clock: SystemClock })
}

/// Puts the token function together.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub async fn token_issuer(config: &Config) -> Result<ConfiguredTokenIssuer, TrustError> {
    let okta = okta_client(config)?;
    let profiles = ProfileCatalog::new(ConfiguredStore::open(&config.store).await, catalog_settings(config));
    Ok(IssueToken { profiles, keys: KeyRing::new(Arc::clone(&okta)), endpoint: okta, clock: SystemClock })
}

fn okta_client(config: &Config) -> Result<Arc<OktaClient>, TrustError> {
    let tls = client_config(config.extra_trust_anchors.as_deref())?;
    Ok(Arc::new(OktaClient::new(tls, config.transport)))
}

fn catalog_settings(config: &Config) -> CatalogSettings {
    CatalogSettings {
        selection: config.selection.clone(),
        time_to_live: jittered(config.profile_ttl, RandomState::new().build_hasher().finish()),
        transport: config.transport,
    }
}

/// 90% to 110% of `duration`, so that sandboxes which started together do not refresh together.
fn jittered(duration: Duration, random: u64) -> Duration {
    let part = (random % 2_001) as f64 / 10_000.0;
    duration.mul_f64(0.9 + part)
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::jittered;

    #[test]
    fn jitter_stays_within_a_tenth() {
        let minute = Duration::from_secs(60);
        assert_eq!(jittered(minute, 0), Duration::from_secs(54));
        assert_eq!(jittered(minute, 2_000), Duration::from_secs(66));
        assert_eq!(jittered(minute, 2_001), Duration::from_secs(54));
    }
}
