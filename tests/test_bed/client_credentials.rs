//! Tests of client assertions and DPoP proofs against the authorization server that they are made for.

use okta_security_profiles::local::okta::StandInOkta;
use reqwest::{Client, Response};
use serde_json::{Value, json};

use crate::support::{
    CLIENT_ID, CLIENT_SECRET, ClientAssertion, DpopProof, PrivateCa, SCOPE, SigningKey, TlsServer,
    assertion_parameters, basic, client_that_trusts, decoded_part, serve_okta,
};

struct Served {
    okta: std::sync::Arc<StandInOkta>,
    http: Client,
    _server: TlsServer,
}

impl Served {
    fn knowing(keys: &[&SigningKey]) -> Self {
        let ca = PrivateCa::create();
        let keys: Vec<Value> = keys.iter().map(|key| key.public_jwk()).collect();
        let (okta, server) = serve_okta(&ca, |settings| settings.clients[0].public_keys = keys);
        Self { okta, http: client_that_trusts(&ca), _server: server }
    }

    fn assertion(&self) -> ClientAssertion {
        ClientAssertion::new(CLIENT_ID, &self.okta.token_url())
    }

    async fn ask(&self, parameters: &str, headers: &[(&str, &str)]) -> Response {
        let form = format!("grant_type=client_credentials&scope={SCOPE}&{parameters}");
        let request = self.http.post(self.okta.token_url()).body(form);
        let request = request.header("content-type", "application/x-www-form-urlencoded");
        let request = headers.iter().fold(request, |request, (name, value)| request.header(*name, *value));
        request.send().await.expect("an answer")
    }

    async fn present(&self, assertion: &str) -> (u16, Value) {
        json_of(self.ask(&assertion_parameters(assertion), &[]).await).await
    }

    async fn prove(&self, proof: &str) -> Response {
        let authorization = format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET));
        self.ask("", &[("authorization", &authorization), ("DPoP", proof)]).await
    }
}

async fn json_of(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    (status, serde_json::from_slice(&response.bytes().await.expect("a body")).expect("JSON"))
}

#[tokio::test]
async fn an_assertion_authenticates_the_client_by_secret_or_by_key() {
    let (rsa, p256) = (SigningKey::rs256(), SigningKey::es256());
    let served = Served::knowing(&[&rsa, &p256]);
    let assertion = || served.assertion();
    for assertion in [assertion().signed_with(CLIENT_SECRET), assertion().signed_by(&rsa), assertion().signed_by(&p256)]
    {
        let (status, granted) = served.present(&assertion).await;
        assert_eq!((status, &granted["scope"]), (200, &json!(SCOPE)), "{granted}");
    }
}

#[tokio::test]
async fn an_assertion_is_spoilt_by_one_claim_or_another_key() {
    let key = SigningKey::rs256();
    let served = Served::knowing(&[&key]);
    let assertion = served.assertion();
    for spoilt in [
        assertion.signed_with("another secret"),
        assertion.signed_by(&SigningKey::rs256()),
        assertion.clone().with("aud", served.okta.issuer()).signed_by(&key),
        assertion.clone().without("exp").signed_by(&key),
    ] {
        let (status, refused) = served.present(&spoilt).await;
        assert_eq!((status, &refused["error"]), (401, &json!("invalid_client")), "{refused}");
    }
    assert_eq!(served.present(&assertion.signed_by(&key)).await.0, 200);
    assert_eq!(served.present(&assertion.signed_by(&key)).await.0, 401, "it has been used");
}

#[tokio::test]
async fn a_proof_with_the_nonce_that_the_server_asks_for_binds_the_token_to_its_key() {
    let served = Served::knowing(&[]);
    for key in [SigningKey::es256(), SigningKey::rs256()] {
        let proof = || DpopProof::new("POST", &served.okta.token_url());
        let asked = served.prove(&proof().signed_by(&key)).await;
        let nonce = asked.headers()["dpop-nonce"].to_str().expect("a nonce").to_owned();
        assert_eq!(json_of(asked).await.1["error"], "use_dpop_nonce");
        let (status, granted) = json_of(served.prove(&proof().with_nonce(&nonce).signed_by(&key)).await).await;
        assert_eq!((status, &granted["token_type"]), (200, &json!("DPoP")), "{granted}");
        let claims = decoded_part(granted["access_token"].as_str().expect("a token"), 1);
        assert_eq!(claims["cnf"], json!({"jkt": key.thumbprint()}));
    }
}

#[tokio::test]
async fn a_proof_is_spoilt_by_one_claim() {
    let served = Served::knowing(&[]);
    let key = SigningKey::es256();
    let proof = DpopProof::new("POST", &served.okta.token_url()).with_nonce(&served.okta.dpop_nonce());
    for spoilt in [
        proof.clone().with("htm", "GET"),
        proof.clone().with("htu", served.okta.issuer()),
        proof.clone().with("iat", 1_000_000_000),
        proof.clone().without("jti"),
    ] {
        let (status, refused) = json_of(served.prove(&spoilt.signed_by(&key)).await).await;
        assert_eq!((status, &refused["error"]), (400, &json!("invalid_dpop_proof")), "{refused}");
    }
    assert_eq!(served.prove(&proof.signed_by(&key)).await.status(), 200);
}

#[test]
fn a_proof_for_a_request_with_a_token_has_the_hash_of_that_token() {
    // The example of RFC 9449 section 7.1.
    let token = "Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU";
    let proof = DpopProof::new("GET", "https://resource.example.org/protectedresource").with_token(token);
    let key = SigningKey::es256();
    let proof = proof.signed_by(&key);
    assert_eq!(decoded_part(&proof, 1)["ath"], "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo");
    assert_eq!(decoded_part(&proof, 0), json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": key.bare_jwk()}));
}
