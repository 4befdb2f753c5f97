//! Tests of automatic mode: who may call without a token, as whom, and what a failure of the fetch comes to.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::{Value, json};

use super::{Authorizer, SECOND, Verdict, document, request};
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::oauth::bearer::{Credential, CredentialError};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::validation::authorize::Decision;
use crate::rejection::Outcome;
use crate::testing::{Mood, PLENTY, after, profile_document, with};

const INSIDE: [u8; 4] = [203, 0, 113, 7];
const OUTSIDE: [u8; 4] = [198, 51, 100, 1];

fn basic(id: &str, secret: &str) -> ClientCredentials {
    let value = format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")));
    ClientCredentials::from_basic(&value).expect("a client")
}

/// The profile with automatic mode for both kinds of callers.
fn automatic(forward_token: bool) -> Value {
    let automatic = json!({"basic": true, "anonymous": true, "forwardToken": forward_token});
    with(document("automatic", automatic), "allowedIps", json!(["203.0.113.0/24"]))
}

fn from(credential: Result<Credential, CredentialError>, source_ip: impl Into<IpAddr>) -> AuthorizationRequest {
    AuthorizationRequest { credential, source_ip: Some(source_ip.into()), ..request("") }
}

fn client(id: &str, secret: &str) -> AuthorizationRequest {
    from(Ok(Credential::Basic(basic(id, secret))), INSIDE)
}

fn anonymous() -> AuthorizationRequest {
    from(Err(CredentialError::Missing), INSIDE)
}

async fn decide(authorizer: &Authorizer, request: &AuthorizationRequest) -> Verdict {
    Verdict::of(authorizer.application.decide(request, PLENTY).await)
}

fn serving(document: &Value) -> Arc<Authorizer> {
    let authorizer = Authorizer::with_profiles(std::slice::from_ref(document));
    authorizer.store.keep_client(Some(basic("0oa2", "other secret")));
    authorizer
}

/// Threat 1.
#[tokio::test]
async fn without_automatic_mode_basic_and_missing_credentials_are_unauthorized_and_nobody_is_asked() {
    let authorizer = serving(&profile_document());
    for (request, reason) in [(client("0oa1", "secret"), "credential_not_bearer"), (anonymous(), "credential_missing")]
    {
        assert_eq!(decide(&authorizer, &request).await.refusal(), (Outcome::Unauthorized, reason));
    }
    assert_eq!((authorizer.endpoint.asked().len(), authorizer.store.client_reads()), (0, 0));
}

#[tokio::test]
async fn each_kind_of_caller_needs_its_own_word_in_the_profile() {
    let only = |word: &str| with(automatic(false), "automatic", json!({word: true}));
    let (basic_only, anonymous_only) = (serving(&only("basic")), serving(&only("anonymous")));
    assert_eq!(decide(&basic_only, &client("0oa1", "secret")).await, Verdict::allowed("a"));
    assert_eq!(decide(&basic_only, &anonymous()).await.refusal(), (Outcome::Unauthorized, "credential_missing"));
    assert_eq!(decide(&anonymous_only, &anonymous()).await, Verdict::allowed("a"));
    let refused = decide(&anonymous_only, &client("0oa1", "secret")).await;
    assert_eq!(refused.refusal(), (Outcome::Unauthorized, "credential_not_bearer"));
}

#[tokio::test]
async fn a_clients_token_is_fetched_once_and_its_claims_reach_the_backend_but_not_the_token() {
    let authorizer = serving(&automatic(false));
    for _ in 0..3 {
        let decision = authorizer.application.decide(&client("0oa1", "secret"), PLENTY).await.expect("decided");
        let Decision::Allow(grant) = decision else { panic!("allowed") };
        let context = grant.context();
        assert_eq!((&context["cid"], &context["scope"]), (&json!("0oa1"), &json!("CustomScope")));
        assert!(!context.contains_key("accessToken"));
    }
    assert_eq!(authorizer.endpoint.asked(), ["0oa1 CustomScope"]);
}

