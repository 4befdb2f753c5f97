//! Routes, scopes and calls made from bytes: IAM's evaluation of the policy never allows what the direct decision denies.

use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::gateway::policy::Conditions;
use okta_security_profiles::domain::gateway::policy_builder::{Routes, build, build_for_call, check_route};
use okta_security_profiles::domain::gateway::route::{RequiredScopes, Resolution, Route};
use okta_security_profiles::domain::oauth::scope::{ScopeSet, ScopeToken};
use okta_security_profiles::local::iam::{Question, allows};
use serde_json::Value;

const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/";
const METHODS: [&str; 8] = ["GET", "ANY", "POST", "DELETE", "OPTIONS", "HEAD", "PATCH", "PUT"];
const SEGMENTS: [&str; 16] =
    ["a", "b", "A", "a.b", "{id}", "{x}", "orders", "%2Fa", "", ".", "..", "*", "?", "$", "${*}", "{proxy+}"];
const SCOPES: [&str; 3] = ["read", "write", "admin"];
const BUDGET: usize = 8_000;

/// Bytes as choices: the form of the API, the token's scopes, routes, a first call and others.
pub(crate) fn run(input: &[u8]) {
    let mut choices = Choices(input);
    let resolution = if choices.next().is_multiple_of(2) { Resolution::ResourceFirst } else { Resolution::RouteFirst };
    let granted = choices.scopes();
    let mut routes: Vec<Route> = Vec::new();
    for _ in 0..choices.next() % 7 {
        let text = choices.route();
        let (any, scopes) = (choices.next().is_multiple_of(2), choices.scopes());
        // `any` of nothing cannot be written in a profile.
        let required =
            if any && !scopes.is_empty() { RequiredScopes::Any(scopes) } else { RequiredScopes::All(scopes) };
        // Of two routes of one shape API Gateway takes one only.
        let shape = |text: &str| text.replace("{x}", "{id}");
        if routes.iter().all(|route| shape(&route.text) != shape(&text)) {
            routes.extend(Route::parse(&text, required));
        }
    }
    let routes = Routes { routes: &routes, resolution, granted: &granted };
    let call = choices.call();
    let Ok(arn) = MethodArn::parse(&format!("{STAGE}{}/{}", call.0, call.1)) else { return };
    let budget = if choices.next().is_multiple_of(4) { 400 + usize::from(choices.next()) * 4 } else { BUDGET };
    let policy = serde_json::to_value(build(routes, &arn, Conditions::default(), budget)).expect("JSON");
    assert!(policy.to_string().len() <= budget, "more than {budget} bytes\n{policy:#}");
    let asks = |call: &(String, String)| allows_in(&policy, call);
    let may_call = |(method, path): &(String, String)| check_route(routes, method, path).is_ok();
    assert!(!asks(&call) || may_call(&call), "the policy for {call:?} allows it\n{policy:#}");
    // The policy for a token that has to prove something at every call.
    let for_call = serde_json::to_value(build_for_call(routes, &arn, Conditions::default(), budget)).expect("JSON");
    for _ in 0..8 {
        let other = choices.call();
        let allowed_too = other != call && allows_in(&for_call, &other);
        assert!(!allowed_too, "the policy for {call:?} alone allows {other:?}\n{for_call:#}");
        assert!(!asks(&other) || may_call(&other), "the policy for {call:?} allows {other:?}\n{policy:#}");
    }
}

fn allows_in(policy: &Value, (method, path): &(String, String)) -> bool {
    let resource = format!("{STAGE}{method}/{path}");
    allows(policy, Question { resource: &resource, source_ip: [203, 0, 113, 7].into(), now: 1_800_000_000 })
}

/// The input, read byte by byte; zeros once it is used up.
struct Choices<'i>(&'i [u8]);

impl Choices<'_> {
    fn next(&mut self) -> u8 {
        let Some((first, rest)) = self.0.split_first() else { return 0 };
        self.0 = rest;
        *first
    }

    fn scopes(&mut self) -> ScopeSet {
        let chosen = self.next();
        let scopes = SCOPES.iter().enumerate().filter(|(at, _)| chosen & (1 << at) != 0);
        scopes.map(|(_, scope)| ScopeToken::new(scope).expect("a scope")).collect()
    }

    fn path(&mut self) -> String {
        let count = self.next() % 5;
        let segments: Vec<&str> = (0..count).map(|_| SEGMENTS[usize::from(self.next() % 16)]).collect();
        segments.join("/")
    }

    fn route(&mut self) -> String {
        match self.next() % 20 {
            0 => "$default".to_owned(),
            1 => "$connect".to_owned(),
            method => format!("{} /{}", METHODS[usize::from(method) % METHODS.len()], self.path()),
        }
    }

    /// A method and a path; where a path has a template's variable, something stands for it.
    fn call(&mut self) -> (String, String) {
        let method = METHODS[usize::from(self.next()) % METHODS.len()];
        let method = if method == "ANY" { "GET" } else { method };
        let path = self.path().replace("{id}", "1").replace("{x}", "a").replace("{proxy+}", "a/b");
        (method.to_owned(), path)
    }
}
