//! How the stand-in authorization server is set up: what an Okta administrator would enter in the console.

use secrecy::SecretString;
use serde_json::{Map, Value};
use url::Url;

use super::StandInOktaError;

/// An authorization server as its administrator configured it.
#[derive(Clone, Debug)]
pub struct AuthorizationServer {
    /// `https://{domain}/oauth2/{asId}`, or `http` on a loopback address; no trailing slash.
    pub issuer: String,
    /// The one `aud` of every token.
    pub audience: String,
    /// The scopes that exist. Any other one is `invalid_scope`.
    pub scopes: Vec<String>,
    /// The scopes of a request that names none. Empty: such a request is `invalid_scope`.
    pub default_scopes: Vec<String>,
    /// The clients that may ask for a token.
    pub clients: Vec<StandInClient>,
    /// `exp - iat`, in seconds. Okta allows 300 to 86,400.
    pub token_lifetime_seconds: u64,
    /// `Cache-Control` of `v1/keys`, sent as it stands.
    pub keys_cache_control: String,
}

/// A client of the authorization server. It may use `client_secret_basic`, `client_secret_post`, `client_secret_jwt` and, with
/// a key, `private_key_jwt`, as it likes.
#[derive(Clone, Debug)]
pub struct StandInClient {
    /// The `cid` and the `sub` of its tokens.
    pub client_id: String,
    /// Its secret.
    pub secret: SecretString,
    /// The scopes that the server's access policy lets it have.
    pub scopes: Vec<String>,
    /// Its public keys as JWKs, each with a `kid` where there are several: those that may sign a `private_key_jwt`.
    pub public_keys: Vec<Value>,
    /// "Require Demonstrating Proof of Possession (DPoP) header in token requests". A client that need not may.
    pub dpop: bool,
    /// Further claims of its tokens. The standard claims win over an equal name.
    pub claims: Map<String, Value>,
}

impl AuthorizationServer {
    /// A server without scopes or clients, with Okta's defaults: tokens live an hour, and so does the key set.
    #[must_use]
    pub fn new(issuer: &str, audience: &str) -> Self {
        Self {
            issuer: issuer.to_owned(),
            audience: audience.to_owned(),
            scopes: Vec::new(),
            default_scopes: Vec::new(),
            clients: Vec::new(),
            token_lifetime_seconds: 3600,
            keys_cache_control: "max-age=3600, must-revalidate".to_owned(),
        }
    }

    pub(super) fn client(&self, client_id: &str) -> Option<&StandInClient> {
        self.clients.iter().find(|client| client.client_id == client_id)
    }

    /// The path below which the endpoints lie: `/oauth2/default`, or nothing for an issuer that is a bare origin.
    pub(super) fn issuer_path(&self) -> Result<String, StandInOktaError> {
        match Url::parse(&self.issuer) {
            Ok(url)
                if matches!(url.scheme(), "http" | "https")
                    && url.query().is_none()
                    && url.fragment().is_none()
                    && !self.issuer.ends_with('/') =>
            {
                Ok(url.path().trim_end_matches('/').to_owned())
            }
            Ok(_) | Err(_) => Err(StandInOktaError::Issuer { issuer: self.issuer.clone() }),
        }
    }
}

impl StandInClient {
    /// A client with a secret alone: no keys, no DPoP, no further claims.
    #[must_use]
    pub fn new(client_id: &str, secret: SecretString, scopes: &[&str]) -> Self {
        Self {
            client_id: client_id.to_owned(),
            secret,
            scopes: scopes.iter().map(|&scope| scope.to_owned()).collect(),
            public_keys: Vec::new(),
            dpop: false,
            claims: Map::new(),
        }
    }
}
