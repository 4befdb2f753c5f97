//! An authorization server over TLS, a store, and the compiled command line between them.

use std::io::{Seek, Write};
use std::process::{Command, Stdio};
use std::sync::Arc;

use okta_security_profiles::local::okta::{AuthorizationServer, StandInClient, StandInOkta};
use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, Canaries, Moto, OTHER_SCOPE, PATIENCE, ParameterType, PrivateCa, Process,
    SCOPE, TlsServer, seconds_since_epoch,
};

/// A client that must bind its tokens to a key.
pub(crate) const DPOP_CLIENT_ID: &str = "0oa2dpop3client4id";
/// A client that no access policy grants anything.
pub(crate) const POOR_CLIENT_ID: &str = "0oa3poor4client5id";
/// A scope that no client is granted.
pub(crate) const UNGRANTED_SCOPE: &str = "UngrantedScope";

/// Where profiles are kept.
enum Store {
    Folder(TempDir),
    Ssm { moto: &'static Moto, root: String },
}

/// What a run came to.
pub(crate) struct Ran {
    pub(crate) status: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// One operator's world.
pub(crate) struct World {
    pub(crate) okta: Arc<StandInOkta>,
    server: Option<TlsServer>,
    ca: PrivateCa,
    store: Store,
}

/// How the world differs from a good one.
#[derive(Default)]
pub(crate) struct Odd {
    /// By how many seconds Okta's clock is ahead.
    pub(crate) okta_ahead: i64,
    /// Another audience than the profile's.
    pub(crate) audience: Option<&'static str>,
}

impl World {
    /// A good world whose profiles are in a folder: the profile `orders`, its keys and its client.
    pub(crate) async fn folder() -> Self {
        Self::odd_folder(Odd::default()).await
    }

    pub(crate) async fn odd_folder(odd: Odd) -> Self {
        Self::furnish(Store::Folder(tempfile::tempdir().expect("a temporary folder")), odd).await
    }

    /// The same in SSM.
    pub(crate) async fn ssm() -> Self {
        let moto = Moto::shared().await;
        Self::furnish(Store::Ssm { moto, root: moto.fresh_root() }, Odd::default()).await
    }

    async fn furnish(store: Store, odd: Odd) -> Self {
        let ca = PrivateCa::create();
        let mut okta = None;
        let server = TlsServer::serve(&ca, |url| {
            let issuer = format!("{}/oauth2/default", url.replace("127.0.0.1", "localhost"));
            let clock = Arc::new(move || seconds_since_epoch().saturating_add_signed(odd.okta_ahead));
            let made = StandInOkta::new(settings(&issuer, odd.audience.unwrap_or(AUDIENCE)), clock);
            let made = Arc::new(made.expect("an authorization server"));
            okta = Some(Arc::clone(&made));
            made.router()
        });
        let okta = okta.expect("the routes are made before the server starts");
        let world = Self { okta, server: Some(server), ca, store };
        world.put_profile("orders", &world.document()).await;
        world.put_keys("orders", 600).await;
        world.put_client("orders", CLIENT_ID, CLIENT_SECRET).await;
        world
    }

    /// The document of a profile that accepts the server's tokens.
    pub(crate) fn document(&self) -> Value {
        json!({
            "version": 1, "issuer": self.okta.issuer(), "audiences": [AUDIENCE], "scopes": [SCOPE],
            "apis": ["abcdef1234/*", "http123456/*"],
        })
    }

    pub(crate) async fn put_profile(&self, name: &str, document: &Value) {
        self.put(name, "", &document.to_string(), ParameterType::String).await;
    }

    /// Stores the server's present keys, as if fetched `age` seconds ago.
    pub(crate) async fn put_keys(&self, name: &str, age: u64) {
        let mut keys = self.okta.key_set();
        keys["fetchedAt"] = json!(seconds_since_epoch() - age);
        keys["maxAge"] = json!(3600);
        self.put(name, "keys", &keys.to_string(), ParameterType::String).await;
    }

    pub(crate) async fn put_client(&self, name: &str, id: &str, secret: &str) {
        let client = json!({"clientId": id, "clientSecret": secret}).to_string();
        self.put(name, "client", &client, ParameterType::SecureString).await;
    }

    async fn put(&self, name: &str, part: &str, text: &str, kind: ParameterType) {
        match &self.store {
            Store::Folder(folder) => {
                let file = if part.is_empty() { format!("{name}.json") } else { format!("{name}.{part}.json") };
                std::fs::write(folder.path().join(file), text).expect("a file in a temporary folder");
            }
            Store::Ssm { moto, root } => {
                let place = if part.is_empty() { format!("{root}/{name}") } else { format!("{root}/{name}/{part}") };
                moto.put_parameter(&place, text, kind).await;
            }
        }
    }

