//! A stored profile as it is told: its URLs, its APIs, its key set and its client, for people and for programs.

use serde::Serialize;

use super::global::Workbench;
use crate::adapters::system_clock::SystemClock;
pub(super) use crate::application::difference::printable;
pub(super) use crate::application::stored_state::{ApiRecord, KeySetState, api};
use crate::config::StoreConfig;
use crate::domain::profile::{Endpoints, Finding, ProfileName};
use crate::ports::clock::Clock as _;
use crate::ports::profile_repository::{Item, ProfileRepository as _, RepositoryError, Version};

/// The URLs of a profile's authorization server.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Urls<'p> {
    issuer: &'p str,
    discovery_url: &'p str,
    authorization_url: &'p str,
    token_url: &'p str,
    user_info_url: &'p str,
    keys_url: &'p str,
}

impl<'p> Urls<'p> {
    pub(super) fn of(endpoints: &'p Endpoints) -> Self {
        Self {
            issuer: endpoints.issuer.as_str(),
            discovery_url: endpoints.discovery_url.as_str(),
            authorization_url: endpoints.authorization_url.as_str(),
            token_url: endpoints.token_url.as_str(),
            user_info_url: endpoints.user_info_url.as_str(),
            keys_url: endpoints.keys_url.as_str(),
        }
    }

    /// Each on a line of its own.
    pub(super) fn lines(&self) -> Vec<String> {
        [
            ("issuer", self.issuer),
            ("discovery", self.discovery_url),
            ("authorization", self.authorization_url),
            ("token", self.token_url),
            ("user info", self.user_info_url),
            ("keys", self.keys_url),
        ]
        .map(|(label, url)| field(label, url))
        .into()
    }
}

/// A label and what it stands for.
pub(super) fn field(label: &str, value: &str) -> String {
    format!("{label:<15}{value}").trim_end().to_owned()
}

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct FindingRecord {
    pub(super) field: String,
    pub(super) problem: String,
}

/// Findings, for programs.
pub(super) fn findings(findings: &[Finding]) -> Vec<FindingRecord> {
    let record = |finding: &Finding| FindingRecord { field: finding.field.clone(), problem: finding.problem.clone() };
    findings.iter().map(record).collect()
}

/// A profile's stored client; never its secret.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ClientState {
    /// One.
    #[serde(rename_all = "camelCase")]
    Kept { client_id: String },
    /// Perhaps one.
    Unreadable { problem: String },
    /// None.
    Missing,
}

impl ClientState {
    /// Whether there is certainly none.
    pub(super) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Kept { client_id } => format!("{}, with its secret", printable(client_id)),
            Self::Unreadable { problem } => problem.clone(),
            Self::Missing => "none".to_owned(),
        }
    }
}

impl Workbench {
    /// A profile's stored key set.
    pub(super) async fn key_set(&self, name: &ProfileName) -> Result<KeySetState, RepositoryError> {
        let stored = self.repository.read(&Item::KeySet(name.clone())).await?;
        Ok(KeySetState::of(stored.as_ref().map(|stored| stored.text.as_str()), SystemClock.now().wall))
    }

    /// A profile's stored client. That it cannot be read is a part of the answer: not everybody may decrypt it.
    pub(super) async fn client_state(&self, name: &ProfileName) -> ClientState {
        match self.repository.client(name).await {
            Ok(Some(client)) => ClientState::Kept { client_id: client.client_id.to_string() },
            Ok(None) => ClientState::Missing,
            Err(error) => ClientState::Unreadable { problem: error.to_string() },
        }
    }

    /// A version as it is told: SSM's number, or the first bytes of a file's hash.
    pub(super) fn version(&self, version: Version) -> String {
        match self.config.store {
            StoreConfig::Ssm { .. } => version.0.to_string(),
            StoreConfig::File { .. } => format!("{:016x}", version.0),
        }
    }
}
