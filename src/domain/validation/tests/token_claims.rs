//! The claims that need no key: issuer, audience, times, each held against the profile.

use serde_json::{Value, json};

use super::{candidate_error, parse_error, verify_at};
use crate::domain::jose::claims::{ClaimError, ClaimProblem};
use crate::domain::jose::jwt::JwtError;
use crate::domain::time::UnixTime;
use crate::domain::validation::error::{Rung, TokenError};
use crate::testing::{ISSUER, NOW, OKTA_KEY, claims, profile, profile_document, with, without};

/// The leeway of a profile that says nothing, in seconds.
const LEEWAY: u64 = 30;

fn at(seconds: u64) -> UnixTime {
    UnixTime::from_seconds(seconds)
}

fn error_of(claims: &Value) -> TokenError {
    candidate_error(&OKTA_KEY.access_token(claims), &profile(&profile_document()))
}

/// What a profile says of Okta's token with these claims at `now`.
fn outcome_at(claims: &Value, document: &Value, now: u64) -> Result<(), TokenError> {
    verify_at(&OKTA_KEY.access_token(claims), &profile(document), &OKTA_KEY.jwk(), at(now)).map(|_| ())
}

fn missing(claim: &'static str) -> JwtError {
    JwtError::Claim(ClaimError { claim, problem: ClaimProblem::Missing })
}

fn malformed(claim: &'static str) -> JwtError {
    JwtError::Claim(ClaimError { claim, problem: ClaimProblem::Malformed })
}

/// Threat 22.
#[test]
fn an_issuer_that_is_not_the_profiles_byte_for_byte_is_refused() {
    for issuer in [
        "https://acme.okta.com/oauth2/default/",
        "https://acme.okta.com/oauth2/default2",
        "https://acme.okta.com/oauth2/defaul",
        "https://acme.okta.com/oauth2",
        "https://acme.okta.com/oauth2/Default",
        "https://ACME.okta.com/oauth2/default",
        "HTTPS://acme.okta.com/oauth2/default",
        "http://acme.okta.com/oauth2/default",
        "https://acme.okta.com:443/oauth2/default",
        "https://acme.okta.com//oauth2/default",
        "https://acme.okta.com/oauth2/default?",
        "https://acme.okta.com/oauth2/%64efault",
        " https://acme.okta.com/oauth2/default",
        "https://acme.okta.com/oauth2/default\0",
        "https://evil.example/https://acme.okta.com/oauth2/default",
        "https://acme.okta.com.evil.example/oauth2/default",
        "https://evil.example",
    ] {
        let error = error_of(&with(claims(), "iss", json!(issuer)));
        assert_eq!(error, TokenError::IssuerMismatch, "{issuer:?}");
        assert_eq!((error.reason(), error.rung()), ("issuer_mismatch", Rung::Issuer));
        assert!(!error.to_string().contains("evil"), "the token's text stays out of {error}");
    }
}

/// Threat 22.
#[test]
fn a_missing_iss_or_one_of_another_type_is_no_access_token() {
    assert_eq!(parse_error(&OKTA_KEY.access_token(&without(claims(), "iss"))), missing("iss"));
    for issuer in [json!(1), json!([ISSUER]), json!({"url": ISSUER}), json!(null)] {
        let error = parse_error(&OKTA_KEY.access_token(&with(claims(), "iss", issuer)));
        assert_eq!((error, error.reason()), (malformed("iss"), "claims_malformed"));
    }
}

#[test]
fn a_token_of_the_org_authorization_server_is_named_as_such() {
    let error = error_of(&with(claims(), "iss", json!("https://acme.okta.com")));
    assert_eq!(error, TokenError::OrgAuthorizationServer);
    assert_eq!((error.reason(), error.rung()), ("org_authorization_server_token", Rung::Issuer));
    for no_org_server in ["https://acme.okta.com/", "https://acme", "https://other.okta.com", "https:"] {
        assert_eq!(error_of(&with(claims(), "iss", json!(no_org_server))), TokenError::IssuerMismatch);
    }
}

/// Threat 23.
#[test]
fn an_audience_must_be_one_of_the_profiles_exactly() {
    for audience in [
        json!("api://order"),
        json!("api://orders/"),
        json!("API://orders"),
        json!("api://orders api://other"),
        json!(""),
        json!(["api://other", "api://ordersx"]),
        json!(["api://orders,api://other"]),
    ] {
        let error = error_of(&with(claims(), "aud", audience.clone()));
        assert_eq!(error, TokenError::AudienceMismatch, "{audience}");
        assert_eq!((error.reason(), error.rung()), ("audience_mismatch", Rung::Audience));
    }
    let two = with(profile_document(), "audiences", json!(["api://billing", "api://orders"]));
    for audience in [json!("api://orders"), json!(["api://other", "api://orders"]), json!(["api://billing"])] {
        assert_eq!(outcome_at(&with(claims(), "aud", audience.clone()), &two, NOW.seconds()), Ok(()), "{audience}");
    }
}