    /// Takes a part away that a good world has: `keys` or `client`.
    pub(crate) async fn remove(&self, name: &str, part: &str) {
        match &self.store {
            Store::Folder(folder) => {
                std::fs::remove_file(folder.path().join(format!("{name}.{part}.json"))).expect("a file");
            }
            Store::Ssm { moto, root } => moto.delete_parameter(&format!("{root}/{name}/{part}")).await,
        }
    }

    /// Nothing answers at the server's address from now on.
    pub(crate) fn okta_goes_down(&mut self) {
        self.server = None;
    }

    /// Runs `profiles` with these arguments and this standard input. No secret and no token may be in what it prints.
    pub(crate) async fn run(&self, arguments: &[&str], input: &str) -> Ran {
        self.run_set_up(arguments, input, |_command| {}).await
    }

    /// The same with further settings of the process.
    pub(crate) async fn run_set_up(&self, arguments: &[&str], input: &str, set_up: impl FnOnce(&mut Command)) -> Ran {
        let mut file = tempfile::tempfile().expect("a temporary file");
        file.write_all(input.as_bytes()).expect("a file that can be written");
        file.rewind().expect("a file that can be read");
        let mut command = Command::new(env!("CARGO_BIN_EXE_profiles"));
        command.env_clear().stdin(Stdio::from(file)).args(arguments);
        command.env("SSL_CERT_FILE", self.ca.file()).env("NO_COLOR", "1");
        match &self.store {
            Store::Folder(folder) => {
                command.args(["--store", &format!("file:{}", folder.path().display())]);
            }
            Store::Ssm { moto, root } => {
                command.args(["--root", root, "--region", "eu-west-1", "--endpoint-url", &moto.endpoint()]);
                command.env("AWS_ACCESS_KEY_ID", "test-access-key").env("AWS_SECRET_ACCESS_KEY", "test-secret");
            }
        }
        set_up(&mut command);
        let process = Process::spawn(command);
        let status = process.wait_exit(PATIENCE).await.code();
        let ran = Ran { status, stdout: process.stdout(), stderr: process.stderr() };
        let mut canaries = Canaries::default();
        canaries.secret("the client's secret", CLIENT_SECRET);
        if input.split('.').count() > 2 {
            canaries.token("the token", input.trim());
        }
        canaries.assert_absent_from("the output", &format!("{}\n{}", ran.stdout, ran.stderr));
        ran
    }

    /// The same with `--output json`: the exit status and the document.
    pub(crate) async fn run_json(&self, arguments: &[&str], input: &str) -> (Option<i32>, Value) {
        let ran = self.run(&[arguments, &["--output", "json"]].concat(), input).await;
        let document = serde_json::from_str(&ran.stdout);
        (ran.status, document.unwrap_or_else(|error| panic!("{error}:\n{}\n{}", ran.stdout, ran.stderr)))
    }

    /// What differs from run to run, replaced by what it is.
    pub(crate) fn normalised(&self, text: &str) -> String {
        let authority = self.okta.issuer().trim_start_matches("https://").split('/').next().unwrap_or_default();
        let mut text = text.replace(authority, "acme.okta.com").replace(&self.okta.current_kid(), "KID");
        if let Store::Folder(folder) = &self.store {
            text = text.replace(&folder.path().display().to_string(), "my-profiles");
        }
        let line = |line: &str| match line.split_once(' ') {
            Some((claim @ ("exp" | "iat" | "jti"), _)) => format!("{claim:<5}  ..."),
            Some((_, _)) | None => line.to_owned(),
        };
        text.lines().map(line).map(|line| line + "\n").collect()
    }
}

/// Two scopes, a client with a secret, one with DPoP and one with nothing granted.
fn settings(issuer: &str, audience: &str) -> AuthorizationServer {
    let mut settings = AuthorizationServer::new(issuer, audience);
    settings.scopes = [SCOPE, OTHER_SCOPE, UNGRANTED_SCOPE].map(str::to_owned).to_vec();
    let client = |id: &str, scopes: &[&str]| StandInClient::new(id, SecretString::from(CLIENT_SECRET), scopes);
    settings.clients = vec![
        client(CLIENT_ID, &[SCOPE, OTHER_SCOPE]),
        StandInClient { dpop: true, ..client(DPOP_CLIENT_ID, &[SCOPE]) },
        client(POOR_CLIENT_ID, &[]),
    ];
    settings
}

/// The troubles in a report: `status step reason`, a line each.
pub(crate) fn troubles(report: &Value) -> Vec<String> {
    let steps = report["steps"].as_array().expect("steps").iter();
    let troubles = steps.filter(|step| step["status"] == "fail" || step["status"] == "warn");
    let text = |step: &Value, member: &str| step[member].as_str().unwrap_or_default().to_owned();
    troubles
        .map(|step| {
            assert!(text(step, "remedy").ends_with('.'), "a remedy is a sentence: {step}");
            [text(step, "status"), text(step, "step"), text(step, "reason")].join(" ")
        })
        .collect()
}
