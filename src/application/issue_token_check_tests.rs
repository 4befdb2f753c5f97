//! Tests of what is made of Okta's answer: outages told apart, and no token handed out that an API would not accept.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{GRANT, IssueTokenError, Issuer, Scripted, basic, basic_of, granted, okta_error, refusal};
use crate::application::obtain_error::{ObtainError, WhyNotAccepted};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::claims::{ClaimError, ClaimProblem};
use crate::domain::jose::jwt::JwtError;
use crate::domain::oauth::client_credentials::TokenRequestError;
use crate::domain::oauth::error_code::ErrorCode;
use crate::domain::oauth::token_response::TokenEndpointRefusal;
use crate::domain::time::UnixTime;
use crate::domain::validation::error::TokenError;
use crate::ports::token_endpoint::TokenEndpointError;
use crate::rejection::TokenRefusal;
use crate::testing::{FOREIGN_KEY, NOW, OKTA_KEY, after, claims, name, profile_document, stored, with, without};

fn obtaining(error: IssueTokenError) -> Arc<ObtainError> {
    let IssueTokenError::Obtain { error, .. } = error else { panic!("a token was to be obtained: {error}") };
    error
}

fn answer(status: u16, body: &str) -> Scripted {
    Scripted::Answer(status, None, body.to_owned())
}

/// Okta's 200 with any text for a token.
fn granted_text(token: &str) -> Scripted {
    answer(200, &json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token}).to_string())
}

fn unavailable(status: u16, seconds: u64) -> TokenRefusal {
    let text = "the authorization server cannot answer now: try again later";
    let retry_after = Some(Duration::from_secs(seconds));
    TokenRefusal { retry_after, ..refusal(status, ErrorCode::TemporarilyUnavailable, text) }
}

/// What a client is told where Okta issues what the profile does not accept.
fn misconfigured() -> TokenRefusal {
    let text = "the profile is misconfigured: its owner finds the reason in the log";
    refusal(502, ErrorCode::ServerError, text)
}

fn unusable() -> TokenRefusal {
    refusal(502, ErrorCode::ServerError, "the authorization server's answer could not be used")
}

