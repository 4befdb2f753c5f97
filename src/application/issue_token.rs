//! The token function's job: a client's request, a token that is held or fetched, and the profile's word on both.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use crate::application::call_time::CallTime;
use crate::application::client_tokens::{ClientTokens, Obtained, TokenDemand};
use crate::application::key_ring::KeyRing;
use crate::application::obtain_error::ObtainError;
use crate::application::profile_catalog::{CatalogError, LoadedProfile, ProfileCatalog, Snapshot};
use crate::domain::binding::mode::Binding;
use crate::domain::deny_list::Listed;
use crate::domain::oauth::client_credentials::{IncomingForm, TokenRequest, TokenRequestError};
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};
use crate::domain::profile::{ProfileName, SecurityProfile};
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;

/// Answers token requests.
#[derive(Debug)]
pub struct IssueToken<S, K, T, C> {
    /// The profiles in force.
    pub profiles: ProfileCatalog<S>,
    /// The issuers' keys.
    pub keys: KeyRing<K>,
    /// The clients' tokens.
    pub tokens: ClientTokens<T>,
    /// The clocks.
    pub clock: C,
}

/// A token request as it came over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct IncomingTokenRequest<'r> {
    /// The profile of the path.
    pub profile: &'r str,
    /// The rest.
    pub form: IncomingForm<'r>,
    /// Where it comes from, where that is known.
    pub caller: Option<IpAddr>,
}

/// A token that was verified by the profile's rules and may be handed to the client.
#[derive(Debug)]
pub struct Issued {
    /// The token, and how it came.
    pub obtained: Obtained,
    /// Until `exp`.
    pub expires_in: Duration,
}

/// Why no token is handed out.
#[derive(Debug, thiserror::Error)]
pub enum IssueTokenError {
    /// No profile has the name in the path.
    #[error("no profile has this name")]
    UnknownProfile,
    /// The profile's document is refused.
    #[error("the profile `{0}` is refused, see its log line")]
    BrokenProfile(ProfileName),
    /// No profiles are loaded.
    #[error(transparent)]
    Profiles(#[from] CatalogError),
    /// The request is malformed.
    #[error("{error}")]
    Request {
        /// What is wrong with it.
        error: TokenRequestError,
        /// Whether the client used an `Authorization` header.
        used_authorization: bool,
    },
    /// The profile's `clients.allow` does not hold the client.
    #[error("the client may not use this profile")]
    ClientNotAllowed,
    /// The request has a DPoP proof, and the profile takes no tokens that are bound to a key.
    #[error("the profile takes no tokens that are bound to a key, its `binding` is not `dpop`")]
    ProofNotTaken,
    /// The request has no DPoP proof, and the profile takes only tokens that are bound to a key.
    #[error("the profile takes only tokens that are bound to a key, and the request has no DPoP proof")]
    ProofNeeded,
    /// The profile's tokens are bound to a certificate, which only a connection to Okta itself can show.
    #[error("the profile's tokens are bound to a client certificate: they are had from the authorization server alone")]
    CertificateNeeded,
    /// The client, or the token that it would be given, is on the deny list.
    #[error("the {} is on the deny list", .0.name())]
    DenyListed(Listed),
    /// The deny list is refused, and no earlier one is held.
    #[error("the deny list is refused, see its log line; nobody can be given a token")]
    BrokenDenyList,
    /// A requested scope is not grantable.
    #[error("the scope `{0}` cannot be granted here")]
    ScopeNotGrantable(ScopeToken),
    /// There is no token for the client.
    #[error("no token was obtained")]
    Obtain {
        /// Why not. Calls that asked at once share it.
        #[source]
        error: Arc<ObtainError>,
        /// Whether the client used an `Authorization` header.
        used_authorization: bool,
    },
    /// The invocation is about to end.
    #[error("the invocation ended before a token was there")]
    Deadline,
}

impl<S: ProfileStore, K: KeySetSource, T: TokenEndpoint, C: Clock> IssueToken<S, K, T, C> {
    /// Loads the profiles ahead of the first request, in what is left of the start.
    ///
    /// # Errors
    /// [`CatalogError`] where there are none to load.
    pub async fn warm_up(&self, left: Duration) -> Result<(), CatalogError> {
        self.profiles.current(CallTime { now: self.clock.now(), left }).await.map(|_| ())
    }

