//! Access tokens in the shape of an Okta custom authorization server, and odd ones for tests (RFC 7519).

use serde_json::{Map, Value, json};

use super::StandInOkta;
use super::keys::random_name;

impl StandInOkta {
    /// A good token for a client (RFC 6749 section 4.4), whether the server knows that client or not.
    #[must_use]
    pub fn issue(&self, client_id: &str, scopes: &[&str]) -> String {
        self.sign(&self.claims(client_id, scopes))
    }

    /// The claims of a good token, issued now: what a test changes one member of.
    #[must_use]
    pub fn claims(&self, client_id: &str, scopes: &[&str]) -> Value {
        let issued_at = (self.clock)();
        let mut claims: Map<String, Value> =
            self.settings.client(client_id).map(|client| client.claims.clone()).unwrap_or_default();
        let standard = [
            ("ver", json!(1)),
            ("jti", json!(format!("AT.{}", random_name::<32>()))),
            ("iss", json!(self.settings.issuer)),
            ("aud", json!(self.settings.audience)),
            ("iat", json!(issued_at)),
            ("exp", json!(issued_at.saturating_add(self.settings.token_lifetime_seconds))),
            ("cid", json!(client_id)),
            ("scp", json!(scopes)),
            ("sub", json!(client_id)),
        ];
        claims.extend(standard.map(|(name, value)| (name.to_owned(), value)));
        Value::Object(claims)
    }

    /// Signs claims under the header that Okta writes, `{"kid": ..., "alg": "RS256"}`.
    #[must_use]
    pub fn sign(&self, claims: &Value) -> String {
        let key = self.keyring().current();
        let header = format!(r#"{{"kid":"{}","alg":"RS256"}}"#, key.kid());
        key.sign(&header, &claims.to_string())
    }

    /// Signs exactly these bytes with the current key, RS256 whatever the header says; neither has to be JSON.
    #[must_use]
    pub fn sign_raw(&self, header_json: &str, payload_json: &str) -> String {
        let key = self.keyring().current();
        key.sign(header_json, payload_json)
    }
}
