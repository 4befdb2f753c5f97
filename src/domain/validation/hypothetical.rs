//! What a token with these scopes would get if somebody had one. Nothing is proven here: there is no token, and no
//! [`super::authorize::Grant`] is made.

use super::error::Denial;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::policy::{Conditions, Policy};
use crate::domain::gateway::policy_builder::{Routes, USUAL_BUDGET, build, build_for_call, left_out};
use crate::domain::gateway::route::{Resolution, Route};
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::profile::{ClientId, SecurityProfile};

/// A token that nobody has: of this client, with these scopes, good in every other respect.
#[derive(Debug, Clone, Copy)]
pub struct HypotheticalToken<'h> {
    /// The profile that it is held against.
    pub profile: &'h SecurityProfile,
    /// Its `cid`.
    pub client_id: &'h ClientId,
    /// Its `scp`.
    pub scopes: &'h ScopeSet,
}

/// What it could do with one of the profile's routes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RouteVerdict<'h> {
    /// The route.
    pub route: &'h Route,
    /// Why a fresh call would be denied; `None` where it would be allowed.
    pub denial: Option<Denial>,
    /// Whether a policy that is cached for another route's call may deny some of its paths; see
    /// [`crate::domain::gateway::policy_builder`].
    pub is_left_out: bool,
}

impl<'h> HypotheticalToken<'h> {
    /// Why it could call nothing at this API and stage.
    #[must_use]
    pub fn denial(&self, arn: &MethodArn) -> Option<Denial> {
        if !self.profile.applies_to(arn) {
            return Some(Denial::NoProfile);
        }
        if !self.profile.allows_client(self.client_id.as_str()) {
            return Some(Denial::ClientNotAllowed);
        }
        let missing = self.scopes.first_missing(self.profile.scopes())?;
        Some(Denial::ScopeMissing { scope: missing.to_string() })
    }

    /// The policy that the authorizer would answer a call of `arn` with, where its context is of ordinary size.
    #[must_use]
    pub fn policy(&self, arn: &MethodArn, resolution: Resolution) -> Policy {
        if self.denial(arn).is_some() {
            return Policy::deny_all(arn);
        }
        let routes = Routes { routes: self.profile.routes(), resolution, granted: self.scopes };
        let conditions = Conditions::new(self.profile.allowed_ips(), None);
        if self.profile.answers_for_the_called_route_only() {
            return build_for_call(routes, arn, conditions, USUAL_BUDGET);
        }
        build(routes, arn, conditions, USUAL_BUDGET)
    }

    /// Each of the profile's routes, in its order.
    #[must_use]
    pub fn routes(&self, arn: &MethodArn, resolution: Resolution) -> Vec<RouteVerdict<'h>> {
        let routes = self.profile.routes();
        let left_out = left_out(Routes { routes, resolution, granted: self.profile.scopes() }, USUAL_BUDGET);
        let of_every_route = self.denial(arn);
        let verdict = |route: &'h Route| {
            let of_this_one =
                (!route.admits(self.scopes)).then(|| Denial::RouteScopeMissing { route: route.text.clone() });
            RouteVerdict {
                route,
                denial: of_every_route.clone().or(of_this_one),
                is_left_out: left_out.contains(&route.text),
            }
        };
        routes.iter().map(verdict).collect()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use serde_json::{Value, json};

    use super::{Denial, HypotheticalToken, MethodArn, Policy, Resolution};
    use crate::domain::binding::possession::Presentation;
    use crate::domain::deny_list::DenyList;
    use crate::domain::oauth::scope::ScopeSet;
    use crate::domain::profile::{ClientId, SecurityProfile};
    use crate::domain::validation::authorize::{Call, Decision, authorize};
    use crate::domain::validation::verify::Candidate;
    use crate::testing::{NOW, OKTA_KEY, claims, profile, profile_document, with};

    fn arn() -> MethodArn {
        MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders/1").expect("an ARN")
    }

    fn routes() -> Value {
        json!([
            {"route": "GET /orders/{id}", "scopes": {"any": ["orders.read", "orders.write"]}},
            {"route": "DELETE /orders/{id}", "scopes": {"all": ["orders.write"]}}
        ])
    }

    /// The client of good tokens with these scopes.
    fn with_token<T>(profile: &SecurityProfile, scopes: &str, ask: impl FnOnce(HypotheticalToken<'_>) -> T) -> T {
        let (client_id, scopes) =
            (ClientId::new("0oa1").expect("an id"), ScopeSet::from_parameter(scopes).expect("scopes"));
        ask(HypotheticalToken { profile, client_id: &client_id, scopes: &scopes })
    }

    #[test]
    fn the_policy_is_the_one_that_a_real_token_with_these_scopes_gets() {
        let profile = profile(&with(profile_document(), "routes", routes()));
        let token = OKTA_KEY.access_token(&with(claims(), "scp", json!(["CustomScope", "orders.read"])));
        let jwt = crate::domain::jose::jwt::UnverifiedJwt::parse(&token).expect("a token");
        let key = crate::domain::jose::jwk::VerificationKey::from_jwk(&OKTA_KEY.jwk()).expect("a key");
        let verified = Candidate::new(&jwt, &profile, NOW).expect("a candidate").verify(&key).expect("verified");
        let (arn, resolution) = (arn(), Resolution::ResourceFirst);
        let call = Call {
            arn: &arn,
            resolution,
            source_ip: None,
            deny_list: &DenyList::default(),
            presentation: Presentation::Fetched,
        };
        let Ok(Decision::Allow(grant)) = authorize(Arc::new(verified), call) else { panic!("allowed") };
        let hypothetical = with_token(&profile, "CustomScope orders.read", |token| token.policy(&arn, resolution));
        assert_eq!(hypothetical, grant.policy(&arn, resolution, 7_000));
    }

    #[test]
    fn each_route_is_judged_by_its_own_scopes() {
        let profile = profile(&with(profile_document(), "routes", routes()));
        let denials = with_token(&profile, "CustomScope orders.read", |token| {
            let verdicts = token.routes(&arn(), Resolution::ResourceFirst);
            verdicts.into_iter().map(|verdict| verdict.denial).collect::<Vec<_>>()
        });
        let lacking = Denial::RouteScopeMissing { route: "DELETE /orders/{id}".to_owned() };
        assert_eq!(denials, [None, Some(lacking)]);
    }

    #[test]
    fn a_client_that_is_not_allowed_or_lacks_a_scope_gets_nothing_anywhere() {
        let document = with(profile_document(), "routes", routes());
        let other_client = profile(&with(document.clone(), "clients", json!({"allow": ["0oa2"]})));
        let elsewhere = profile(&with(document.clone(), "apis", json!(["other12345/*"])));
        for (profile, scopes, expected) in [
            (&other_client, "CustomScope", Denial::ClientNotAllowed),
            (&elsewhere, "CustomScope", Denial::NoProfile),
            (&profile(&document), "orders.write", Denial::ScopeMissing { scope: "CustomScope".to_owned() }),
        ] {
            with_token(profile, scopes, |token| {
                assert_eq!(token.denial(&arn()), Some(expected.clone()));
                assert_eq!(token.policy(&arn(), Resolution::RouteFirst), Policy::deny_all(&arn()));
                let verdicts = token.routes(&arn(), Resolution::RouteFirst);
                assert!(verdicts.iter().all(|verdict| verdict.denial.as_ref() == Some(&expected)));
            });
        }
    }
}
