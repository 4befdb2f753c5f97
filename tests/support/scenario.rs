//! One deployment on loopback: an authorization server over TLS, a root in SSM with the profile `orders`, and the
//! functions that are told of both.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, SystemTime};

use okta_security_profiles::local::okta::{AuthorizationServer, StandInClient, StandInOkta, WallClock};
use secrecy::SecretString;
use serde_json::{Value, json};

use super::{LambdaFunction, Moto, ParameterType, PrivateCa, TlsServer};

/// The client that the authorization server knows.
pub(crate) const CLIENT_ID: &str = "0oa1orders2client3id";
/// Its secret, with the characters that go wrong where one is not encoded. Seen anywhere else, it has leaked.
pub(crate) const CLIENT_SECRET: &str = "canary+secret/%26&=:~ 1";
/// The profile's scope.
pub(crate) const SCOPE: &str = "CustomScope";
/// A scope that the authorization server grants and the profile does not ask for.
pub(crate) const OTHER_SCOPE: &str = "OtherScope";
/// The profile's audience.
pub(crate) const AUDIENCE: &str = "api://orders";
/// What a function is told that it has for a call, where a test is not about that.
pub(crate) const TIMEOUT: Duration = Duration::from_secs(20);

/// A deployment of one profile.
pub(crate) struct Scenario {
    /// The authorization server, whether its address answers or not.
    pub(crate) okta: Arc<StandInOkta>,
    /// Where profiles live.
    pub(crate) root: String,
    /// The server that they live in.
    pub(crate) moto: &'static Moto,
    okta_server: Option<TlsServer>,
    ca: PrivateCa,
}

impl Scenario {
    /// The profile `orders` in SSM and nothing else, and an authorization server whose tokens it accepts.
    pub(crate) async fn new() -> Self {
        Self::with(|_settings| {}).await
    }

    /// The same, with an authorization server that is set up differently.
    pub(crate) async fn with(change: impl FnOnce(&mut AuthorizationServer)) -> Self {
        let scenario = Self::without_profiles(change).await;
        scenario.put("orders", &scenario.profile().to_string()).await;
        scenario
    }

    /// The same with nothing in SSM.
    pub(crate) async fn without_profiles(change: impl FnOnce(&mut AuthorizationServer)) -> Self {
        let moto = Moto::shared().await;
        let ca = PrivateCa::create();
        let (okta, okta_server) = serve_okta(&ca, change);
        Self { okta, root: moto.fresh_root(), moto, okta_server: Some(okta_server), ca }
    }

    /// The profile `orders` for an authorization server that somebody else serves, with a certificate of `ca`.
    pub(crate) async fn around(okta: Arc<StandInOkta>, ca: PrivateCa) -> Self {
        let moto = Moto::shared().await;
        let scenario = Self { okta, root: moto.fresh_root(), moto, okta_server: None, ca };
        scenario.put("orders", &scenario.profile().to_string()).await;
        scenario
    }

    /// The profile of `events/profiles/orders.json` for this authorization server.
    pub(crate) fn profile(&self) -> Value {
        self.document("orders")
    }

    /// The profile of `events/profiles/` with this name, for this authorization server.
    pub(crate) fn document(&self, name: &str) -> Value {
        let path = Path::new(env!("CARGO_MANIFEST_DIR")).join(format!("events/profiles/{name}.json"));
        let text = std::fs::read_to_string(path).expect("the profile among the events");
        serde_json::from_str(&text.replace("{{issuer}}", self.okta.issuer())).expect("a profile document")
    }

    /// The authority that signed the server's certificate.
    pub(crate) fn ca(&self) -> &PrivateCa {
        &self.ca
    }

    /// Writes the parameter `{root}/{name}`.
    pub(crate) async fn put(&self, name: &str, value: &str) {
        self.moto.put_parameter(&format!("{}/{name}", self.root), value, ParameterType::String).await;
    }

    /// Stores the authorization server's present keys beside the profile, as if fetched `age` ago.
    pub(crate) async fn store_keys(&self, age: Duration) {
        self.store_keys_of("orders", &self.okta, age).await;
    }

    /// The same for another profile and its authorization server.
    pub(crate) async fn store_keys_of(&self, profile: &str, okta: &StandInOkta, age: Duration) {
        let mut stored = okta.key_set();
        stored["fetchedAt"] = json!(seconds_since_epoch() - age.as_secs());
        stored["maxAge"] = json!(3600);
        self.put(&format!("{profile}/keys"), &stored.to_string()).await;
    }

