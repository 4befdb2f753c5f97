//! Tests of the token function's answers as HTTP: what every one of them says about being kept.

use std::time::Duration;

use lambda_http::http::header::{AUTHORIZATION, CACHE_CONTROL, CONTENT_TYPE, PRAGMA, RETRY_AFTER, SET_COOKIE};
use lambda_http::http::{HeaderMap, HeaderValue};
use lambda_http::{Body, Request};
use serde_json::{Value, json};

use super::{GRANT, Issuer, Scripted, basic, granted, okta_error};
use crate::adapters::http::cors::AllowedOrigins;
use crate::adapters::http::token_handler::{TokenCall, TokenHandler};
use crate::testing::{OKTA_KEY, claims};

fn post(path: &str, body: &str) -> Request {
    let request = lambda_http::http::Request::post(path)
        .header(AUTHORIZATION, basic())
        .header(CONTENT_TYPE, "application/x-www-form-urlencoded");
    request.body(Body::from(body)).expect("a request")
}

fn call(request: &Request) -> TokenCall<'_> {
    TokenCall {
        request,
        path: request.uri().path(),
        request_id: "request-1",
        caller: None,
        origin: "https://token.example",
        remaining: None,
    }
}

/// Status, headers and body of the answer to a request.
async fn answer(script: Vec<Scripted>, request: &Request) -> (u16, HeaderMap<HeaderValue>, Value) {
    let handler =
        TokenHandler { application: Issuer::scripted(script).application, origins: AllowedOrigins::default() };
    let (parts, body) = handler.handle(call(request)).await.into_parts();
    (parts.status.as_u16(), parts.headers, serde_json::from_slice(&body).expect("JSON"))
}

/// Threat 70.
#[tokio::test]
async fn no_answer_may_be_stored_and_none_carries_a_cookie() {
    const URL: &str = "/oauth2/orders/v1/token";
    let limited = || Scripted::Answer(429, Some(Duration::from_secs(7)), "Set-Cookie: sid=1".to_owned());
    let mut get = post(URL, "");
    *get.method_mut() = lambda_http::http::Method::GET;
    for (script, request, expected) in [
        (vec![granted(&claims())], post(URL, GRANT), 200),
        (vec![], post(URL, "grant_type=password"), 400),
        (vec![okta_error(401, "invalid_client", "wrong")], post(URL, GRANT), 401),
        (vec![], post("/oauth2/billing/v1/token", GRANT), 404),
        (vec![], post("/elsewhere", GRANT), 404),
        (vec![], get, 405),
        (vec![limited()], post(URL, GRANT), 429),
        (vec![Scripted::Answer(302, None, String::new())], post(URL, GRANT), 502),
        (vec![Scripted::Unreachable], post(URL, GRANT), 503),
    ] {
        let (status, headers, _) = answer(script, &request).await;
        assert_eq!(status, expected);
        assert_eq!(headers.get_all(CACHE_CONTROL).iter().collect::<Vec<_>>(), ["no-store"], "{status}");
        assert_eq!(headers[PRAGMA], "no-cache", "{status}");
        assert_eq!(headers[CONTENT_TYPE], "application/json;charset=UTF-8", "{status}");
        assert!(!headers.contains_key(SET_COOKIE), "{status}");
        let wait = headers.get(RETRY_AFTER).map(|wait| wait.to_str().expect("ASCII"));
        let due = match expected {
            429 => Some("7"),
            503 => Some("5"),
            _ => None,
        };
        assert_eq!(wait, due, "{status}");
    }
}

#[tokio::test]
async fn a_token_is_answered_in_the_members_of_rfc_6749_and_no_others() {
    let (_, _, body) = answer(vec![granted(&claims())], &post("/oauth2/orders/v1/token", GRANT)).await;
    let token = OKTA_KEY.access_token(&claims());
    let expected = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3_539, "scope": "CustomScope"});
    assert_eq!(body, expected);
}
