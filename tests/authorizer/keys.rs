//! Which keys are trusted: whose, of what kind, and where they come from (threats 8, 15, 16, 21, 49 to 53).

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _};
use axum::Router;
use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault, StandInOkta};
use serde_json::{Value, json};

use crate::events::{bearer, http_api, rest_token, status_of};
use crate::minting::{claims, encode, header, with, with_part, without};
use crate::refusals::Refusals;
use crate::support::{Answer, Scenario, TIMEOUT, TlsServer, impostor, serve_okta};

/// Threat 8.
#[tokio::test]
async fn a_key_without_alg_serves_the_profiles_algorithm_and_no_other() {
    let scenario = Scenario::new().await;
    publish(&scenario.okta, &[without(&own_key(&scenario.okta), "alg")]);
    let mut refusals = Refusals::of(scenario).await;
    let okta = Arc::clone(&refusals.scenario.okta);
    for algorithm in ["RS384", "PS256", "ES256"] {
        let token = okta.sign_raw(&header(&okta, algorithm).to_string(), &claims(&okta).to_string());
        refusals.refuses_token(&token, "algorithm_not_allowed").await;
    }
    refusals.end().await;
}

/// Threat 15.
#[tokio::test]
async fn an_ecdsa_signature_of_zeros_or_of_the_wrong_length_is_unauthorized() {
    let scenario = Scenario::new().await;
    let document = with(&scenario.profile(), "algorithms", json!(["RS256", "ES256"]));
    scenario.put("orders", &document.to_string()).await;
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a P-256 key");
    let (x, y) = pair.public_key().as_ref()[1..].split_at(32);
    let jwk = json!({"kty": "EC", "crv": "P-256", "kid": "ec", "use": "sig", "x": encode(x), "y": encode(y)});
    publish(&scenario.okta, &[own_key(&scenario.okta), jwk]);
    let mut refusals = Refusals::of(scenario).await;

    let header = encode(json!({"alg": "ES256", "kid": "ec"}).to_string());
    let message = format!("{header}.{}", encode(claims(&refusals.scenario.okta).to_string()));
    let signature = pair.sign(&SystemRandom::new(), message.as_bytes()).expect("a signature");
    let token = format!("{message}.{}", encode(signature.as_ref()));
    refusals.allows(&token).await;
    // The order of P-256: as r or s it counts as zero.
    let order: [u8; 32] = *b"\xff\xff\xff\xff\0\0\0\0\xff\xff\xff\xff\xff\xff\xff\xff\
        \xbc\xe6\xfa\xad\xa7\x17\x9e\x84\xf3\xb9\xca\xc2\xfc\x63\x25\x51";
    for forged in [
        vec![0; 64],
        [order, order].concat(),
        [&signature.as_ref()[..32], &[0; 32]].concat(),
        [signature.as_ref(), &[0; 8]].concat(),
        signature.as_ref()[..63].to_vec(),
    ] {
        refusals.refuses_token(&with_part(&token, 2, &encode(forged)), "signature_invalid").await;
    }
    refusals.end().await;
}

/// Threats 16, 50, 51 and 52.
#[tokio::test]
async fn weak_odd_secret_and_ambiguous_keys_are_dropped_and_the_good_one_serves() {
    let scenario = Scenario::new().await;
    let own = own_key(&scenario.okta);
    let stranger = impostor(scenario.okta.issuer());
    let strangers = own_key(&stranger);
    let renamed = |jwk: &Value, kid: &str| with(jwk, "kid", json!(kid));
    let short = encode([&[0xff; 127][..], &[0x01]].concat());
    publish(
        &scenario.okta,
        &[
            renamed(&strangers, "twice"),
            renamed(&own, "twice"),
            with(&renamed(&strangers, "short"), "n", json!(short)),
            with(&renamed(&strangers, "exponent"), "e", json!("AQ")),
            with(&renamed(&strangers, "encryption"), "use", json!("enc")),
            with(&renamed(&strangers, "signing"), "key_ops", json!(["sign"])),
            json!({"kty": "oct", "kid": "shared", "k": encode([7; 32])}),
            json!({"kty": "EC", "crv": "P-256", "kid": "off-curve", "x": encode([1; 32]), "y": encode([1; 32])}),
            json!({"kty": "EC", "crv": "P-999", "kid": "curve", "x": encode([1; 32]), "y": encode([1; 32])}),
            json!({"kid": "no-kty"}),
            json!("no key at all"),
            own,
        ],
    );
    let mut refusals = Refusals::of(scenario).await;
    let good = claims(&refusals.scenario.okta).to_string();
    for kid in ["twice", "short", "exponent", "encryption", "signing", "shared", "off-curve", "curve", "no-kty"] {
        let header = json!({"kid": kid, "alg": "RS256"}).to_string();
        refusals.refuses_for_want_of_its_key(&stranger.sign_raw(&header, &good)).await;
        refusals.refuses_for_want_of_its_key(&refusals.scenario.okta.sign_raw(&header, &good)).await;
    }
    refusals.end().await;
}

