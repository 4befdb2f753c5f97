//! What RFC 6749 says with MUST about this grant and these answers (sections 4.4, 5.1 and 5.2), sentence by sentence.

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::{Value, json};

use crate::http::{GRANT, upstream_calls};
use crate::pages::{ask, authorization, header, serve};
use crate::support::{CLIENT_ID, CLIENT_SECRET, HttpApi, OTHER_SCOPE, SCOPE, Scenario, form_encoded};

async fn world() -> (Scenario, HttpApi) {
    let scenario = Scenario::new().await;
    let mut document = scenario.profile();
    document["grantableScopes"] = json!([SCOPE, OTHER_SCOPE]);
    scenario.put("orders", &document.to_string()).await;
    let api = serve(&scenario, &[]);
    (scenario, api)
}

fn told(answer: &(StatusCode, HeaderMap, Value)) -> (u16, &str) {
    (answer.0.as_u16(), answer.2["error"].as_str().unwrap_or_default())
}

/// Section 4.4: "The client credentials grant type MUST only be used by confidential clients." Section 4.4.2: "The client
/// MUST authenticate with the authorization server"; "The authorization server MUST authenticate the client."
#[tokio::test]
async fn a_client_that_shows_no_proof_of_itself_gets_no_token() {
    let (scenario, api) = world().await;
    for form in [GRANT.to_owned(), format!("{GRANT}&client_id={CLIENT_ID}")] {
        assert_eq!(told(&ask(&api, &form, &[]).await), (401, "invalid_client"), "{form}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
    let wrong = ask(&api, GRANT, &[("authorization", &authorization("another secret"))]).await;
    assert_eq!((told(&wrong), upstream_calls(&scenario)), ((401, "invalid_client"), 1), "Okta authenticates it");
}

/// Section 4.4.2: "grant_type REQUIRED. Value MUST be set to "client_credentials"."
#[tokio::test]
async fn the_grant_type_is_client_credentials_and_no_other() {
    let (scenario, api) = world().await;
    let good = authorization(CLIENT_SECRET);
    for (form, error) in [
        ("", "invalid_request"),
        ("grant_type=", "invalid_request"),
        ("grant_type=authorization_code&code=x", "unsupported_grant_type"),
        ("grant_type=refresh_token&refresh_token=x", "unsupported_grant_type"),
        ("grant_type=Client_Credentials", "unsupported_grant_type"),
    ] {
        assert_eq!(told(&ask(&api, form, &[("authorization", &good)]).await), (400, error), "{form}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
}

/// Section 5.1: "The authorization server MUST include the HTTP "Cache-Control" response header field with a value of
/// "no-store" in any response containing tokens, credentials, or other sensitive information, as well as the "Pragma"
/// response header field with a value of "no-cache"." Section 4.4.3: a refresh token is not included.
#[tokio::test]
async fn a_token_comes_in_a_200_with_the_required_members_and_may_not_be_stored() {
    let (_scenario, api) = world().await;
    let good = authorization(CLIENT_SECRET);
    for _ in 0..2 {
        let (status, headers, answer) = ask(&api, GRANT, &[("authorization", &good)]).await;
        assert_eq!(status, StatusCode::OK);
        assert_eq!([header(&headers, "cache-control"), header(&headers, "pragma")], ["no-store", "no-cache"]);
        assert!(header(&headers, "content-type").starts_with("application/json"));
        let mut members: Vec<&String> = answer.as_object().expect("an object").keys().collect();
        members.sort();
        assert_eq!(members, ["access_token", "expires_in", "scope", "token_type"], "no refresh token");
        assert!(answer["expires_in"].is_u64() && answer["access_token"].is_string());
    }
}

/// Section 5.1: "scope OPTIONAL, if identical to the scope requested by the client; otherwise, REQUIRED."
#[tokio::test]
async fn the_scope_is_told_whether_or_not_it_was_asked_for() {
    let (_scenario, api) = world().await;
    let good = authorization(CLIENT_SECRET);
    for (form, scope) in [
        (GRANT.to_owned(), SCOPE.to_owned()),
        (format!("{GRANT}&scope={OTHER_SCOPE}"), OTHER_SCOPE.to_owned()),
        (format!("{GRANT}&scope={OTHER_SCOPE}+{SCOPE}"), format!("{SCOPE} {OTHER_SCOPE}")),
    ] {
        assert_eq!(ask(&api, &form, &[("authorization", &good)]).await.2["scope"], scope, "{form}");
    }
}

/// Section 5.1: "The client MUST ignore unrecognized value names in the response." Towards Okta the client is this function.
#[tokio::test]
async fn members_of_oktas_answer_that_nobody_knows_are_ignored_and_not_passed_on() {
    let (scenario, api) = world().await;
    let answer = json!({
        "access_token": scenario.good_token(), "token_type": "Bearer", "expires_in": 3600, "issued_token_type": "x",
        "refresh_token": "y",
    });
    let fault = Fault::Status(StatusCode::OK, HeaderMap::new(), answer.to_string());
    scenario.okta.set_fault(Endpoint::Token, fault);
    let (status, _, answer) = ask(&api, GRANT, &[("authorization", &authorization(CLIENT_SECRET))]).await;
    assert_eq!(status, StatusCode::OK);
    assert!(answer.get("issued_token_type").is_none() && answer.get("refresh_token").is_none(), "{answer}");
}

/// Section 5.2: values of `error` and `error_description` "MUST NOT include characters outside the set %x20-21 / %x23-5B /
/// %x5D-7E"; whatever was sent, by the client or by Okta.
#[tokio::test]
async fn an_error_is_written_in_the_characters_that_an_error_may_have() {
    let (scenario, api) = world().await;
    let odd = json!({"error": "invalid_client", "error_description": "\"quoted\" \\ \u{1f511}\n"}).to_string();
    let fault = Fault::Status(StatusCode::UNAUTHORIZED, HeaderMap::new(), odd);
    let good = authorization(CLIENT_SECRET);
    let canary = form_encoded("\"\\\u{e9}\r\n");
    let mut answers = Vec::new();
    for form in [
        format!("grant_type={canary}"),
        format!("{GRANT}&scope={canary}"),
        format!("{GRANT}&scope=Not%21Granted"),
        format!("{GRANT}&client_id={canary}"),
    ] {
        answers.push(ask(&api, &form, &[("authorization", &good)]).await);
    }
    scenario.okta.set_fault(Endpoint::Token, fault);
    answers.push(ask(&api, GRANT, &[("authorization", &good)]).await);
    for (status, headers, answer) in answers {
        assert!(status.is_client_error(), "{answer}");
        assert_eq!(header(&headers, "cache-control"), "no-store");
        for member in ["error", "error_description"] {
            let text = answer[member].as_str().expect("a text");
            let allowed = |byte: u8| matches!(byte, 0x20..=0x21 | 0x23..=0x5b | 0x5d..=0x7e);
            assert!(!text.is_empty() && text.bytes().all(allowed), "{member}: {text:?}");
        }
    }
}

/// Section 5.2: "If the client attempted to authenticate via the "Authorization" request header field, the authorization
/// server MUST respond with an HTTP 401 (Unauthorized) status code and include the "WWW-Authenticate" response header field
/// matching the authentication scheme used by the client."
#[tokio::test]
async fn a_client_that_used_authorization_is_told_the_scheme() {
    let (_scenario, api) = world().await;
    for value in [authorization("another secret"), "Basic !".to_owned(), "Basic".to_owned()] {
        let answer = ask(&api, GRANT, &[("authorization", &value)]).await;
        assert_eq!(told(&answer), (401, "invalid_client"), "{value}");
        assert!(header(&answer.1, "www-authenticate").starts_with("Basic "), "{value}");
    }
    let in_the_body = format!("{GRANT}&client_id={CLIENT_ID}&client_secret=wrong");
    let answer = ask(&api, &in_the_body, &[]).await;
    assert_eq!((told(&answer), header(&answer.1, "www-authenticate")), ((401, "invalid_client"), ""));
}

/// Section 5.2, `invalid_request`: "repeats a parameter, includes multiple credentials, utilizes more than one mechanism for
/// authenticating the client, or is otherwise malformed"; section 2.3: "The client MUST NOT use more than one
/// authentication method in each request."
#[tokio::test]
async fn repeated_parameters_and_several_proofs_are_an_invalid_request() {
    let (scenario, api) = world().await;
    let good = authorization(CLIENT_SECRET);
    let secret = form_encoded(CLIENT_SECRET);
    let body = format!("{GRANT}&client_id={CLIENT_ID}&client_secret={secret}");
    for (form, headers) in [
        (format!("{GRANT}&{GRANT}"), vec![("authorization", &*good)]),
        (body.clone(), vec![("authorization", &*good)]),
        (GRANT.to_owned(), vec![("authorization", &*good), ("authorization", &*good)]),
        (format!("{body}&client_assertion=a.b.c&client_assertion_type=x"), vec![]),
    ] {
        assert_eq!(told(&ask(&api, &form, &headers).await), (400, "invalid_request"), "{form}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
}
