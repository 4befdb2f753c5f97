//! Tokens that their authorization server is asked about: revoked ones, opaque ones, and those of an org server.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{Authorizer, Verdict, bearer, document, good_token, request};
use crate::domain::gateway::request::AuthorizationRequest;
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::ClientId;
use crate::domain::validation::authorize::Decision;
use crate::rejection::Outcome;
use crate::testing::{ISSUER, Mood, NOW, OKTA_KEY, PLENTY, claims, profile_document, with};

const SECOND: Duration = Duration::from_secs(1);
const ORG: &str = "https://acme.okta.com";

fn stored_client(secret: &str) -> ClientCredentials {
    ClientCredentials {
        client_id: ClientId::new("0oa2").expect("an id"),
        authentication: ClientAuthentication::Basic(ClientSecret::new(secret.to_owned())),
    }
}

fn serving(documents: &[Value]) -> Arc<Authorizer> {
    let authorizer = Authorizer::with_profiles(documents);
    authorizer.store.keep_client(Some(stored_client("other secret")));
    authorizer
}

/// A profile that asks whether tokens were revoked.
fn revocation() -> Value {
    document("introspection", json!({}))
}

/// A profile that takes opaque tokens.
fn opaque() -> Value {
    document("introspection", json!({"opaque": true}))
}

fn active(issuer: &str) -> Value {
    json!({
        "active": true, "token_type": "Bearer", "scope": "CustomScope", "client_id": "0oa1", "sub": "orders-client",
        "iss": issuer, "aud": "api://orders", "iat": NOW.seconds() - 60, "exp": NOW.seconds() + 3_540, "jti": "AT.1",
    })
}

async fn reason(authorizer: &Authorizer, token: &str) -> (Outcome, &'static str) {
    authorizer.decide(token).await.refusal()
}

/// Threat 42.
#[tokio::test]
async fn a_revoked_token_is_refused_once_the_answer_held_has_lived_its_time() {
    let (authorizer, token) = (serving(&[revocation()]), good_token());
    authorizer.endpoint.say_of(&token, json!({"active": true}));
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    authorizer.endpoint.say_of(&token, json!({"active": false}));
    authorizer.let_pass(59 * SECOND);
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    authorizer.let_pass(60 * SECOND);
    assert_eq!(reason(&authorizer, &token).await, (Outcome::Unauthorized, "token_inactive"));
    assert_eq!(reason(&authorizer, &token).await, (Outcome::Unauthorized, "token_inactive"));
    assert_eq!(authorizer.endpoint.introspected(), vec![format!("{ISSUER}/v1/introspect"); 2]);
}

#[tokio::test]
async fn only_a_token_whose_signature_is_good_is_asked_about() {
    let authorizer = serving(&[revocation()]);
    let (rest, _) = good_token().rsplit_once('.').map(|(rest, end)| (rest.to_owned(), end.to_owned())).expect("a JWT");
    for (token, expected) in [
        (format!("{rest}.AAAA"), "signature_invalid"),
        (OKTA_KEY.access_token(&with(claims(), "aud", json!("api://other"))), "audience_mismatch"),
        ("opaque".to_owned(), "token_malformed"),
    ] {
        assert_eq!(reason(&authorizer, &token).await, (Outcome::Unauthorized, expected));
    }
    assert_eq!(authorizer.endpoint.introspected(), [""; 0]);
}

#[tokio::test]
async fn while_the_server_cannot_be_asked_nobody_is_refused_for_good_and_it_is_left_alone() {
    for (mood, expected, pause) in
        [(Mood::Down, "introspection_unavailable", 5), (Mood::RateLimited(30), "introspection_rate_limited", 30)]
    {
        let (authorizer, token) = (serving(&[revocation()]), good_token());
        let other = OKTA_KEY.access_token(&with(claims(), "jti", json!("AT.2")));
        authorizer.endpoint.say_of(&token, json!({"active": true}));
        authorizer.endpoint.say_of(&other, json!({"active": true}));
        assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
        authorizer.endpoint.be(mood);
        assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"), "what is held serves within its time");
        assert_eq!(reason(&authorizer, &other).await, (Outcome::Failed, expected));
        assert_eq!(reason(&authorizer, &other).await, (Outcome::Failed, "introspection_unavailable"));
        assert_eq!(authorizer.endpoint.introspected().len(), 2);
        authorizer.endpoint.be(Mood::Good);
        authorizer.let_pass(pause * SECOND);
        assert_eq!(authorizer.decide(&other).await, Verdict::allowed("a"));
    }
}

#[tokio::test]
async fn fifty_equal_calls_at_once_ask_once() {
    let (authorizer, token) = (serving(&[revocation()]), good_token());
    authorizer.endpoint.say_of(&token, json!({"active": true}));
    let calls = (0..50).map(|_| {
        let (authorizer, request) = (Arc::clone(&authorizer), request(&token));
        tokio::spawn(async move { Verdict::of(authorizer.application.decide(&request, PLENTY).await) })
    });
    for call in calls.collect::<Vec<_>>() {
        assert_eq!(call.await.expect("no panic"), Verdict::allowed("a"));
    }
    assert_eq!(authorizer.endpoint.introspected().len(), 1);
}

