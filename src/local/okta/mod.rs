//! A stand-in for an Okta custom authorization server: discovery, keys and a token URL, for `profiles local` and the tests.
//!
//! It speaks as Okta does where the product can see it (paths, headers, token claims, error bodies), and can be told to
//! misbehave: see [`Fault`]. It is no authorization server to rely on: keys live in memory and secrets are given in plain.

mod claims;
mod client_assertion;
#[cfg(test)]
mod client_assertion_tests;
mod client_authentication;
mod discovery;
mod dpop;
#[cfg(test)]
mod dpop_tests;
mod faults;
mod form;
mod http;
mod introspection;
mod jwt;
mod keys;
mod refusal;
mod replay;
mod settings;
#[cfg(test)]
mod tests;
mod token;

use std::fmt;
use std::future::Future;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use axum::serve::Listener;
use serde_json::Value;

pub use faults::{Endpoint, Fault, RecordedTokenRequest};
pub use settings::{AuthorizationServer, StandInClient};

use faults::Rehearsal;
use keys::KeyRing;
use replay::Memory;

/// The wall clock as the stand-in reads it: seconds since the Unix epoch.
pub type WallClock = Arc<dyn Fn() -> u64 + Send + Sync>;

/// Why the stand-in could not start.
#[derive(Debug, thiserror::Error)]
pub enum StandInOktaError {
    /// The issuer is not an absolute `http` or `https` URL, or it ends in a slash.
    #[error("the issuer `{issuer}` must be an http or https URL without query, fragment or trailing slash")]
    Issuer {
        /// The issuer as it was given.
        issuer: String,
    },
    /// No RSA key could be generated.
    #[error("no signing key could be generated")]
    KeyGeneration,
}

/// One authorization server with its signing keys, its faults and its counters.
pub struct StandInOkta {
    settings: AuthorizationServer,
    /// The issuer's path, without a trailing slash: every endpoint lies below it.
    path: String,
    keys: Mutex<KeyRing>,
    rehearsal: Mutex<Rehearsal>,
    memory: Mutex<Memory>,
    clock: WallClock,
}

impl StandInOkta {
    /// Makes the server and its first signing key (RSA-2048).
    ///
    /// # Errors
    /// [`StandInOktaError::Issuer`] for an issuer that cannot be served, [`StandInOktaError::KeyGeneration`] without a key.
    pub fn new(settings: AuthorizationServer, clock: WallClock) -> Result<Self, StandInOktaError> {
        let path = settings.issuer_path()?;
        let keys = Mutex::new(KeyRing::generate()?);
        Ok(Self { path, settings, keys, rehearsal: Mutex::default(), memory: Mutex::new(Memory::new()), clock })
    }

    /// The issuer: the `iss` of every token.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.settings.issuer
    }

    /// The token endpoint: the `aud` of a client assertion and the `htu` of a DPoP proof.
    #[must_use]
    pub fn token_url(&self) -> String {
        format!("{}/v1/token", self.settings.issuer)
    }

    /// The nonce that a DPoP proof must have now (RFC 9449 section 8). A request without it is told.
    #[must_use]
    pub fn dpop_nonce(&self) -> String {
        self.memory().dpop_nonce.clone()
    }

    /// Takes no proof with the old nonce from now on.
    pub fn change_dpop_nonce(&self) {
        self.memory().change_dpop_nonce();
    }

    /// The `kid` of the key that signs now.
    #[must_use]
    pub fn current_kid(&self) -> String {
        self.keyring().current().kid().to_owned()
    }

    /// The key set as `v1/keys` publishes it (RFC 7517 section 5): the signing key first, then the retiring ones.
    #[must_use]
    pub fn key_set(&self) -> Value {
        self.keyring().key_set()
    }

    /// Signs with a new key from now on; the old one is still published.
    ///
    /// # Errors
    /// [`StandInOktaError::KeyGeneration`]; the old key then goes on signing.
    pub fn rotate(&self) -> Result<(), StandInOktaError> {
        self.keyring().rotate()
    }

    /// Publishes nothing but the key that signs now.
    pub fn retire_old_keys(&self) {
        self.keyring().retire_old_keys();
    }

    /// Makes an endpoint misbehave from the next request on, until it is set to [`Fault::None`].
    pub fn set_fault(&self, endpoint: Endpoint, fault: Fault) {
        self.rehearsal().set_fault(endpoint, fault);
    }

    /// How many requests have reached an endpoint, failed ones included.
    #[must_use]
    pub fn requests(&self, endpoint: Endpoint) -> usize {
        self.rehearsal().requests(endpoint)
    }

    /// The last request at the token endpoint, as it came over the wire.
    #[must_use]
    pub fn last_token_request(&self) -> Option<RecordedTokenRequest> {
        self.rehearsal().last_token_request.clone()
    }

    /// Serves until `shutdown` completes. The listener may be plain TCP or bring TLS of its own.
    ///
    /// # Errors
    /// Whatever `axum::serve` reports.
    pub async fn serve<L>(
        self: Arc<Self>,
        listener: L,
        shutdown: impl Future<Output = ()> + Send + 'static,
    ) -> io::Result<()>
    where
        L: Listener,
        L::Addr: fmt::Debug,
    {
        axum::serve(listener, self.router()).with_graceful_shutdown(shutdown).await
    }

    // A test that panics while it holds a lock has failed already; the others may go on.
    fn keyring(&self) -> MutexGuard<'_, KeyRing> {
        self.keys.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn rehearsal(&self) -> MutexGuard<'_, Rehearsal> {
        self.rehearsal.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn memory(&self) -> MutexGuard<'_, Memory> {
        self.memory.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// Names the server without its keys, its clients or the last request.
impl fmt::Debug for StandInOkta {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("StandInOkta").field("issuer", &self.settings.issuer).finish_non_exhaustive()
    }
}
