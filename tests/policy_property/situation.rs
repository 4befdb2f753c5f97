//! One case made real: a profile, a token's scopes, a call, and the policy that answers it.

use std::net::IpAddr;

use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::gateway::policy::Conditions;
use okta_security_profiles::domain::gateway::policy_builder::{Routes, build, build_for_call, check_route, left_out};
use okta_security_profiles::domain::gateway::route::{Resolution, governing_route};
use okta_security_profiles::domain::oauth::scope::{ScopeSet, ScopeToken};
use okta_security_profiles::domain::profile::{ProfileName, SecurityProfile, Transport};
use okta_security_profiles::local::iam::{Question, allows};
use serde_json::{Value, json};

use crate::cases::RouteText;

/// The API that is called.
pub(crate) const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/";
/// Longest resource in a policy, in characters.
pub(crate) const MAX_RESOURCE_LENGTH: usize = 512;
/// When the calls are made.
pub(crate) const NOW: u64 = 1_795_493_306;
/// The scope that the profile asks of every token.
const BASE_SCOPE: &str = "base";

/// A profile, and a token for it.
pub(crate) struct Situation {
    profile: SecurityProfile,
    granted: ScopeSet,
    pub(crate) resolution: Resolution,
}

impl Situation {
    pub(crate) fn new(routes: &[RouteText], granted: &[&str], resolution: Resolution) -> Self {
        let routes: Vec<Value> = routes.iter().map(RouteText::document).collect();
        let document = json!({
            "version": 1, "issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
            "scopes": [BASE_SCOPE], "apis": ["abcdef1234/prod"], "routes": routes,
        });
        let name = ProfileName::new("demo").expect("a name");
        let profile = SecurityProfile::from_json(&name, &document.to_string(), Transport::Https).expect("a profile");
        let granted = granted.iter().chain([&BASE_SCOPE]).map(|scope| ScopeToken::new(scope).expect("a scope"));
        Self { profile, granted: granted.collect(), resolution }
    }

    pub(crate) fn routes(&self) -> Routes<'_> {
        Routes { routes: self.profile.routes(), resolution: self.resolution, granted: &self.granted }
    }

    /// The direct decision.
    pub(crate) fn may_call(&self, (method, path): &(String, String)) -> bool {
        check_route(self.routes(), method, path).is_ok()
    }

    /// The text of the route that governs a call.
    pub(crate) fn governing(&self, (method, path): &(String, String)) -> Option<&String> {
        governing_route(self.profile.routes(), method, path, self.resolution).map(|route| &route.text)
    }

    /// The routes that lint names.
    pub(crate) fn left_out(&self, budget: usize) -> Vec<String> {
        left_out(Routes { granted: self.profile.scopes(), ..self.routes() }, budget)
    }

    /// The policy that answers a call and is good for it alone.
    pub(crate) fn policy_for_call(&self, call: &(String, String), budget: usize) -> Value {
        let arn = MethodArn::parse(&resource(STAGE, call)).expect("a method ARN");
        serde_json::to_value(build_for_call(self.routes(), &arn, Conditions::default(), budget)).expect("JSON")
    }

    /// The policy that answers a call.
    pub(crate) fn policy(&self, call: &(String, String), conditions: Conditions, budget: usize) -> Value {
        let arn = MethodArn::parse(&resource(STAGE, call)).expect("a method ARN");
        serde_json::to_value(build(self.routes(), &arn, conditions, budget)).expect("JSON")
    }
}

/// The ARN of a call.
pub(crate) fn resource(stage: &str, (method, path): &(String, String)) -> String {
    if method == "$connect" { format!("{stage}{method}") } else { format!("{stage}{method}/{path}") }
}

/// IAM's answer.
pub(crate) fn lets_through(policy: &Value, resource: &str) -> bool {
    lets_through_from(policy, resource, [203, 0, 113, 7].into(), NOW)
}

/// The same for a call from this address at this time.
pub(crate) fn lets_through_from(policy: &Value, resource: &str, source_ip: IpAddr, now: u64) -> bool {
    allows(policy, Question { resource, source_ip, now })
}

/// What the policy's statements with this effect name.
pub(crate) fn resources(policy: &Value, effect: &str) -> Vec<String> {
    let statements = policy["Statement"].as_array().expect("statements");
    let of_effect = statements.iter().filter(|statement| statement["Effect"] == effect);
    let resources = of_effect.flat_map(|statement| statement["Resource"].as_array().expect("resources"));
    resources.map(|resource| resource.as_str().expect("a text").to_owned()).collect()
}

/// What the policy allows, without the stage.
pub(crate) fn allowed_below_stage(policy: &Value) -> Vec<String> {
    let allowed = resources(policy, "Allow");
    allowed.iter().map(|resource| resource.strip_prefix(STAGE).expect("of this stage").to_owned()).collect()
}