    /// Refreshes what is due, in what is left of an invocation whose request is answered.
    pub async fn refresh_due(&self, left: Duration) {
        let time = CallTime { now: self.clock.now(), left };
        tokio::join!(self.profiles.refresh_due(time), self.keys.refresh_due(time));
    }

    /// The profile of a path, for its metadata.
    ///
    /// # Errors
    /// [`IssueTokenError`] where there is none.
    pub async fn profile(&self, name: &str, left: Duration) -> Result<Arc<SecurityProfile>, IssueTokenError> {
        let snapshot = self.profiles.current(CallTime { now: self.clock.now(), left }).await?;
        find(&snapshot, name).map(|loaded| Arc::clone(&loaded.profile))
    }

    /// Checks the request, and obtains a token that the profile accepts. What it waits for ends within `left`.
    ///
    /// # Errors
    /// [`IssueTokenError`], each told apart by whose fault it is.
    pub async fn issue(&self, incoming: IncomingTokenRequest<'_>, left: Duration) -> Result<Issued, IssueTokenError> {
        let time = CallTime { now: self.clock.now(), left };
        let snapshot = self.profiles.current(time).await?;
        let loaded = find(&snapshot, incoming.profile)?;
        let used_authorization = !incoming.form.authorization.is_empty();
        let request = TokenRequest::parse(incoming.form)
            .map_err(|error| IssueTokenError::Request { error, used_authorization })?;
        let deny_list = snapshot.deny_list().ok_or(IssueTokenError::BrokenDenyList)?;
        if deny_list.holds_client(request.client.client_id.as_str()) {
            return Err(IssueTokenError::DenyListed(Listed::Client));
        }
        let scopes = permitted_scopes(&request, &loaded.profile)?;
        let TokenRequest { client, dpop, .. } = &request;
        check_proof(loaded.profile.binding().mode, dpop.is_some())?;
        let demand = TokenDemand { client, dpop: dpop.as_ref(), loaded, scopes: &scopes, caller: incoming.caller };
        let obtained = self.tokens.obtain(demand, &self.keys, &self.clock, time).await;
        let obtained = obtained.map_err(|error| IssueTokenError::Obtain { error, used_authorization })?;
        if let Some(listed) = deny_list.holds(&obtained.token.verified.token) {
            return Err(IssueTokenError::DenyListed(listed));
        }
        let expires_in = obtained.token.expires_at().since(self.clock.now().wall);
        Ok(Issued { obtained, expires_in })
    }
}

fn find<'s>(snapshot: &'s Snapshot, name: &str) -> Result<&'s LoadedProfile, IssueTokenError> {
    let name = ProfileName::new(name).map_err(|_| IssueTokenError::UnknownProfile)?;
    snapshot.named(&name).ok_or_else(|| {
        let broken = snapshot.broken().contains(&name);
        if broken { IssueTokenError::BrokenProfile(name) } else { IssueTokenError::UnknownProfile }
    })
}

/// A request that could only end with a token which no API takes is not sent on.
const fn check_proof(mode: Binding, has_proof: bool) -> Result<(), IssueTokenError> {
    match (mode, has_proof) {
        (Binding::None, false) | (Binding::Dpop | Binding::AnyBound, true) => Ok(()),
        (Binding::None, true) => Err(IssueTokenError::ProofNotTaken),
        (Binding::Dpop | Binding::AnyBound, false) => Err(IssueTokenError::ProofNeeded),
        (Binding::Mtls, _) => Err(IssueTokenError::CertificateNeeded),
    }
}

/// The scopes to ask Okta for: the requested ones, all of which must be grantable, or the profile's own.
fn permitted_scopes(request: &TokenRequest, profile: &SecurityProfile) -> Result<ScopeSet, IssueTokenError> {
    if !profile.allows_client(request.client.client_id.as_str()) {
        return Err(IssueTokenError::ClientNotAllowed);
    }
    match &request.scopes {
        None => Ok(profile.scopes().clone()),
        Some(requested) => match profile.grantable_scopes().first_missing(requested) {
            None => Ok(requested.clone()),
            Some(outside) => Err(IssueTokenError::ScopeNotGrantable(outside.clone())),
        },
    }
}

#[cfg(test)]
#[path = "issue_token_tests.rs"]
mod tests;
