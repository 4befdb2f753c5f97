//! DPoP at the token endpoint, over the wire.

use aws_lc_rs::digest;
use reqwest::RequestBuilder;
use serde_json::{Value, json};

use super::settings::AuthorizationServer;
use super::tests::{NOW, SECRET, Served, TestResult, answer, basic, part};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::testing::{OKTA_KEY, SigningKey, signing_input, with, without};

const GRANT: &str = "grant_type=client_credentials&scope=CustomScope";

impl Served {
    /// The claims of a good proof; each call has a `jti` of its own.
    fn proof_claims(&self) -> Value {
        json!({
            "htm": "POST", "htu": self.okta.token_url(), "iat": NOW, "nonce": self.okta.dpop_nonce(),
            "jti": super::keys::random_name::<16>(),
        })
    }

    fn request(&self) -> RequestBuilder {
        self.form(GRANT).header("authorization", basic("demo client", SECRET))
    }

    async fn proven(&self, proof: &str) -> Result<(u16, Value), Box<dyn std::error::Error>> {
        answer(self.request().header("DPoP", proof)).await
    }
}

fn requiring_dpop(server: &mut AuthorizationServer) {
    server.clients[0].dpop = true;
}

fn header(key: &SigningKey, algorithm: Algorithm) -> Value {
    json!({"typ": "dpop+jwt", "alg": algorithm.name(), "jwk": without(key.jwk(), "kid")})
}

fn proof(key: &SigningKey, algorithm: Algorithm, claims: &Value) -> String {
    key.token(&header(key, algorithm), algorithm, claims)
}

