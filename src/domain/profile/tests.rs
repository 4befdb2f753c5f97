//! Tests of the profile document: defaults, and one line per fault with field, value and remedy.

mod urls;

use serde_json::{Value, json};

use super::{Automatic, ProfileError, ProfileName, SecurityProfile, Transport};
use crate::domain::jose::algorithm::Algorithm;

fn smallest() -> Value {
    json!({
        "version": 1, "issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
        "scopes": ["CustomScope"], "apis": ["abcdef1234/prod"]
    })
}

fn parse(document: &Value) -> Result<SecurityProfile, ProfileError> {
    parse_with(document, Transport::Https)
}

fn parse_with(document: &Value, transport: Transport) -> Result<SecurityProfile, ProfileError> {
    SecurityProfile::from_json(&ProfileName::new("orders").expect("a name"), &document.to_string(), transport)
}

fn with(field: &str, value: Value) -> Value {
    let mut document = smallest();
    document[field] = value;
    document
}

/// The one finding about a document with `field` set to `value`, as (field, problem).
fn finding(field: &str, value: Value) -> (String, String) {
    let error = parse(&with(field, value)).expect_err("refused");
    assert_eq!(error.findings.len(), 1, "{error}");
    let finding = error.findings.into_iter().next().expect("one finding");
    (finding.field, finding.problem)
}

#[test]
fn the_smallest_document_gets_every_default() {
    let profile = parse(&smallest()).expect("valid");
    let endpoints = profile.endpoints();
    assert_eq!(
        endpoints.discovery_url.as_str(),
        "https://acme.okta.com/oauth2/default/.well-known/openid-configuration"
    );
    assert_eq!(endpoints.token_url.as_str(), "https://acme.okta.com/oauth2/default/v1/token");
    assert_eq!(endpoints.keys_url.as_str(), "https://acme.okta.com/oauth2/default/v1/keys");
    assert_eq!(endpoints.authorization_url.as_str(), "https://acme.okta.com/oauth2/default/v1/authorize");
    assert_eq!(endpoints.user_info_url.as_str(), "https://acme.okta.com/oauth2/default/v1/userinfo");
    assert_eq!(profile.grantable_scopes(), profile.scopes());
    assert_eq!((profile.leeway_seconds(), profile.max_token_lifetime_seconds()), (30, 86_400));
    assert!(profile.accepts_algorithm(Algorithm::Rs256) && !profile.accepts_algorithm(Algorithm::Ps256));
    assert!(profile.allows_client("anyone"));
}

#[test]
fn the_issuer_is_what_is_left_of_the_discovery_url() {
    let mut document = with("discoveryUrl", json!("https://acme.okta.com/oauth2/a1/.well-known/openid-configuration"));
    document.as_object_mut().expect("an object").remove("issuer");
    assert_eq!(parse(&document).expect("valid").issuer().as_str(), "https://acme.okta.com/oauth2/a1");
    document["discoveryUrl"] = json!("https://acme.okta.com/oauth2/a1/metadata");
    let error = parse(&document).expect_err("refused").to_string();
    assert!(error.contains("field `discoveryUrl`") && error.contains("add `issuer`"), "{error}");
}

#[test]
fn placeholders_of_the_documentation_are_refused_with_the_fields_name() {
    for (field, url) in [
        ("issuer", "https://{yourOktaDomain}/oauth2/default"),
        ("issuer", "https://yourOktaDomain/oauth2/default"),
        ("tokenUrl", "https://acme.okta.com/oauth2/${yourAuthServerId}/v1/token"),
        ("keysUrl", "https://acme.okta.com/oauth2/yourauthserverid/v1/keys"),
        ("authorizationUrl", "https://<domain>/v1/authorize"),
    ] {
        let (refused, problem) = finding(field, json!(url));
        assert_eq!(refused, field);
        assert!(problem.contains(url) && problem.contains("placeholder"), "{problem}");
    }
}

/// Threat 53.
#[test]
fn an_issuer_that_is_not_https_to_a_named_host_is_refused() {
    for issuer in [
        "http://acme.okta.com/oauth2/default",
        "ftp://acme.okta.com/oauth2/default",
        "http://127.0.0.1:8081/oauth2/default",
        "https://127.0.0.1/oauth2/default",
        "https://169.254.169.254/oauth2/default",
        "https://[fd00:ec2::254]/oauth2/default",
        "https://[::1]/oauth2/default",
        "https://2852039166/oauth2/default",
        "https://user@acme.okta.com/oauth2/default",
        "https://acme.okta.com/oauth2/default/",
        "https://acme.okta.com/oauth2/default?x=1",
        "https://acme.okta.com/oauth2/default#x",
        "acme.okta.com/oauth2/default",
        "",
    ] {
        let (field, problem) = finding("issuer", json!(issuer));
        assert_eq!(field, "issuer");
        assert!(problem.contains(&format!("`{issuer}`")), "{problem}");
    }
}