/// Threat 21.
#[tokio::test]
async fn a_tenants_key_does_not_serve_another_tenants_issuer() {
    let scenario = Scenario::new().await;
    let (other, _other_server) = serve_okta(scenario.ca(), |_settings| {});
    let others = with(&scenario.profile(), "issuer", json!(other.issuer()));
    scenario.put("others", &others.to_string()).await;
    let mut refusals = Refusals::of(scenario).await;
    refusals.allows(&other.sign(&claims(&other))).await;
    let claims_of_orders = claims(&refusals.scenario.okta);
    refusals.refuses_for_want_of_its_key(&other.sign(&claims_of_orders)).await;
    refusals.end().await;
    assert_eq!(other.requests(Endpoint::Keys), 1);
}

/// Threats 47 and 49, cold.
#[tokio::test]
async fn without_a_usable_key_set_a_call_is_an_error_and_neither_denied_nor_unauthorized() {
    for (fault, problem) in [
        (Fault::Html, "did not answer with a key set"),
        (Fault::Garbage, "did not answer with a key set"),
        (Fault::Empty, "did not answer with a key set"),
        (Fault::Truncated, "did not answer with a key set"),
        (Fault::Huge(200_000), "did not answer with a key set"),
        (answering(StatusCode::SERVICE_UNAVAILABLE, "{}"), "answered 503 instead of 200"),
        (answering(StatusCode::TOO_MANY_REQUESTS, r#"{"errorCode":"E0000047"}"#), "answered 429, too many requests"),
        (answering(StatusCode::OK, r#"{"keys": []}"#), "none of them is usable"),
    ] {
        let scenario = Scenario::new().await;
        scenario.okta.set_fault(Endpoint::Keys, fault);
        assert_keys_unavailable(&scenario, problem).await;
        assert_eq!(scenario.okta.requests(Endpoint::Keys), 1, "failing calls do not each fetch: {problem}");
    }
}

/// Threat 53.
#[tokio::test]
async fn a_redirect_of_the_keys_url_is_not_followed() {
    let scenario = Scenario::new().await;
    let hits = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&hits);
    let keys = scenario.okta.key_set().to_string();
    let elsewhere = TlsServer::serve(scenario.ca(), |_url| {
        Router::new().fallback(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { keys }
        })
    });
    scenario.okta.set_fault(Endpoint::Keys, Fault::Redirect(format!("{}/keys", elsewhere.localhost_url())));
    assert_keys_unavailable(&scenario, "answered 302 instead of 200").await;
    assert_eq!(hits.load(Ordering::SeqCst), 0);
}

/// Threat 53.
#[tokio::test]
async fn an_issuer_without_tls_in_numbers_or_with_keys_elsewhere_is_an_error() {
    for (field, value) in [
        ("issuer", "http://acme.okta.com/oauth2/default"),
        ("issuer", "https://127.0.0.1:8443/oauth2/default"),
        ("issuer", "https://169.254.169.254/oauth2/default"),
        ("issuer", "https://[::1]/oauth2/default"),
        ("keysUrl", "https://evil.example/keys"),
        ("keysUrl", "http://169.254.169.254/latest/meta-data"),
    ] {
        let scenario = Scenario::new().await;
        scenario.put("orders", &with(&scenario.profile(), field, json!(value)).to_string()).await;
        let authorizer = scenario.authorizer(&[]);
        let answer = authorizer.invoke(&rest_token(&bearer(&scenario.good_token())), TIMEOUT).await;
        assert!(answer.error_message().starts_with("profile_broken: "), "{value}");
        let output = authorizer.stop();
        assert!(output.contains(&format!("field `{field}`")) && output.contains(value), "{output}");
        assert_eq!(scenario.okta.requests(Endpoint::Keys), 0);
    }
}

/// Two calls in each form of event are errors, and the log says why.
async fn assert_keys_unavailable(scenario: &Scenario, problem: &str) {
    let authorizer = scenario.authorizer(&[]);
    let token = scenario.good_token();
    for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
        let answer = authorizer.invoke(&event, TIMEOUT).await;
        assert_eq!(status_of(&answer), 500, "{problem}: {answer:?}");
        let Answer::Error { error_message, error_type } = answer else { panic!("an error: {problem}") };
        assert!(error_message.starts_with("keys_unavailable: "), "{error_message}");
        assert_eq!(error_type, "AuthorizerFailure");
    }
    let output = authorizer.stop();
    assert!(output.contains(problem), "`{problem}`:\n{output}");
    assert!(!output.contains(&token) && !output.contains("panicked"), "{output}");
}

/// The key set that is published from now on.
fn publish(okta: &StandInOkta, keys: &[Value]) {
    okta.set_fault(Endpoint::Keys, answering(StatusCode::OK, &json!({"keys": keys}).to_string()));
}

fn answering(status: StatusCode, body: &str) -> Fault {
    Fault::Status(status, HeaderMap::new(), body.to_owned())
}

fn own_key(okta: &StandInOkta) -> Value {
    okta.key_set()["keys"][0].clone()
}