/// RFC 7638 section 3, spelled out.
fn thumbprint(key: &SigningKey) -> String {
    let jwk = key.jwk();
    let text = match jwk["kty"].as_str() {
        Some("RSA") => format!(r#"{{"e":{},"kty":"RSA","n":{}}}"#, jwk["e"], jwk["n"]),
        _ => format!(r#"{{"crv":{},"kty":"EC","x":{},"y":{}}}"#, jwk["crv"], jwk["x"], jwk["y"]),
    };
    base64url::encode(digest::digest(&digest::SHA256, text.as_bytes()))
}

#[tokio::test]
async fn a_proof_with_the_nonce_binds_the_token_to_its_key() -> TestResult {
    let served = Served::new(requiring_dpop).await?;
    let (p256, p384) = (SigningKey::p256("p256"), SigningKey::p384("p384"));
    for (key, algorithm) in [
        (&p256, Algorithm::Es256),
        (&p384, Algorithm::Es384),
        (&*OKTA_KEY, Algorithm::Rs256),
        (&*OKTA_KEY, Algorithm::Rs384),
        (&*OKTA_KEY, Algorithm::Rs512),
    ] {
        let (status, granted) = served.proven(&proof(key, algorithm, &served.proof_claims())).await?;
        assert_eq!((status, &granted["token_type"]), (200, &json!("DPoP")), "{algorithm}: {granted}");
        let token = granted["access_token"].as_str().ok_or("no token")?;
        assert_eq!(part(token, 1)?["cnf"], json!({"jkt": thumbprint(key)}), "{algorithm}");
        assert!(served.verifies(token)?);
    }
    Ok(())
}

#[tokio::test]
async fn without_the_nonce_of_now_the_client_is_told_it() -> TestResult {
    let served = Served::new(requiring_dpop).await?;
    let key = SigningKey::p256("p256");
    let old = served.okta.dpop_nonce();
    served.okta.change_dpop_nonce();
    let nonce = served.okta.dpop_nonce();
    assert_ne!(nonce, old);
    for claims in [without(served.proof_claims(), "nonce"), with(served.proof_claims(), "nonce", json!(old))] {
        let asked = proof(&key, Algorithm::Es256, &claims);
        let response = served.request().header("DPoP", asked).send().await?;
        assert_eq!(response.status(), 400);
        assert_eq!(response.headers()["dpop-nonce"], *nonce);
        let body: Value = serde_json::from_slice(&response.bytes().await?)?;
        assert_eq!(
            body,
            json!({
                "error": "use_dpop_nonce",
                "error_description": "Authorization server requires nonce in DPoP proof.",
            })
        );
        let claims = with(claims, "nonce", json!(nonce));
        assert_eq!(served.proven(&proof(&key, Algorithm::Es256, &claims)).await?.0, 200, "nothing was used up");
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_requires_dpop_gets_no_token_without_a_proof_and_another_one_may_choose() -> TestResult {
    let requiring = Served::new(requiring_dpop).await?;
    let response = requiring.request().send().await?;
    assert_eq!(response.status(), 400);
    assert!(!response.headers().contains_key("dpop-nonce"));
    let body: Value = serde_json::from_slice(&response.bytes().await?)?;
    assert_eq!(
        body,
        json!({"error": "invalid_dpop_proof", "error_description": "The DPoP proof JWT header is missing."})
    );
    let free = Served::new(|_| {}).await?;
    let (_, bearer) = answer(free.request()).await?;
    assert_eq!(bearer["token_type"], "Bearer");
    assert!(part(bearer["access_token"].as_str().ok_or("no token")?, 1)?.get("cnf").is_none());
    let bound = proof(&SigningKey::p256("p256"), Algorithm::Es256, &free.proof_claims());
    assert_eq!(free.proven(&bound).await?.1["token_type"], "DPoP");
    Ok(())
}

#[tokio::test]
async fn a_proof_that_is_wrong_in_one_thing_is_refused_by_its_name() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let key = SigningKey::p256("p256");
    let (header, good) = (header(&key, Algorithm::Es256), served.proof_claims());
    let signed = |header: &Value, claims: &Value| key.token(header, Algorithm::Es256, claims);
    let of_claims = |name: &str, value: Value| signed(&header, &with(good.clone(), name, value));
    let of_header = |name: &str, value: Value| signed(&with(header.clone(), name, value), &good);
    let token_url = served.okta.token_url();
    let private = with(key.jwk(), "d", json!("AQ"));
    for (proof, named) in [
        ("no-jwt".to_owned(), "malformed"),
        (format!("{}.", signing_input(&with(header.clone(), "alg", json!("none")), &good)), "malformed"),
        (of_header("typ", json!("JWT")), "'typ'"),
        (signed(&without(header.clone(), "typ"), &good), "'typ'"),
        (of_header("alg", json!("HS256")), "'alg'"),
        (of_header("alg", json!("PS256")), "'alg'"),
        (of_header("jwk", private), "'jwk'"),
        (signed(&without(header.clone(), "jwk"), &good), "'jwk'"),
        (of_header("jwk", SigningKey::p256("another").jwk()), "signature"),
        (of_header("jwk", OKTA_KEY.jwk()), "signature"),
        (of_claims("htm", json!("GET")), "'htm'"),
        (signed(&header, &without(good.clone(), "htm")), "'htm'"),
        (of_claims("htu", json!(served.okta.issuer())), "'htu'"),
        (of_claims("htu", json!(token_url.replace("http:", "https:"))), "'htu'"),
        (of_claims("htu", json!("v1/token")), "'htu'"),
        (signed(&header, &without(good.clone(), "htu")), "'htu'"),
        (of_claims("iat", json!(NOW - 301)), "'iat'"),
        (of_claims("iat", json!(NOW + 301)), "'iat'"),
        (signed(&header, &without(good.clone(), "iat")), "'iat'"),
        (signed(&header, &without(good.clone(), "jti")), "'jti'"),
    ] {
        let (status, body) = served.proven(&proof).await?;
        assert_eq!((status, &body["error"]), (400, &json!("invalid_dpop_proof")), "{named}: {body}");
        assert!(body["error_description"].as_str().is_some_and(|text| text.contains(named)), "{named}: {body}");
    }
    for claims in [
        with(good.clone(), "iat", json!(NOW - 300)),
        with(served.proof_claims(), "iat", json!(NOW + 300)),
        with(served.proof_claims(), "htu", json!(format!("{}?a=b#c", token_url.replace("http:", "HTTP:")))),
    ] {
        assert_eq!(served.proven(&signed(&header, &claims)).await?.0, 200, "{claims}");
    }
    Ok(())
}

#[tokio::test]
async fn a_proof_is_good_once_and_a_request_has_one() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let key = SigningKey::p256("p256");
    let first = proof(&key, Algorithm::Es256, &served.proof_claims());
    assert_eq!(served.proven(&first).await?.0, 200);
    let (status, again) = served.proven(&first).await?;
    assert_eq!((status, &again["error"]), (400, &json!("invalid_dpop_proof")), "{again}");
    let second = proof(&key, Algorithm::Es256, &served.proof_claims());
    let twice = served.request().header("DPoP", &second).header("DPoP", &second);
    assert_eq!(answer(twice).await?.1["error"], "invalid_dpop_proof");
    assert_eq!(served.proven(&second).await?.0, 200);
    Ok(())
}

#[tokio::test]
async fn the_client_is_known_before_its_proof_is_looked_at() -> TestResult {
    let served = Served::new(requiring_dpop).await?;
    let wrong = served.form(GRANT).header("authorization", basic("demo client", "wrong")).header("DPoP", "no-jwt");
    assert_eq!(answer(wrong).await?.1["error"], "invalid_client");
    Ok(())
}

#[tokio::test]
async fn the_record_of_a_request_has_its_proof_and_its_debug_form_no_value() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let proof = proof(&SigningKey::p256("p256"), Algorithm::Es256, &served.proof_claims());
    served.form("client_assertion=canary.canary.canary").header("DPoP", &proof).send().await?;
    let recorded = served.okta.last_token_request().ok_or("nothing recorded")?;
    assert_eq!(recorded.headers["dpop"], *proof);
    assert_eq!(recorded.parameter("client_assertion").as_deref(), Some("canary.canary.canary"));
    let shown = format!("{recorded:?} {:?}", served.okta);
    assert!(shown.contains("dpop") && !shown.contains("canary") && !shown.contains(&proof), "{shown}");
    Ok(())
}
