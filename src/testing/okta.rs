//! All of Okta in memory: discovery, keys and tokens, each good until a test spoils it.

use std::sync::Mutex;
use std::time::Duration;

use serde_json::Value;
use url::Url;

use super::{ISSUER, KEYS_URL, KeysByUrl, NOW, OKTA_KEY, TokenEndpointTwin};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;
use crate::domain::time::UnixTime;
use crate::ports::discovery::{DiscoveryDocument, DiscoveryError, DiscoverySource};
use crate::ports::introspection_endpoint::{IntrospectionAnswer, IntrospectionEndpoint, IntrospectionEndpointError};
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError};

/// One authorization server.
#[derive(Debug)]
pub(crate) struct OktaTwin {
    pub(crate) keys: KeysByUrl,
    pub(crate) tokens: TokenEndpointTwin,
    discovery: Mutex<Option<DiscoveryDocument>>,
    date: Mutex<Option<UnixTime>>,
}

impl OktaTwin {
    /// The issuer of every good token, which knows these clients with these secrets.
    pub(crate) fn knowing(clients: &[(&str, &str)]) -> Self {
        let keys = KeysByUrl::default();
        keys.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
        let discovery = DiscoveryDocument {
            issuer: ISSUER.to_owned(),
            token_endpoint: format!("{ISSUER}/v1/token"),
            jwks_uri: KEYS_URL.to_owned(),
        };
        Self {
            keys,
            tokens: TokenEndpointTwin::knowing(clients),
            discovery: Mutex::new(Some(discovery)),
            date: Mutex::new(Some(NOW)),
        }
    }

    /// Publishes another discovery document, or none.
    pub(crate) fn publish(&self, discovery: Option<DiscoveryDocument>) {
        *self.discovery.lock().expect("unpoisoned") = discovery;
    }

    /// Publishes these keys and no others.
    pub(crate) fn serve_keys(&self, jwks: &[Value]) {
        self.keys.serve(KEYS_URL, jwks);
    }

    /// Says that it is this time, or nothing.
    pub(crate) fn set_clock(&self, date: Option<UnixTime>) {
        *self.date.lock().expect("unpoisoned") = date;
    }
}

impl KeySetSource for OktaTwin {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        let date = *self.date.lock().expect("unpoisoned");
        Ok(FetchedKeySet { date, ..self.keys.fetch(keys_url, within).await? })
    }
}

impl DiscoverySource for OktaTwin {
    async fn discover(&self, url: &Url, _within: Duration) -> Result<DiscoveryDocument, DiscoveryError> {
        let found = self.discovery.lock().expect("unpoisoned").clone();
        found.ok_or_else(|| DiscoveryError::Status { url: url.to_string(), status: 404 })
    }
}

impl TokenEndpoint for OktaTwin {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        self.tokens.request_token(request, within).await
    }
}

impl IntrospectionEndpoint for OktaTwin {
    async fn introspect(
        &self,
        url: &Url,
        client: &ClientCredentials,
        token: &BearerToken,
        within: Duration,
    ) -> Result<IntrospectionAnswer, IntrospectionEndpointError> {
        self.tokens.introspect(url, client, token, within).await
    }
}
