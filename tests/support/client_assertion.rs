//! Client assertions (RFC 7523 section 2.2): good for Okta's token URL until a test changes a claim.

use serde_json::{Value, json};

use super::signing_key::{SigningKey, sign_with_secret};
use super::{form_encoded, random_id, seconds_since_epoch};

/// The one value of `client_assertion_type`.
pub(crate) const CLIENT_ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion that nobody has signed yet.
#[derive(Clone)]
pub(crate) struct ClientAssertion {
    claims: Value,
}

impl ClientAssertion {
    /// Issued now for five minutes, with a `jti` of its own: each can be used once.
    pub(crate) fn new(client_id: &str, token_url: &str) -> Self {
        let now = seconds_since_epoch();
        let claims = json!({
            "iss": client_id, "sub": client_id, "aud": token_url, "iat": now, "exp": now + 300, "jti": random_id(),
        });
        Self { claims }
    }

    /// With another value of a claim, or a further claim.
    pub(crate) fn with(mut self, claim: &str, value: impl Into<Value>) -> Self {
        self.claims[claim] = value.into();
        self
    }

    /// Without a claim.
    pub(crate) fn without(mut self, claim: &str) -> Self {
        self.claims.as_object_mut().expect("claims").remove(claim).expect("a claim to remove");
        self
    }

    /// `client_secret_jwt`, HS256.
    pub(crate) fn signed_with(&self, secret: &str) -> String {
        sign_with_secret(secret, &json!({"alg": "HS256", "typ": "JWT"}), &self.claims)
    }

    /// `private_key_jwt`: the authorization server must know [`SigningKey::public_jwk`].
    pub(crate) fn signed_by(&self, key: &SigningKey) -> String {
        let header = json!({"alg": key.algorithm(), "kid": key.kid(), "typ": "JWT"});
        key.sign(&header, &self.claims)
    }
}

/// The two parameters of a form, encoded.
pub(crate) fn assertion_parameters(assertion: &str) -> String {
    let assertion_type = form_encoded(CLIENT_ASSERTION_TYPE);
    format!("client_assertion_type={assertion_type}&client_assertion={}", form_encoded(assertion))
}
