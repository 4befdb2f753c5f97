//! The profile document as it is written: JSON, camelCase, unknown fields refused by name. Nothing is checked here but types.

use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer};
use serde_json::Value;

/// The wire form of a security profile. [`super::SecurityProfile::from_json`] turns it into a valid one.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ProfileDocument {
    /// `1`.
    pub version: u64,
    /// Free text.
    pub description: Option<String>,
    /// `oauth2`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// `okta`.
    pub provider: Option<String>,
    /// The authorization server's issuer URL.
    pub issuer: Option<String>,
    /// The discovery document's URL.
    pub discovery_url: Option<String>,
    /// The authorization endpoint; unused by the 2-legged flow.
    pub authorization_url: Option<String>,
    /// The token endpoint.
    pub token_url: Option<String>,
    /// The user-info endpoint; unused by the 2-legged flow.
    pub user_info_url: Option<String>,
    /// The key set's URL.
    pub keys_url: Option<String>,
    /// Accepted audiences.
    #[serde(default)]
    pub audiences: Vec<String>,
    /// Scopes that every token must hold.
    #[serde(default)]
    pub scopes: Vec<String>,
    /// Scopes that the token URL may be asked for.
    pub grantable_scopes: Option<Vec<String>>,
    /// Must be empty for the 2-legged flow.
    #[serde(default)]
    pub authorized_domains: Vec<String>,
    /// Where the profile applies.
    #[serde(default)]
    pub apis: Vec<String>,
    /// Routes with scopes of their own.
    #[serde(default)]
    pub routes: Vec<RouteDocument>,
    /// Which clients, and their usage-plan keys.
    #[serde(default)]
    pub clients: ClientsDocument,
    /// Further rules on claims.
    #[serde(default)]
    pub claims: Vec<ClaimRuleDocument>,
    /// Claims handed on to the backend.
    #[serde(default)]
    pub context: Vec<String>,
    /// Accepted `alg` values.
    pub algorithms: Option<Vec<String>>,
    /// Accepted `typ` values: one, or several.
    pub token_type: Option<OneOrMany>,
    /// Tolerated clock difference, in seconds.
    pub leeway_seconds: Option<u64>,
    /// Longest accepted `exp - iat`, in seconds.
    pub max_token_lifetime_seconds: Option<u64>,
    /// Networks that may call, in CIDR notation.
    #[serde(default)]
    pub allowed_ips: Vec<String>,
    /// Whether the policy itself ends at `exp`.
    #[serde(default)]
    pub expiry_condition: bool,
    /// Sender-constraining of tokens.
    pub binding: Option<String>,
    /// What the event does not say about the calls of DPoP clients.
    pub dpop: Option<DpopDocument>,
    /// Automatic mode.
    pub automatic: Option<AutomaticDocument>,
    /// Token introspection.
    pub introspection: Option<IntrospectionDocument>,
}

/// `automatic`.
#[derive(Debug, Clone, Copy, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct AutomaticDocument {
    /// A client may send its id and secret to the API itself.
    #[serde(default)]
    pub basic: bool,
    /// Whoever calls from `allowedIps` needs no credentials.
    #[serde(default)]
    pub anonymous: bool,
    /// The backend is handed the token.
    #[serde(default)]
    pub forward_token: bool,
}

/// `introspection`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct IntrospectionDocument {
    /// Where, on the issuer's host.
    pub url: Option<String>,
    /// How long an answer is held, in seconds.
    pub cache_seconds: Option<u64>,
    /// Whether tokens that cannot be verified locally are taken on its word.
    #[serde(default)]
    pub opaque: bool,
}

/// `dpop`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct DpopDocument {
    /// The base URLs that clients call, where they are not those of the API's events.
    #[serde(default)]
    pub urls: Vec<String>,
}

/// One of `routes`.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteDocument {
    /// `METHOD /path`, `$default` or `$connect`.
    pub route: String,
    /// The scopes that it asks for besides the profile's own; absent: none.
    pub scopes: Option<RouteScopesDocument>,
}

/// `scopes` of a route: exactly one of the two.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct RouteScopesDocument {
    /// Every one of these.
    pub all: Option<Vec<String>>,
    /// At least one of these.
    pub any: Option<Vec<String>>,
}

/// `clients`.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClientsDocument {
    /// Client ids that may call; absent: any.
    pub allow: Option<Vec<String>>,
    /// Client id to API key value of its usage plan.
    #[serde(default)]
    pub usage_plan_keys: BTreeMap<String, String>,
}

/// One of `claims`: exactly one of the three comparisons.
#[derive(Debug, Clone, Deserialize)]
#[serde(rename_all = "camelCase", deny_unknown_fields)]
pub struct ClaimRuleDocument {
    /// The claim's name.
    pub claim: String,
    /// The claim is exactly this string, number or boolean.
    #[serde(default, deserialize_with = "present")]
    pub equals: Option<Value>,
    /// The claim is one of these.
    pub one_of: Option<Vec<Value>>,
    /// The claim is an array that holds this.
    #[serde(default, deserialize_with = "present")]
    pub contains: Option<Value>,
}

/// A single text, or a list of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(untagged)]
pub enum OneOrMany {
    /// `"JWT"`.
    One(String),
    /// `["JWT", "at+jwt"]`.
    Many(Vec<String>),
}

impl OneOrMany {
    /// The texts.
    #[must_use]
    pub fn into_vec(self) -> Vec<String> {
        match self {
            Self::One(text) => vec![text],
            Self::Many(texts) => texts,
        }
    }
}

/// Keeps a `null` apart from an absent member.
fn present<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Option<Value>, D::Error> {
    Value::deserialize(deserializer).map(Some)
}
