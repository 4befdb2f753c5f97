//! What `profiles local` shows where it is given no profiles: one profile, one client, a stand-in Okta.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;

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
    /// The client that may use it.
    pub const CLIENT_ID: &'static str = "demo-client";
    /// Its secret, which protects nothing.
    pub const CLIENT_SECRET: &'static str = "demo-secret";
    /// A scope that the client may have and that does not open the API.
    pub const USELESS_SCOPE: &'static str = OTHER_SCOPE;

    /// Writes the profile of an issuer to a folder of its own.
    ///
    /// # Errors
    /// Where the folder or the file cannot be written.
    pub fn write(issuer: &str) -> io::Result<Self> {
        let directory = tempfile::Builder::new().prefix("okta-security-profiles-").tempdir()?;
        let profile = json!({
            "version": 1,
            "description": "the demonstration of `profiles local`",
            "issuer": issuer,
            "audiences": [AUDIENCE],
            "scopes": [SCOPE],
            "grantableScopes": [SCOPE, OTHER_SCOPE],
            "apis": ["*"],
        });
        let demo = Self { directory };
        std::fs::write(demo.profile_path(), format!("{profile:#}\n"))?;
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
        self.directory.path().join(format!("{}.json", Self::PROFILE))
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
