//! `--profiles DIR`: the developer's own documents and authorization server.

use serde_json::{Value, json};
use tempfile::TempDir;

use crate::gateway::{Gateway, ended, json as body_of, start};
use crate::support::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, DpopProof, OTHER_SCOPE, PrivateCa, SCOPE, SigningKey, basic, plain_client,
    serve_okta,
};

fn folder_with(documents: &[(&str, &str)]) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    for (name, text) in documents {
        std::fs::write(folder.path().join(name), text).expect("a file");
    }
    folder
}

fn document(issuer: &str) -> Value {
    json!({
        "version": 1, "issuer": issuer, "audiences": [AUDIENCE], "scopes": [SCOPE],
        "apis": ["http123456/*", "abcdef1234/prod"],
    })
}

fn path(folder: &TempDir) -> &str {
    folder.path().to_str().expect("a path that is text")
}

#[tokio::test]
async fn own_profiles_are_served_with_their_own_authorization_server() {
    let ca = PrivateCa::create();
    let (okta, _server) = serve_okta(&ca, |_settings| {});
    let folder = folder_with(&[("orders.json", &document(okta.issuer()).to_string())]);
    let trust = ca.file().to_str().expect("a path that is text");
    let gateway = Gateway::start_with(&["--profiles", path(&folder)], &[("SSL_CERT_FILE", trust)]).await;
    assert_eq!(gateway.told("issuer"), okta.issuer());
    assert!(gateway.told("token URL").ends_with("/oauth2/orders/v1/token"));

    let (status, granted) = gateway.ask_for_token(CLIENT_ID, CLIENT_SECRET, "grant_type=client_credentials").await;
    assert_eq!(status, 200, "{granted}\n{}", gateway.process.logs());
    let token = granted["access_token"].as_str().expect("a token");
    let answer = gateway.call("/orders/1", &format!("Bearer {token}")).await;
    assert_eq!(answer.status(), 200, "{}", gateway.process.logs());
    assert_eq!(body_of(answer).await["context"]["profile"], "orders");
    let lacking = okta.issue(CLIENT_ID, &[OTHER_SCOPE]);
    assert_eq!(gateway.call("/orders/1", &format!("Bearer {lacking}")).await.status(), 403);
}

#[tokio::test]
async fn the_api_and_stage_that_are_played_can_be_chosen() {
    let ca = PrivateCa::create();
    let (okta, _server) = serve_okta(&ca, |_settings| {});
    let folder = folder_with(&[("orders.json", &document(okta.issuer()).to_string())]);
    let trust = ca.file().to_str().expect("a path that is text");
    let token = format!("Bearer {}", okta.issue(CLIENT_ID, &[SCOPE]));
    for (api, status) in [("abcdef1234/prod", 200), ("abcdef1234/test", 403), ("http123456/any", 200), ("x/y", 403)] {
        let arguments = ["--profiles", path(&folder), "--api", api];
        let gateway = Gateway::start_with(&arguments, &[("SSL_CERT_FILE", trust)]).await;
        assert_eq!(gateway.call("/orders/1", &token).await.status(), status, "{api}");
    }
}

#[tokio::test]
async fn without_its_authorization_server_a_call_is_a_500() {
    let ca = PrivateCa::create();
    let (okta, server) = serve_okta(&ca, |_settings| {});
    let folder = folder_with(&[("orders.json", &document(okta.issuer()).to_string())]);
    let token = format!("Bearer {}", okta.issue(CLIENT_ID, &[SCOPE]));
    drop(server);
    for form in ["request", "http2"] {
        let gateway = Gateway::start(&["--profiles", path(&folder), "--form", form]).await;
        assert_eq!(gateway.call("/orders/1", &token).await.status(), 500, "{form}");
        gateway.process.wait_for("keys_unavailable").await;
    }
}

#[tokio::test]
async fn a_folder_that_cannot_serve_is_told_in_one_line() {
    let empty = folder_with(&[("notes.txt", "{}")]);
    let missing = empty.path().join("missing");
    let broken = folder_with(&[("orders.json", r#"{"version": 1, "scops": []}"#)]);
    let placeholder = folder_with(&[("orders.json", &document("https://yourOktaDomain/oauth2/default").to_string())]);
    for (folder, expected) in [
        (path(&empty), vec![path(&empty), "profiles put"]),
        (missing.to_str().expect("text"), vec![missing.to_str().expect("text")]),
        (path(&broken), vec!["`orders`", "`scops`"]),
        (path(&placeholder), vec!["`issuer`", "yourOktaDomain", "replace"]),
    ] {
        let process = start(&["local", "--port", "0", "--profiles", folder], &[]);
        let (status, lines) = ended(&process).await;
        assert_eq!((status, lines.len()), (Some(1), 1), "{lines:?}");
        for text in expected {
            assert!(lines[0].starts_with("profiles: ") && lines[0].contains(text), "{text}: {lines:?}");
        }
    }
}

#[tokio::test]
async fn a_dpop_client_gets_a_bound_token_and_calls_with_a_proof_in_every_form_that_can_carry_one() {
    let ca = PrivateCa::create();
    let (okta, _server) = serve_okta(&ca, |settings| settings.clients[0].dpop = true);
    let mut bound = document(okta.issuer());
    bound["binding"] = json!("dpop");
    let folder = folder_with(&[("orders.json", &bound.to_string())]);
    let trust = ca.file().to_str().expect("a path that is text");
    let key = SigningKey::es256();
    for (form, refused) in [("request", 401), ("http1", 403), ("http2", 403), ("simple", 403), ("token", 500)] {
        let arguments = ["--profiles", path(&folder), "--form", form];
        let gateway = Gateway::start_with(&arguments, &[("SSL_CERT_FILE", trust)]).await;
        let proof = DpopProof::new("POST", &okta.token_url()).with_nonce(&okta.dpop_nonce()).signed_by(&key);
        let request = plain_client()
            .post(gateway.told("token URL"))
            .header("authorization", format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET)))
            .header("dpop", proof)
            .header("content-type", "application/x-www-form-urlencoded")
            .body("grant_type=client_credentials");
        let granted: Value = body_of(request.send().await.expect("an answer")).await;
        let token = granted["access_token"].as_str().unwrap_or_else(|| panic!("{granted}")).to_owned();
        let url = format!("{}/orders/1", gateway.api());
        let proof = DpopProof::new("GET", &url).with_token(&token).signed_by(&key);
        let call = || plain_client().get(&url).header("authorization", format!("DPoP {token}")).header("dpop", &proof);
        let (first, again) = (call().send().await.expect("an answer"), call().send().await.expect("an answer"));
        let expected = if form == "token" { [500, 500] } else { [200, refused] };
        assert_eq!([first.status().as_u16(), again.status().as_u16()], expected, "{form}: {}", gateway.process.logs());
        let as_bearer = gateway.call("/orders/1", &format!("Bearer {token}")).await.status();
        assert_eq!(as_bearer, if form == "token" { 500 } else { refused }, "{form}");
    }
}
