//! The authorizer's job: a request, the profiles that apply to it, a decision.

use crate::application::key_ring::{KeyRing, KeyRingError};
use crate::application::profile_catalog::{CatalogError, LoadedProfile, ProfileCatalog};
use crate::application::verify_token::{VerifyTokenError, verify_token};
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::jose::jwt::{JwtError, UnverifiedJwt};
use crate::domain::oauth::bearer::CredentialError;
use crate::domain::profile::ProfileName;
use crate::domain::time::Moment;
use crate::domain::validation::authorize::{Decision, authorize};
use crate::domain::validation::error::{Denial, Rung, TokenError};
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;

/// Decides about requests.
#[derive(Debug)]
pub struct AuthorizeRequest<S, K, C> {
    /// The profiles in force.
    pub profiles: ProfileCatalog<S>,
    /// The issuers' keys.
    pub keys: KeyRing<K>,
    /// The clocks.
    pub clock: C,
}

/// Why a request gets no decision of Allow or Deny.
#[derive(Debug, thiserror::Error)]
pub enum AuthorizeError {
    /// There is no usable credential.
    #[error(transparent)]
    Credential(#[from] CredentialError),
    /// What was presented is no access token.
    #[error(transparent)]
    Jwt(#[from] JwtError),
    /// The token is not accepted.
    #[error(transparent)]
    Token(#[from] TokenError),
    /// No profiles are loaded.
    #[error(transparent)]
    Profiles(#[from] CatalogError),
    /// The issuer's keys are missing.
    #[error(transparent)]
    Keys(KeyRingError),
    /// A profile's document is refused, and it may be the one that would have allowed the request.
    #[error("the profile `{0}` is refused, see its log line")]
    BrokenProfile(ProfileName),
    /// The invocation is about to end.
    #[error("the invocation ended before the decision was made")]
    Deadline,
    /// The profile needs something that this form of event does not carry.
    #[error("the profile `{profile}` has `{field}`, which a {} event cannot serve; use a REQUEST authorizer", form.name())]
    FormCannotServe {
        /// The profile.
        profile: ProfileName,
        /// Its field.
        field: &'static str,
        /// The event's form.
        form: EventForm,
    },
}

impl<S: ProfileStore, K: KeySetSource, C: Clock> AuthorizeRequest<S, K, C> {
    /// Loads the profiles ahead of the first request.
    ///
    /// # Errors
    /// [`CatalogError`] where there are none to load.
    pub async fn warm_up(&self) -> Result<(), CatalogError> {
        self.profiles.current(self.clock.now()).await.map(|_| ())
    }

    /// Decides about one request: the first profile that applies to the API and that the token satisfies governs.
    ///
    /// # Errors
    /// [`AuthorizeError`] for a bad token and for everything that is not the caller's fault. Where profiles disagree,
    /// what could not be found out outweighs a refusal, and of refusals the one that got furthest is reported.
    pub async fn decide(&self, request: &AuthorizationRequest) -> Result<Decision, AuthorizeError> {
        let token = request.credential.as_ref().map_err(|error| *error)?;
        let jwt = UnverifiedJwt::parse(token.expose())?;
        let now = self.clock.now();
        let snapshot = self.profiles.current(now).await?;
        let mut refusals = Refusals::default();
        for loaded in snapshot.applying_to(&request.method_arn) {
            match self.try_profile(&jwt, loaded, request, now).await {
                Ok(Decision::Allow(grant)) => return Ok(Decision::Allow(grant)),
                Ok(Decision::Deny(denial)) => refusals.denied(denial),
                Err(error) => refusals.failed(error),
            }
        }
        match snapshot.broken().first() {
            Some(broken) => Err(AuthorizeError::BrokenProfile(broken.clone())),
            None => refusals.furthest(),
        }
    }

    async fn try_profile(
        &self,
        jwt: &UnverifiedJwt<'_>,
        loaded: &LoadedProfile,
        request: &AuthorizationRequest,
        now: Moment,
    ) -> Result<Decision, AuthorizeError> {
        if !loaded.profile.allowed_ips().is_empty() && !request.form.carries_source_ip() {
            let profile = loaded.profile.name().clone();
            return Err(AuthorizeError::FormCannotServe { profile, field: "allowedIps", form: request.form });
        }
        let token = verify_token(jwt, loaded, &self.keys, now).await.map_err(|error| match error {
            VerifyTokenError::Token(error) => AuthorizeError::Token(error),
            VerifyTokenError::Keys(error) => AuthorizeError::Keys(error),
        })?;
        Ok(authorize(token, request.source_ip))
    }
}

/// What the profiles tried so far said.
#[derive(Default)]
struct Refusals {
    furthest: Option<(Rung, Refusal)>,
    unknown: Option<AuthorizeError>,
}

enum Refusal {
    Denied(Denial),
    Token(TokenError),
}

impl Refusals {
    fn denied(&mut self, denial: Denial) {
        self.note(denial.rung(), Refusal::Denied(denial));
    }

    fn failed(&mut self, error: AuthorizeError) {
        match error {
            AuthorizeError::Token(error) => self.note(error.rung(), Refusal::Token(error)),
            unknown @ (AuthorizeError::Credential(_)
            | AuthorizeError::Jwt(_)
            | AuthorizeError::Profiles(_)
            | AuthorizeError::Keys(_)
            | AuthorizeError::BrokenProfile(_)
            | AuthorizeError::Deadline
            | AuthorizeError::FormCannotServe { .. }) => {
                self.unknown.get_or_insert(unknown);
            }
        }
    }

    fn note(&mut self, rung: Rung, refusal: Refusal) {
        if self.furthest.as_ref().is_none_or(|(furthest, _)| rung > *furthest) {
            self.furthest = Some((rung, refusal));
        }
    }

    fn furthest(self) -> Result<Decision, AuthorizeError> {
        match (self.unknown, self.furthest) {
            (Some(unknown), _) => Err(unknown),
            (None, Some((_, Refusal::Token(error)))) => Err(AuthorizeError::Token(error)),
            (None, Some((_, Refusal::Denied(denial)))) => Ok(Decision::Deny(denial)),
            (None, None) => Ok(Decision::Deny(Denial::NoProfile)),
        }
    }
}

#[cfg(test)]
#[path = "authorize_request_tests.rs"]
mod tests;
