//! The stand-in over a real loopback socket, as the product's own HTTP client meets it.

use std::error::Error;
use std::sync::Arc;
use std::time::Duration;

use axum::http::header::{AUTHORIZATION, CONTENT_TYPE, RETRY_AFTER};
use axum::http::{HeaderMap, HeaderValue, StatusCode};
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use reqwest::redirect::Policy;
use reqwest::{RequestBuilder, Response};
use secrecy::SecretString;
use serde_json::{Value, json};
use tokio::net::TcpListener;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::{AuthorizationServer, Endpoint, Fault, StandInClient, StandInOkta, StandInOktaError};

pub(super) type TestResult = Result<(), Box<dyn Error>>;

pub(super) const NOW: u64 = 1_800_000_000;
pub(super) const SECRET: &str = "s3cret+canary%&/";

pub(super) struct Served {
    pub(super) okta: Arc<StandInOkta>,
    http: reqwest::Client,
    // Dropping the sender ends the server.
    stop: oneshot::Sender<()>,
    server: JoinHandle<std::io::Result<()>>,
}

impl Served {
    pub(super) async fn new(change: impl FnOnce(&mut AuthorizationServer)) -> Result<Self, Box<dyn Error>> {
        // Another test may have installed it already.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let listener = TcpListener::bind("127.0.0.1:0").await?;
        let issuer = format!("http://{}/oauth2/default", listener.local_addr()?);
        let mut settings = AuthorizationServer::new(&issuer, "api://orders");
        settings.scopes = ["CustomScope", "OtherScope", "Unassigned"].map(String::from).to_vec();
        let mut client = StandInClient::new("demo client", SecretString::from(SECRET), &["CustomScope", "OtherScope"]);
        client.claims.insert("tenant".to_owned(), json!("acme"));
        client.claims.insert("cid".to_owned(), json!("not this one"));
        settings.clients.push(client);
        change(&mut settings);
        let okta = Arc::new(StandInOkta::new(settings, Arc::new(|| NOW))?);
        let (stop, stopped) = oneshot::channel::<()>();
        let server = Arc::clone(&okta).serve(listener, async {
            let _ = stopped.await;
        });
        let server = tokio::spawn(server);
        #[expect(clippy::disallowed_methods, reason = "a test's client, towards this machine only")]
        let http = reqwest::Client::builder().no_proxy().redirect(Policy::none()).build()?;
        Ok(Self { okta, http, stop, server })
    }

    fn url(&self, path: &str) -> String {
        format!("{}/{path}", self.okta.issuer())
    }

    pub(super) async fn fetch(&self, path: &str) -> Result<Response, reqwest::Error> {
        self.http.get(self.url(path)).send().await
    }

    pub(super) fn form(&self, body: &str) -> RequestBuilder {
        self.http
            .post(self.url("v1/token"))
            .header(CONTENT_TYPE, "application/x-www-form-urlencoded")
            .body(body.to_owned())
    }

    pub(super) fn verifies(&self, token: &str) -> Result<bool, Box<dyn Error>> {
        let (message, signature) = token.rsplit_once('.').ok_or("no signature")?;
        let kid = part(token, 0)?["kid"].clone();
        let keys = self.okta.key_set();
        let keys = keys["keys"].as_array().ok_or("no keys")?;
        let Some(key) = keys.iter().find(|key| key["kid"] == kid) else {
            return Ok(false);
        };
        let text = |name: &str| key[name].as_str().unwrap_or_default();
        let key = DecodingKey::from_rsa_components(text("n"), text("e"))?;
        Ok(crypto::verify(signature, message.as_bytes(), &key, Algorithm::RS256)?)
    }
}

