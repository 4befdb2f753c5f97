//! A stand-in Okta over TLS, a store, and the console beside them.

use std::process::{Command, Stdio};
use std::sync::Arc;

use okta_security_profiles::local::okta::{AuthorizationServer, StandInClient, StandInOkta};
use secrecy::SecretString;
use tempfile::TempDir;

use crate::support::{
    AUDIENCE, CLIENT_ID, CLIENT_SECRET, Moto, OTHER_SCOPE, PATIENCE, PrivateCa, Process, SCOPE, TlsServer,
    seconds_since_epoch,
};

const PROGRAM: &str = env!("CARGO_BIN_EXE_profiles");

/// Where profiles are kept.
enum Store {
    Folder(TempDir),
    Ssm { moto: &'static Moto, root: String },
}

/// One operator's world.
pub(crate) struct World {
    pub(crate) okta: Arc<StandInOkta>,
    _server: TlsServer,
    ca: PrivateCa,
    store: Store,
}

impl World {
    pub(crate) fn folder() -> Self {
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::create_dir(folder.path().join("my-profiles")).expect("a folder");
        Self::over(Store::Folder(folder))
    }

    pub(crate) async fn ssm() -> Self {
        let moto = Moto::shared().await;
        Self::over(Store::Ssm { moto, root: moto.fresh_root() })
    }

    fn over(store: Store) -> Self {
        let ca = PrivateCa::create();
        let mut okta = None;
        let server = TlsServer::serve(&ca, |url| {
            let issuer = format!("{}/oauth2/default", url.replace("127.0.0.1", "localhost"));
            let mut settings = AuthorizationServer::new(&issuer, AUDIENCE);
            settings.scopes = [SCOPE, OTHER_SCOPE].map(str::to_owned).to_vec();
            let secret = SecretString::from(CLIENT_SECRET);
            settings.clients = vec![StandInClient::new(CLIENT_ID, secret, &[SCOPE, OTHER_SCOPE])];
            let made = Arc::new(StandInOkta::new(settings, Arc::new(seconds_since_epoch)).expect("a server"));
            okta = Some(Arc::clone(&made));
            made.router()
        });
        Self { okta: okta.expect("the routes are made first"), _server: server, ca, store }
    }

    /// `https://localhost:PORT`, as an operator types an unusual Okta domain.
    pub(crate) fn okta_domain(&self) -> String {
        self.okta.issuer().trim_end_matches("/oauth2/default").to_owned()
    }

    /// Starts `profiles` over this world's store.
    pub(crate) fn start(&self, arguments: &[&str]) -> Process {
        let ca = self.ca.file().display().to_string();
        let mut variables = vec![("SSL_CERT_FILE", ca), ("ALLOW_LOOPBACK_HTTP", "true".to_owned())];
        let mut command = Command::new(PROGRAM);
        let mut arguments: Vec<String> = arguments.iter().map(|argument| (*argument).to_owned()).collect();
        match &self.store {
            Store::Folder(folder) => {
                arguments.extend(["--store", "file:my-profiles", "--region", "eu-west-1"].map(str::to_owned));
                command.current_dir(folder.path());
            }
            Store::Ssm { moto, root } => {
                let options = ["--store", "ssm", "--root", root, "--region", "eu-west-1", "--endpoint-url"];
                arguments.extend(options.map(str::to_owned));
                arguments.push(moto.endpoint());
                for (name, value) in [
                    ("AWS_ACCESS_KEY_ID", "test-access-key"),
                    ("AWS_SECRET_ACCESS_KEY", "test-secret"),
                    ("AWS_EC2_METADATA_DISABLED", "true"),
                ] {
                    variables.push((name, value.to_owned()));
                }
            }
        }
        command.args(arguments).env_clear().envs(variables).stdin(Stdio::null());
        Process::spawn(command)
    }

    /// Stores a document as the command line does.
    #[allow(dead_code, reason = "only some of the tests that share this file store documents so")]
    pub(crate) async fn put(&self, name: &str, document: &serde_json::Value) {
        let file = tempfile::Builder::new().suffix(".json").tempfile().expect("a temporary file");
        std::fs::write(file.path(), document.to_string()).expect("a file");
        let path = file.path().display().to_string();
        let put = self.start(&["put", name, &path, "--yes"]);
        assert!(put.wait_exit(PATIENCE).await.success(), "{}", put.logs());
    }

    /// Starts the console and waits for its address, which opens it once.
    pub(crate) async fn console(&self, arguments: &[&str]) -> (Process, String) {
        let process = self.start(&[&["console", "--port", "0"], arguments].concat());
        process.wait_for("/enter?key=").await;
        process.wait_for("\n\n  http").await;
        let text = process.stdout();
        let url = text.lines().map(str::trim).find(|line| line.starts_with("http")).expect("an address").to_owned();
        (process, url)
    }
}
