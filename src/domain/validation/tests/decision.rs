//! A verified token and a call: client, claims, address, scopes, and what the backend is told.

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::{Call, Decision, arn, authorize, call, denial, grant, verified};
use crate::domain::deny_list::{DenyList, Listed};
use crate::domain::validation::error::{Denial, Rung};
use crate::testing::{ISSUER, NOW, claims, profile_document, with, without};

fn address(text: &str) -> Option<IpAddr> {
    Some(text.parse().expect("an address"))
}

/// Threat 28.
#[test]
fn a_client_that_the_profile_does_not_list_is_denied() {
    let document = with(profile_document(), "clients", json!({"allow": ["0oa1", "0oa3"]}));
    grant(&claims(), &document, None);
    for client in ["0oa2", "0oa", "0oa11", "0OA1", "0oa1 ", "0oa1,0oa3", "*"] {
        let denial = denial(&with(claims(), "cid", json!(client)), &document, None);
        assert_eq!(denial, Denial::ClientNotAllowed, "{client:?}");
        assert_eq!((denial.reason(), denial.rung()), ("client_not_allowed", Rung::Client));
    }
    let nobody = with(profile_document(), "clients", json!({"allow": []}));
    assert_eq!(denial(&claims(), &nobody, None), Denial::ClientNotAllowed, "an empty list allows nobody");
}

/// Threat 28.
#[test]
fn the_client_is_cid_and_not_sub() {
    let document = with(profile_document(), "clients", json!({"allow": ["0oa1"]}));
    let impostor = with(with(claims(), "cid", json!("0oa2")), "sub", json!("0oa1"));
    assert_eq!(denial(&impostor, &document, None), Denial::ClientNotAllowed);
}

/// Threat 29.
#[test]
fn scopes_match_by_whole_token_and_case() {
    for scopes in [
        json!([]),
        json!(["customscope"]),
        json!(["CUSTOMSCOPE"]),
        json!(["Custom"]),
        json!(["CustomScope2"]),
        json!(["CustomScope.read", "Scope"]),
        json!(["*"]),
    ] {
        let denial = denial(&with(claims(), "scp", scopes.clone()), &profile_document(), None);
        assert_eq!(denial, Denial::ScopeMissing { scope: "CustomScope".to_owned() }, "{scopes}");
        assert_eq!((denial.reason(), denial.rung()), ("scope_missing", Rung::Scope));
        assert_eq!(denial.to_string(), "the token lacks the scope `CustomScope`");
    }
    let absent = denial(&without(claims(), "scp"), &profile_document(), None);
    assert_eq!(absent, Denial::ScopeMissing { scope: "CustomScope".to_owned() });
    let okta_api_style = with(without(claims(), "scp"), "scope", json!("CustomScope"));
    let ignored = denial(&okta_api_style, &profile_document(), None);
    assert_eq!(ignored, Denial::ScopeMissing { scope: "CustomScope".to_owned() }, "only `scp` grants");
}

/// Threat 29.
#[test]
fn every_scope_of_the_profile_is_needed_and_more_do_no_harm() {
    let document = with(profile_document(), "scopes", json!(["orders.read", "orders.write"]));
    let partly = denial(&with(claims(), "scp", json!(["orders.read"])), &document, None);
    assert_eq!(partly, Denial::ScopeMissing { scope: "orders.write".to_owned() });
    grant(&with(claims(), "scp", json!(["x", "orders.write", "orders.read"])), &document, None);
}

#[test]
fn a_rule_on_a_claim_that_is_not_satisfied_denies_and_names_the_claim() {
    let document = with(
        profile_document(),
        "claims",
        json!([
            {"claim": "tenant", "equals": "acme"},
            {"claim": "tier", "oneOf": ["gold", "silver"]},
            {"claim": "groups", "contains": "orders"}
        ]),
    );
    let mut satisfying = claims();
    satisfying["tenant"] = json!("acme");
    satisfying["tier"] = json!("silver");
    satisfying["groups"] = json!(["billing", "orders"]);
    grant(&satisfying, &document, None);
    for (claim, value) in [
        ("tenant", json!("Acme")),
        ("tenant", json!(["acme"])),
        ("tenant", json!(null)),
        ("tier", json!("bronze")),
        ("tier", json!(["gold"])),
        ("groups", json!("orders")),
        ("groups", json!(["orders2"])),
        ("groups", json!([])),
    ] {
        let denial = denial(&with(satisfying.clone(), claim, value.clone()), &document, None);
        assert_eq!(denial, Denial::ClaimMismatch { claim: claim.to_owned() }, "{value}");
        assert_eq!((denial.reason(), denial.rung()), ("claim_mismatch", Rung::Claims));
        assert_eq!(denial.to_string(), format!("the claim `{claim}` does not satisfy the profile's rule"));
    }
    let absent = denial(&without(satisfying, "tier"), &document, None);
    assert_eq!(absent, Denial::ClaimMismatch { claim: "tier".to_owned() });
}

