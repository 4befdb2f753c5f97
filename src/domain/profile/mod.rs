//! A security profile that is valid: what a token must be to call the APIs that it governs.

mod api_pattern;
mod automatic;
mod binding;
mod checks;
mod claim_rule;
mod document;
mod endpoints;
mod finding;
mod introspection;
mod name;
mod routes;

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::net::IpAddr;

use ipnet::IpNet;

pub use api_pattern::ApiPattern;
pub use automatic::Automatic;
pub use claim_rule::{ClaimRule, Comparison};
pub use document::ProfileDocument;
pub use endpoints::{Endpoints, Issuer, Transport};
pub use finding::{Finding, ProfileError};
pub use introspection::Introspection;
pub use name::{ProfileName, ProfileNameError};

use super::binding::possession::BindingRules;
use super::gateway::method_arn::MethodArn;
use super::gateway::route::Route;
use super::jose::algorithm::Algorithm;
use super::oauth::scope::ScopeSet;

/// A client's id as Okta assigned it, `cid` in its tokens (RFC 6749 section 2.2).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ClientId(String);

impl ClientId {
    /// The client id with this value; nothing where it is empty or has other than printable ASCII characters
    /// (RFC 6749 appendix A.1).
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        (!value.is_empty() && value.bytes().all(|byte| (0x20..=0x7e).contains(&byte))).then(|| Self(value.to_owned()))
    }

    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ClientId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Which document a profile was read from: SHA-256 of its name and text, so that two readings of one document are the
/// same version.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct ProfileVersion([u8; 32]);

impl ProfileVersion {
    /// The hash.
    #[must_use]
    pub const fn as_bytes(&self) -> &[u8; 32] {
        &self.0
    }
}

/// An audience, compared with `aud` exactly.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Audience(String);

impl Audience {
    /// The value.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

/// Which `typ` values a profile accepts, and whether none is accepted (RFC 9068 section 4).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenTypes {
    absent: bool,
    /// Without `application/`, in lower case.
    names: Vec<String>,
}

impl TokenTypes {
    /// Whether a header with this `typ` is accepted. Media types are compared without case and without
    /// `application/` (RFC 7515 section 4.1.9).
    #[must_use]
    pub fn accept(&self, media_type: Option<&str>) -> bool {
        match media_type {
            None => self.absent,
            Some(media_type) => {
                let name = checks::media_type_name(media_type);
                self.names.contains(&name)
            }
        }
    }
}

/// A valid security profile. Made by [`SecurityProfile::from_json`] only, so that its sets are not empty and its URLs
/// are on one host.
#[derive(Debug, Clone, PartialEq)]
pub struct SecurityProfile {
    name: ProfileName,
    version: ProfileVersion,
    description: Option<String>,
    endpoints: Endpoints,
    audiences: Vec<Audience>,
    scopes: ScopeSet,
    grantable_scopes: ScopeSet,
    apis: Vec<ApiPattern>,
    routes: Vec<Route>,
    allowed_clients: Option<BTreeSet<ClientId>>,
    usage_plan_keys: BTreeMap<ClientId, String>,
    claim_rules: Vec<ClaimRule>,
    context_claims: Vec<String>,
    algorithms: Vec<Algorithm>,
    token_types: TokenTypes,
    leeway_seconds: u64,
    max_token_lifetime_seconds: u64,
    allowed_ips: Vec<IpNet>,
    automatic: Automatic,
    expiry_condition: bool,
    binding: BindingRules,
    introspection: Option<Introspection>,
    warnings: Vec<Finding>,
}

impl SecurityProfile {
    /// The profile's name.
    #[must_use]
    pub fn name(&self) -> &ProfileName {
        &self.name
    }

    /// Which document it was read from.
    #[must_use]
    pub const fn version(&self) -> ProfileVersion {
        self.version
    }

    /// Free text.
    #[must_use]
    pub fn description(&self) -> Option<&str> {
        self.description.as_deref()
    }

    /// The authorization server's issuer and URLs.
    #[must_use]
    pub fn endpoints(&self) -> &Endpoints {
        &self.endpoints
    }

    /// What `iss` must be, byte for byte.
    #[must_use]
    pub fn issuer(&self) -> &Issuer {
        &self.endpoints.issuer
    }

    /// What `aud` must hold one of. Never empty.
    #[must_use]
    pub fn audiences(&self) -> &[Audience] {
        &self.audiences
    }

    /// The scopes that every token must hold. Never empty.
    #[must_use]
    pub fn scopes(&self) -> &ScopeSet {
        &self.scopes
    }

