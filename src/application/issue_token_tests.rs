//! Tests of the token function's job: what is refused before Okta is asked, and what is made of Okta's answer.

#[path = "issue_token_check_tests.rs"]
mod checks;
#[path = "issue_token_http_tests.rs"]
mod http;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use secrecy::SecretSlice;
use serde_json::{Value, json};

use super::{IncomingTokenRequest, IssueToken, IssueTokenError, Issued};
use crate::adapters::memory::{FixedClock, MemoryKeySetSource, MemoryProfileStore};
use crate::application::client_tokens::ClientTokens;
use crate::application::key_ring::KeyRing;
use crate::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use crate::domain::keyed_hash::KeyedHash;
use crate::domain::oauth::client_credentials::{ClientAuthentication, IncomingForm};
use crate::domain::oauth::error_code::ErrorCode;
use crate::domain::profile::Transport;
use crate::domain::refresh::Jitter;
use crate::ports::profile_store::ProfileSelection;
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError};
use crate::rejection::TokenRefusal;
use crate::testing::{OKTA_KEY, PLENTY, after, claims, key_set, profile_document, stored, with};

const TOKEN_URL: &str = "https://acme.okta.com/oauth2/default/v1/token";
const GRANT: &str = "grant_type=client_credentials";

/// One answer of the scripted endpoint.
enum Scripted {
    /// An HTTP answer: status, wait, body.
    Answer(u16, Option<Duration>, String),
    /// Refused, reset or timed out.
    Unreachable,
    /// Over the limit.
    TooLarge,
}

/// What the endpoint was asked: URL, client id, proof, way, scopes.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Asked(String, String, String, &'static str, String);

/// A token endpoint that answers as told, takes a second for it, and notes what it was asked.
struct ScriptedEndpoint {
    script: Mutex<VecDeque<Scripted>>,
    asked: Mutex<Vec<Asked>>,
    clock: Arc<FixedClock>,
}

impl TokenEndpoint for ScriptedEndpoint {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        _within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        let EndpointRequest { token_url, client, scopes, .. } = request;
        let (way, proof) = match &client.authentication {
            ClientAuthentication::Basic(secret) => ("basic", secret.expose()),
            ClientAuthentication::Body(secret) => ("body", secret.expose()),
            ClientAuthentication::Assertion(assertion) => ("assertion", assertion.expose()),
        };
        let id = client.client_id.to_string();
        let asked = Asked(token_url.to_string(), id, proof.to_owned(), way, scopes.to_string());
        self.asked.lock().expect("unpoisoned").push(asked);
        self.clock.set(after(Duration::from_secs(1)));
        let url = token_url.to_string();
        match self.script.lock().expect("unpoisoned").pop_front().expect("a scripted answer") {
            Scripted::Answer(status, retry_after, body) => Ok(TokenEndpointAnswer {
                status,
                retry_after,
                dpop_nonce: None,
                body: SecretSlice::from(body.into_bytes()),
            }),
            Scripted::Unreachable => Err(TokenEndpointError::Unreachable { url, source: "timed out".into() }),
            Scripted::TooLarge => Err(TokenEndpointError::TooLarge { url, limit: 65_536 }),
        }
    }
}

type Application = IssueToken<Arc<MemoryProfileStore>, Arc<MemoryKeySetSource>, Arc<ScriptedEndpoint>, Arc<FixedClock>>;

struct Issuer {
    application: Application,
    store: Arc<MemoryProfileStore>,
    keys: Arc<MemoryKeySetSource>,
    endpoint: Arc<ScriptedEndpoint>,
}

impl Issuer {
    /// With the profile `orders`, and an endpoint that answers like this, call by call.
    fn answering(document: &Value, script: impl IntoIterator<Item = Scripted>) -> Self {
        let store = Arc::new(MemoryProfileStore::holding(vec![stored("orders", document)]));
        let keys = Arc::new(MemoryKeySetSource::default());
        keys.serve(Some(key_set(&[OKTA_KEY.jwk()])));
        let clock = Arc::new(FixedClock::at(after(Duration::ZERO)));
        let script = Mutex::new(script.into_iter().collect());
        let endpoint = Arc::new(ScriptedEndpoint { script, asked: Mutex::default(), clock: Arc::clone(&clock) });
        let settings = CatalogSettings {
            selection: ProfileSelection::All,
            time_to_live: Duration::from_secs(300),
            jitter: Jitter::NONE,
            transport: Transport::Https,
        };
        let application = IssueToken {
            profiles: ProfileCatalog::new(Arc::clone(&store), settings),
            keys: KeyRing::new(Arc::clone(&keys), Jitter::NONE),
            tokens: ClientTokens::new(Arc::clone(&endpoint), KeyedHash::under(&[7; 32])),
            clock,
        };
        Self { application, store, keys, endpoint }
    }

