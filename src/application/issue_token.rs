//! The token function's job: a client's request, Okta's answer, and proof that the token would be accepted.

use std::time::Duration;

use secrecy::ExposeSecret;

use crate::application::call_time::CallTime;
use crate::application::key_ring::{KeyRing, KeyRingError};
use crate::application::profile_catalog::{CatalogError, LoadedProfile, ProfileCatalog};
use crate::application::verify_token::{VerifyTokenError, verify_token};
use crate::domain::jose::jwt::{JwtError, UnverifiedJwt};
use crate::domain::oauth::client_credentials::{ClientAuthentication, TokenRequest, TokenRequestError};
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};
use crate::domain::oauth::secret::AccessToken;
use crate::domain::oauth::token_response::{TokenEndpointRefusal, TokenResponse};
use crate::domain::profile::{ProfileName, SecurityProfile};
use crate::domain::validation::authorize::client_denial;
use crate::domain::validation::error::{Denial, TokenError};
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::{TokenEndpoint, TokenEndpointError};

/// Answers token requests.
#[derive(Debug)]
pub struct IssueToken<S, K, T, C> {
    /// The profiles in force.
    pub profiles: ProfileCatalog<S>,
    /// The issuers' keys.
    pub keys: KeyRing<K>,
    /// Okta's token endpoint.
    pub endpoint: T,
    /// The clocks.
    pub clock: C,
}

/// A token request as it came over HTTP.
#[derive(Debug, Clone, Copy)]
pub struct IncomingTokenRequest<'r> {
    /// The profile of the path.
    pub profile: &'r str,
    /// `Content-Type`.
    pub content_type: Option<&'r str>,
    /// Every `Authorization` value.
    pub authorization: &'r [&'r str],
    /// The body.
    pub body: &'r [u8],
}

/// A token that was verified by the profile's rules and may be handed to the client.
#[derive(Debug)]
pub struct Issued {
    /// The token.
    pub access_token: AccessToken,
    /// Seconds until `exp`.
    pub expires_in: u64,
    /// The scopes that the token holds.
    pub scopes: ScopeSet,
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
    /// A requested scope is not grantable.
    #[error("the scope `{0}` cannot be granted here")]
    ScopeNotGrantable(ScopeToken),
    /// Okta did not answer.
    #[error(transparent)]
    Endpoint(#[from] TokenEndpointError),
    /// Okta answered, but not with a token.
    #[error("{refusal}")]
    Refused {
        /// What it answered.
        refusal: TokenEndpointRefusal,
        /// Whether the client used an `Authorization` header.
        used_authorization: bool,
    },
    /// Okta's token is no JWT that could be verified.
    #[error("the authorization server issued a token that no API would accept: {0}")]
    NotAJwt(JwtError),
    /// Okta's token does not satisfy the profile.
    #[error("the authorization server issued a token that the profile does not accept: {0}")]
    NotAccepted(TokenError),
    /// Okta's token belongs to another client than the one that asked.
    #[error("the authorization server issued a token for another client")]
    OtherClient,
    /// Okta's token fails a rule of the profile's `claims`.
    #[error("the authorization server issued a token that the profile does not accept: {0}")]
    NotAllowed(Denial),
    /// Okta's token lacks a scope that was asked for.
    #[error("the authorization server issued a token without the scope `{0}`")]
    ScopeNotGranted(ScopeToken),
    /// The invocation is about to end.
    #[error("the invocation ended before a token was there")]
    Deadline,
    /// The keys to verify Okta's token with are missing.
    #[error(transparent)]
    Keys(KeyRingError),
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

    /// Checks the request, asks Okta, and checks what came back with the same rules as the authorizer, so that a
    /// misconfigured profile shows here and not at the API. What it waits for besides Okta's answer ends within `left`.
    ///
    /// # Errors
    /// [`IssueTokenError`], each told apart by whose fault it is.
    pub async fn issue(&self, incoming: IncomingTokenRequest<'_>, left: Duration) -> Result<Issued, IssueTokenError> {
        let time = CallTime { now: self.clock.now(), left };
        let name = ProfileName::new(incoming.profile).map_err(|_| IssueTokenError::UnknownProfile)?;
        let snapshot = self.profiles.current(time).await?;
        let Some(loaded) = snapshot.named(&name) else {
            let broken = snapshot.broken().contains(&name);
            return Err(if broken { IssueTokenError::BrokenProfile(name) } else { IssueTokenError::UnknownProfile });
        };
        let request =
            TokenRequest::parse(incoming.content_type, incoming.authorization, incoming.body).map_err(|error| {
                IssueTokenError::Request { error, used_authorization: !incoming.authorization.is_empty() }
            })?;
        let scopes = permitted_scopes(&request, &loaded.profile)?;
        let response = self.ask(&request, &loaded.profile, &scopes).await?;
        // Okta stamped the token while this call waited: it is held against the time of its arrival.
        let arrival = self.clock.now();
        let left = left.saturating_sub(arrival.monotonic.since(time.now.monotonic));
        self.check(response.access_token, &request, loaded, &scopes, CallTime { now: arrival, left }).await
    }

    async fn ask(
        &self,
        request: &TokenRequest,
        profile: &SecurityProfile,
        scopes: &ScopeSet,
    ) -> Result<TokenResponse, IssueTokenError> {
        let answer = self.endpoint.request_token(&profile.endpoints().token_url, &request.client, scopes).await?;
        let used_authorization = request.client.method == ClientAuthentication::Basic;
        TokenResponse::from_answer(answer.status, answer.retry_after, answer.body.expose_secret())
            .map_err(|refusal| IssueTokenError::Refused { refusal, used_authorization })
    }

    async fn check(
        &self,
        access_token: AccessToken,
        request: &TokenRequest,
        loaded: &LoadedProfile,
        asked_for: &ScopeSet,
        time: CallTime,
    ) -> Result<Issued, IssueTokenError> {
        let jwt = UnverifiedJwt::parse(access_token.expose()).map_err(IssueTokenError::NotAJwt)?;
        let verified = verify_token(&jwt, loaded, &self.keys, time).await.map_err(|error| match error {
            VerifyTokenError::Token(error) => IssueTokenError::NotAccepted(error),
            VerifyTokenError::Keys(error) => IssueTokenError::Keys(error),
        })?;
        let claims = verified.token.claims();
        if claims.client_id != request.client.client_id.as_str() {
            return Err(IssueTokenError::OtherClient);
        }
        if let Some(denial) = client_denial(&verified.token) {
            return Err(IssueTokenError::NotAllowed(denial));
        }
        if let Some(missing) = claims.scopes.first_missing(asked_for) {
            return Err(IssueTokenError::ScopeNotGranted(missing.clone()));
        }
        let (expires_in, scopes) = (claims.expires_at.since(time.now.wall).as_secs(), claims.scopes.clone());
        Ok(Issued { access_token, expires_in, scopes })
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