#[test]
fn loopback_is_allowed_only_where_the_operator_said_so() {
    for issuer in ["http://127.0.0.1:8081/oauth2/default", "http://localhost/oauth2/x", "http://[::1]:1/oauth2/x"] {
        assert!(parse_with(&with("issuer", json!(issuer)), Transport::HttpsOrLoopback).is_ok(), "{issuer}");
    }
    for issuer in ["http://acme.okta.com/oauth2/x", "http://169.254.169.254/oauth2/x", "http://10.0.0.1/oauth2/x"] {
        assert!(parse_with(&with("issuer", json!(issuer)), Transport::HttpsOrLoopback).is_err(), "{issuer}");
    }
}

#[test]
fn the_org_authorization_server_is_named_as_such() {
    let (field, problem) = finding("issuer", json!("https://acme.okta.com"));
    assert_eq!(field, "issuer");
    assert!(
        problem.contains("org authorization server") && problem.contains("https://acme.okta.com/oauth2/default"),
        "{problem}"
    );
}

/// Threat 53.
#[test]
fn a_url_on_another_host_than_the_issuers_is_refused() {
    for field in ["discoveryUrl", "authorizationUrl", "tokenUrl", "userInfoUrl", "keysUrl"] {
        for url in
            ["https://evil.example/v1/keys", "https://acme.okta.com:8443/v1/keys", "http://acme.okta.com/v1/keys"]
        {
            let (refused, problem) = finding(field, json!(url));
            assert_eq!(refused, field);
            assert!(problem.contains("`https://acme.okta.com/`"), "{problem}");
        }
    }
}

#[test]
fn empty_sets_are_refused() {
    for field in ["audiences", "scopes", "apis", "algorithms"] {
        assert_eq!(finding(field, json!([])).0, field);
    }
    assert_eq!(finding("audiences", json!([" a"])).0, "audiences[0]");
    assert_eq!(finding("scopes", json!(["a", "a b"])).0, "scopes[1]");
    assert_eq!(finding("apis", json!(["abcdef1234"])).0, "apis[0]");
}

#[test]
fn an_unknown_field_is_refused_by_name() {
    let (field, problem) = finding("audience", json!("api://orders"));
    assert_eq!(field, "document");
    assert!(problem.contains("unknown field `audience`"), "{problem}");
}

#[test]
fn another_type_provider_or_version_is_refused_by_name() {
    for (field, value) in [("type", json!("apikey")), ("provider", json!("auth0")), ("version", json!(2))] {
        let (refused, problem) = finding(field, value);
        assert_eq!(refused, field);
        assert!(problem.contains("is not supported; expected"), "{problem}");
    }
    assert!(parse(&with("type", json!("oauth2"))).is_ok() && parse(&with("provider", json!("okta"))).is_ok());
}

#[test]
fn fields_that_say_nothing_are_as_good_as_absent() {
    for (field, value) in [
        ("routes", json!([])),
        ("binding", json!("none")),
        ("automatic", json!(null)),
        ("expiryCondition", json!(false)),
    ] {
        assert!(parse(&with(field, value)).is_ok(), "{field}");
    }
}

#[test]
fn automatic_mode_is_off_unless_the_profile_names_who_may_call() {
    assert_eq!(parse(&smallest()).expect("valid").automatic(), Automatic::default());
    let basic = parse(&with("automatic", json!({"basic": true, "forwardToken": true}))).expect("valid").automatic();
    assert_eq!(basic, Automatic { basic: true, anonymous: false, forward_token: true });
    for nobody in [json!({}), json!({"basic": false}), json!({"forwardToken": true})] {
        let (field, problem) = finding("automatic", nobody);
        assert_eq!(field, "automatic");
        assert!(problem.contains("`basic` or `anonymous`"), "{problem}");
    }
    assert!(parse(&with("automatic", json!({"Basic": true}))).is_err(), "unknown fields are refused");
}

