//! What the functions meet: SSM (moto) and a stand-in Okta, both over TLS and with a delay before each answer, profiles,
//! tokens, and files of trust anchors of two sizes.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime};

use axum::Router;
use axum::body::Bytes;
use axum::extract::State;
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, HOST};
use axum::http::{HeaderMap, StatusCode};
use axum::middleware::from_fn;
use axum::response::IntoResponse;
use okta_security_profiles::local::okta::{AuthorizationServer, StandInClient, StandInOkta};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::runtime_api::Events;
use crate::support::{Moto, ParameterType, PrivateCa, TlsServer};
use crate::under_test::Function;

const CLIENT_ID: &str = "0oa1orders2client3id";
const SECRET: &str = "measured-secret";
const SCOPE: &str = "CustomScope";
const AUDIENCE: &str = "api://orders";
/// Where a system keeps its trust anchors: Debian, then Amazon Linux.
const SYSTEM_ANCHORS: [&str; 2] = ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt"];
/// How many clients the token URL is asked by, where each is to be one that it has not seen.
const CLIENTS: usize = 2_000;

/// Which profiles a function serves.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Profiles {
    /// One.
    One,
    /// Fifty, of which the last one is asked about.
    Fifty,
    /// One with 200 routes.
    Routes,
}

/// How many trust anchors `SSL_CERT_FILE` has.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Anchors {
    /// The one that is needed.
    One,
    /// That one, and those of the system.
    System,
}

pub(crate) struct World {
    moto: Moto,
    okta: Arc<StandInOkta>,
    ssm: TlsServer,
    one_anchor: PathBuf,
    all_anchors: PathBuf,
    ca: PrivateCa,
    _okta_server: TlsServer,
    _directory: TempDir,
}

impl World {
    #[expect(clippy::expect_used, reason = "a measurement whose world does not come up has failed")]
    pub(crate) async fn create(delay: Duration) -> io::Result<Self> {
        let (moto, ca) = (Moto::start().await, PrivateCa::create());
        let mut okta = None;
        let okta_server = TlsServer::serve(&ca, |url| {
            let issuer = format!("{}/oauth2/default", url.replace("127.0.0.1", "localhost"));
            let clock = Arc::new(seconds_since_epoch);
            let server = Arc::new(StandInOkta::new(settings(&issuer), clock).expect("an authorization server"));
            okta = Some(Arc::clone(&server));
            server.router().layer(from_fn(move |request, next: axum::middleware::Next| async move {
                tokio::time::sleep(delay).await;
                next.run(request).await
            }))
        });
        let okta = okta.expect("the routes are made before the server starts");
        let ssm = serve_ssm(&ca, moto.endpoint(), delay);
        let directory = tempfile::tempdir()?;
        let all_anchors = directory.path().join("all.pem");
        let system = SYSTEM_ANCHORS.iter().find_map(|path| std::fs::read_to_string(path).ok());
        let system = system.ok_or_else(|| io::Error::other("no trust anchors of the system are found"))?;
        std::fs::write(&all_anchors, format!("{system}\n{}", ca.pem()))?;
        let one_anchor = ca.file().to_owned();
        let world =
            Self { moto, okta, ssm, one_anchor, all_anchors, ca, _okta_server: okta_server, _directory: directory };
        world.store_profiles().await;
        Ok(world)
    }

    /// The function over this world.
    pub(crate) fn function(&self, program: &Path, profiles: Profiles, anchors: Anchors) -> Function {
        let anchors = match anchors {
            Anchors::One => &self.one_anchor,
            Anchors::System => &self.all_anchors,
        };
        let environment = [
            ("AWS_ENDPOINT_URL_SSM", self.ssm.localhost_url()),
            ("PROFILE_ROOT", root(profiles).to_owned()),
            ("PROFILES", names(profiles).join(",")),
            ("SSL_CERT_FILE", anchors.display().to_string()),
        ];
        let environment = environment.map(|(name, value)| (name.to_owned(), value)).into();
        Function { program: program.to_owned(), environment, concurrency: 1 }
    }

    /// Calls of a REST API, each with the next of these tokens.
    pub(crate) fn calls(&self, tokens: &Arc<Vec<String>>) -> io::Result<Events> {
        Ok(Events::filled(&event("authorizer/rest-request-allow.json")?, "{{token}}", Arc::clone(tokens)))
    }

    /// So many different good tokens.
    pub(crate) fn tokens(&self, count: usize) -> Arc<Vec<String>> {
        Arc::new((0..count).map(|_| self.okta.issue(CLIENT_ID, &[SCOPE])).collect())
    }

    /// `n` and `e` of the key that signs them, as base64url.
    pub(crate) fn public_key(&self) -> (String, String) {
        let keys = self.okta.key_set();
        let member = |name: &str| keys["keys"][0][name].as_str().unwrap_or_default().to_owned();
        (member("n"), member("e"))
    }

    /// Requests to the token URL from so many clients in turn.
    pub(crate) fn token_requests(&self, clients: usize) -> io::Result<Events> {
        let template = event("token/body-good.json")?.replace("{{client_secret}}", SECRET);
        Ok(Events::filled(&template, "{{client_id}}", Arc::new((0..clients.min(CLIENTS)).map(client_id).collect())))
    }

