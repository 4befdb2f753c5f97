//! Where an operator keeps profiles: read with their versions, written only where nobody else wrote meanwhile.

use secrecy::zeroize::Zeroizing;
use serde::Serialize;

use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, ProfileName};

/// Reads and writes profiles, for the operator's command line. The functions read through
/// [`super::profile_store::ProfileStore`] and never write a document.
pub trait ProfileRepository: Send + Sync {
    /// The names of all profiles, in their order.
    fn names(&self) -> impl Future<Output = Result<Vec<ProfileName>, RepositoryError>> + Send;

    /// Reads one item; `None` where it does not exist.
    fn read(&self, item: &Item) -> impl Future<Output = Result<Option<Versioned>, RepositoryError>> + Send;

    /// Writes one item where its version is still `expected`, and returns the new one.
    ///
    /// What stands there is never lost: SSM keeps its history, and a conflict that only shows afterwards is an error that
    /// names both versions.
    fn write(
        &self,
        item: &Item,
        text: &str,
        expected: Expected,
        tier: Tier,
    ) -> impl Future<Output = Result<Version, RepositoryError>> + Send;

    /// Deletes a profile, its stored key set and its client, where the document's version is still `expected`.
    fn delete(&self, name: &ProfileName, expected: Version)
    -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// Reads the client that a profile keeps, decrypting its secret; `None` where it keeps none.
    fn client(
        &self,
        name: &ProfileName,
    ) -> impl Future<Output = Result<Option<ClientCredentials>, RepositoryError>> + Send;

    /// Stores a profile's client, encrypted (SSM: a SecureString under `key`, or under the account's own where that is
    /// `None`).
    fn store_client(
        &self,
        name: &ProfileName,
        client_id: &ClientId,
        secret: &ClientSecret,
        key: Option<&str>,
    ) -> impl Future<Output = Result<(), RepositoryError>> + Send;

    /// Where an item is kept, as an operator would look for it: `/okta-security-profiles/orders`, `profiles/orders.json`.
    fn location(&self, item: &Item) -> String;
}

/// What is kept.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Item {
    /// A profile's document.
    Document(ProfileName),
    /// Its stored key set.
    KeySet(ProfileName),
    /// The emergency deny list.
    DenyList,
}

/// A text and its version.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Versioned {
    /// The text.
    pub text: String,
    /// Which one it is.
    pub version: Version,
}

/// A version: SSM's own number, or the first bytes of a file's hash.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version(pub u64);

/// What a writer believes to stand there.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Expected {
    /// Nothing.
    Nothing,
    /// This version.
    Version(Version),
}

/// How much an item may hold.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tier {
    /// 4 KB in SSM.
    Standard,
    /// 8 KB in SSM, which AWS charges for.
    Advanced,
}

impl Tier {
    /// How many bytes a parameter of this tier holds (Systems Manager, "Managing parameter tiers").
    #[must_use]
    pub const fn bytes(self) -> usize {
        match self {
            Self::Standard => 4_096,
            Self::Advanced => 8_192,
        }
    }
}

/// A client as it is stored: `{"clientId": "...", "clientSecret": "..."}`. May only be written to the store.
#[must_use]
pub fn client_json(client_id: &ClientId, secret: &ClientSecret) -> Zeroizing<String> {
    #[derive(Serialize)]
    #[serde(rename_all = "camelCase")]
    struct StoredClient<'c> {
        client_id: &'c str,
        client_secret: &'c str,
    }
    let stored = StoredClient { client_id: client_id.as_str(), client_secret: secret.expose() };
    Zeroizing::new(serde_json::to_string(&stored).unwrap_or_default())
}

/// Why an item could not be read or written. Reads as one line with its remedy.
#[derive(Debug, thiserror::Error)]
pub enum RepositoryError {
    /// No answer, or a refusal of the store's.
    #[error("`{location}` cannot be {attempt} ({what})")]
    Unavailable {
        /// Where.
        location: String,
        /// `read`, `written` or `deleted`.
        attempt: &'static str,
        /// The operation, and the error's code where the store gave one.
        what: String,
        /// What the client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// Somebody else wrote meanwhile.
    #[error("`{location}` was changed by somebody else meanwhile; look at it and try again")]
    Conflict {
        /// Where.
        location: String,
    },
    /// Somebody else wrote at the same moment, which only showed afterwards.
    #[error(
        "`{location}` was changed by somebody else at the same moment: yours is in force as version {written}, the one before \
         it is theirs and stays in the history; compare the two and put what shall hold"
    )]
    Overwritten {
        /// Where.
        location: String,
        /// The version that was written.
        written: u64,
    },
    /// More than the store takes.
    #[error("`{location}` would have {bytes} bytes, more than the {limit} that it can hold; {remedy}")]
    TooLarge {
        /// Where.
        location: String,
        /// How many bytes.
        bytes: usize,
        /// The limit.
        limit: usize,
        /// What to do.
        remedy: &'static str,
    },
    /// A stored client is not a client. Never holds a part of it.
    #[error("the client stored at `{location}` is malformed; store it again")]
    MalformedClient {
        /// Where.
        location: String,
    },
}
