//! Client authentication by a signed JWT, over the wire.

use aws_lc_rs::hmac;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::settings::AuthorizationServer;
use super::tests::{NOW, SECRET, Served, TestResult, answer, basic, encoded};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::testing::{FOREIGN_KEY, OKTA_KEY, SigningKey, signing_input, with, without};

const CLIENT: &str = "demo client";
const GRANT: &str = "grant_type=client_credentials&scope=CustomScope";
const ASSERTION_TYPE: &str = "urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

impl Served {
    fn assertion_claims(&self) -> Value {
        json!({"iss": CLIENT, "sub": CLIENT, "aud": self.okta.token_url(), "iat": NOW, "exp": NOW + 300})
    }

    fn assertion(&self, assertion: &str) -> RequestBuilder {
        self.form(&format!("{GRANT}&client_assertion_type={ASSERTION_TYPE}&client_assertion={assertion}"))
    }
}

fn knowing(keys: &[Value]) -> impl FnOnce(&mut AuthorizationServer) {
    move |server| server.clients[0].public_keys = keys.to_vec()
}

fn signed_with_secret(algorithm: &str, secret: &str, claims: &Value) -> String {
    let hash = match algorithm {
        "HS384" => hmac::HMAC_SHA384,
        "HS512" => hmac::HMAC_SHA512,
        _ => hmac::HMAC_SHA256,
    };
    let message = signing_input(&json!({"alg": algorithm}), claims);
    let signature = hmac::sign(&hmac::Key::new(hash, secret.as_bytes()), message.as_bytes());
    format!("{message}.{}", base64url::encode(signature))
}

fn signed_by(key: &SigningKey, algorithm: Algorithm, claims: &Value) -> String {
    key.token(&key.header(algorithm), algorithm, claims)
}

/// The texts that go out for an `invalid_client`.
async fn refusal(request: RequestBuilder) -> Result<String, Box<dyn std::error::Error>> {
    let (status, body) = answer(request).await?;
    assert_eq!((status, &body["error"]), (401, &json!("invalid_client")), "{body}");
    Ok(body["error_description"].as_str().unwrap_or_default().to_owned())
}

#[tokio::test]
async fn a_jwt_signed_with_the_secret_is_as_good_as_the_secret() -> TestResult {
    let served = Served::new(|_| {}).await?;
    for algorithm in ["HS256", "HS384", "HS512"] {
        let assertion = signed_with_secret(algorithm, SECRET, &served.assertion_claims());
        let (status, granted) = answer(served.assertion(&assertion)).await?;
        assert_eq!((status, &granted["token_type"]), (200, &json!("Bearer")), "{algorithm}: {granted}");
        assert!(served.verifies(granted["access_token"].as_str().unwrap_or_default())?);
    }
    let wrong = signed_with_secret("HS256", "another secret", &served.assertion_claims());
    assert_eq!(refusal(served.assertion(&wrong)).await?, "The client_assertion signature is invalid.");
    Ok(())
}

#[tokio::test]
async fn a_jwt_signed_by_a_registered_key_is_as_good_as_the_secret() -> TestResult {
    let (p256, p384) = (SigningKey::p256("p256"), SigningKey::p384("p384"));
    let served = Served::new(knowing(&[OKTA_KEY.jwk(), p256.jwk(), p384.jwk()])).await?;
    for (key, algorithm) in [
        (&*OKTA_KEY, Algorithm::Rs256),
        (&*OKTA_KEY, Algorithm::Rs384),
        (&*OKTA_KEY, Algorithm::Rs512),
        (&p256, Algorithm::Es256),
        (&p384, Algorithm::Es384),
    ] {
        let assertion = signed_by(key, algorithm, &served.assertion_claims());
        let (status, granted) = answer(served.assertion(&assertion)).await?;
        assert_eq!(status, 200, "{algorithm}: {granted}");
    }
    Ok(())
}