    /// Nothing answers at the authorization server's address from now on.
    pub(crate) fn okta_goes_down(&mut self) {
        self.okta_server = None;
    }

    /// Where the authorization server listens.
    pub(crate) fn okta_address(&self) -> SocketAddr {
        self.okta_server.as_ref().expect("an authorization server that is up").address()
    }

    /// A good token, just issued.
    pub(crate) fn good_token(&self) -> String {
        self.okta.issue(CLIENT_ID, &[SCOPE])
    }

    /// Starts the authorizer, with further variables or other values.
    pub(crate) fn authorizer(&self, variables: &[(&str, &str)]) -> LambdaFunction {
        self.start(&program("authorizer", env!("CARGO_BIN_EXE_authorizer")), variables)
    }

    /// Starts the token function, with further variables or other values.
    pub(crate) fn token_function(&self, variables: &[(&str, &str)]) -> LambdaFunction {
        self.start(&program("token", env!("CARGO_BIN_EXE_token")), variables)
    }

    /// Starts the `keys` function, with further variables or other values.
    pub(crate) fn keys_function(&self, variables: &[(&str, &str)]) -> LambdaFunction {
        self.start(&program("keys", env!("CARGO_BIN_EXE_keys")), variables)
    }

    /// The value of the parameter `{root}/{name}`, where there is one.
    pub(crate) async fn parameter(&self, name: &str) -> Option<String> {
        self.moto.parameter(&format!("{}/{name}", self.root)).await
    }

    fn start(&self, program: &Path, variables: &[(&str, &str)]) -> LambdaFunction {
        let ca = self.ca.file().to_str().expect("a path that is text");
        let endpoint = self.moto.endpoint();
        let usual = [("AWS_ENDPOINT_URL_SSM", &*endpoint), ("PROFILE_ROOT", &self.root), ("SSL_CERT_FILE", ca)];
        LambdaFunction::start(program, usual.into_iter().chain(variables.iter().copied()))
    }
}

/// What was built for Lambda, `BOOTSTRAP_DIR/NAME/bootstrap`, where that variable is set (`./check --release` sets it), or else
/// what cargo built.
fn program(name: &str, built_by_cargo: &str) -> PathBuf {
    let Some(folder) = std::env::var_os("BOOTSTRAP_DIR") else { return built_by_cargo.into() };
    let path = Path::new(&folder).join(name).join("bootstrap");
    assert!(path.is_file(), "`{}` does not exist: run `./check --release`", path.display());
    path
}

/// An authorization server at a name, since an issuer in numbers is refused.
pub(crate) fn serve_okta(
    ca: &PrivateCa,
    change: impl FnOnce(&mut AuthorizationServer),
) -> (Arc<StandInOkta>, TlsServer) {
    let mut okta = None;
    let server = TlsServer::serve(ca, |url| {
        let server = authorization_server(&url.replace("127.0.0.1", "localhost"), change);
        okta = Some(Arc::clone(&server));
        server.router()
    });
    (okta.expect("the routes are made before the server starts"), server)
}

/// An authorization server that is not served yet and whose issuer lies below this URL.
pub(crate) fn authorization_server(url: &str, change: impl FnOnce(&mut AuthorizationServer)) -> Arc<StandInOkta> {
    let mut settings = settings(&format!("{url}/oauth2/default"));
    change(&mut settings);
    Arc::new(StandInOkta::new(settings, wall_clock()).expect("an authorization server"))
}

/// An authorization server that is not served and has keys of its own: for tokens that are not the issuer's.
pub(crate) fn impostor(issuer: &str) -> StandInOkta {
    StandInOkta::new(settings(issuer), wall_clock()).expect("an authorization server")
}

fn settings(issuer: &str) -> AuthorizationServer {
    let scopes = [SCOPE, OTHER_SCOPE];
    let mut settings = AuthorizationServer::new(issuer, AUDIENCE);
    settings.scopes = scopes.map(str::to_owned).to_vec();
    settings.clients = vec![StandInClient::new(CLIENT_ID, SecretString::from(CLIENT_SECRET), &scopes)];
    settings
}

fn wall_clock() -> WallClock {
    Arc::new(seconds_since_epoch)
}

/// The wall clock, for tokens and stored keys of a given age.
pub(crate) fn seconds_since_epoch() -> u64 {
    SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).expect("a clock past 1970").as_secs()
}
