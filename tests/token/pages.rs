//! The token function behind an HTTP API: reuse, assertions, DPoP, metadata and browsers, as clients meet them.

use axum::http::{HeaderMap, Method, StatusCode};
use okta_security_profiles::local::okta::Endpoint;
use reqwest::Response;
use serde_json::{Value, json};

use crate::http::{GRANT, upstream_calls};
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, Canaries, ClientAssertion, DpopProof, HttpApi, OTHER_SCOPE, SCOPE, Scenario, SigningKey,
    assertion_parameters, basic, decisions, plain_client,
};

const TOKEN_PATH: &str = "/oauth2/orders/v1/token";
const METADATA_PATH: &str = "/oauth2/orders/.well-known/oauth-authorization-server";
const FORM: &str = "application/x-www-form-urlencoded";

/// The token function with further variables, behind an HTTP API.
pub(crate) fn serve(scenario: &Scenario, variables: &[(&str, &str)]) -> HttpApi {
    HttpApi::in_front_of(scenario.token_function(variables))
}

pub(crate) async fn ask(api: &HttpApi, form: &str, headers: &[(&str, &str)]) -> (StatusCode, HeaderMap, Value) {
    let mut request = plain_client().post(api.url(TOKEN_PATH)).header("content-type", FORM).body(form.to_owned());
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    parts(request.send().await.expect("an answer")).await
}

/// The one value of a header.
pub(crate) fn header<'h>(headers: &'h HeaderMap, name: &str) -> &'h str {
    headers.get(name).and_then(|value| value.to_str().ok()).unwrap_or_default()
}

async fn parts(answer: Response) -> (StatusCode, HeaderMap, Value) {
    let (status, headers) = (answer.status(), answer.headers().clone());
    (status, headers, serde_json::from_slice(&answer.bytes().await.expect("a body")).unwrap_or_default())
}

pub(crate) fn authorization(secret: &str) -> String {
    format!("Basic {}", basic(CLIENT_ID, secret))
}

/// Where Okta's token endpoint is, as a client's assertion and proof must say.
fn okta_url(scenario: &Scenario) -> String {
    format!("{}/v1/token", scenario.okta.issuer())
}

/// Threats 66 and 73.
#[tokio::test]
async fn a_token_is_reused_with_a_true_lifetime_and_a_wrong_secret_is_refused_all_the_same() {
    let scenario = Scenario::new().await;
    let api = serve(&scenario, &[]);
    let good = authorization(CLIENT_SECRET);
    let (_, _, first) = ask(&api, GRANT, &[("authorization", &good)]).await;
    tokio::time::sleep(std::time::Duration::from_millis(1_100)).await;
    let (status, headers, second) = ask(&api, &format!("{GRANT}&scope={SCOPE}"), &[("authorization", &good)]).await;
    assert_eq!((status, &second["access_token"]), (StatusCode::OK, &first["access_token"]));
    assert_eq!([header(&headers, "cache-control"), header(&headers, "pragma")], ["no-store", "no-cache"]);
    let left = |answer: &Value| answer["expires_in"].as_u64().expect("seconds");
    assert!(left(&second) < left(&first), "{first} then {second}");
    assert_eq!(upstream_calls(&scenario), 1);

    let wrong = authorization("another secret");
    for tries in 1..=3 {
        let (status, _, answer) = ask(&api, GRANT, &[("authorization", &wrong)]).await;
        assert_eq!((status, &answer["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")));
        assert_eq!(upstream_calls(&scenario), 1 + tries);
    }
    let (status, headers, answer) = ask(&api, GRANT, &[("authorization", &wrong)]).await;
    assert_eq!((status, &answer["error"]), (StatusCode::TOO_MANY_REQUESTS, &json!("temporarily_unavailable")));
    assert_eq!((header(&headers, "retry-after"), upstream_calls(&scenario)), ("10", 4));
    assert_eq!(ask(&api, GRANT, &[("authorization", &good)]).await.0, StatusCode::OK, "nobody is locked out");

    let output = api.stop();
    let reused: Vec<_> = decisions(&output).iter().map(|line| line["TokensReused"].as_u64()).collect();
    assert_eq!(reused, [Some(0), Some(1), None, None, None, None, Some(1)], "{output}");
    let reasons: Vec<_> = decisions(&output).iter().map(|line| line["reason"].to_string()).collect();
    assert_eq!(reasons[5], "\"client_cooling_down\"");
}

