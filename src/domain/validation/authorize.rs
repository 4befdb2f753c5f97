//! The decision about one call: a verified token, a request, allow or deny. Nothing given means denied.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::Denial;
use super::verify::VerifiedToken;
use crate::domain::profile::SecurityProfile;

/// What may be said of a call after its token was verified.
#[derive(Debug)]
pub enum Decision {
    /// The call may go on.
    Allow(Grant),
    /// It may not.
    Deny(Denial),
}

/// A verified token that may make the call. An Allow policy can be built from nothing else.
///
/// INVARIANT: made by [`authorize`] alone.
#[derive(Debug)]
pub struct Grant {
    token: VerifiedToken,
}

/// Whether a verified token may make a call from `source_ip`: client, claims, address, scopes, in this order.
///
/// `source_ip` is `None` where the event does not say; a profile with `allowedIps` then denies.
#[must_use]
pub fn authorize(token: VerifiedToken, source_ip: Option<IpAddr>) -> Decision {
    match find_denial(&token, source_ip) {
        Some(denial) => Decision::Deny(denial),
        None => Decision::Allow(Grant { token }),
    }
}

fn find_denial(token: &VerifiedToken, source_ip: Option<IpAddr>) -> Option<Denial> {
    let (profile, claims) = (token.profile(), token.claims());
    if !profile.allows_client(&claims.client_id) {
        return Some(Denial::ClientNotAllowed);
    }
    if let Some(rule) = profile.claim_rules().iter().find(|rule| !rule.is_satisfied_by(&claims.members)) {
        return Some(Denial::ClaimMismatch { claim: rule.claim.clone() });
    }
    let networks = profile.allowed_ips();
    if !networks.is_empty() && !source_ip.is_some_and(|ip| networks.iter().any(|network| network.contains(&ip))) {
        return Some(Denial::IpNotAllowed);
    }
    let missing = claims.scopes.first_missing(profile.scopes())?;
    Some(Denial::ScopeMissing { scope: missing.to_string() })
}

impl Grant {
    /// The token that earned the grant.
    #[must_use]
    pub fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// The profile that governs it.
    #[must_use]
    pub fn profile(&self) -> &Arc<SecurityProfile> {
        self.token.profile()
    }

    /// The API key value of the client's usage plan, where the profile has one.
    #[must_use]
    pub fn usage_plan_key(&self) -> Option<&str> {
        self.profile().usage_plan_key(&self.token.claims().client_id)
    }

    /// What the backend is told: flat, and only strings, numbers and booleans, since API Gateway breaks a request
    /// whose context holds anything else. Arrays and objects become JSON text; `null` and absent claims are left out.
    #[must_use]
    pub fn context(&self) -> Map<String, Value> {
        let (profile, claims) = (self.profile(), self.token.claims());
        let mut context = Map::new();
        let mut put = |name: &str, value: Value| context.insert(name.to_owned(), value);
        put("principalId", self.token.principal().into());
        put("profile", profile.name().as_str().into());
        put("cid", claims.client_id.as_str().into());
        put("scope", claims.scopes.to_string().into());
        put("iss", claims.issuer.as_str().into());
        put("exp", claims.expires_at.seconds().into());
        if let Some(subject) = &claims.subject {
            put("sub", subject.as_str().into());
        }
        if let Some(token_id) = &claims.token_id {
            put("jti", token_id.as_str().into());
        }
        for name in profile.context_claims() {
            match claims.members.get(name) {
                None | Some(Value::Null) => {}
                Some(scalar @ (Value::Bool(_) | Value::Number(_) | Value::String(_))) => {
                    put(name, scalar.clone());
                }
                Some(nested @ (Value::Array(_) | Value::Object(_))) => {
                    put(name, nested.to_string().into());
                }
            }
        }
        context
    }
}
