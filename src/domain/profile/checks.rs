//! From the document as written to a valid profile: every field checked, every fault found in one pass.

use std::collections::BTreeMap;
use std::net::IpAddr;

use aws_lc_rs::digest;
use ipnet::IpNet;
use serde_json::Value;

use super::binding::{binding_rules, binding_warnings};
use super::document::{ClaimRuleDocument, ClientsDocument, ProfileDocument};
use super::introspection::Introspection;
use super::routes::{route_warnings, routes};
use super::{
    ApiPattern, Audience, Automatic, ClaimRule, ClientId, Comparison, Endpoints, Finding, ProfileError, ProfileName,
    ProfileVersion, SecurityProfile, TokenTypes, Transport,
};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};

/// The clock difference tolerated where the profile says nothing, in seconds.
const DEFAULT_LEEWAY_SECONDS: u64 = 30;
/// The most that may be tolerated, in seconds.
const MAX_LEEWAY_SECONDS: u64 = 60;
/// Okta's longest access token lifetime, 24 hours, in seconds.
const MAX_TOKEN_LIFETIME_SECONDS: u64 = 86_400;
/// `typ` values accepted where the profile says nothing.
const DEFAULT_TOKEN_TYPES: [&str; 4] = ["none", "JWT", "at+jwt", "application/okta-internal-at+jwt"];
/// Context members that are always written, or that API Gateway keeps for itself.
const RESERVED_CONTEXT: [&str; 11] =
    ["principalId", "profile", "cid", "sub", "scope", "iss", "exp", "jti", "reason", "claims", "accessToken"];

impl SecurityProfile {
    /// Reads and checks a profile document (JSON).
    ///
    /// # Errors
    /// [`ProfileError`] with everything that is wrong, each with field, value and remedy.
    pub fn from_json(name: &ProfileName, json: &str, transport: Transport) -> Result<Self, ProfileError> {
        let refused = |findings| ProfileError { profile: name.to_string(), findings };
        let document: ProfileDocument = serde_json::from_str(json)
            .map_err(|error| refused(vec![Finding::new("document", format!("is not a profile document: {error}"))]))?;
        let mut findings = Vec::new();
        match check(name, version(name, json), document, transport, &mut findings) {
            Some(profile) if findings.is_empty() => Ok(profile),
            Some(_) | None => Err(refused(findings)),
        }
    }
}

/// A `typ` value without case and without `application/` (RFC 7515 section 4.1.9).
pub(super) fn media_type_name(media_type: &str) -> String {
    let lower = media_type.to_ascii_lowercase();
    lower.strip_prefix("application/").map(str::to_owned).unwrap_or(lower)
}

fn version(name: &ProfileName, json: &str) -> ProfileVersion {
    let mut hash = digest::Context::new(&digest::SHA256);
    hash.update(name.as_str().as_bytes());
    // No name has this byte, so that no name and text can be taken for another.
    hash.update(&[0]);
    hash.update(json.as_bytes());
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    ProfileVersion(bytes)
}

fn check(
    name: &ProfileName,
    version: ProfileVersion,
    document: ProfileDocument,
    transport: Transport,
    findings: &mut Vec<Finding>,
) -> Option<SecurityProfile> {
    check_fixed_fields(&document, findings);
    let endpoints = Endpoints::from_document(&document, transport, findings);
    let introspection_url = endpoints.as_ref().and_then(|endpoints| endpoints.introspection_url.clone());
    let introspection = Introspection::from_document(document.introspection, introspection_url, findings);
    let audiences = audiences(&document.audiences, findings);
    let scopes = scopes("scopes", &document.scopes, findings);
    let grantable_scopes = grantable_scopes(document.grantable_scopes.as_deref(), &scopes, findings);
    let apis = apis(&document.apis, findings);
    let (allowed_clients, usage_plan_keys) = clients(document.clients, findings);
    let claim_rules = claim_rules(document.claims, findings);
    check_context(&document.context, findings);
    let routes = routes(document.routes, findings);
    let algorithms = algorithms(document.algorithms.as_deref(), findings);
    let token_types = token_types(document.token_type.map(super::document::OneOrMany::into_vec), findings);
    let leeway_seconds = in_range(
        "leewaySeconds",
        document.leeway_seconds.unwrap_or(DEFAULT_LEEWAY_SECONDS),
        0,
        MAX_LEEWAY_SECONDS,
        findings,
    );
    let max_token_lifetime_seconds = in_range(
        "maxTokenLifetimeSeconds",
        document.max_token_lifetime_seconds.unwrap_or(MAX_TOKEN_LIFETIME_SECONDS),
        1,
        MAX_TOKEN_LIFETIME_SECONDS,
        findings,
    );
    let allowed_ips = allowed_ips(&document.allowed_ips, findings);
    let automatic = Automatic::from_document(document.automatic, &allowed_ips, findings);
    let binding = binding_rules(document.binding.as_deref(), document.dpop, automatic, findings);
    Some(SecurityProfile {
        name: name.clone(),
        version,
        description: document.description,
        warnings: [
            route_warnings(&routes, &scopes),
            automatic.warnings(&routes),
            binding_warnings(&binding),
            Introspection::warnings(introspection.as_ref()),
        ]
        .concat(),
        endpoints: endpoints?,
        audiences,
        scopes,
        grantable_scopes,
        apis,
        routes,
        allowed_clients,
        usage_plan_keys,
        claim_rules,
        context_claims: document.context,
        algorithms,
        token_types,
        leeway_seconds,
        max_token_lifetime_seconds,
        allowed_ips,
        automatic,
        expiry_condition: document.expiry_condition,
        binding,
        introspection,
    })
}