#[tokio::test]
async fn a_clients_assertion_is_passed_on_and_its_token_not_reused() {
    let key = SigningKey::rs256();
    let jwk = key.public_jwk();
    let scenario = Scenario::with(|settings| settings.clients[0].public_keys = vec![jwk]).await;
    let api = serve(&scenario, &[]);
    let assertion = || ClientAssertion::new(CLIENT_ID, &okta_url(&scenario));
    let with_secret = assertion().signed_with(CLIENT_SECRET);
    let signed = [with_secret.clone(), assertion().signed_by(&key)];
    for (calls, assertion) in (1..).zip(&signed) {
        let (status, _, answer) = ask(&api, &format!("{GRANT}&{}", assertion_parameters(assertion)), &[]).await;
        assert_eq!((status, &answer["token_type"]), (StatusCode::OK, &json!("Bearer")), "{answer}");
        assert_eq!(upstream_calls(&scenario), calls);
    }
    let again = ask(&api, &format!("{GRANT}&{}", assertion_parameters(&with_secret)), &[]).await;
    assert_eq!((again.0, &again.2["error"]), (StatusCode::UNAUTHORIZED, &json!("invalid_client")), "used up");

    let output = api.stop();
    let mut canaries = Canaries::default();
    signed.iter().for_each(|assertion| canaries.token("an assertion", assertion));
    canaries.assert_absent_from("the log", &output);
}

#[tokio::test]
async fn a_dpop_client_gets_its_nonce_and_a_bound_token_that_is_never_reused() {
    let scenario = Scenario::with(|settings| settings.clients[0].dpop = true).await;
    let mut profile = scenario.profile();
    profile["binding"] = json!("dpop");
    scenario.put("orders", &profile.to_string()).await;
    let api = serve(&scenario, &[]);
    let (good, key) = (authorization(CLIENT_SECRET), SigningKey::es256());
    let (status, _, answer) = ask(&api, GRANT, &[("authorization", &good)]).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_dpop_proof")));
    assert_eq!(upstream_calls(&scenario), 0, "Okta would issue a token that no API takes");

    let proof = || DpopProof::new("POST", &okta_url(&scenario));
    let first = proof().signed_by(&key);
    let (status, headers, answer) = ask(&api, GRANT, &[("authorization", &good), ("dpop", &first)]).await;
    assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &json!("use_dpop_nonce")), "{answer}");
    let nonce = headers["dpop-nonce"].to_str().expect("text").to_owned();
    for calls in 2..=3 {
        let proof = proof().with_nonce(&nonce).signed_by(&key);
        let (status, _, answer) = ask(&api, GRANT, &[("authorization", &good), ("dpop", &proof)]).await;
        assert_eq!((status, &answer["token_type"]), (StatusCode::OK, &json!("DPoP")), "{answer}");
        assert_eq!(upstream_calls(&scenario), calls);
    }
    let sent = scenario.okta.last_token_request().expect("a request");
    assert!(sent.headers.contains_key("dpop"), "the proof goes through as it came");

    let two = ask(&api, GRANT, &[("authorization", &good), ("dpop", &first), ("dpop", &first)]).await;
    assert_eq!((two.0, &two.2["error"]), (StatusCode::BAD_REQUEST, &json!("invalid_dpop_proof")));
    assert_eq!(upstream_calls(&scenario), 3, "two proofs are refused without asking");
    assert!(!api.stop().contains(&first), "no proof in the log");
}

#[tokio::test]
async fn metadata_names_this_token_url_oktas_keys_and_what_a_client_may_ask_for() {
    let scenario = Scenario::new().await;
    let mut document = scenario.profile();
    document["grantableScopes"] = json!([SCOPE, OTHER_SCOPE]);
    scenario.put("orders", &document.to_string()).await;
    let api = serve(&scenario, &[]);
    let (status, headers, metadata) = parts(get(&api, METADATA_PATH).await).await;
    assert_eq!((status, header(&headers, "cache-control")), (StatusCode::OK, "public, max-age=300"));
    let issuer = scenario.okta.issuer();
    assert_eq!((&metadata["issuer"], &metadata["jwks_uri"]), (&json!(issuer), &json!(format!("{issuer}/v1/keys"))));
    // The HTTP API is called by TLS in front of it; its name is what the event says.
    let url = metadata["token_endpoint"].as_str().expect("a URL");
    assert!(url.starts_with("https://") && url.ends_with(TOKEN_PATH), "{url}");
    assert_eq!(metadata["scopes_supported"], json!([SCOPE, OTHER_SCOPE]));
    assert_eq!(metadata["grant_types_supported"], json!(["client_credentials"]));
    let methods = ["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"];
    assert_eq!(metadata["token_endpoint_auth_methods_supported"], json!(methods));
    assert!(metadata["token_endpoint_auth_signing_alg_values_supported"].as_array().is_some_and(|all| !all.is_empty()));
    assert_eq!(metadata["response_types_supported"], json!([]), "required by RFC 8414, and there are none");
    let requests = [Endpoint::Keys, Endpoint::Token, Endpoint::Discovery].map(|of| scenario.okta.requests(of));
    assert_eq!(requests, [0, 0, 0], "nobody is asked");

    let unknown = parts(get(&api, &METADATA_PATH.replace("orders", "returns")).await).await;
    assert_eq!((unknown.0, &unknown.2["error"]), (StatusCode::NOT_FOUND, &json!("invalid_request")));
    assert_eq!(unknown.1["cache-control"], "no-store");
    let posted = plain_client().post(api.url(METADATA_PATH)).send().await.expect("an answer");
    assert_eq!((posted.status().as_u16(), header(posted.headers(), "allow")), (405, "GET"));
}