/// Threat 23.
#[test]
fn a_missing_aud_or_one_of_another_type_is_no_access_token() {
    assert_eq!(parse_error(&OKTA_KEY.access_token(&without(claims(), "aud"))), missing("aud"));
    for audience in [json!(1), json!({"api": "api://orders"}), json!([]), json!(["api://orders", 1]), json!(null)] {
        assert_eq!(parse_error(&OKTA_KEY.access_token(&with(claims(), "aud", audience))), malformed("aud"));
    }
}

/// Threat 25.
#[test]
fn a_token_is_good_until_the_last_second_of_the_leeway_after_exp() {
    let expires_at = claims()["exp"].as_u64().expect("seconds");
    let document = profile_document();
    assert_eq!(outcome_at(&claims(), &document, expires_at), Ok(()));
    assert_eq!(outcome_at(&claims(), &document, expires_at + LEEWAY - 1), Ok(()));
    for now in [expires_at + LEEWAY, expires_at + LEEWAY + 1, u64::MAX] {
        let error = outcome_at(&claims(), &document, now).expect_err("refused");
        assert_eq!(error, TokenError::Expired { expires_at: at(expires_at), now: at(now) });
        assert_eq!((error.reason(), error.rung()), ("token_expired", Rung::Time));
        assert_eq!(error.to_string(), format!("the token expired at {expires_at}, now is {now}"));
    }
}

/// Threat 25.
#[test]
fn without_leeway_a_token_ends_at_exp_itself() {
    let expires_at = claims()["exp"].as_u64().expect("seconds");
    let document = with(profile_document(), "leewaySeconds", json!(0));
    assert_eq!(outcome_at(&claims(), &document, expires_at - 1), Ok(()));
    let error = outcome_at(&claims(), &document, expires_at).expect_err("refused");
    assert_eq!(error, TokenError::Expired { expires_at: at(expires_at), now: at(expires_at) });
}

/// Threat 26.
#[test]
fn a_token_is_not_good_before_nbf_less_the_leeway() {
    let not_before = NOW.seconds() + LEEWAY;
    let claims = with(claims(), "nbf", json!(not_before));
    let document = profile_document();
    assert_eq!(outcome_at(&claims, &document, not_before - LEEWAY), Ok(()));
    let now = not_before - LEEWAY - 1;
    let error = outcome_at(&claims, &document, now).expect_err("refused");
    assert_eq!(error, TokenError::NotYetValid { not_before: at(not_before), now: at(now) });
    assert_eq!((error.reason(), error.rung()), ("token_not_yet_valid", Rung::Time));
    assert_eq!(error.to_string(), format!("the token is not valid before {not_before}, now is {now}"));
    let text = with(claims, "nbf", json!(NOW.seconds().to_string()));
    assert_eq!(parse_error(&OKTA_KEY.access_token(&text)), malformed("nbf"));
}

/// Threat 27.
#[test]
fn a_token_issued_later_than_now_and_the_leeway_is_refused() {
    let issued_at = claims()["iat"].as_u64().expect("seconds");
    let document = profile_document();
    assert_eq!(outcome_at(&claims(), &document, issued_at - LEEWAY), Ok(()));
    let now = issued_at - LEEWAY - 1;
    let error = outcome_at(&claims(), &document, now).expect_err("refused");
    assert_eq!(error, TokenError::IssuedInFuture { issued_at: at(issued_at), now: at(now) });
    assert_eq!((error.reason(), error.rung()), ("token_issued_in_future", Rung::Time));
    assert_eq!(error.to_string(), format!("the token was issued at {issued_at}, now is {now}"));
}

/// Threat 27.
#[test]
fn a_token_that_lives_longer_than_the_profile_allows_is_refused() {
    let document = with(profile_document(), "maxTokenLifetimeSeconds", json!(3_600));
    assert_eq!(outcome_at(&claims(), &document, NOW.seconds()), Ok(()));
    let issued_at = claims()["iat"].as_u64().expect("seconds");
    let longer = with(claims(), "exp", json!(issued_at + 3_601));
    let error = outcome_at(&longer, &document, NOW.seconds()).expect_err("refused");
    assert_eq!(error, TokenError::LifetimeTooLong { seconds: 3_601, allowed: 3_600 });
    assert_eq!((error.reason(), error.rung()), ("token_lifetime_too_long", Rung::Time));
    assert_eq!(error.to_string(), "the token lives 3601 s, more than the profile's 3600 s");
    let day = with(claims(), "exp", json!(issued_at + 86_400));
    assert_eq!(outcome_at(&day, &profile_document(), NOW.seconds()), Ok(()), "24 hours where the profile says nothing");
    let forever = with(claims(), "exp", json!(9_007_199_254_740_992_u64));
    let seconds = 9_007_199_254_740_992 - issued_at;
    assert_eq!(error_of(&forever), TokenError::LifetimeTooLong { seconds, allowed: 86_400 });
}