/// Fields with one legal value, and fields whose behaviour does not exist yet: never silently ignored.
fn check_fixed_fields(document: &ProfileDocument, findings: &mut Vec<Finding>) {
    let mut refuse = |field: &str, problem: String| findings.push(Finding::new(field, problem));
    if document.version != 1 {
        refuse("version", format!("`{}` is not supported; expected `1`", document.version));
    }
    if let Some(kind) = document.kind.as_deref().filter(|kind| *kind != "oauth2") {
        refuse("type", format!("`{kind}` is not supported; expected `oauth2`"));
    }
    if let Some(provider) = document.provider.as_deref().filter(|provider| *provider != "okta") {
        refuse("provider", format!("`{provider}` is not supported; expected `okta`"));
    }
    if !document.authorized_domains.is_empty() {
        refuse(
            "authorizedDomains",
            "must be empty: the 2-legged flow has no browser redirect to restrict; remove the values".to_owned(),
        );
    }
}

fn audiences(given: &[String], findings: &mut Vec<Finding>) -> Vec<Audience> {
    if given.is_empty() {
        findings.push(Finding::new(
            "audiences",
            "is missing or empty; expected the authorization server's audience, such as `[\"api://orders\"]`",
        ));
    }
    for (index, audience) in
        given.iter().enumerate().filter(|(_, audience)| audience.trim() != *audience || audience.is_empty())
    {
        findings.push(Finding::new(
            format!("audiences[{index}]"),
            format!("`{audience}` is empty or has spaces around it"),
        ));
    }
    given.iter().cloned().map(Audience).collect()
}

pub(super) fn scopes(field: &str, given: &[String], findings: &mut Vec<Finding>) -> ScopeSet {
    if given.is_empty() {
        findings
            .push(Finding::new(field, "is missing or empty; expected at least one scope, such as `[\"CustomScope\"]`"));
    }
    let mut scopes = Vec::with_capacity(given.len());
    for (index, name) in given.iter().enumerate() {
        match ScopeToken::new(name) {
            Ok(scope) => scopes.push(scope),
            Err(error) => {
                findings.push(Finding::new(format!("{field}[{index}]"), format!("`{name}` is not a scope: {error}")));
            }
        }
    }
    scopes.into_iter().collect()
}

fn grantable_scopes(given: Option<&[String]>, required: &ScopeSet, findings: &mut Vec<Finding>) -> ScopeSet {
    let Some(given) = given else { return required.clone() };
    let grantable = scopes("grantableScopes", given, findings);
    if let Some(missing) = grantable.first_missing(required) {
        findings.push(Finding::new(
            "grantableScopes",
            format!("lacks `{missing}`, which `scopes` asks for by default; add it, or remove `grantableScopes`"),
        ));
    }
    grantable
}

fn apis(given: &[String], findings: &mut Vec<Finding>) -> Vec<ApiPattern> {
    if given.is_empty() {
        findings.push(Finding::new(
            "apis",
            "is missing or empty; expected where the profile applies, such as `[\"abcdef1234/prod\"]`",
        ));
    }
    let mut apis = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        match ApiPattern::parse(text) {
            Some(pattern) => apis.push(pattern),
            None => findings.push(Finding::new(
                format!("apis[{index}]"),
                format!("`{text}` is no API; expected `apiId/stage`, `apiId/*` or `*`"),
            )),
        }
    }
    apis
}

type Clients = (Option<std::collections::BTreeSet<ClientId>>, BTreeMap<ClientId, String>);

