//! What a profile's token URL says of itself (RFC 8414 section 2).

use serde_json::{Value, json};

use crate::domain::oauth::scope::ScopeToken;
use crate::domain::profile::SecurityProfile;

/// Algorithms of client assertions, as Okta takes them.
const ASSERTION_ALGORITHMS: [&str; 9] =
    ["HS256", "HS384", "HS512", "RS256", "RS384", "RS512", "ES256", "ES384", "ES512"];

/// The document. `issuer` is Okta's, since that is what the tokens say; the token URL is ours.
pub(super) fn document(profile: &SecurityProfile, token_url: &str) -> Value {
    let scopes: Vec<&str> = profile.grantable_scopes().iter().map(ScopeToken::as_str).collect();
    json!({
        "issuer": profile.issuer().as_str(),
        "token_endpoint": token_url,
        "jwks_uri": profile.endpoints().keys_url.as_str(),
        "scopes_supported": scopes,
        "response_types_supported": [],
        "grant_types_supported": ["client_credentials"],
        "token_endpoint_auth_methods_supported": [
            "client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"
        ],
        "token_endpoint_auth_signing_alg_values_supported": ASSERTION_ALGORITHMS,
    })
}
