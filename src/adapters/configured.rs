//! The store that the configuration names, and everything else that both functions are made of.

use std::collections::hash_map::RandomState;
use std::hash::{BuildHasher, Hasher};
use std::sync::{Arc, Mutex};

use super::file::FileProfileStore;
use super::okta::OktaClient;
use super::ssm::{SsmConnection, SsmProfileStore, connect};
use super::system_clock::SystemClock;
use super::trust::{TrustError, client_config};
use crate::application::authorize_request::AuthorizeRequest;
use crate::application::automatic_mode::AutomaticMode;
use crate::application::client_tokens::ClientTokens;
use crate::application::introspector::Introspector;
use crate::application::issue_token::IssueToken;
use crate::application::key_ring::KeyRing;
use crate::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use crate::application::refresh_keys::RefreshKeys;
use crate::application::verify_token::TokenMemory;
use crate::config::{Config, StoreConfig};
use crate::domain::keyed_hash::KeyedHash;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::domain::refresh::Jitter;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::key_set_store::{KeySetStore, KeySetStoreError};
use crate::ports::profile_store::{LoadRequest, LoadedProfiles, ProfileStore, ProfileStoreError};
use crate::telemetry::StoreRecord;

/// SSM or a folder. The futures of the SDK are boxed: they are large, and every call's future would hold room for them.
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
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        let began = SystemClock.elapsed();
        let loaded = match self {
            Self::Ssm(store) => Box::pin(store.load(request)).await,
            Self::File(store) => store.load(request).await,
        };
        StoreRecord { loaded: loaded.is_ok(), took: SystemClock.elapsed() - began }.log();
        loaded
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        match self {
            Self::Ssm(store) => Box::pin(store.client(name)).await,
            Self::File(store) => store.client(name).await,
        }
    }
}

impl KeySetStore for ConfiguredStore {
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        match self {
            Self::Ssm(store) => Box::pin(store.store_key_set(name, key_set)).await,
            Self::File(store) => store.store_key_set(name, key_set).await,
        }
    }
}

/// The authorizer as it runs in Lambda and in the local gateway.
pub type ConfiguredAuthorizer = AuthorizeRequest<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>;

/// The token function as it runs in Lambda and in the local gateway.
pub type ConfiguredTokenIssuer = IssueToken<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>;

/// Puts the authorizer together.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub async fn authorizer(config: &Config) -> Result<ConfiguredAuthorizer, TrustError> {
    let okta = okta_client(config)?;
    Ok(authorizer_over(config, ConfiguredStore::open(&config.store).await, Arc::clone(&okta), okta))
}

/// The same over a store that is open already, and with keys from elsewhere than Okta.
pub fn authorizer_over<K: KeySetSource>(
    config: &Config,
    store: ConfiguredStore,
    keys: K,
    okta: Arc<OktaClient>,
) -> AuthorizeRequest<ConfiguredStore, K, Arc<OktaClient>, SystemClock> {
    let jitter = draw_jitter();
    let profiles = ProfileCatalog::new(store, catalog_settings(config, jitter));
    let keys = KeyRing::new(keys, jitter);
    AuthorizeRequest {
        profiles,
        keys,
        memory: TokenMemory::default(),
        used_proofs: Mutex::default(),
        introspector: Introspector::new(Arc::clone(&okta)),
        automatic: AutomaticMode::new(client_tokens(okta)),
        clock: SystemClock,
    }
}

/// Puts the token function together.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub async fn token_issuer(config: &Config) -> Result<ConfiguredTokenIssuer, TrustError> {
    // Before the store: what cannot be trusted is told in one line.
    let okta = okta_client(config)?;
    Ok(token_issuer_over(config, ConfiguredStore::open(&config.store).await, okta))
}

/// The same over a store that is open already.
pub fn token_issuer_over(config: &Config, store: ConfiguredStore, okta: Arc<OktaClient>) -> ConfiguredTokenIssuer {
    let jitter = draw_jitter();
    let profiles = ProfileCatalog::new(store, catalog_settings(config, jitter));
    let keys = KeyRing::new(Arc::clone(&okta), jitter);
    IssueToken { profiles, keys, tokens: client_tokens(okta), clock: SystemClock }
}

/// The `keys` function as it runs in Lambda.
pub type ConfiguredKeys = RefreshKeys<ConfiguredStore, Arc<OktaClient>, SystemClock>;

/// Puts the `keys` function together.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub async fn refresh_keys(config: &Config) -> Result<ConfiguredKeys, TrustError> {
    Ok(RefreshKeys {
        store: ConfiguredStore::open(&config.store).await,
        okta: okta_client(config)?,
        clock: SystemClock,
        selection: config.selection.clone(),
        transport: config.transport,
    })
}

/// The client towards Okta that the functions use.
///
/// # Errors
/// [`TrustError`] where `SSL_CERT_FILE` cannot be used.
pub fn okta_client(config: &Config) -> Result<Arc<OktaClient>, TrustError> {
    let tls = client_config(config.extra_trust_anchors.as_deref())?;
    Ok(Arc::new(OktaClient::new(tls, config.transport, config.okta_proxy.clone())))
}

/// The key of the hash is this process's own, and gone with it.
fn client_tokens(okta: Arc<OktaClient>) -> ClientTokens<Arc<OktaClient>> {
    let mut key = [0; 32];
    #[expect(clippy::expect_used, reason = "where the system has no randomness left, nothing is safe to go on with")]
    getrandom::fill(&mut key).expect("randomness");
    ClientTokens::new(okta, KeyedHash::under(&key))
}

fn catalog_settings(config: &Config, jitter: Jitter) -> CatalogSettings {
    CatalogSettings {
        selection: config.selection.clone(),
        time_to_live: config.profile_ttl,
        jitter,
        transport: config.transport,
    }
}

/// Drawn once for each sandbox. The standard library seeds its hash maps from the system's randomness.
fn draw_jitter() -> Jitter {
    Jitter::from_random(RandomState::new().build_hasher().finish())
}
