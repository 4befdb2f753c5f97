//! What `profiles local` shows where it is given no profiles: one profile whose callers bring a token, one in automatic
//! mode, one client, a stand-in Okta.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::{Value, json};
use tempfile::TempDir;

use super::event::ApiStage;
use super::okta::{AuthorizationServer, StandInClient, StandInOkta, StandInOktaError};
use crate::adapters::system_clock::SystemClock;
use crate::ports::clock::Clock;

const AUDIENCE: &str = "api://orders";
const SCOPE: &str = "CustomScope";
const OTHER_SCOPE: &str = "OtherScope";

/// The demonstration: its profile lies in a folder that goes when it does.
#[derive(Debug)]
pub struct Demo {
    directory: TempDir,
}

impl Demo {
    /// The profile's name.
    pub const PROFILE: &'static str = "demo";
    /// The profile whose callers need no token.
    pub const AUTOMATIC_PROFILE: &'static str = "automatic-demo";
    /// The path below which the gateway plays the API of that profile.
    pub const AUTOMATIC_PATH: &'static str = "/automatic-demo";
    /// The client that may use it.
    pub const CLIENT_ID: &'static str = "demo-client";
    /// Its secret, which protects nothing.
    pub const CLIENT_SECRET: &'static str = "demo-secret";
    /// A scope that the client may have and that does not open the API.
    pub const USELESS_SCOPE: &'static str = OTHER_SCOPE;

    /// The API and stage of the profile whose callers need no token.
    #[must_use]
    pub fn automatic_api() -> ApiStage {
        ApiStage::new("automatic1", "local")
    }

    /// Writes the profiles of an issuer to a folder of their own; the one whose callers bring a token is for `api`.
    ///
    /// # Errors
    /// Where the folder or a file cannot be written.
    pub fn write(issuer: &str, api: &ApiStage) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("okta-security-profiles-").tempdir()?;
        let profile = json!({
            "version": 1,
            "description": "the demonstration of `profiles local`",
            "issuer": issuer,
            "audiences": [AUDIENCE],
            "scopes": [SCOPE],
            "grantableScopes": [SCOPE, OTHER_SCOPE],
            "apis": [api.to_string()],
        });
        let automatic = json!({
            "version": 1,
            "description": "the demonstration of automatic mode: from this machine, no token is needed",
            "issuer": issuer,
            "audiences": [AUDIENCE],
            "scopes": [SCOPE],
            "apis": [Self::automatic_api().to_string()],
            "routes": [{"route": "GET /{proxy+}"}],
            "allowedIps": ["127.0.0.0/8", "::1/128"],
            "automatic": {"basic": true, "anonymous": true},
        });
        let client = json!({"clientId": Self::CLIENT_ID, "clientSecret": Self::CLIENT_SECRET});
        let demo = Self { directory };
        let write = |path: PathBuf, document: &Value| std::fs::write(path, format!("{document:#}\n"));
        write(demo.profile_path(), &profile)?;
        write(demo.path(Self::AUTOMATIC_PROFILE, ".json"), &automatic)?;
        write(demo.path(Self::AUTOMATIC_PROFILE, ".client.json"), &client)?;
        Ok(demo)
    }

    /// The folder.
    #[must_use]
    pub fn directory(&self) -> &Path {
        self.directory.path()
    }

    /// The profile document.
    #[must_use]
    pub fn profile_path(&self) -> PathBuf {
        self.path(Self::PROFILE, ".json")
    }

    fn path(&self, profile: &str, ending: &str) -> PathBuf {
        self.directory.path().join(format!("{profile}{ending}"))
    }

    /// An authorization server that knows the demonstration's client.
    ///
    /// # Errors
    /// Where the issuer is no URL or no key can be generated.
    pub fn authorization_server(issuer: &str) -> Result<StandInOkta, StandInOktaError> {
        let scopes = [SCOPE, OTHER_SCOPE];
        let mut server = AuthorizationServer::new(issuer, AUDIENCE);
        server.scopes = scopes.map(str::to_owned).to_vec();
        server.clients = vec![StandInClient::new(Self::CLIENT_ID, SecretString::from(Self::CLIENT_SECRET), &scopes)];
        StandInOkta::new(server, Arc::new(|| SystemClock.now().wall.seconds()))
    }
}
