//! Profiles as files: `DIR/NAME.json`, `DIR/NAME.keys.json`, `DIR/NAME.client.json`.

mod profile_repository;

use std::io::{ErrorKind, Write as _};
use std::path::{Path, PathBuf};

use secrecy::SecretString;

use crate::adapters::stored_client;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;
use crate::ports::key_set_store::{KeySetStore, KeySetStoreError};
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

/// Reads profiles from a folder, and writes their stored key sets there.
#[derive(Debug, Clone)]
pub struct FileProfileStore {
    directory: PathBuf,
}

impl FileProfileStore {
    /// Profiles in `directory`.
    #[must_use]
    pub fn new(directory: PathBuf) -> Self {
        Self { directory }
    }

    fn directory(&self) -> &Path {
        &self.directory
    }

    fn deny_list_path(&self) -> PathBuf {
        self.directory.join("deny.json")
    }

    fn path(&self, name: &ProfileName, suffix: &str) -> PathBuf {
        self.directory.join(format!("{name}{suffix}"))
    }

    fn names(&self) -> Result<Vec<ProfileName>, ProfileStoreError> {
        let unreadable = |error| unavailable(&self.directory, error);
        let mut names = Vec::new();
        for entry in std::fs::read_dir(&self.directory).map_err(unreadable)? {
            let file_name = entry.map_err(unreadable)?.file_name();
            // `orders.keys.json` leaves `orders.keys`, which is no profile's name.
            let name = file_name.to_str().and_then(|name| name.strip_suffix(".json"));
            names.extend(name.and_then(|name| ProfileName::new(name).ok()));
        }
        names.sort();
        Ok(names)
    }
}

impl ProfileStore for FileProfileStore {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        let names = match request.selection {
            ProfileSelection::All => self.names()?,
            ProfileSelection::Named(names) => names.clone(),
        };
        let deny_list = read(&self.deny_list_path())?;
        let mut loaded = LoadedProfiles { key_sets_read: true, deny_list, ..LoadedProfiles::default() };
        for name in names {
            let path = self.path(&name, ".json");
            match read(&path)? {
                Some(document) => {
                    let key_set = read(&self.path(&name, ".keys.json"))?;
                    loaded.found.push(StoredProfile { name, document, key_set });
                }
                None => loaded.missing.push(MissingProfile { name, location: path.display().to_string() }),
            }
        }
        Ok(loaded)
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        let path = self.path(name, ".client.json");
        match read(&path)? {
            Some(json) => stored_client::parse(&SecretString::from(json), path.display().to_string()).map(Some),
            None => Ok(None),
        }
    }
}

impl KeySetStore for FileProfileStore {
    /// The file is replaced as a whole: a reader finds the old key set or the new one.
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        let path = self.path(name, ".keys.json");
        let written = tempfile::NamedTempFile::new_in(&self.directory).and_then(|mut file| {
            file.write_all(key_set.as_bytes())?;
            file.persist(&path).map_err(|error| error.error)
        });
        let place = || format!("`{}`", path.display());
        written.map(|_| ()).map_err(|error| KeySetStoreError { what: place(), source: error.into() })
    }
}

fn read(path: &Path) -> Result<Option<String>, ProfileStoreError> {
    match std::fs::read_to_string(path) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == ErrorKind::NotFound => Ok(None),
        Err(error) => Err(unavailable(path, error)),
    }
}

fn unavailable(path: &Path, error: std::io::Error) -> ProfileStoreError {
    ProfileStoreError::Unavailable { what: format!("`{}`", path.display()), source: error.into() }
}