#[tokio::test]
async fn a_key_is_found_by_its_kid_and_only_a_single_key_needs_none() -> TestResult {
    let p256 = SigningKey::p256("p256");
    let unnamed =
        |served: &Served| OKTA_KEY.token(&json!({"alg": "RS256"}), Algorithm::Rs256, &served.assertion_claims());
    let one = Served::new(knowing(&[OKTA_KEY.jwk()])).await?;
    assert_eq!(answer(one.assertion(&unnamed(&one))).await?.0, 200);
    let two = Served::new(knowing(&[OKTA_KEY.jwk(), p256.jwk()])).await?;
    let none = Served::new(|_| {}).await?;
    for (served, assertion) in [
        (&two, unnamed(&two)),
        (&two, signed_by(&FOREIGN_KEY, Algorithm::Rs256, &two.assertion_claims())),
        (&none, unnamed(&none)),
    ] {
        assert_eq!(refusal(served.assertion(&assertion)).await?, "The client_assertion JWT kid is invalid.");
    }
    Ok(())
}

#[tokio::test]
async fn a_signature_that_is_not_the_keys_is_refused() -> TestResult {
    let served = Served::new(knowing(&[OKTA_KEY.jwk()])).await?;
    let claims = served.assertion_claims();
    let header = OKTA_KEY.header(Algorithm::Rs256);
    let public_key = OKTA_KEY.jwk()["n"].as_str().unwrap_or_default().to_owned();
    for assertion in [
        FOREIGN_KEY.token(&header, Algorithm::Rs256, &claims),
        signed_by(&OKTA_KEY, Algorithm::Ps256, &claims),
        OKTA_KEY.token(&with(header.clone(), "alg", json!("ES256")), Algorithm::Rs256, &claims),
        signed_with_secret("HS256", &public_key, &claims),
        format!("{}.", signing_input(&header, &claims)),
    ] {
        assert_eq!(refusal(served.assertion(&assertion)).await?, "The client_assertion signature is invalid.");
    }
    Ok(())
}

#[tokio::test]
async fn every_claim_of_an_assertion_must_be_what_okta_asks_for() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let good = served.assertion_claims();
    let audience = "The audience claim for client_assertion must be the endpoint invoked for the request.";
    let issuer = "The issuer and the subject of the client_assertion must be the client_id.";
    let expired = "The client_assertion token is expired.";
    let malformed = "The parsing of the client_assertion failed.";
    for (claims, text) in [
        (with(good.clone(), "aud", json!(served.okta.issuer())), audience),
        (with(good.clone(), "aud", json!([format!("{}/", served.okta.token_url())])), audience),
        (without(good.clone(), "aud"), audience),
        (with(good.clone(), "iss", json!("another")), issuer),
        (without(good.clone(), "iss"), issuer),
        (without(good.clone(), "sub"), malformed),
        (without(good.clone(), "exp"), malformed),
        (with(good.clone(), "exp", json!("soon")), malformed),
        (with(good.clone(), "exp", json!(NOW)), expired),
        (
            with(good.clone(), "exp", json!(NOW + 3601)),
            "The client_assertion token has an expiration too far into the future.",
        ),
        (with(good.clone(), "iat", json!(NOW + 1)), "The client_assertion token was issued in the future."),
    ] {
        let assertion = signed_with_secret("HS256", SECRET, &claims);
        assert_eq!(refusal(served.assertion(&assertion)).await?, text, "{claims}");
    }
    for claims in [
        with(good.clone(), "aud", json!(["https://example.com", served.okta.token_url()])),
        with(good.clone(), "exp", json!(NOW + 3600)),
        with(good.clone(), "exp", json!(NOW + 1)),
        without(good.clone(), "iat"),
    ] {
        let assertion = signed_with_secret("HS256", SECRET, &claims);
        assert_eq!(answer(served.assertion(&assertion)).await?.0, 200, "{claims}");
    }
    Ok(())
}