/// Threat 68.
#[tokio::test]
async fn a_429_is_handed_on_with_its_wait() {
    let wait = Some(Duration::from_secs(42));
    let issuer = Issuer::scripted([
        Scripted::Answer(429, wait, r#"{"errorCode":"E0000047"}"#.to_owned()),
        answer(429, "slow down"),
    ]);
    let error = issuer.refused().await;
    assert_eq!((error.refusal(), error.reason()), (unavailable(429, 42), "token_endpoint_rate_limited"));
    issuer.endpoint.clock.set(after(Duration::from_secs(11)));
    let error = issuer.refused().await;
    let TokenRefusal { status, retry_after, .. } = error.refusal();
    assert_eq!((status, retry_after), (429, Some(Duration::from_secs(32))), "Okta is left alone meanwhile");
    assert_eq!((error.reason(), issuer.asked().len()), ("token_endpoint_rate_limited", 1));
    issuer.endpoint.clock.set(after(Duration::from_secs(43)));
    let error = issuer.refused().await;
    assert_eq!((error.refusal(), error.reason()), (unavailable(429, 5), "token_endpoint_rate_limited"));
    assert_eq!(issuer.asked().len(), 2);
}

/// Threat 68.
#[tokio::test]
async fn an_outage_is_a_503_with_retry_after() {
    for (status, outage) in [
        (500, answer(500, "{}")),
        (503, answer(503, "<html>")),
        (400, okta_error(400, "temporarily_unavailable", "later")),
    ] {
        let error = Issuer::scripted([outage]).refused().await;
        assert_eq!((error.refusal(), error.reason()), (unavailable(503, 5), "token_endpoint_unavailable"));
        let error = obtaining(error);
        let ObtainError::Refused { refusal, .. } = &*error else { panic!("{error}") };
        assert_eq!(*refusal, TokenEndpointRefusal::Unavailable { status });
    }
}

/// Threat 68.
#[tokio::test]
async fn a_time_out_is_a_503_with_retry_after_and_the_request_is_sent_once() {
    let issuer = Issuer::scripted([Scripted::Unreachable]);
    let error = issuer.refused().await;
    assert_eq!((error.refusal(), error.reason()), (unavailable(503, 5), "token_endpoint_unavailable"));
    let error = obtaining(error);
    assert!(matches!(*error, ObtainError::Endpoint(TokenEndpointError::Unreachable { .. })), "{error}");
    assert_eq!(issuer.asked().len(), 1);
}

/// Threat 68.
#[tokio::test]
async fn garbage_is_a_502_without_retry_after() {
    for garbage in [
        answer(200, "<html>Sign in</html>"),
        answer(200, "{}"),
        answer(200, r#"{"access_token":"a.b.c","token_type":"DPoP"}"#),
        answer(404, r#"{"errorCode":"E0000022"}"#),
        answer(400, r#"{"error":"made_up"}"#),
        answer(204, ""),
        Scripted::TooLarge,
    ] {
        let error = Issuer::scripted([garbage]).refused().await;
        assert_eq!((error.refusal(), error.reason()), (unusable(), "token_endpoint_malformed"));
    }
}

/// Threat 68.
#[tokio::test]
async fn oktas_oauth_errors_reach_the_client_with_their_code() {
    for (status, code, ours) in [
        (400, ErrorCode::InvalidScope, 400),
        (401, ErrorCode::AccessDenied, 400),
        (400, ErrorCode::UnauthorizedClient, 400),
        (401, ErrorCode::InvalidRequest, 400),
    ] {
        let error = Issuer::scripted([okta_error(status, code.as_str(), "said \"Okta\"")]).refused().await;
        assert_eq!((error.refusal(), error.reason()), (refusal(ours, code, "said 'Okta'"), code.as_str()));
    }
}

/// Threat 72.
#[tokio::test]
async fn a_redirect_is_a_502_and_the_secret_is_not_sent_again() {
    for status in [301, 302, 307, 308] {
        let issuer = Issuer::scripted([answer(status, "")]);
        let error = issuer.refused().await;
        assert_eq!((error.refusal(), error.reason()), (unusable(), "token_endpoint_redirected"));
        assert_eq!(issuer.asked().len(), 1);
    }
}

/// Threat 71.
#[tokio::test]
async fn line_breaks_in_a_client_id_are_refused_and_an_ampersand_stays_a_part_of_it() {
    let issuer = Issuer::scripted([granted(&claims())]);
    let text = "the client id or secret has characters other than printable ASCII";
    for id in ["0oa1%0D%0AHost:%20evil.example", "0oa1%0A", "0oa1%00"] {
        let error = issuer.issue(&[&basic_of(id, "secret")], GRANT).await.expect_err("refused");
        assert_eq!(error.refusal(), refusal(400, ErrorCode::InvalidRequest, text), "{id}");
        let body = format!("{GRANT}&client_id={id}&client_secret=secret");
        let error = issuer.issue(&[], &body).await.expect_err("refused");
        assert!(matches!(error, IssueTokenError::Request { error: TokenRequestError::CredentialCharacters, .. }));
    }
    assert_eq!(issuer.asked(), []);
    let smuggled = basic_of("0oa1%26scope%3DAdmin", "secret");
    let error = issuer.issue(&[&smuggled], GRANT).await.expect_err("another client");
    assert!(matches!(*obtaining(error), ObtainError::NotAccepted(WhyNotAccepted::OtherClient)));
    let asked = issuer.asked().remove(0);
    assert_eq!((asked.1.as_str(), asked.4.as_str()), ("0oa1&scope=Admin", "CustomScope"), "and adds no parameter");
}

/// What is refused of a token of Okta's with these claims.
async fn verdict_on(claims: &Value) -> IssueTokenError {
    Issuer::scripted([granted(claims)]).refused().await
}

#[tokio::test]
async fn a_token_that_the_profile_would_not_accept_is_not_handed_out() {
    let expires_at = UnixTime::from_seconds(NOW.seconds() - 40);
    let now = after(Duration::from_secs(1)).wall;
    for (claim, value, expected) in [
        ("aud", json!("api://other"), TokenError::AudienceMismatch),
        ("iss", json!("https://acme.okta.com/oauth2/other"), TokenError::IssuerMismatch),
        ("iss", json!("https://acme.okta.com"), TokenError::OrgAuthorizationServer),
        ("exp", json!(expires_at.seconds()), TokenError::Expired { expires_at, now }),
    ] {
        let error = verdict_on(&with(claims(), claim, value)).await;
        assert_eq!((error.refusal(), error.reason()), (misconfigured(), expected.reason()));
        let error = obtaining(error);
        let ObtainError::NotAccepted(WhyNotAccepted::Token(given)) = &*error else { panic!("{error}") };
        assert_eq!(*given, expected);
    }
}

#[tokio::test]
async fn a_token_that_the_issuers_keys_do_not_prove_is_not_handed_out() {
    let header = OKTA_KEY.header(Algorithm::Rs256);
    let forged = FOREIGN_KEY.token(&header, Algorithm::Rs256, &claims());
    let error = Issuer::scripted([granted_text(&forged)]).refused().await;
    assert_eq!((error.refusal(), error.reason()), (misconfigured(), "signature_invalid"));
    let error = Issuer::scripted([granted_text(&FOREIGN_KEY.access_token(&claims()))]).refused().await;
    assert_eq!((error.refusal(), error.reason()), (misconfigured(), "key_unknown"));
}

#[tokio::test]
async fn a_token_for_another_client_or_without_an_asked_for_scope_is_not_handed_out() {
    let error = verdict_on(&with(claims(), "cid", json!("0oa2"))).await;
    assert_eq!((error.refusal(), error.reason()), (misconfigured(), "client_mismatch"));
    assert!(matches!(*obtaining(error), ObtainError::NotAccepted(WhyNotAccepted::OtherClient)));
    for scopes in [json!([]), json!(["customscope"]), json!(["Other"])] {
        let error = verdict_on(&with(claims(), "scp", scopes)).await;
        assert_eq!((error.refusal(), error.reason()), (misconfigured(), "scope_not_granted"));
        let error = obtaining(error);
        let ObtainError::NotAccepted(WhyNotAccepted::ScopeNotGranted(scope)) = &*error else { panic!("{error}") };
        assert_eq!(scope.as_str(), "CustomScope");
    }
}

#[tokio::test]
async fn a_token_that_is_no_access_token_is_not_handed_out() {
    let no_client = JwtError::Claim(ClaimError { claim: "cid", problem: ClaimProblem::Missing });
    for (token, expected, reason) in [
        ("opaque".to_owned(), JwtError::Parts { dots: 0 }, "token_malformed"),
        ("a.b.c.d.e".to_owned(), JwtError::Encrypted, "token_encrypted"),
        (OKTA_KEY.access_token(&without(claims(), "cid")), no_client, "client_missing"),
    ] {
        let error = Issuer::scripted([granted_text(&token)]).refused().await;
        assert_eq!((error.refusal(), error.reason()), (misconfigured(), reason));
        let error = obtaining(error);
        let ObtainError::NotAccepted(WhyNotAccepted::NotAJwt(given)) = &*error else { panic!("{error}") };
        assert_eq!(*given, expected);
    }
}

#[tokio::test]
async fn without_keys_to_verify_it_with_a_token_is_not_handed_out() {
    let issuer = Issuer::scripted([granted(&claims())]);
    issuer.keys.serve(None);
    let error = issuer.refused().await;
    assert_eq!((error.refusal(), error.reason()), (unavailable(503, 5), "keys_unavailable"));
    assert!(matches!(*obtaining(error), ObtainError::Keys(_)));
}

/// Okta stamps a token later than the request came in; without leeway this must not count as the future.
#[tokio::test]
async fn a_token_is_held_against_the_time_at_which_it_arrived() {
    let document = with(profile_document(), "leewaySeconds", json!(0));
    let just_issued = with(claims(), "iat", json!(NOW.seconds() + 1));
    let issuer = Issuer::answering(&document, [granted(&just_issued)]);
    let issued = issuer.issue(&[&basic()], GRANT).await.expect("issued");
    assert_eq!(issued.expires_in.as_secs(), 3_539);
}

#[tokio::test]
async fn a_client_that_the_profile_does_not_list_is_refused_without_asking_okta() {
    let document = with(profile_document(), "clients", json!({"allow": ["0oa2"]}));
    let issuer = Issuer::answering(&document, []);
    let error = issuer.refused().await;
    let expected = refusal(400, ErrorCode::UnauthorizedClient, "the client may not use this profile");
    assert_eq!((error.refusal(), error.reason()), (expected, "client_not_allowed"));
    assert_eq!(issuer.asked(), []);
}

#[tokio::test]
async fn an_unknown_profile_is_a_404_and_a_broken_one_a_502_without_asking_okta() {
    let issuer = Issuer::scripted([]);
    for unknown in ["billing", "Orders", "", "../orders", "deny"] {
        let error = issuer.issue_for(unknown, &[&basic()], GRANT).await.expect_err("refused");
        let expected = refusal(404, ErrorCode::InvalidRequest, "no such profile: check the token URL");
        assert_eq!((error.refusal(), error.reason()), (expected, "profile_unknown"), "{unknown}");
    }
    let broken = Issuer::answering(&json!({"version": 1}), []);
    let error = broken.refused().await;
    assert_eq!((error.refusal(), error.reason()), (misconfigured(), "profile_broken"));
    assert!(matches!(&error, IssueTokenError::BrokenProfile(profile) if *profile == name("orders")), "{error}");
    assert_eq!((issuer.asked(), broken.asked()), (vec![], vec![]));
}

/// Threat 56.
#[tokio::test]
async fn a_store_out_of_order_is_a_503_at_a_cold_start_and_nothing_later() {
    let issuer = Issuer::scripted([granted(&claims())]);
    issuer.store.set_out_of_order(true);
    let error = issuer.refused().await;
    assert_eq!((error.refusal(), error.reason()), (unavailable(503, 5), "profiles_unavailable"));
    issuer.store.set_out_of_order(false);
    issuer.store.replace(vec![stored("orders", &profile_document())]);
    issuer.endpoint.clock.set(after(Duration::from_secs(1)));
    issuer.issue(&[&basic()], GRANT).await.expect("issued");
    assert_eq!(issuer.store.loads(), 2);
}