    /// How long SSM takes to answer the call of a cold start, for a client whose connection is open already.
    pub(crate) async fn ssm_answer(&self) -> io::Result<Duration> {
        let anchor = reqwest::Certificate::from_pem(self.ca.pem().as_bytes()).map_err(io::Error::other)?;
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let _already = rustls::crypto::CryptoProvider::install_default((*provider).clone());
        let client =
            reqwest::Client::builder().tls_certs_only([anchor]).no_proxy().build().map_err(io::Error::other)?;
        let root = root(Profiles::One);
        let names = [format!("{root}/orders"), format!("{root}/deny"), format!("{root}/orders/keys")];
        let body = json!({"Names": names, "WithDecryption": false}).to_string();
        let mut took = Vec::new();
        for _ in 0..21 {
            let request = client
                .post(self.ssm.localhost_url())
                .header(CONTENT_TYPE, "application/x-amz-json-1.1")
                .header("x-amz-target", "AmazonSSM.GetParameters")
                .header(
                    "authorization",
                    "AWS4-HMAC-SHA256 Credential=measured-access-key/20260101/eu-west-1/ssm/aws4_request, \
                     SignedHeaders=host, Signature=0",
                )
                .body(body.clone());
            let began = Instant::now();
            let answer = request.send().await.map_err(io::Error::other)?.text().await.map_err(io::Error::other)?;
            took.push(began.elapsed());
            if !answer.contains("audiences") {
                return Err(io::Error::other(format!("SSM has no profile: {answer}")));
            }
        }
        Ok(crate::report::median(&mut took[1..]))
    }

    async fn store_profiles(&self) {
        let profile = |apis: &[&str]| {
            json!({
                "version": 1,
                "issuer": self.okta.issuer(),
                "audiences": [AUDIENCE],
                "scopes": [SCOPE],
                "apis": apis,
            })
        };
        let apis = ["abcdef1234/prod", "http123456/*"];
        for profiles in [Profiles::One, Profiles::Fifty, Profiles::Routes] {
            for name in names(profiles) {
                let mut document =
                    if name == "orders" { profile(&apis) } else { profile(&[&format!("{name}api/prod")]) };
                if profiles == Profiles::Routes {
                    document["routes"] = routes();
                }
                self.put(&format!("{}/{name}", root(profiles)), &document).await;
                let mut keys = self.okta.key_set();
                keys["fetchedAt"] = seconds_since_epoch().into();
                keys["maxAge"] = 3600.into();
                self.put(&format!("{}/{name}/keys", root(profiles)), &keys).await;
            }
        }
    }

    async fn put(&self, name: &str, value: &Value) {
        self.moto.put_parameter(name, &value.to_string(), ParameterType::String).await;
    }
}

fn root(profiles: Profiles) -> &'static str {
    match profiles {
        Profiles::One => "/one",
        Profiles::Fifty => "/fifty",
        Profiles::Routes => "/routes",
    }
}

/// The profile that is asked about comes last.
fn names(profiles: Profiles) -> Vec<String> {
    let others = match profiles {
        Profiles::One | Profiles::Routes => 0,
        Profiles::Fifty => 49,
    };
    (0..others).map(|index| format!("p{index}")).chain(["orders".to_owned()]).collect()
}

/// 200 routes, the called one last.
fn routes() -> Value {
    let others = (0..199).map(|index| json!({"route": format!("GET /r{index}/{{id}}")}));
    others.chain([json!({"route": "GET /orders/{id}"})]).collect()
}

fn client_id(index: usize) -> String {
    format!("0oa1client{index:06}")
}

fn settings(issuer: &str) -> AuthorizationServer {
    let client = |id: &str| StandInClient::new(id, SecretString::from(SECRET), &[SCOPE]);
    let mut settings = AuthorizationServer::new(issuer, AUDIENCE);
    settings.scopes = vec![SCOPE.to_owned()];
    settings.clients = (0..CLIENTS).map(|index| client(&client_id(index))).chain([client(CLIENT_ID)]).collect();
    settings
}

/// The `event` of a file in `events/`, its placeholders left in it.
fn event(file: &str) -> io::Result<String> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(file);
    let content: Value = serde_json::from_str(&std::fs::read_to_string(path)?)?;
    Ok(content["event"].to_string())
}

struct Ssm {
    moto: String,
    http: reqwest::Client,
    delay: Duration,
}

/// moto behind TLS; each answer waits.
#[expect(clippy::expect_used, reason = "every setting is a constant")]
fn serve_ssm(ca: &PrivateCa, moto: String, delay: Duration) -> TlsServer {
    // The product gives its clients a TLS set-up of their own; this one takes the process's. One that is there already is as good.
    let _already_there = rustls::crypto::ring::default_provider().install_default();
    let http = reqwest::Client::builder().no_proxy().tls_certs_only([]).build().expect("an HTTP client");
    let ssm = Arc::new(Ssm { moto, http, delay });
    TlsServer::serve(ca, |_url| Router::new().fallback(answer).with_state(ssm))
}

async fn answer(State(ssm): State<Arc<Ssm>>, mut headers: HeaderMap, body: Bytes) -> impl IntoResponse {
    tokio::time::sleep(ssm.delay).await;
    for name in [HOST, CONTENT_LENGTH] {
        headers.remove(name);
    }
    let answer = async {
        let answer = ssm.http.post(&ssm.moto).headers(headers).body(body).send().await?;
        Ok::<_, reqwest::Error>((answer.status(), answer.bytes().await?))
    };
    let (status, body) = answer.await.unwrap_or_else(|_| (StatusCode::BAD_GATEWAY, Bytes::new()));
    (status, [(CONTENT_TYPE, "application/x-amz-json-1.1")], body)
}

fn seconds_since_epoch() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).map_or(0, |since| since.as_secs())
}