pub(super) fn encoded(text: &str) -> String {
    url::form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

pub(super) fn basic(client_id: &str, secret: &str) -> String {
    let pair = format!("{}:{}", encoded(client_id), encoded(secret));
    format!("Basic {}", BASE64_STANDARD.encode(pair))
}

pub(super) async fn answer(request: RequestBuilder) -> Result<(u16, Value), Box<dyn Error>> {
    let response = request.send().await?;
    let status = response.status().as_u16();
    Ok((status, serde_json::from_slice(&response.bytes().await?)?))
}

pub(super) fn part(token: &str, index: usize) -> Result<Value, Box<dyn Error>> {
    let encoded = token.split('.').nth(index).ok_or("too few parts")?;
    Ok(serde_json::from_slice(&BASE64_URL_SAFE_NO_PAD.decode(encoded)?)?)
}

#[tokio::test]
async fn a_granted_token_has_the_shape_of_okta_and_verifies_against_the_published_key() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let request = served
        .form("grant_type=client_credentials&scope=CustomScope+CustomScope+OtherScope")
        .header(AUTHORIZATION, basic("demo client", SECRET));
    let response = request.send().await?;
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(response.headers()["cache-control"], "no-cache, no-store");
    assert!(response.headers().contains_key("x-okta-request-id"));
    let granted: Value = serde_json::from_slice(&response.bytes().await?)?;
    assert_eq!(granted["token_type"], "Bearer");
    assert_eq!(granted["expires_in"], 3600);
    assert_eq!(granted["scope"], "CustomScope OtherScope");
    let token = granted["access_token"].as_str().ok_or("no token")?;
    let kid = served.okta.current_kid();
    assert_eq!(kid.len(), 43);
    assert_eq!(part(token, 0)?, json!({"kid": kid, "alg": "RS256"}));
    let mut claims = part(token, 1)?;
    let jti = claims["jti"].take();
    assert!(jti.as_str().is_some_and(|jti| jti.starts_with("AT.") && jti.len() == 46));
    assert_eq!(
        claims,
        json!({
            "ver": 1, "jti": null, "iss": served.okta.issuer(), "aud": "api://orders", "iat": NOW, "exp": NOW + 3600,
            "cid": "demo client", "scp": ["CustomScope", "OtherScope"], "sub": "demo client", "tenant": "acme",
        })
    );
    assert!(served.verifies(token)?);
    let other = served.okta.issue("demo client", &["CustomScope"]);
    let (message, _) = token.rsplit_once('.').ok_or("no signature")?;
    let (_, signature) = other.rsplit_once('.').ok_or("no signature")?;
    assert!(!served.verifies(&format!("{message}.{signature}"))?);
    Ok(())
}

#[tokio::test]
async fn credentials_in_the_body_are_as_good_as_basic_ones() -> TestResult {
    let served = Served::new(|server| server.default_scopes = vec!["CustomScope".to_owned()]).await?;
    let secret = encoded(SECRET);
    let body = format!("grant_type=client_credentials&client_id=demo+client&client_secret={secret}");
    let (status, granted) = answer(served.form(&body)).await?;
    assert_eq!((status, &granted["scope"]), (200, &json!("CustomScope")));
    Ok(())
}

#[tokio::test]
async fn every_bad_token_request_gets_the_error_that_okta_gives() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let with_a_good_client = [
        ("grant_type=password", 400, "unsupported_grant_type"),
        ("", 400, "invalid_request"),
        ("scope=CustomScope&scope=CustomScope", 400, "invalid_request"),
        ("GRANT&client_id=demo+client", 401, "invalid_request"),
        ("GRANT&client_assertion=e30.e30.", 401, "invalid_request"),
        ("GRANT", 400, "invalid_scope"),
        ("GRANT&scope=", 400, "invalid_scope"),
        ("GRANT&scope=CustomScope+customscope", 400, "invalid_scope"),
        ("GRANT&scope=CustomScope+Unassigned", 400, "access_denied"),
    ];
    for (body, status, error) in with_a_good_client {
        let form = served.form(&body.replace("GRANT", "grant_type=client_credentials"));
        let request = form.header(AUTHORIZATION, basic("demo client", SECRET));
        let (found, answer) = answer(request).await?;
        assert_eq!((found, &answer["error"]), (status, &json!(error)), "{body}");
        assert!(answer["error_description"].is_string(), "{answer}");
    }
    let good_form = "grant_type=client_credentials&scope=CustomScope";
    let with_a_bad_client = [
        (basic("demo client", "wrong"), "error"),
        (basic("nobody", SECRET), "errorCode"),
        ("Basic ***".to_owned(), "error"),
        ("Bearer abc".to_owned(), "error"),
    ];
    for (header, member) in with_a_bad_client {
        let request = served.form(good_form).header(AUTHORIZATION, &header);
        let (found, answer) = answer(request).await?;
        assert_eq!((found, &answer[member]), (401, &json!("invalid_client")), "{header}");
    }
    assert_eq!(answer(served.form(good_form)).await?.0, 400);
    let post = served.http.post(served.url("v1/token"));
    assert_eq!(answer(post.header(CONTENT_TYPE, "application/json")).await?.0, 415);
    Ok(())
}

#[tokio::test]
async fn discovery_names_the_endpoints_and_other_paths_get_the_error_of_okta() -> TestResult {
    let served = Served::new(|settings| settings.keys_cache_control = "no-cache".to_owned()).await?;
    for path in [".well-known/openid-configuration", ".well-known/oauth-authorization-server"] {
        let document: Value = serde_json::from_slice(&served.fetch(path).await?.bytes().await?)?;
        assert_eq!(document["issuer"], served.okta.issuer());
        assert_eq!(document["jwks_uri"], served.url("v1/keys"));
        assert_eq!(document["token_endpoint"], served.url("v1/token"));
    }
    let keys = served.fetch("v1/keys").await?;
    assert_eq!(keys.headers()["cache-control"], "no-cache");
    assert_eq!(serde_json::from_slice::<Value>(&keys.bytes().await?)?, served.okta.key_set());
    for (path, status) in [("v1/nothing", 404), ("v1/keys/", 404), ("v1/token", 405)] {
        let (found, body) = answer(served.http.get(served.url(path))).await?;
        assert_eq!((found, &body["errorCode"]), (status, &json!("E0000022")), "{path}");
    }
    assert_eq!(served.okta.requests(Endpoint::Discovery), 2);
    assert_eq!(served.okta.requests(Endpoint::Keys), 1);
    Ok(())
}