#[tokio::test]
async fn the_backend_is_handed_the_token_where_the_profile_says_so_and_only_of_a_caller_without_one() {
    let authorizer = serving(&automatic(true));
    for request in [client("0oa1", "secret"), anonymous()] {
        let decision = authorizer.application.decide(&request, PLENTY).await.expect("decided");
        let Decision::Allow(grant) = decision else { panic!("allowed") };
        let token = grant.context()["accessToken"].as_str().expect("a token").to_owned();
        let own = authorizer.application.decide(&super::request(&token), PLENTY).await.expect("a good token");
        let Decision::Allow(grant) = own else { panic!("allowed") };
        assert!(!grant.context().contains_key("accessToken"), "the backend has it already");
    }
}

#[tokio::test]
async fn anonymous_callers_act_as_the_stored_client_which_is_read_once() {
    let authorizer = serving(&automatic(false));
    for _ in 0..3 {
        let decision = authorizer.application.decide(&anonymous(), PLENTY).await.expect("decided");
        let Decision::Allow(grant) = decision else { panic!("allowed") };
        assert_eq!(grant.context()["cid"], "0oa2");
    }
    assert_eq!((authorizer.endpoint.asked().len(), authorizer.store.client_reads()), (1, 1));
}

#[tokio::test]
async fn an_anonymous_caller_from_elsewhere_is_unauthorized_and_nothing_is_fetched_for_it() {
    let authorizer = serving(&automatic(false));
    for address in [Some(OUTSIDE.into()), None] {
        let request = AuthorizationRequest { source_ip: address, ..anonymous() };
        assert_eq!(decide(&authorizer, &request).await.refusal(), (Outcome::Unauthorized, "credential_missing"));
    }
    assert_eq!((authorizer.endpoint.asked().len(), authorizer.store.client_reads()), (0, 0));
    let elsewhere = from(Ok(Credential::Basic(basic("0oa1", "secret"))), OUTSIDE);
    assert_eq!(
        decide(&authorizer, &elsewhere).await,
        Verdict::Denied("ip_not_allowed"),
        "a client, but not from there"
    );
}

#[tokio::test]
async fn a_wrong_secret_is_unauthorized_even_while_a_token_is_held_and_after_some_tries_only_for_now() {
    let authorizer = serving(&automatic(false));
    assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::allowed("a"));
    for _ in 0..3 {
        let verdict = decide(&authorizer, &client("0oa1", "wrong")).await;
        assert_eq!(verdict.refusal(), (Outcome::Unauthorized, "invalid_client"));
    }
    let verdict = decide(&authorizer, &client("0oa1", "wrong")).await;
    assert_eq!(verdict.refusal(), (Outcome::UnauthorizedForNow, "client_cooling_down"));
    assert_eq!(authorizer.endpoint.asked().len(), 4);
    assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::allowed("a"), "nobody is locked out");
}

#[tokio::test]
async fn what_is_not_the_callers_fault_is_an_error() {
    for (mood, reason) in [
        (Mood::Down, "token_endpoint_unavailable"),
        (Mood::RateLimited(7), "token_endpoint_rate_limited"),
        (Mood::OtherAudience, "audience_mismatch"),
    ] {
        let authorizer = serving(&automatic(false));
        authorizer.endpoint.be(mood);
        for request in [client("0oa1", "secret"), anonymous()] {
            assert_eq!(decide(&authorizer, &request).await.refusal(), (Outcome::Failed, reason), "{mood:?}");
        }
    }
    let authorizer = serving(&automatic(false));
    authorizer.store.keep_client(None);
    assert_eq!(decide(&authorizer, &anonymous()).await.refusal(), (Outcome::Failed, "stored_client_missing"));
    authorizer.store.keep_client(Some(basic("0oa2", "an old secret")));
    assert_eq!(
        decide(&authorizer, &anonymous()).await.refusal(),
        (Outcome::Failed, "invalid_client"),
        "not the caller's"
    );
}

