//! Where profiles are kept: their documents, their stored key sets and their clients.

use std::time::Duration;

use crate::domain::deny_list::{DenyList, DenyListError};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::ProfileName;

/// Which profiles a deployment serves.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ProfileSelection {
    /// Every profile in the store, in the order of their names.
    All,
    /// These, in this order.
    Named(Vec<ProfileName>),
}

/// What is to be read.
#[derive(Debug, Clone, Copy)]
pub struct LoadRequest<'s> {
    /// Which profiles.
    pub selection: &'s ProfileSelection,
    /// Whether their stored key sets are needed. Where they are not, they come along if that costs no further call.
    pub key_sets_needed: bool,
    /// When to give up, attempts that are repeated included.
    pub within: Duration,
}

impl<'s> LoadRequest<'s> {
    /// Documents and stored key sets.
    #[must_use]
    pub const fn everything(selection: &'s ProfileSelection, within: Duration) -> Self {
        Self { selection, key_sets_needed: true, within }
    }
}

/// Reads profiles.
pub trait ProfileStore: Send + Sync {
    /// Reads the documents and stored key sets of the selected profiles, and the deny list. No secret is read or decrypted.
    fn load(&self, request: LoadRequest<'_>) -> impl Future<Output = Result<LoadedProfiles, ProfileStoreError>> + Send;

    /// Reads the client that a profile keeps for testing, decrypting its secret; `None` where it keeps none.
    fn client(
        &self,
        name: &ProfileName,
    ) -> impl Future<Output = Result<Option<ClientCredentials>, ProfileStoreError>> + Send;
}

impl<S: ProfileStore> ProfileStore for std::sync::Arc<S> {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        (**self).load(request).await
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        (**self).client(name).await
    }
}

/// What a store holds of the selected profiles.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct LoadedProfiles {
    /// The profiles that are there, in the selection's order.
    pub found: Vec<StoredProfile>,
    /// Where each named profile that is not there was looked for, such as `/okta-security-profiles/orders`.
    pub missing: Vec<MissingProfile>,
    /// Whether the stored key sets were read, too.
    pub key_sets_read: bool,
    /// The emergency deny list (JSON), where there is one.
    pub deny_list: Option<String>,
}

impl LoadedProfiles {
    /// Who is kept out; nobody, where there is no list.
    ///
    /// # Errors
    /// [`DenyListError`]: nobody knows who is kept out.
    pub fn deny_list(&self) -> Result<DenyList, DenyListError> {
        self.deny_list.as_deref().map_or_else(|| Ok(DenyList::default()), DenyList::from_json)
    }
}

/// One profile as it is stored, not yet parsed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct StoredProfile {
    /// Its name.
    pub name: ProfileName,
    /// The profile document (JSON).
    pub document: String,
    /// The stored key set (JSON), where there is one and it was read.
    pub key_set: Option<String>,
}

/// A named profile that the store does not hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MissingProfile {
    /// Its name.
    pub name: ProfileName,
    /// The parameter or file that does not exist.
    pub location: String,
}

/// Why a store could not be read.
#[derive(Debug, thiserror::Error)]
pub enum ProfileStoreError {
    /// No answer, or an answer that is the service's fault: a throttle, an outage, a time-out.
    #[error("the profile store cannot be read ({what})")]
    Unavailable {
        /// What was being read, and the error's code where the store gave one.
        what: String,
        /// What the client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// More pages than a root may have.
    #[error(
        "the profile store has more than {pages} pages of parameters under `{root}`; name the profiles in `PROFILES`"
    )]
    TooManyPages {
        /// The root.
        root: String,
        /// The limit.
        pages: usize,
    },
    /// A stored client is not `{{"clientId": ..., "clientSecret": ...}}`.
    #[error(
        "the client stored at `{location}` is malformed; expected `{{\"clientId\": \"...\", \"clientSecret\": \"...\"}}`"
    )]
    MalformedClient {
        /// The parameter or file.
        location: String,
    },
}
