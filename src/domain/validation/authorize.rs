//! The decision about one call: a verified token, a call, allow or deny. Nothing given means denied.
//!
//! What concerns the token alone (client, claims, scopes) is decided first: a token that passes has a [`Grant`], and its
//! policy speaks for every route. What concerns this call (address, route) is decided by the same profile, so that a cached
//! policy and a fresh call agree.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Map, Value};

use super::error::Denial;
use super::verify::VerifiedToken;
use crate::domain::binding::possession::{BindingError, Presentation, check_binding};
use crate::domain::binding::proof::CheckedProof;
use crate::domain::deny_list::DenyList;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::policy::{Conditions, Policy};
use crate::domain::gateway::policy_builder::{RouteDenial, Routes, build, build_for_call, check_route};
use crate::domain::gateway::route::Resolution;
use crate::domain::oauth::secret::AccessToken;
use crate::domain::profile::SecurityProfile;

/// What may be said of a call after its token was verified.
#[derive(Debug)]
pub enum Decision {
    /// The call may go on.
    Allow(Grant),
    /// It may not.
    Deny(Denied),
}

/// A call that may not go on.
#[derive(Debug)]
pub struct Denied {
    /// Why.
    pub denial: Denial,
    /// Whose call it is, as far as that is known.
    pub subject: Subject,
}

/// Whose call is denied.
#[derive(Debug)]
pub enum Subject {
    /// Nobody's in particular: no profile applies, or there is no token yet.
    Unknown,
    /// A verified token's, which may make no call at all here.
    Verified(Arc<VerifiedToken>),
    /// A token's that may make other calls: its policy says which.
    Granted(Grant),
}

/// What a call is, besides its token.
#[derive(Debug, Clone, Copy)]
pub struct Call<'c> {
    /// What is called.
    pub arn: &'c MethodArn,
    /// How the API chooses among routes.
    pub resolution: Resolution,
    /// Where the call comes from, where that is known.
    pub source_ip: Option<IpAddr>,
    /// Who is let in nowhere.
    pub deny_list: &'c DenyList,
    /// How the token came, and what was shown with it.
    pub presentation: Presentation<'c>,
}

/// A verified token that may call the API. A policy that allows anything can be built from nothing else.
///
/// INVARIANT: made by [`authorize`] alone.
#[derive(Debug)]
pub struct Grant {
    token: Arc<VerifiedToken>,
    forwarded: Option<AccessToken>,
    proof: Option<CheckedProof>,
}

/// Whether a verified token may make a call: deny list, binding, client, claims, scopes, then address and route.
///
/// # Errors
/// [`BindingError`] where what the token is bound to is not proven: its caller is nobody then.
pub fn authorize(token: Arc<VerifiedToken>, call: Call<'_>) -> Result<Decision, BindingError> {
    if let Some(listed) = call.deny_list.holds(&token) {
        let denied = Denied { denial: Denial::DenyListed { listed }, subject: Subject::Verified(token) };
        return Ok(Decision::Deny(denied));
    }
    let proof = check_binding(&token, call.presentation, call.arn)?;
    if let Some(denial) = token_denial(&token) {
        return Ok(Decision::Deny(Denied { denial, subject: Subject::Verified(token) }));
    }
    let grant = Grant { token, forwarded: None, proof };
    Ok(match grant.call_denial(call) {
        Some(denial) => Decision::Deny(Denied { denial, subject: Subject::Granted(grant) }),
        None => Decision::Allow(grant),
    })
}

/// Why a client's tokens may call nothing here, whatever their scopes: the client, or a rule of `claims`.
#[must_use]
pub fn client_denial(token: &VerifiedToken) -> Option<Denial> {
    let (profile, claims) = (token.profile(), token.claims());
    if !profile.allows_client(&claims.client_id) {
        return Some(Denial::ClientNotAllowed);
    }
    if let Some(rule) = profile.claim_rules().iter().find(|rule| !rule.is_satisfied_by(&claims.members)) {
        return Some(Denial::ClaimMismatch { claim: rule.claim.clone() });
    }
    None
}

/// Why a token may call nothing here, whatever the call: its client, a rule of `claims`, or a scope that every token must hold.
#[must_use]
pub fn token_denial(token: &VerifiedToken) -> Option<Denial> {
    if let Some(denial) = client_denial(token) {
        return Some(denial);
    }
    let missing = token.claims().scopes.first_missing(token.profile().scopes())?;
    Some(Denial::ScopeMissing { scope: missing.to_string() })
}

impl Decision {
    /// The grant of a token that may make this call, or others.
    #[must_use]
    pub const fn grant(&self) -> Option<&Grant> {
        match self {
            Self::Allow(grant) => Some(grant),
            Self::Deny(denied) => denied.grant(),
        }
    }
}

impl Denied {
    /// A call to an API that no profile covers.
    #[must_use]
    pub const fn no_profile() -> Self {
        Self::without_token(Denial::NoProfile)
    }

    /// A call that is denied before there is a token.
    #[must_use]
    pub const fn without_token(denial: Denial) -> Self {
        Self { denial, subject: Subject::Unknown }
    }

    /// The token of the call, where one was verified.
    #[must_use]
    pub fn token(&self) -> Option<&VerifiedToken> {
        match &self.subject {
            Subject::Unknown => None,
            Subject::Verified(token) => Some(token),
            Subject::Granted(grant) => Some(grant.token()),
        }
    }

    /// The grant of a token that may make other calls.
    #[must_use]
    pub const fn grant(&self) -> Option<&Grant> {
        match &self.subject {
            Subject::Granted(grant) => Some(grant),
            Subject::Unknown | Subject::Verified(_) => None,
        }
    }
}

impl Grant {
    /// The token that earned the grant.
    #[must_use]
    pub fn token(&self) -> &VerifiedToken {
        &self.token
    }

    /// The proof that it was presented with, which is good for one call. Whether it was used before is not known here.
    #[must_use]
    pub const fn proof(&self) -> Option<&CheckedProof> {
        self.proof.as_ref()
    }

    /// The same grant, whose backend is handed this token: one that was fetched for the caller.
    #[must_use]
    pub fn forwarding(self, token: AccessToken) -> Self {
        Self { forwarded: Some(token), ..self }
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

    /// What the token may call, in at most `budget` bytes; see [`crate::domain::gateway::policy_builder`].
    #[must_use]
    pub fn policy(&self, arn: &MethodArn, resolution: Resolution, budget: usize) -> Policy {
        let profile = self.profile();
        let end = profile.expiry_condition().then_some(self.token.claims().expires_at);
        let conditions = Conditions::new(profile.allowed_ips(), end);
        if profile.answers_for_the_called_route_only() {
            return build_for_call(self.routes(resolution), arn, conditions, budget);
        }
        build(self.routes(resolution), arn, conditions, budget)
    }

    fn routes(&self, resolution: Resolution) -> Routes<'_> {
        Routes { routes: self.profile().routes(), resolution, granted: &self.token.claims().scopes }
    }

    fn call_denial(&self, call: Call<'_>) -> Option<Denial> {
        if !self.profile().allows_address(call.source_ip) {
            return Some(Denial::IpNotAllowed);
        }
        match check_route(self.routes(call.resolution), call.arn.method(), call.arn.path()) {
            Ok(()) => None,
            Err(RouteDenial::Irregular) => Some(Denial::PathIrregular),
            Err(RouteDenial::NoRoute) => Some(Denial::RouteUnknown),
            Err(RouteDenial::Scopes { route }) => Some(Denial::RouteScopeMissing { route }),
        }
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
        if let Some(token) = &self.forwarded {
            put("accessToken", token.expose().into());
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