    /// The scopes that the token URL may be asked for; holds [`Self::scopes`].
    #[must_use]
    pub fn grantable_scopes(&self) -> &ScopeSet {
        &self.grantable_scopes
    }

    /// Where the profile applies. Never empty.
    #[must_use]
    pub fn apis(&self) -> &[ApiPattern] {
        &self.apis
    }

    /// Whether the profile applies to a request.
    #[must_use]
    pub fn applies_to(&self, arn: &MethodArn) -> bool {
        self.apis.iter().any(|pattern| pattern.matches(arn))
    }

    /// Routes with scopes of their own; none: [`Self::scopes`] alone governs the whole API. Some: what matches none is
    /// denied.
    #[must_use]
    pub fn routes(&self) -> &[Route] {
        &self.routes
    }

    /// Whether this client may call.
    #[must_use]
    pub fn allows_client(&self, client_id: &str) -> bool {
        self.allowed_clients.as_ref().is_none_or(|allowed| allowed.iter().any(|client| client.as_str() == client_id))
    }

    /// The API key value of this client's usage plan.
    #[must_use]
    pub fn usage_plan_key(&self, client_id: &str) -> Option<&str> {
        let client_id = ClientId::new(client_id)?;
        self.usage_plan_keys.get(&client_id).map(String::as_str)
    }

    /// Further rules on claims.
    #[must_use]
    pub fn claim_rules(&self) -> &[ClaimRule] {
        &self.claim_rules
    }

    /// Claims handed on to the backend besides the standard ones.
    #[must_use]
    pub fn context_claims(&self) -> &[String] {
        &self.context_claims
    }

    /// Whether a token may be signed with this algorithm.
    #[must_use]
    pub fn accepts_algorithm(&self, algorithm: Algorithm) -> bool {
        self.algorithms.contains(&algorithm)
    }

    /// Which `typ` values are accepted.
    #[must_use]
    pub fn token_types(&self) -> &TokenTypes {
        &self.token_types
    }

    /// Tolerated clock difference, 0 to 60 seconds.
    #[must_use]
    pub const fn leeway_seconds(&self) -> u64 {
        self.leeway_seconds
    }

    /// Longest accepted `exp - iat`, in seconds.
    #[must_use]
    pub const fn max_token_lifetime_seconds(&self) -> u64 {
        self.max_token_lifetime_seconds
    }

    /// Networks that may call; empty: any.
    #[must_use]
    pub fn allowed_ips(&self) -> &[IpNet] {
        &self.allowed_ips
    }

    /// Whether this address is in one of [`Self::allowed_ips`]; where there are none, every address is, and an unknown one.
    #[must_use]
    pub fn allows_address(&self, address: Option<IpAddr>) -> bool {
        let is_in = |address: IpAddr| self.allowed_ips.iter().any(|network| network.contains(&address));
        self.allowed_ips.is_empty() || address.is_some_and(is_in)
    }

    /// Who may call without a token.
    #[must_use]
    pub const fn automatic(&self) -> Automatic {
        self.automatic
    }

    /// Whether the policy itself ends at `exp`.
    #[must_use]
    pub const fn expiry_condition(&self) -> bool {
        self.expiry_condition
    }

    /// What tokens must be bound to.
    #[must_use]
    pub const fn binding(&self) -> &BindingRules {
        &self.binding
    }

    /// A field whose rule needs more of an event than its token and its ARN, which is all that a `TOKEN` event has.
    #[must_use]
    pub const fn needs_whole_request(&self) -> Option<&'static str> {
        if self.binding.mode.is_required() {
            Some("binding")
        } else if self.allowed_ips.is_empty() {
            None
        } else {
            Some("allowedIps")
        }
    }

    /// Whether an answer holds for one call alone, since the next one has to prove something of its own.
    #[must_use]
    pub const fn answers_for_the_called_route_only(&self) -> bool {
        self.binding.mode.is_required() || self.introspection.is_some()
    }

    /// When the authorization server is asked about a token; `None`: never.
    #[must_use]
    pub const fn introspection(&self) -> Option<&Introspection> {
        self.introspection.as_ref()
    }

    /// Whether the issuer is an org authorization server, whose tokens nobody but itself can verify.
    #[must_use]
    pub fn is_org_server(&self) -> bool {
        self.endpoints.is_org_server()
    }

    /// What the operator should know about a document that is accepted.
    #[must_use]
    pub fn warnings(&self) -> &[Finding] {
        &self.warnings
    }
}

#[cfg(test)]
mod tests;