#[test]
fn anonymous_calls_need_networks_and_are_warned_about_where_they_can_change_things() {
    let anonymous = with("automatic", json!({"anonymous": true}));
    let of = |allowed_ips: &[&str], routes: Value| {
        let mut document = anonymous.clone();
        (document["allowedIps"], document["routes"]) = (json!(allowed_ips), routes);
        parse(&document)
    };
    for allowed_ips in [&[][..], &["0.0.0.0/0"], &["10.0.0.0/8", "::/0"]] {
        let error = of(allowed_ips, json!([])).expect_err("refused");
        assert_eq!(error.findings[0].field, "automatic.anonymous", "{error}");
    }
    for (routes, warnings) in [
        (json!([]), 1),
        (json!([{"route": "POST /orders"}]), 1),
        (json!([{"route": "ANY /orders"}]), 1),
        (json!([{"route": "GET /orders"}, {"route": "HEAD /orders"}]), 0),
    ] {
        let profile = of(&["10.0.0.0/8"], routes.clone()).expect("valid");
        assert_eq!(profile.warnings().len(), warnings, "{routes}");
    }
}

#[test]
fn authorized_domains_must_be_empty_and_the_refusal_says_why() {
    let (field, problem) = finding("authorizedDomains", json!(["acme.com"]));
    assert_eq!(field, "authorizedDomains");
    assert!(problem.contains("2-legged"), "{problem}");
    assert!(parse(&with("authorizedDomains", json!([]))).is_ok());
}

#[test]
fn symmetric_and_unknown_algorithms_are_refused() {
    for name in ["HS256", "none", "rs256", "ES512", ""] {
        let (field, problem) = finding("algorithms", json!(["RS256", name]));
        assert_eq!(field, "algorithms[1]");
        assert!(problem.contains(&format!("`{name}`")), "{problem}");
    }
}

#[test]
fn numbers_out_of_range_are_refused() {
    for (field, value) in [("leewaySeconds", 61), ("maxTokenLifetimeSeconds", 0), ("maxTokenLifetimeSeconds", 86_401)] {
        let (refused, problem) = finding(field, json!(value));
        assert_eq!(refused, field);
        assert!(problem.contains(&format!("`{value}` is out of range")), "{problem}");
    }
}

#[test]
fn networks_are_read_in_both_families_with_or_without_a_prefix() {
    let profile =
        parse(&with("allowedIps", json!(["203.0.113.7/24", "198.51.100.1", "2001:db8::/32"]))).expect("valid");
    let shown: Vec<String> = profile.allowed_ips().iter().map(ToString::to_string).collect();
    assert_eq!(shown, ["203.0.113.0/24", "198.51.100.1/32", "2001:db8::/32"]);
    for text in ["203.0.113.0/33", "203.0.113", "example.com", "*"] {
        assert_eq!(finding("allowedIps", json!([text])).0, "allowedIps[0]");
    }
}

#[test]
fn a_claim_rule_needs_exactly_one_comparison_with_scalars() {
    for rule in [
        json!({"claim": "tenant"}),
        json!({"claim": "", "equals": "a"}),
        json!({"claim": "tenant", "equals": "a", "oneOf": ["b"]}),
        json!({"claim": "tenant", "equals": null}),
        json!({"claim": "tenant", "equals": ["a"]}),
        json!({"claim": "tenant", "oneOf": []}),
        json!({"claim": "tenant", "contains": {}}),
    ] {
        assert_eq!(finding("claims", json!([rule])).0, "claims[0]");
    }
    assert!(
        parse(&with(
            "claims",
            json!([{"claim": "a", "equals": 1}, {"claim": "b", "oneOf": [true]}, {"claim": "c", "contains": "x"}])
        ))
        .is_ok()
    );
}

#[test]
fn context_may_not_shadow_what_is_always_handed_on() {
    for claim in ["", "principalId", "scope", "claims", "reason"] {
        assert_eq!(finding("context", json!([claim])).0, "context[0]");
    }
}

#[test]
fn clients_are_listed_by_id_with_their_usage_plan_keys() {
    let document = with("clients", json!({"allow": ["0oa1"], "usagePlanKeys": {"0oa1": "KEY"}}));
    let profile = parse(&document).expect("valid");
    assert!(profile.allows_client("0oa1") && !profile.allows_client("0oa"));
    assert_eq!((profile.usage_plan_key("0oa1"), profile.usage_plan_key("0oa2")), (Some("KEY"), None));
    assert_eq!(finding("clients", json!({"allow": [""]})).0, "clients.allow");
    assert_eq!(finding("clients", json!({"usagePlanKeys": {"0oa1": ""}})).0, "clients.usagePlanKeys");
}