fn clients(given: ClientsDocument, findings: &mut Vec<Finding>) -> Clients {
    let mut client = |field: &str, text: &str| {
        let client = ClientId::new(text);
        if client.is_none() {
            findings.push(Finding::new(
                field,
                format!("`{}` is no client id; expected Okta's, such as `0oa1b2c3`", text.escape_default()),
            ));
        }
        client
    };
    let allow = given.allow.map(|ids| ids.iter().filter_map(|id| client("clients.allow", id)).collect());
    let keys = given
        .usage_plan_keys
        .into_iter()
        .filter_map(|(id, key)| client("clients.usagePlanKeys", &id).map(|id| (id, key)))
        .collect::<BTreeMap<_, _>>();
    if let Some((id, _)) = keys.iter().find(|(_, key)| key.is_empty()) {
        findings.push(Finding::new(
            "clients.usagePlanKeys",
            format!("the key of `{id}` is empty; expected an API key value"),
        ));
    }
    (allow, keys)
}

fn claim_rules(given: Vec<ClaimRuleDocument>, findings: &mut Vec<Finding>) -> Vec<ClaimRule> {
    let scalar = |value: &Value| value.is_string() || value.is_number() || value.is_boolean();
    let mut rules = Vec::with_capacity(given.len());
    for (index, rule) in given.into_iter().enumerate() {
        let comparison = match (rule.equals, rule.one_of, rule.contains) {
            (Some(value), None, None) if scalar(&value) => Some(Comparison::Equals(value)),
            (None, Some(values), None) if !values.is_empty() && values.iter().all(scalar) => {
                Some(Comparison::OneOf(values))
            }
            (None, None, Some(value)) if scalar(&value) => Some(Comparison::Contains(value)),
            (_, _, _) => None,
        };
        match comparison.filter(|_| !rule.claim.is_empty()) {
            Some(comparison) => rules.push(ClaimRule { claim: rule.claim, comparison }),
            None => findings.push(Finding::new(
                format!("claims[{index}]"),
                format!(
                    "the rule on `{}` is not complete; expected `claim` and exactly one of `equals`, `oneOf` and `contains`, \
                     with strings, numbers or booleans",
                    rule.claim
                ),
            )),
        }
    }
    rules
}

fn check_context(given: &[String], findings: &mut Vec<Finding>) {
    for (index, claim) in given.iter().enumerate() {
        if claim.is_empty() || RESERVED_CONTEXT.contains(&claim.as_str()) {
            findings.push(Finding::new(
                format!("context[{index}]"),
                format!("`{claim}` is empty, always handed on, or reserved by API Gateway; remove it"),
            ));
        }
    }
}

fn algorithms(given: Option<&[String]>, findings: &mut Vec<Finding>) -> Vec<Algorithm> {
    let Some(given) = given else { return vec![Algorithm::Rs256] };
    if given.is_empty() {
        findings.push(Finding::new("algorithms", "is empty; expected at least one, such as `[\"RS256\"]`"));
    }
    let mut algorithms = Vec::with_capacity(given.len());
    for (index, name) in given.iter().enumerate() {
        match Algorithm::from_name(name) {
            Some(algorithm) => algorithms.push(algorithm),
            None => findings.push(Finding::new(
                format!("algorithms[{index}]"),
                format!(
                    "`{name}` is not supported; expected one of {}",
                    Algorithm::ALL.map(Algorithm::name).join(", ")
                ),
            )),
        }
    }
    algorithms
}

fn token_types(given: Option<Vec<String>>, findings: &mut Vec<Finding>) -> TokenTypes {
    let given = given.unwrap_or_else(|| DEFAULT_TOKEN_TYPES.map(str::to_owned).to_vec());
    let known = |name: &String| DEFAULT_TOKEN_TYPES.iter().any(|known| media_type_name(known) == media_type_name(name));
    if given.is_empty() || !given.iter().all(known) {
        findings.push(Finding::new(
            "tokenType",
            format!("`{}` is unknown; expected one or more of {}", given.join(", "), DEFAULT_TOKEN_TYPES.join(", ")),
        ));
    }
    TokenTypes {
        absent: given.iter().any(|name| name == "none"),
        names: given.iter().filter(|name| *name != "none").map(|name| media_type_name(name)).collect(),
    }
}

fn in_range(field: &str, value: u64, least: u64, most: u64, findings: &mut Vec<Finding>) -> u64 {
    if !(least..=most).contains(&value) {
        findings.push(Finding::new(field, format!("`{value}` is out of range; expected {least} to {most} seconds")));
    }
    value
}

fn allowed_ips(given: &[String], findings: &mut Vec<Finding>) -> Vec<IpNet> {
    let network = |text: &String| text.parse::<IpNet>().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    let mut networks = Vec::with_capacity(given.len());
    for (index, text) in given.iter().enumerate() {
        match network(text) {
            Ok(network) => networks.push(network.trunc()),
            Err(_) => findings.push(Finding::new(
                format!("allowedIps[{index}]"),
                format!("`{text}` is no network; expected CIDR notation, such as `203.0.113.0/24` or `2001:db8::/32`"),
            )),
        }
    }
    networks
}