#[tokio::test]
async fn after_a_rotation_both_keys_are_published_until_the_old_one_is_retired() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let old = served.okta.issue("demo client", &["CustomScope"]);
    let old_kid = served.okta.current_kid();
    served.okta.rotate()?;
    let new = served.okta.sign_raw(&json!({"kid": served.okta.current_kid(), "alg": "none"}).to_string(), "null");
    assert_ne!(served.okta.current_kid(), old_kid);
    assert!(served.verifies(&old)? && served.verifies(&new)?);
    assert_eq!(served.okta.key_set()["keys"][0]["kid"], served.okta.current_kid());
    served.okta.retire_old_keys();
    assert!(!served.verifies(&old)? && served.verifies(&new)?);
    Ok(())
}

#[tokio::test]
async fn each_fault_shows_on_the_wire_and_goes_away_again() -> TestResult {
    let served = Served::new(|_| {}).await?;
    let with = async |fault: Fault| {
        served.okta.set_fault(Endpoint::Keys, fault);
        served.fetch("v1/keys").await
    };
    let elsewhere = "http://169.254.169.254/";
    let retry = HeaderMap::from_iter([(RETRY_AFTER, HeaderValue::from_static("7"))]);
    let answer = with(Fault::Status(StatusCode::TOO_MANY_REQUESTS, retry, "{}".to_owned())).await?;
    assert_eq!(answer.status(), 429);
    assert_eq!(answer.headers()["retry-after"], "7");
    let answer = with(Fault::Redirect(elsewhere.to_owned())).await?;
    assert_eq!(answer.status(), 302);
    assert_eq!(answer.headers()["location"], elsewhere);
    for fault in [Fault::Html, Fault::Garbage, Fault::Truncated, Fault::Empty] {
        let answer = with(fault.clone()).await?;
        assert_eq!(answer.status(), 200, "{fault:?}");
        let body = answer.bytes().await?;
        assert!(serde_json::from_slice::<Value>(&body).is_err(), "{fault:?}");
    }
    let truth = served.okta.key_set().to_string();
    let huge = with(Fault::Huge(200_000)).await?.text().await?;
    assert_eq!((huge.len(), huge.trim_end()), (200_000, truth.as_str()));
    let late = with(Fault::Delay(Duration::from_millis(50))).await?;
    assert_eq!(late.text().await?, truth);
    let never = tokio::time::timeout(Duration::from_millis(50), with(Fault::Delay(Duration::from_secs(3_600)))).await;
    assert!(never.is_err(), "an answer that is delayed for an hour does not come at once");
    assert_eq!(with(Fault::None).await?.text().await?, truth);
    assert_eq!(served.okta.requests(Endpoint::Keys), 10);
    assert_eq!(served.okta.requests(Endpoint::Token), 0);
    Ok(())
}

#[tokio::test]
async fn the_end_of_the_shutdown_future_ends_the_server_although_a_connection_is_kept_alive() -> TestResult {
    let served = Served::new(|_| {}).await?;
    served.fetch("v1/keys").await?.bytes().await?;
    drop(served.stop);
    tokio::time::timeout(Duration::from_secs(5), served.server).await???;
    Ok(())
}

#[tokio::test]
async fn the_last_token_request_is_kept_for_tests_and_its_debug_form_holds_no_secret() -> TestResult {
    let served = Served::new(|_| {}).await?;
    assert!(served.okta.last_token_request().is_none());
    served.okta.set_fault(Endpoint::Token, Fault::Empty);
    let authorization = basic("demo client", SECRET);
    served.form(&format!("client_secret={}", encoded(SECRET))).header(AUTHORIZATION, &authorization).send().await?;
    let recorded = served.okta.last_token_request().ok_or("nothing recorded")?;
    assert_eq!(recorded.headers["authorization"], authorization);
    assert_eq!(recorded.parameter("client_secret").as_deref(), Some(SECRET));
    let shown = format!("{recorded:?} {:?} {:?}", served.okta, served.okta.settings);
    assert!(
        shown.contains("authorization") && !shown.contains("canary") && !shown.contains(&authorization[6..]),
        "{shown}"
    );
    Ok(())
}

#[test]
fn an_issuer_that_cannot_be_served_is_refused_by_name() {
    for issuer in ["", "oauth2/default", "ftp://okta/x", "https://okta/x/", "https://okta/x?y", "https://okta/x#y"] {
        let refused = StandInOkta::new(AuthorizationServer::new(issuer, "api://orders"), Arc::new(|| NOW));
        assert!(matches!(refused, Err(StandInOktaError::Issuer { issuer: named }) if named == issuer));
    }
}