#[test]
fn grantable_scopes_must_hold_the_required_ones() {
    let (field, problem) = finding("grantableScopes", json!(["Other"]));
    assert_eq!(field, "grantableScopes");
    assert!(problem.contains("`CustomScope`"), "{problem}");
}

/// Threat 17.
#[test]
fn token_types_are_compared_as_media_types() {
    let default = parse(&smallest()).expect("valid");
    for accepted in [
        None,
        Some("JWT"),
        Some("jwt"),
        Some("at+jwt"),
        Some("application/at+JWT"),
        Some("application/okta-internal-at+jwt"),
    ] {
        assert!(default.token_types().accept(accepted), "{accepted:?}");
    }
    for refused in [Some(""), Some("dpop+jwt"), Some("secevent+jwt"), Some("JWT "), Some("none")] {
        assert!(!default.token_types().accept(refused), "{refused:?}");
    }
    let strict = parse(&with("tokenType", json!("at+jwt"))).expect("valid");
    assert!(
        strict.token_types().accept(Some("at+jwt"))
            && !strict.token_types().accept(None)
            && !strict.token_types().accept(Some("JWT"))
    );
    assert_eq!(finding("tokenType", json!("id_token")).0, "tokenType");
}

#[test]
fn every_fault_is_found_in_one_pass() {
    let error = parse(&json!({"version": 1, "apis": ["x"], "leewaySeconds": 99})).expect_err("refused");
    let fields: Vec<&str> = error.findings.iter().map(|finding| finding.field.as_str()).collect();
    assert_eq!(fields, ["issuer", "audiences", "scopes", "apis[0]", "leewaySeconds"]);
    assert!(error.to_string().starts_with("profile `orders`: field `issuer`: is missing"), "{error}");
}

#[test]
fn routes_are_read_and_faults_name_the_route() {
    let routes = json!([
        {"route": "GET /orders/{id}", "scopes": {"any": ["orders.read", "orders.write"]}},
        {"route": "ANY /{proxy+}", "scopes": {"all": ["admin"]}},
        {"route": "$default"}
    ]);
    assert_eq!(parse(&with("routes", routes)).expect("valid").routes().len(), 3);
    for (route, field) in [
        (json!({"route": "GET orders"}), "routes[0].route"),
        (json!({"route": "TRACE /orders"}), "routes[0].route"),
        (json!({"route": "GET /orders/*"}), "routes[0].route"),
        (json!({"route": "GET /orders", "scopes": {}}), "routes[0].scopes"),
        (json!({"route": "GET /orders", "scopes": {"all": ["a"], "any": ["a"]}}), "routes[0].scopes"),
        (json!({"route": "GET /orders", "scopes": {"any": []}}), "routes[0].scopes.any"),
        (json!({"route": "GET /orders", "scopes": {"all": ["a b"]}}), "routes[0].scopes.all[0]"),
    ] {
        assert_eq!(finding("routes", json!([route])).0, field, "{route}");
    }
    let twice = json!([{"route": "GET /orders/{id}"}, {"route": "GET /orders/{order}"}]);
    assert_eq!(finding("routes", twice).0, "routes[1]");
}

#[test]
fn routes_that_cannot_stand_in_one_policy_are_named() {
    let warnings = |routes: Value| -> Vec<String> {
        parse(&with("routes", routes)).expect("valid").warnings().iter().map(ToString::to_string).collect()
    };
    assert_eq!(warnings(json!([{"route": "GET /orders"}, {"route": "GET /orders/{id}"}])), Vec::<String>::new());
    let nested = warnings(json!([{"route": "GET /orders/{id}"}, {"route": "GET /orders/{id}/items"}]));
    assert_eq!(nested.len(), 1);
    let expected = "field `routes`: `GET /orders/{id}`, `GET /orders/{id}/items` cannot";
    assert!(nested[0].starts_with(expected), "{nested:?}");
    let mixed = warnings(json!([{"route": "$connect"}, {"route": "GET /orders"}]));
    assert!(mixed.len() == 1 && mixed[0].contains("two profiles"), "{mixed:?}");
}

#[test]
fn two_readings_of_one_document_are_the_same_version() {
    let version = |document: &Value| parse(document).expect("valid").version();
    assert_eq!(version(&smallest()), version(&smallest()));
    assert_ne!(version(&smallest()), version(&with("leewaySeconds", json!(31))));
}
