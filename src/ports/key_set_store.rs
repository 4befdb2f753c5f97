//! Where an issuer's key set is stored beside its profile, for cold starts that meet an outage of Okta.

use crate::domain::profile::ProfileName;

/// Writes stored key sets.
pub trait KeySetStore: Send + Sync {
    /// Replaces the stored key set (JSON) of a profile, wholly or not at all.
    fn store_key_set(
        &self,
        name: &ProfileName,
        key_set: &str,
    ) -> impl Future<Output = Result<(), KeySetStoreError>> + Send;
}

impl<S: KeySetStore> KeySetStore for std::sync::Arc<S> {
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        (**self).store_key_set(name, key_set).await
    }
}

/// Why a key set was not stored; what was stored before is still there.
#[derive(Debug, thiserror::Error)]
#[error("the key set cannot be stored ({what})")]
pub struct KeySetStoreError {
    /// The place, and the error's code where the store gave one.
    pub what: String,
    /// What the client said.
    #[source]
    pub source: Box<dyn std::error::Error + Send + Sync>,
}
