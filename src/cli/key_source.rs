//! Where `profiles explain` gets keys that no stored key set has: from Okta, or with `--offline` from nowhere.

use std::sync::Arc;
use std::time::Duration;

use url::Url;

use crate::adapters::okta::OktaClient;
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};

/// Okta, or nothing.
#[derive(Debug, Clone)]
pub(super) enum KeySource {
    /// Asks Okta.
    Okta(Arc<OktaClient>),
    /// Asks nobody.
    Offline,
}

/// Why nobody was asked.
#[derive(Debug, thiserror::Error)]
#[error("with --offline nobody is asked")]
struct NobodyAsked;

impl KeySetSource for KeySource {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        match self {
            Self::Okta(okta) => okta.fetch(keys_url, within).await,
            Self::Offline => {
                Err(KeySetSourceError::Unreachable { url: keys_url.to_string(), source: NobodyAsked.into() })
            }
        }
    }
}