#[test]
fn a_caller_outside_the_profiles_networks_is_denied_in_both_families() {
    let document = with(profile_document(), "allowedIps", json!(["203.0.113.0/24", "2001:db8:1::/48", "192.0.2.7"]));
    for inside in ["203.0.113.0", "203.0.113.255", "192.0.2.7", "2001:db8:1::1", "2001:db8:1:ffff::"] {
        grant(&claims(), &document, address(inside));
    }
    for outside in ["203.0.112.255", "203.0.114.0", "192.0.2.8", "2001:db8:2::1", "2001:db8::", "::1", "127.0.0.1"] {
        let denial = denial(&claims(), &document, address(outside));
        assert_eq!(denial, Denial::IpNotAllowed, "{outside}");
        assert_eq!((denial.reason(), denial.rung()), ("ip_not_allowed", Rung::SourceIp));
    }
    assert_eq!(denial(&claims(), &document, None), Denial::IpNotAllowed, "an unknown address is in no network");
    let four_only = with(profile_document(), "allowedIps", json!(["0.0.0.0/0"]));
    assert_eq!(denial(&claims(), &four_only, address("2001:db8:1::1")), Denial::IpNotAllowed);
    grant(&claims(), &profile_document(), address("198.51.100.1"));
}

/// Threat 31.
#[test]
fn the_principal_is_sub_or_else_cid() {
    assert_eq!(verified(&claims(), &profile_document()).principal(), "orders-client");
    let anonymous = grant(&without(claims(), "sub"), &profile_document(), None);
    assert_eq!(anonymous.token().principal(), "0oa1");
    assert_eq!(anonymous.context()["principalId"], json!("0oa1"));
    assert!(!anonymous.context().contains_key("sub"), "a subject that the token does not have is not made up");
}

/// Threat 40.
#[test]
fn the_context_is_flat_and_holds_scalars_only() {
    let handed_on = json!(["roles", "address", "tier", "active", "quota", "ratio", "nothing", "absent"]);
    let mut claims = claims();
    claims["scp"] = json!(["b", "CustomScope", "a"]);
    claims["roles"] = json!(["reader", {"name": "writer"}]);
    claims["address"] = json!({"country": "IE"});
    claims["tier"] = json!("gold");
    claims["active"] = json!(true);
    claims["quota"] = json!(5);
    claims["ratio"] = json!(0.5);
    claims["nothing"] = json!(null);
    claims["private"] = json!("not handed on");
    let context = grant(&claims, &with(profile_document(), "context", handed_on), None).context();
    let expected = json!({
        "principalId": "orders-client", "profile": "orders", "cid": "0oa1", "sub": "orders-client", "jti": "AT.1",
        "iss": ISSUER, "exp": NOW.seconds() + 3_540, "scope": "CustomScope a b",
        "roles": r#"["reader",{"name":"writer"}]"#, "address": r#"{"country":"IE"}"#,
        "tier": "gold", "active": true, "quota": 5, "ratio": 0.5
    });
    assert_eq!(Value::Object(context), expected);
}

#[test]
fn the_usage_plan_key_is_the_clients_own() {
    let document = with(profile_document(), "clients", json!({"usagePlanKeys": {"0oa1": "KEY-1", "0oa2": "KEY-2"}}));
    assert_eq!(grant(&claims(), &document, None).usage_plan_key(), Some("KEY-1"));
    assert_eq!(grant(&with(claims(), "cid", json!("0oa3")), &document, None).usage_plan_key(), None);
}

/// Threat 42.
#[test]
fn what_is_on_the_deny_list_is_denied_before_anything_else_is_looked_at() {
    for (listed, value) in [
        (Listed::Client, "0oa1"),
        (Listed::Subject, "orders-client"),
        (Listed::TokenId, "AT.1"),
        (Listed::KeyId, "okta-key"),
    ] {
        let mut list = DenyList::new();
        list.add(listed, value);
        let (arn, document) = (arn(), with(profile_document(), "clients", json!({"allow": []})));
        let call = Call { deny_list: &list, ..call(&arn, None) };
        let decision = authorize(Arc::new(verified(&claims(), &document)), call);
        let Ok(Decision::Deny(denied)) = decision else { panic!("allowed") };
        assert_eq!(denied.denial, Denial::DenyListed { listed });
        assert!(denied.grant().is_none() && denied.token().is_some(), "its policy denies everything");
    }
}