/// Threat 58.
#[tokio::test]
async fn a_stored_client_that_cannot_be_decrypted_is_an_error_and_a_held_one_serves_on() {
    let authorizer = serving(&automatic(false));
    authorizer.application.warm_up(PLENTY).await.expect("profiles");
    authorizer.store.set_out_of_order(true);
    assert_eq!(decide(&authorizer, &anonymous()).await.refusal(), (Outcome::Failed, "stored_client_unavailable"));
    authorizer.store.set_out_of_order(false);
    assert_eq!(decide(&authorizer, &anonymous()).await, Verdict::allowed("a"));
    authorizer.store.set_out_of_order(true);
    authorizer.let_pass(400 * SECOND);
    assert_eq!(decide(&authorizer, &anonymous()).await, Verdict::allowed("a"));
}

#[tokio::test]
async fn a_held_token_serves_while_okta_is_down_and_a_call_without_one_is_an_error() {
    let authorizer = serving(&automatic(false));
    assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::allowed("a"));
    authorizer.endpoint.be(Mood::Down);
    // The token lives for 59 minutes more; in its last six it should be replaced, and cannot be.
    for minutes in [30, 54, 58] {
        authorizer.let_pass(Duration::from_secs(minutes * 60));
        assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::allowed("a"), "{minutes}");
    }
    authorizer.let_pass(Duration::from_secs(59 * 60 - 4));
    let verdict = decide(&authorizer, &client("0oa1", "secret")).await;
    assert_eq!(verdict.refusal(), (Outcome::Failed, "token_endpoint_unavailable"));
}

#[tokio::test]
async fn a_stored_client_whose_secret_was_rotated_is_read_again_at_once() {
    let authorizer = serving(&automatic(false));
    assert_eq!(decide(&authorizer, &anonymous()).await, Verdict::allowed("a"));
    authorizer.endpoint.rotate_secret("0oa2", "new secret");
    authorizer.store.keep_client(Some(basic("0oa2", "new secret")));
    authorizer.let_pass(Duration::from_secs(59 * 60));
    assert_eq!(decide(&authorizer, &anonymous()).await, Verdict::allowed("a"));
    authorizer.clock.set(after(Duration::from_secs(59 * 60 + 1)));
    assert_eq!(authorizer.store.client_reads(), 2);
}

#[tokio::test]
async fn a_client_that_the_profile_does_not_list_is_denied_without_asking_okta() {
    let authorizer = serving(&with(automatic(false), "clients", json!({"allow": ["0oa2"]})));
    assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::Denied("client_not_allowed"));
    assert_eq!(authorizer.endpoint.asked().len(), 0);
}

#[tokio::test]
async fn a_token_event_cannot_serve_automatic_mode_and_says_so() {
    let authorizer = serving(&automatic(false));
    for request in [client("0oa1", "secret"), anonymous()] {
        let request = AuthorizationRequest { form: EventForm::RestToken, source_ip: None, ..request };
        let text = "the profile `a` has `automatic`, which a rest-token event cannot serve; use a REQUEST authorizer";
        let verdict = decide(&authorizer, &request).await;
        assert_eq!(verdict, Verdict::Refused(Outcome::Failed, "form_cannot_serve", text.to_owned()));
    }
}

#[tokio::test]
async fn of_several_profiles_the_first_that_lets_the_caller_in_governs_and_okta_refuses_a_client_once() {
    let basic_only = with(document("automatic", json!({"basic": true})), "scopes", json!(["Other"]));
    let authorizer = Authorizer::with_profiles(&[profile_document(), basic_only, automatic(false)]);
    assert_eq!(decide(&authorizer, &client("0oa1", "secret")).await, Verdict::allowed("b"));
    assert_eq!(
        decide(&authorizer, &client("0oa1", "wrong")).await.refusal(),
        (Outcome::Unauthorized, "invalid_client")
    );
    assert_eq!(authorizer.endpoint.asked(), ["0oa1 Other", "0oa1 Other"]);
}
