//! A profile's own client as it is stored: `{"clientId": "...", "clientSecret": "..."}`.

use secrecy::{ExposeSecret, SecretString};
use serde::Deserialize;

use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::ClientId;
use crate::ports::profile_store::ProfileStoreError;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
struct StoredClient {
    client_id: String,
    client_secret: String,
}

/// Reads a stored client.
///
/// # Errors
/// [`ProfileStoreError::MalformedClient`], which names the place and nothing of the content.
pub(super) fn parse(json: &SecretString, location: String) -> Result<ClientCredentials, ProfileStoreError> {
    let stored = serde_json::from_str::<StoredClient>(json.expose_secret()).ok();
    let client = stored.and_then(|stored| {
        let client_id = ClientId::new(&stored.client_id)?;
        let client_secret = ClientSecret::new(stored.client_secret);
        Some(ClientCredentials { client_id, authentication: ClientAuthentication::Basic(client_secret) })
    });
    client.ok_or(ProfileStoreError::MalformedClient { location })
}
