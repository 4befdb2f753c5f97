//! The same server's introspection endpoint: it knows tokens by their text, and can be made to fail.

use std::time::Duration;

use secrecy::SecretSlice;
use serde_json::{Value, json};
use url::Url;

use super::TokenEndpointTwin;
use super::token_endpoint::Mood;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::BearerToken;
use crate::ports::introspection_endpoint::{IntrospectionAnswer, IntrospectionEndpoint, IntrospectionEndpointError};

impl TokenEndpointTwin {
    /// Says this of a token from now on. Others are not active.
    pub(crate) fn say_of(&self, token: &str, answer: Value) {
        self.words.lock().expect("unpoisoned").insert(token.to_owned(), answer);
    }

    /// The URLs at which it was asked about tokens, in order.
    pub(crate) fn introspected(&self) -> Vec<String> {
        self.introspected.lock().expect("unpoisoned").clone()
    }
}

impl IntrospectionEndpoint for TokenEndpointTwin {
    async fn introspect(
        &self,
        url: &Url,
        client: &ClientCredentials,
        token: &BearerToken,
        _within: Duration,
    ) -> Result<IntrospectionAnswer, IntrospectionEndpointError> {
        self.introspected.lock().expect("unpoisoned").push(url.to_string());
        // Let every other task run first, as a real request does.
        tokio::task::yield_now().await;
        let known = self.secrets.lock().expect("unpoisoned").get(client.client_id.as_str()).cloned();
        let is_known = client.secret().is_some_and(|secret| known.as_deref() == Some(secret.expose()));
        let word = self.words.lock().expect("unpoisoned").get(token.expose()).cloned();
        let (status, wait, body) = match *self.mood.lock().expect("unpoisoned") {
            Mood::Down => {
                return Err(IntrospectionEndpointError::Unreachable { url: url.to_string(), source: "down".into() });
            }
            Mood::RateLimited(seconds) => (429, Some(Duration::from_secs(seconds)), json!({})),
            Mood::Good | Mood::OtherAudience | Mood::WantsNonce if !is_known => (401, None, json!({})),
            Mood::Good | Mood::OtherAudience | Mood::WantsNonce => {
                (200, None, word.unwrap_or_else(|| json!({"active": false})))
            }
        };
        let body = SecretSlice::from(body.to_string().into_bytes());
        Ok(IntrospectionAnswer { status, is_json: true, retry_after: wait, body })
    }
}
