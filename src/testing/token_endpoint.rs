//! A token endpoint in memory: it knows clients by their secrets, signs with the issuer's key, and can be made to fail.

use std::collections::HashMap;
use std::sync::Mutex;
use std::time::Duration;

use secrecy::SecretSlice;
use serde_json::{Value, json};

use super::{OKTA_KEY, claims, with};
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError};

/// How the endpoint answers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Mood {
    /// As it should.
    Good,
    /// Not at all.
    Down,
    /// 429 with this wait, in seconds.
    RateLimited(u64),
    /// A token for another audience.
    OtherAudience,
    /// `use_dpop_nonce` with a nonce.
    WantsNonce,
}

/// The endpoint. Every request is noted.
#[derive(Debug)]
pub(crate) struct TokenEndpointTwin {
    pub(super) secrets: Mutex<HashMap<String, String>>,
    pub(super) mood: Mutex<Mood>,
    pub(super) words: Mutex<HashMap<String, Value>>,
    pub(super) introspected: Mutex<Vec<String>>,
    asked: Mutex<Vec<String>>,
    issued: Mutex<u64>,
}

impl TokenEndpointTwin {
    /// Knows these clients with these secrets.
    pub(crate) fn knowing(clients: &[(&str, &str)]) -> Self {
        let secrets = clients.iter().map(|(id, secret)| ((*id).to_owned(), (*secret).to_owned())).collect();
        Self {
            secrets: Mutex::new(secrets),
            mood: Mutex::new(Mood::Good),
            words: Mutex::default(),
            introspected: Mutex::default(),
            asked: Mutex::default(),
            issued: Mutex::default(),
        }
    }

    pub(crate) fn be(&self, mood: Mood) {
        *self.mood.lock().expect("unpoisoned") = mood;
    }

    /// Gives a client another secret.
    pub(crate) fn rotate_secret(&self, client_id: &str, secret: &str) {
        self.secrets.lock().expect("unpoisoned").insert(client_id.to_owned(), secret.to_owned());
    }

    /// `client scopes`, a line for each request so far.
    pub(crate) fn asked(&self) -> Vec<String> {
        self.asked.lock().expect("unpoisoned").clone()
    }

    fn grant(&self, request: EndpointRequest<'_>, audience: &str) -> String {
        let scopes: Vec<&str> = request.scopes.iter().map(|scope| scope.as_str()).collect();
        let number = {
            let mut issued = self.issued.lock().expect("unpoisoned");
            *issued += 1;
            *issued
        };
        let claims = with(claims(), "cid", request.client.client_id.as_str().into());
        let claims = with(with(claims, "scp", json!(scopes)), "aud", audience.into());
        let token = OKTA_KEY.access_token(&with(claims, "jti", format!("AT.{number}").into()));
        let token_type = if request.dpop.is_some() { "DPoP" } else { "Bearer" };
        json!({"token_type": token_type, "expires_in": 3600, "access_token": token}).to_string()
    }
}

impl TokenEndpoint for TokenEndpointTwin {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        _within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        let line = format!("{} {}", request.client.client_id, request.scopes);
        self.asked.lock().expect("unpoisoned").push(line);
        // Let every other task run first, as a real request does.
        tokio::task::yield_now().await;
        let mood = *self.mood.lock().expect("unpoisoned");
        let known = self.secrets.lock().expect("unpoisoned").get(request.client.client_id.as_str()).cloned();
        let is_known = match request.client.secret() {
            Some(secret) => known.as_deref() == Some(secret.expose()),
            None => known.is_some(),
        };
        let error = |code: &str| json!({"error": code}).to_string();
        let (status, wait, nonce, body) = match mood {
            Mood::Down => {
                let url = request.token_url.to_string();
                return Err(TokenEndpointError::Unreachable { url, source: "down".into() });
            }
            Mood::RateLimited(seconds) => (429, Some(Duration::from_secs(seconds)), None, "{}".to_owned()),
            Mood::WantsNonce => (400, None, Some("nonce-1".to_owned()), error("use_dpop_nonce")),
            Mood::Good | Mood::OtherAudience if !is_known => (401, None, None, error("invalid_client")),
            Mood::Good => (200, None, None, self.grant(request, "api://orders")),
            Mood::OtherAudience => (200, None, None, self.grant(request, "api://other")),
        };
        Ok(TokenEndpointAnswer {
            status,
            retry_after: wait,
            dpop_nonce: nonce,
            body: SecretSlice::from(body.into_bytes()),
        })
    }
}