#[tokio::test]
async fn browsers_are_answered_for_the_origins_that_are_named_and_for_no_other() {
    let scenario = Scenario::new().await;
    let origin = "https://app.example";
    let api = serve(&scenario, &[("TOKEN_ALLOWED_ORIGINS", origin)]);
    let preflight = |origin: &'static str| {
        let request = plain_client().request(Method::OPTIONS, api.url(TOKEN_PATH)).header("origin", origin);
        request.header("access-control-request-method", "POST").send()
    };
    let answer = preflight("https://app.example").await.expect("an answer");
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let told = |name: &str| header(answer.headers(), name);
    assert_eq!([told("access-control-allow-origin"), told("access-control-allow-methods")], [origin, "POST"]);
    assert!(told("access-control-allow-headers").contains("authorization") && told("vary") == "origin");
    let stranger = preflight("https://evil.example").await.expect("an answer");
    assert!(!stranger.headers().contains_key("access-control-allow-origin"));

    let good = authorization(CLIENT_SECRET);
    let (_, headers, _) = ask(&api, GRANT, &[("authorization", &good), ("origin", origin)]).await;
    assert_eq!(headers["access-control-allow-origin"], origin);
    assert!(!headers.contains_key("access-control-allow-credentials"));
    let (status, headers, _) = ask(&api, GRANT, &[("authorization", &good), ("origin", "https://evil.example")]).await;
    assert!(status.is_success() && !headers.contains_key("access-control-allow-origin"), "its page cannot read it");

    let off = serve(&scenario, &[]);
    let request = plain_client().request(Method::OPTIONS, off.url(TOKEN_PATH)).header("origin", origin);
    let answer = request.header("access-control-request-method", "POST").send().await.expect("an answer");
    assert_eq!((answer.status().as_u16(), header(answer.headers(), "allow")), (405, "POST"));
    assert!(!answer.headers().contains_key("vary"));
}

#[tokio::test]
async fn a_path_is_taken_as_it_came_and_not_as_a_parser_might_mend_it() {
    let scenario = Scenario::new().await;
    let api = serve(&scenario, &[]);
    for path in [
        "/oauth2/orders%0d%0a/v1/token",
        "/oauth2/orders/v1/token%23x",
        "/oauth2/orders%2F/v1/token",
        "/oauth2//v1/token",
    ] {
        let request = plain_client().post(api.url(path)).header("content-type", FORM).body(GRANT);
        let answer = request.header("authorization", authorization(CLIENT_SECRET)).send().await.expect("an answer");
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
    }
    assert_eq!(upstream_calls(&scenario), 0);
}

#[tokio::test]
async fn what_a_client_accepts_makes_no_difference() {
    let scenario = Scenario::new().await;
    let api = serve(&scenario, &[]);
    let good = authorization(CLIENT_SECRET);
    for accept in ["text/html", "application/xml", "*/*"] {
        let (status, headers, _) = ask(&api, GRANT, &[("authorization", &good), ("accept", accept)]).await;
        assert_eq!(
            (status, header(&headers, "content-type")),
            (StatusCode::OK, "application/json;charset=UTF-8"),
            "{accept}"
        );
    }
}

async fn get(api: &HttpApi, path: &str) -> Response {
    plain_client().get(api.url(path)).send().await.expect("an answer")
}

#[tokio::test]
async fn a_profile_says_whether_its_tokens_are_bound_before_okta_is_asked() {
    for (binding, with_proof, error) in [
        ("none", true, "invalid_request"),
        ("dpop", false, "invalid_dpop_proof"),
        ("any-bound", false, "invalid_dpop_proof"),
        ("mtls", false, "unauthorized_client"),
        ("mtls", true, "unauthorized_client"),
    ] {
        let scenario = Scenario::new().await;
        let mut profile = scenario.profile();
        profile["binding"] = json!(binding);
        scenario.put("orders", &profile.to_string()).await;
        let api = serve(&scenario, &[]);
        let proof = DpopProof::new("POST", &okta_url(&scenario)).signed_by(&SigningKey::es256());
        let authorization = authorization(CLIENT_SECRET);
        let headers = [("authorization", &*authorization), ("dpop", &*proof)];
        let headers = if with_proof { &headers[..] } else { &headers[..1] };
        let (status, _, answer) = ask(&api, GRANT, headers).await;
        assert_eq!((status, &answer["error"]), (StatusCode::BAD_REQUEST, &json!(error)), "{binding}: {answer}");
        assert_eq!(upstream_calls(&scenario), 0, "{binding}");
    }
}