#[tokio::test]
async fn without_a_client_that_the_server_takes_it_is_nobodys_tokens_fault() {
    let (authorizer, token) = (serving(&[revocation()]), good_token());
    authorizer.store.keep_client(None);
    assert_eq!(reason(&authorizer, &token).await, (Outcome::Failed, "stored_client_missing"));
    authorizer.store.keep_client(Some(stored_client("wrong")));
    assert_eq!(reason(&authorizer, &token).await, (Outcome::Failed, "introspection_client_refused"));
    authorizer.endpoint.say_of(&token, json!({"active": true}));
    authorizer.store.keep_client(Some(stored_client("other secret")));
    authorizer.let_pass(30 * SECOND);
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"), "a rotated secret is read again");
}

#[tokio::test]
async fn an_opaque_token_is_what_its_server_says_and_is_held_to_every_rule() {
    let authorizer = serving(&[opaque()]);
    let say = |token: &str, answer: Value| authorizer.endpoint.say_of(token, answer);
    say("good", active(ISSUER));
    assert_eq!(authorizer.decide("good").await, Verdict::allowed("a"));
    let good = active(ISSUER);
    for (token, answer, expected) in [
        ("inactive", json!({"active": false}), "token_inactive"),
        ("issuer", with(good.clone(), "iss", json!(ORG)), "org_authorization_server_token"),
        ("audience", with(good.clone(), "aud", json!("api://other")), "audience_mismatch"),
        ("expired", with(good.clone(), "exp", json!(NOW.seconds() - 30)), "token_expired"),
        ("incomplete", json!({"active": true}), "introspection_incomplete"),
        (
            "bound",
            with(good.clone(), "cnf", json!({"jkt": "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs"})),
            "binding_not_enabled",
        ),
        ("odd", with(good.clone(), "cnf", json!({"kid": "k"})), "introspection_incomplete"),
    ] {
        say(token, answer);
        assert_eq!(reason(&authorizer, token).await, (Outcome::Unauthorized, expected), "{token}");
    }
    say("scope", with(good, "scope", json!("other")));
    assert_eq!(authorizer.decide("scope").await, Verdict::Denied("scope_missing"));
    assert_eq!(authorizer.fetches(), 0, "no key is needed");
    assert_eq!(reason(&authorizer, "unheard.of").await, (Outcome::Unauthorized, "token_inactive"));
}

#[tokio::test]
async fn an_org_servers_token_is_taken_on_its_word_and_another_issuers_is_not_sent_there() {
    let document = with(with(profile_document(), "issuer", json!(ORG)), "introspection", json!({"opaque": true}));
    let authorizer = serving(&[document]);
    let token = OKTA_KEY.access_token(&with(claims(), "iss", json!(ORG)));
    authorizer.endpoint.say_of(&token, active(ORG));
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    assert_eq!(authorizer.endpoint.introspected(), [format!("{ORG}/oauth2/v1/introspect")]);
    assert_eq!(reason(&authorizer, &good_token()).await, (Outcome::Unauthorized, "issuer_mismatch"));
    assert_eq!((authorizer.endpoint.introspected().len(), authorizer.fetches()), (1, 0));
}

#[tokio::test]
async fn what_cannot_even_be_an_opaque_token_is_refused_unasked() {
    let authorizer = serving(&[opaque()]);
    let long = "x".repeat(9_000);
    for (token, expected) in [
        (long.as_str(), "token_too_large"),
        ("a.b.c.d.e", "token_encrypted"),
        ("!.!.!", "credential_malformed"),
        ("e30.e30.e30", "algorithm_not_allowed"),
    ] {
        let credential =
            crate::domain::oauth::bearer::Credential::from_authorization_values([&*format!("Bearer {token}")]);
        let request = AuthorizationRequest { credential, ..request("") };
        let verdict = Verdict::of(authorizer.application.decide(&request, PLENTY).await);
        assert_eq!(verdict.refusal(), (Outcome::Unauthorized, expected));
    }
    assert_eq!(authorizer.endpoint.introspected(), [""; 0]);
}

#[tokio::test]
async fn the_answer_is_good_for_the_call_alone() {
    let (authorizer, token) = (serving(&[revocation()]), good_token());
    authorizer.endpoint.say_of(&token, json!({"active": true}));
    let call = AuthorizationRequest { credential: Ok(bearer(&token)), ..request("") };
    let decision = authorizer.application.decide(&call, PLENTY).await.expect("decided");
    let Decision::Allow(grant) = decision else { panic!("allowed") };
    let policy = grant.policy(&call.method_arn, crate::domain::gateway::route::Resolution::ResourceFirst, 7_000);
    let policy = serde_json::to_string(&policy).expect("JSON");
    assert!(policy.contains("/prod/GET/orders\"") && !policy.contains('*'), "{policy}");
}
