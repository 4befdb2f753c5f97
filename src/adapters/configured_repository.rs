//! The repository that the command line names: SSM or a folder.

use super::configured::ConfiguredStore;
use super::file::FileProfileStore;
use super::ssm::{SsmConnection, SsmProfileStore, connect};
use crate::config::StoreConfig;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, ProfileName};
use crate::ports::profile_repository::{Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned};

/// SSM or a folder.
#[derive(Debug, Clone)]
pub enum ConfiguredRepository {
    /// SSM Parameter Store.
    Ssm(SsmProfileStore),
    /// A folder.
    File(FileProfileStore),
}

/// Does the same with either.
macro_rules! either {
    ($self:ident, $store:ident => $call:expr) => {
        match $self {
            Self::Ssm($store) => Box::pin($call).await,
            Self::File($store) => $call.await,
        }
    };
}

impl ConfiguredRepository {
    /// Opens the repository. Nothing is read yet.
    pub async fn open(store: &StoreConfig, connection: SsmConnection) -> Self {
        match store {
            StoreConfig::Ssm { root } => Self::Ssm(SsmProfileStore::new(connect(connection).await, root.clone())),
            StoreConfig::File { directory } => Self::File(FileProfileStore::new(directory.clone())),
        }
    }

    /// The same place as the functions read it.
    #[must_use]
    pub fn as_store(&self) -> ConfiguredStore {
        match self {
            Self::Ssm(store) => ConfiguredStore::Ssm(store.clone()),
            Self::File(store) => ConfiguredStore::File(store.clone()),
        }
    }
}

impl ProfileRepository for ConfiguredRepository {
    async fn names(&self) -> Result<Vec<ProfileName>, RepositoryError> {
        either!(self, store => ProfileRepository::names(store))
    }

    async fn read(&self, item: &Item) -> Result<Option<Versioned>, RepositoryError> {
        either!(self, store => store.read(item))
    }

    async fn write(&self, item: &Item, text: &str, expected: Expected, tier: Tier) -> Result<Version, RepositoryError> {
        either!(self, store => store.write(item, text, expected, tier))
    }

    async fn delete(&self, name: &ProfileName, expected: Version) -> Result<(), RepositoryError> {
        either!(self, store => store.delete(name, expected))
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, RepositoryError> {
        either!(self, store => ProfileRepository::client(store, name))
    }

    async fn store_client(
        &self,
        name: &ProfileName,
        client_id: &ClientId,
        secret: &ClientSecret,
        key: Option<&str>,
    ) -> Result<(), RepositoryError> {
        either!(self, store => store.store_client(name, client_id, secret, key))
    }

    fn location(&self, item: &Item) -> String {
        match self {
            Self::Ssm(store) => store.location(item),
            Self::File(store) => store.location(item),
        }
    }
}