    /// With the smallest profile.
    fn scripted(script: impl IntoIterator<Item = Scripted>) -> Self {
        Self::answering(&profile_document(), script)
    }

    async fn issue(&self, authorization: &[&str], body: &str) -> Result<Issued, IssueTokenError> {
        self.issue_for("orders", authorization, body).await
    }

    async fn issue_for(&self, profile: &str, authorization: &[&str], body: &str) -> Result<Issued, IssueTokenError> {
        let content_type = Some("application/x-www-form-urlencoded");
        let form = IncomingForm { content_type, authorization, dpop: &[], body: body.as_bytes() };
        let incoming = IncomingTokenRequest { profile, form, caller: None };
        self.application.issue(incoming, PLENTY).await
    }

    /// A good request's refusal.
    async fn refused(&self) -> IssueTokenError {
        self.issue(&[&basic()], GRANT).await.expect_err("refused")
    }

    fn asked(&self) -> Vec<Asked> {
        self.endpoint.asked.lock().expect("unpoisoned").clone()
    }
}

fn scopes(issued: &Issued) -> String {
    issued.obtained.token.verified.token.claims().scopes.to_string()
}

fn basic() -> String {
    basic_of("0oa1", "secret")
}

fn basic_of(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

/// Okta's 200 with a token that has these claims.
fn granted(claims: &Value) -> Scripted {
    let token = OKTA_KEY.access_token(claims);
    let body = json!({"token_type": "Bearer", "expires_in": 3600, "access_token": token, "scope": "CustomScope"});
    Scripted::Answer(200, None, body.to_string())
}

fn okta_error(status: u16, error: &str, description: &str) -> Scripted {
    Scripted::Answer(status, None, json!({"error": error, "error_description": description}).to_string())
}

fn refusal(status: u16, code: ErrorCode, description: &str) -> TokenRefusal {
    TokenRefusal {
        status,
        code,
        description: description.to_owned(),
        retry_after: None,
        challenge: false,
        dpop_nonce: None,
    }
}

fn asked(method: &'static str, scopes: &str) -> Asked {
    Asked(TOKEN_URL.to_owned(), "0oa1".to_owned(), "secret".to_owned(), method, scopes.to_owned())
}

#[tokio::test]
async fn a_good_request_gets_oktas_token_with_the_time_that_is_left_of_it() {
    let issuer = Issuer::scripted([granted(&claims())]);
    issuer.application.warm_up(PLENTY).await.expect("profiles");
    let issued = issuer.issue(&[&basic()], GRANT).await.expect("issued");
    assert_eq!(issued.obtained.token.access_token.expose(), OKTA_KEY.access_token(&claims()));
    assert_eq!(issued.expires_in.as_secs(), 3_539, "a second passed while Okta was asked");
    assert_eq!(scopes(&issued), "CustomScope");
    assert_eq!(issuer.asked(), [asked("basic", "CustomScope")]);
    assert_eq!((issuer.keys.fetches(), issuer.store.loads()), (1, 1));
}

#[tokio::test]
async fn the_client_is_presented_as_it_presented_itself_and_a_grantable_scope_is_passed_on() {
    let document = with(profile_document(), "grantableScopes", json!(["CustomScope", "Other"]));
    let issuer = Issuer::answering(&document, [granted(&with(claims(), "scp", json!(["Other"])))]);
    let body = format!("{GRANT}&client_id=0oa1&client_secret=secret&scope=Other");
    let issued = issuer.issue(&[], &body).await.expect("issued");
    assert_eq!(scopes(&issued), "Other");
    assert_eq!(issuer.asked(), [asked("body", "Other")]);
}

/// Threat 65.
#[tokio::test]
async fn a_malformed_request_is_refused_without_asking_okta() {
    let issuer = Issuer::scripted([]);
    let large = format!("{GRANT}&x={}", "a".repeat(8_192));
    for (body, code, description) in [
        ("", ErrorCode::InvalidRequest, "grant_type is missing, expected client_credentials"),
        (
            "grant_type=password",
            ErrorCode::UnsupportedGrantType,
            "the grant type is not supported, expected client_credentials",
        ),
        ("grant_type=client_credentials&scope=a&scope=b", ErrorCode::InvalidRequest, "a parameter is repeated: scope"),
        (&large, ErrorCode::InvalidRequest, "the body has more than 8192 bytes"),
    ] {
        let error = issuer.issue(&[&basic()], body).await.expect_err("refused");
        assert_eq!((error.refusal(), error.reason()), (refusal(400, code, description), code.as_str()));
    }
    let basic = basic();
    for content_type in [None, Some("application/json"), Some("multipart/form-data")] {
        let (authorization, body) = (&[basic.as_str()][..], GRANT.as_bytes());
        let form = IncomingForm { content_type, authorization, dpop: &[], body };
        let incoming = IncomingTokenRequest { profile: "orders", form, caller: None };
        let error = issuer.application.issue(incoming, PLENTY).await.expect_err("refused");
        let text = "the content type must be application/x-www-form-urlencoded";
        assert_eq!(error.refusal(), refusal(400, ErrorCode::InvalidRequest, text));
    }
    assert_eq!(issuer.asked(), []);
}

/// Threat 66.
#[tokio::test]
async fn credentials_in_header_and_body_are_refused_without_asking_okta() {
    let issuer = Issuer::scripted([]);
    let body = format!("{GRANT}&client_id=0oa1&client_secret=secret");
    let error = issuer.issue(&[&basic()], &body).await.expect_err("refused");
    let text = "the client authenticates in more than one way: use the Authorization header or the body, not both";
    assert_eq!(error.refusal(), refusal(400, ErrorCode::InvalidRequest, text));
    let error = issuer.issue(&[&basic(), &basic()], GRANT).await.expect_err("refused");
    assert_eq!(error.refusal(), refusal(400, ErrorCode::InvalidRequest, text));
    assert_eq!(issuer.asked(), []);
}

/// Threat 66.
#[tokio::test]
async fn a_wrong_secret_is_invalid_client_even_just_after_a_good_token_for_that_client() {
    let wrong = || okta_error(401, "invalid_client", "The client secret supplied is invalid.");
    let issuer = Issuer::scripted([granted(&claims()), wrong(), wrong()]);
    issuer.issue(&[&basic()], GRANT).await.expect("issued");
    let expected = refusal(401, ErrorCode::InvalidClient, "The client secret supplied is invalid.");
    let error = issuer.issue(&[&basic_of("0oa1", "wrong")], GRANT).await.expect_err("refused");
    assert_eq!(error.refusal(), TokenRefusal { challenge: true, ..expected.clone() }, "Basic is told its scheme");
    assert_eq!(error.reason(), "invalid_client");
    let body = format!("{GRANT}&client_id=0oa1&client_secret=wrong");
    let error = issuer.issue(&[], &body).await.expect_err("refused");
    assert_eq!(error.refusal(), expected);
    let secrets: Vec<String> = issuer.asked().into_iter().map(|asked| asked.2).collect();
    assert_eq!(secrets, ["secret", "wrong", "wrong"]);
}

#[tokio::test]
async fn a_request_without_credentials_is_invalid_client_and_told_the_scheme() {
    let issuer = Issuer::scripted([]);
    let error = issuer.issue(&[], GRANT).await.expect_err("refused");
    let text = "the client's credentials are missing: send HTTP Basic, client_id and client_secret in the body, or a client assertion";
    let expected = TokenRefusal { challenge: true, ..refusal(401, ErrorCode::InvalidClient, text) };
    assert_eq!((error.refusal(), issuer.asked()), (expected, vec![]));
}

/// Threat 67.
#[tokio::test]
async fn a_scope_outside_the_profile_is_refused_without_asking_okta() {
    let document = with(profile_document(), "grantableScopes", json!(["CustomScope", "Other"]));
    let issuer = Issuer::answering(&document, []);
    for (scope, outside) in [("Admin", "Admin"), ("CustomScope+Admin", "Admin"), ("customscope", "customscope")] {
        let error = issuer.issue(&[&basic()], &format!("{GRANT}&scope={scope}")).await.expect_err("refused");
        let text = format!("the scope {outside} cannot be granted here");
        assert_eq!(error.refusal(), refusal(400, ErrorCode::InvalidScope, &text));
        assert_eq!(error.reason(), "scope_not_grantable");
    }
    assert_eq!(issuer.asked(), []);
}