#[tokio::test]
async fn an_assertion_with_a_jti_is_good_for_one_request_even_if_that_one_fails() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let claims = |id: &str| with(served.assertion_claims(), "jti", json!(id));
    let used = "The client_assertion token has already been used.";
    let first = signed_with_secret("HS256", SECRET, &claims("one"));
    assert_eq!(answer(served.assertion(&first)).await?.0, 200);
    assert_eq!(refusal(served.assertion(&first)).await?, used);
    let second = signed_with_secret("HS256", SECRET, &claims("two"));
    let body = format!("client_assertion_type={ASSERTION_TYPE}&client_assertion={second}");
    let unscoped = served.form(&format!("grant_type=client_credentials&scope=Nonesuch&{body}"));
    assert_eq!(answer(unscoped).await?.0, 400);
    assert_eq!(refusal(served.assertion(&second)).await?, used);
    let forged = signed_with_secret("HS256", "another secret", &claims("three"));
    refusal(served.assertion(&forged)).await?;
    let third = signed_with_secret("HS256", SECRET, &claims("three"));
    assert_eq!(answer(served.assertion(&third)).await?.0, 200, "a forgery uses nothing up");
    Ok(())
}

#[tokio::test]
async fn an_assertion_stands_alone_but_for_an_equal_client_id() -> TestResult {
    let served = Served::new(|server| {
        let mut other = server.clients[0].clone();
        other.client_id = "other".to_owned();
        server.clients.push(other);
    })
    .await?;
    let assertion = signed_with_secret("HS256", SECRET, &served.assertion_claims());
    let with_type = format!("{GRANT}&client_assertion_type={ASSERTION_TYPE}");
    let alone = format!("{with_type}&client_assertion={assertion}");
    assert_eq!(answer(served.form(&format!("{alone}&client_id=demo+client"))).await?.0, 200);
    let differs = served.form(&format!("{alone}&client_id=other"));
    assert_eq!(refusal(differs).await?, "The client_id does not match the subject of the client_assertion.");
    let (status, unknown) = answer(served.form(&format!("{alone}&client_id=nobody"))).await?;
    assert_eq!((status, &unknown["errorCode"]), (401, &json!("invalid_client")));
    for request in [
        served.form(&format!("{alone}&client_secret={}", encoded(SECRET))),
        served.form(&format!("{alone}&client_id=demo+client&client_secret={}", encoded(SECRET))),
        served.form(&alone).header("authorization", basic(CLIENT, SECRET)),
    ] {
        let (status, body) = answer(request).await?;
        assert_eq!((status, &body["error"]), (401, &json!("invalid_request")), "{body}");
    }
    let other_type = "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Asaml2-bearer";
    for (form, text) in [
        (format!("{GRANT}&client_assertion={assertion}"), "The client_assertion_type is invalid."),
        (format!("{GRANT}&{other_type}&client_assertion={assertion}"), "The client_assertion_type is invalid."),
        (with_type.clone(), "The parsing of the client_assertion failed."),
        (format!("{with_type}&client_assertion=a.b.c"), "The parsing of the client_assertion failed."),
        (
            format!("{with_type}&client_assertion={}.", signing_input(&json!({"alg": "none"}), &json!({}))),
            "The parsing of the client_assertion failed.",
        ),
    ] {
        assert_eq!(refusal(served.form(&form)).await?, text, "{form}");
    }
    Ok(())
}

#[tokio::test]
async fn discovery_lists_the_ways_to_authenticate_and_to_sign_a_proof() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let document = served.fetch(".well-known/oauth-authorization-server").await?.bytes().await?;
    let document: Value = serde_json::from_slice(&document)?;
    assert_eq!(
        document["token_endpoint_auth_methods_supported"],
        json!(["client_secret_basic", "client_secret_post", "client_secret_jwt", "private_key_jwt"])
    );
    assert_eq!(document["dpop_signing_alg_values_supported"], json!(["RS256", "RS384", "RS512", "ES256", "ES384"]));
    Ok(())
}
