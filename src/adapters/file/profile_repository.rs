//! Profiles as an operator keeps them in a folder: a version is a hash of the text, a write replaces the file as a whole.

use std::fs::Permissions;
use std::io::{ErrorKind, Write as _};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};

use aws_lc_rs::digest;

use super::{FileProfileStore, read};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, ProfileName};
use crate::ports::profile_repository::{
    Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned, client_json,
};
use crate::ports::profile_store::ProfileStoreError;

impl ProfileRepository for FileProfileStore {
    async fn names(&self) -> Result<Vec<ProfileName>, RepositoryError> {
        self.names().map_err(unreadable)
    }

    async fn read(&self, item: &Item) -> Result<Option<Versioned>, RepositoryError> {
        let text = read(&self.item_path(item)).map_err(unreadable)?;
        Ok(text.map(|text| Versioned { version: version(&text), text }))
    }

    async fn write(
        &self,
        item: &Item,
        text: &str,
        expected: Expected,
        _tier: Tier,
    ) -> Result<Version, RepositoryError> {
        let path = self.item_path(item);
        let found = ProfileRepository::read(self, item).await?.map(|found| found.version);
        let is_expected = match expected {
            Expected::Nothing => found.is_none(),
            Expected::Version(expected) => found == Some(expected),
        };
        if !is_expected {
            return Err(RepositoryError::Conflict { location: path.display().to_string() });
        }
        let replaced = self.replace(&path, text.as_bytes(), Readers::AsUsual, expected);
        replaced.map_err(|error| unwritten(&path, error))?;
        Ok(version(text))
    }

    async fn delete(&self, name: &ProfileName, expected: Version) -> Result<(), RepositoryError> {
        let document = Item::Document(name.clone());
        let location = self.location(&document);
        if ProfileRepository::read(self, &document).await?.map(|found| found.version) != Some(expected) {
            return Err(RepositoryError::Conflict { location });
        }
        for suffix in [".client.json", ".keys.json", ".json"] {
            let path = self.path(name, suffix);
            match std::fs::remove_file(&path) {
                Ok(()) => {}
                Err(error) if error.kind() == ErrorKind::NotFound => {}
                Err(error) => return Err(unavailable(&path, "deleted", error)),
            }
        }
        Ok(())
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, RepositoryError> {
        <Self as crate::ports::profile_store::ProfileStore>::client(self, name).await.map_err(unreadable)
    }

    async fn store_client(
        &self,
        name: &ProfileName,
        client_id: &ClientId,
        secret: &ClientSecret,
        _key: Option<&str>,
    ) -> Result<(), RepositoryError> {
        let (path, json) = (self.path(name, ".client.json"), client_json(client_id, secret));
        // Whichever client stands there: it is replaced.
        let replaced = self.replace(&path, json.as_bytes(), Readers::Owner, Expected::Version(Version(0)));
        replaced.map_err(|error| unwritten(&path, error))
    }

    fn location(&self, item: &Item) -> String {
        self.item_path(item).display().to_string()
    }
}

impl FileProfileStore {
    fn item_path(&self, item: &Item) -> PathBuf {
        match item {
            Item::Document(name) => self.path(name, ".json"),
            Item::KeySet(name) => self.path(name, ".keys.json"),
            Item::DenyList => self.deny_list_path(),
        }
    }

    /// A reader finds the old file or the new one, and never a part of it.
    fn replace(&self, path: &Path, bytes: &[u8], readers: Readers, expected: Expected) -> std::io::Result<()> {
        std::fs::create_dir_all(self.directory())?;
        let mut builder = tempfile::Builder::new();
        // Without a word, a temporary file is its owner's alone, and stays so when it takes its name.
        if readers == Readers::AsUsual {
            builder.permissions(Permissions::from_mode(0o666));
        }
        let mut file = builder.tempfile_in(self.directory())?;
        file.write_all(bytes)?;
        let persisted = match expected {
            Expected::Nothing => file.persist_noclobber(path),
            Expected::Version(_) => file.persist(path),
        };
        persisted.map(|_| ()).map_err(|error| error.error)
    }
}

/// Who may read a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Readers {
    /// Its owner alone.
    Owner,
    /// Whoever the process's umask lets.
    AsUsual,
}

fn version(text: &str) -> Version {
    let hash = digest::digest(&digest::SHA256, text.as_bytes());
    let mut first = [0; 8];
    first.copy_from_slice(&hash.as_ref()[..8]);
    Version(u64::from_be_bytes(first))
}

/// A file that came into being meanwhile is a conflict.
fn unwritten(path: &Path, error: std::io::Error) -> RepositoryError {
    if error.kind() == ErrorKind::AlreadyExists {
        return RepositoryError::Conflict { location: path.display().to_string() };
    }
    unavailable(path, "written", error)
}

fn unavailable(path: &Path, attempt: &'static str, error: std::io::Error) -> RepositoryError {
    let (location, what) = (path.display().to_string(), reason(&error));
    RepositoryError::Unavailable { location, attempt, what, source: error.into() }
}

/// In one line, with what to do where that is known.
fn reason(error: &std::io::Error) -> String {
    let kind = error.kind();
    let remedy = if kind == ErrorKind::PermissionDenied {
        "; ask the folder's owner, or name another with `--store file:DIR`"
    } else if kind == ErrorKind::NotFound {
        return "it does not exist; name the folder with `--store file:DIR`".to_owned();
    } else {
        ""
    };
    format!("{kind}{remedy}")
}

fn unreadable(error: ProfileStoreError) -> RepositoryError {
    match error {
        ProfileStoreError::MalformedClient { location } => RepositoryError::MalformedClient { location },
        ProfileStoreError::Unavailable { what, source } => {
            let reason = source.downcast_ref().map_or_else(|| source.to_string(), reason);
            let location = what.trim_matches('`').to_owned();
            RepositoryError::Unavailable { location, attempt: "read", what: reason, source }
        }
        other @ ProfileStoreError::TooManyPages { .. } => {
            let (location, what) = ("the folder".to_owned(), other.to_string());
            RepositoryError::Unavailable { location, attempt: "read", what, source: other.into() }
        }
    }
}
