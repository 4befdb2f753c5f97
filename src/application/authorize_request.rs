//! The authorizer's job: a request, the profiles that apply to it, a decision.

use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::time::Duration;

use serde_json::{Map, Value};

use crate::application::automatic_mode::{AutomaticMode, Caller, Surroundings};
use crate::application::call_time::CallTime;
use crate::application::introspector::{IntrospectError, Introspector};
use crate::application::key_ring::{KeyRing, KeyRingError};
use crate::application::obtain_error::ObtainError;
use crate::application::profile_catalog::{CatalogError, LoadedProfile, ProfileCatalog};
use crate::application::stored_clients::StoredClientError;
use crate::application::verify_token::{TokenMemory, VerifyTokenError, verify_token};
use crate::domain::binding::possession::{BindingError, Presentation, Shown};
use crate::domain::binding::replay::UsedProofs;
use crate::domain::deny_list::DenyList;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::gateway::route::Resolution;
use crate::domain::jose::jwt::{JwtError, MAX_TOKEN_BYTES, UnverifiedJwt};
use crate::domain::oauth::bearer::{Credential, CredentialError, Scheme};
use crate::domain::oauth::secret::BearerToken;
use crate::domain::profile::{Introspection, ProfileName, SecurityProfile};
use crate::domain::validation::authorize::{Call, Decision, Denied, Grant, authorize};
use crate::domain::validation::error::{Rung, TokenError};
use crate::domain::validation::verify::VerifiedToken;
use crate::domain::verified_tokens::TokenDigest;
use crate::ports::clock::Clock;
use crate::ports::introspection_endpoint::IntrospectionEndpoint;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;

/// Decides about requests.
#[derive(Debug)]
pub struct AuthorizeRequest<S, K, T, C> {
    /// The profiles in force.
    pub profiles: ProfileCatalog<S>,
    /// The issuers' keys.
    pub keys: KeyRing<K>,
    /// The tokens verified before.
    pub memory: TokenMemory,
    /// The proofs used before.
    pub used_proofs: Mutex<UsedProofs>,
    /// What authorization servers say of tokens, where a profile asks.
    pub introspector: Introspector<T>,
    /// Tokens for callers that have none, where a profile says so.
    pub automatic: AutomaticMode<T>,
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
    /// The deny list is refused, and no earlier one is held.
    #[error("the deny list is refused, see its log line; nobody can be let in")]
    BrokenDenyList,
    /// In automatic mode, no token could be had.
    #[error("no token was obtained for the caller")]
    Automatic {
        /// Why not.
        #[source]
        error: Arc<ObtainError>,
        /// Whether the client is the caller's own and not the profile's.
        is_callers: bool,
    },
    /// The client that the profile keeps cannot be used.
    #[error(transparent)]
    StoredClient(#[from] StoredClientError),
    /// What the authorization server says of the token cannot be found out.
    #[error("the authorization server could not be asked about the token")]
    Introspection(#[source] Arc<IntrospectError>),
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

impl<S: ProfileStore, K: KeySetSource, T: TokenEndpoint + IntrospectionEndpoint, C: Clock>
    AuthorizeRequest<S, K, T, C>
{
    /// Loads the profiles ahead of the first request, in what is left of the start.
    ///
    /// # Errors
    /// [`CatalogError`] where there are none to load.
    pub async fn warm_up(&self, left: Duration) -> Result<(), CatalogError> {
        self.profiles.current(CallTime { now: self.clock.now(), left }).await.map(|_| ())
    }

    /// Refreshes what is due, in what is left of an invocation whose call is answered.
    pub async fn refresh_due(&self, left: Duration) {
        let time = CallTime { now: self.clock.now(), left };
        tokio::join!(self.profiles.refresh_due(time), self.keys.refresh_due(time));
    }

    /// Decides about one request: the first profile that applies to the API and whose rules the token satisfies governs,
    /// and its routes and networks decide about the call. What the decision waits for ends within `left`.
    ///
    /// # Errors
    /// [`AuthorizeError`] for a bad token and for everything that is not the caller's fault. Where profiles disagree,
    /// what could not be found out outweighs a refusal, and of refusals the one that got furthest is reported.
    pub async fn decide(&self, request: &AuthorizationRequest, left: Duration) -> Result<Decision, AuthorizeError> {
        let time = CallTime { now: self.clock.now(), left };
        match &request.credential {
            Ok(Credential::Token(_, token)) if token.expose().len() > MAX_TOKEN_BYTES => {
                Err(JwtError::TooLarge { bytes: token.expose().len() }.into())
            }
            Ok(Credential::Token(scheme, token)) => {
                let digest = TokenDigest::from(token);
                self.decide_about_token(
                    &Presented { scheme: *scheme, token, digest, jwt: OnceLock::new() },
                    request,
                    time,
                )
                .await
            }
            Ok(Credential::Basic(client)) => {
                let refusal = CredentialError::NotBearer;
                self.decide_without_token(Caller::Client(client), refusal, request, time).await
            }
            Err(missing @ CredentialError::Missing) => {
                self.decide_without_token(Caller::Anonymous, *missing, request, time).await
            }
            Err(error) => Err((*error).into()),
        }
    }

    async fn decide_about_token(
        &self,
        presented: &Presented<'_>,
        request: &AuthorizationRequest,
        time: CallTime,
    ) -> Result<Decision, AuthorizeError> {
        // What is no token at all is refused before anything is loaded; what was verified before is not taken apart again.
        let no_jwt = if self.memory.knows(presented.digest) { None } else { presented.jwt().err() };
        if let Some(error) = no_jwt.filter(|error| !error.may_be_opaque()) {
            return Err(error.into());
        }
        let snapshot = self.profiles.current(time).await?;
        if let Some(error) = no_jwt
            && !snapshot.applying_to(&request.method_arn).any(|loaded| takes_opaque(&loaded.profile))
        {
            return Err(error.into());
        }
        let deny_list = snapshot.deny_list().ok_or(AuthorizeError::BrokenDenyList)?;
        let mut refusals = Refusals::default();
        for loaded in snapshot.applying_to(&request.method_arn) {
            match self.try_profile(presented, loaded, request, deny_list, time).await {
                Ok(decision) => match decision.grant() {
                    Some(grant) => {
                        self.use_proof(grant, time)?;
                        return Ok(decision);
                    }
                    None => refusals.decided(decision),
                },
                Err(error) => refusals.failed(error),
            }
        }
        match snapshot.broken().first() {
            Some(broken) => Err(AuthorizeError::BrokenProfile(broken.clone())),
            None => refusals.furthest(),
        }
    }

    /// Asks the profiles that take calls without a token; `refusal` is what there is to say where none does.
    async fn decide_without_token(
        &self,
        caller: Caller<'_>,
        refusal: CredentialError,
        request: &AuthorizationRequest,
        time: CallTime,
    ) -> Result<Decision, AuthorizeError> {
        let snapshot = self.profiles.current(time).await?;
        let deny_list = snapshot.deny_list().ok_or(AuthorizeError::BrokenDenyList)?;
        let around = Surroundings { profiles: &self.profiles, keys: &self.keys, clock: &self.clock, deny_list, time };
        let (mut refusals, mut taken, mut refused_at) = (Refusals::default(), false, Vec::new());
        for loaded in snapshot.applying_to(&request.method_arn) {
            let token_url = &loaded.profile.endpoints().token_url;
            // Who is refused by an authorization server is not tried there again for the next profile.
            if refused_at.contains(&token_url) {
                continue;
            }
            match self.automatic.decide(caller, loaded, request, &around).await {
                Ok(None) => continue,
                Ok(Some(Decision::Allow(grant))) => return Ok(Decision::Allow(grant)),
                Ok(Some(Decision::Deny(denied))) if denied.grant().is_some() => return Ok(Decision::Deny(denied)),
                Ok(Some(Decision::Deny(denied))) => refusals.denied(denied),
                Err(error) => {
                    refused_at.push(token_url);
                    refusals.failed(error);
                }
            }
            taken = true;
        }
        if taken { refusals.furthest() } else { Err(refusal.into()) }
    }

    async fn try_profile(
        &self,
        presented: &Presented<'_>,
        loaded: &LoadedProfile,
        request: &AuthorizationRequest,
        deny_list: &DenyList,
        time: CallTime,
    ) -> Result<Decision, AuthorizeError> {
        let token = self.vouched_for(presented, loaded, time).await?;
        if let Some(field) = loaded.profile.needs_whole_request().filter(|_| !request.form.carries_request()) {
            let profile = loaded.profile.name().clone();
            return Err(AuthorizeError::FormCannotServe { profile, field, form: request.form });
        }
        let (scheme, possession) = (presented.scheme, &request.possession);
        let shown = Shown { scheme, token: presented.digest, possession, now: time.now.wall };
        let call = Call {
            arn: &request.method_arn,
            resolution: Resolution::from(request.form),
            source_ip: request.source_ip,
            deny_list,
            presentation: Presentation::Shown(shown),
        };
        authorize(token, call).map_err(|error| AuthorizeError::Token(error.into()))
    }

    /// The token, proven by its signature, by its authorization server's word, or by both.
    async fn vouched_for(
        &self,
        presented: &Presented<'_>,
        loaded: &LoadedProfile,
        time: CallTime,
    ) -> Result<Arc<VerifiedToken>, AuthorizeError> {
        let profile = &loaded.profile;
        let Some(rules) = profile.introspection() else { return self.verified(presented, loaded, time).await };
        if takes_opaque(profile) && (profile.is_org_server() || presented.jwt().is_err()) {
            // A token that names another issuer is nothing that this one has to be told of.
            if presented.jwt().is_ok_and(|jwt| jwt.claims.issuer != profile.issuer().as_str()) {
                return Err(TokenError::IssuerMismatch.into());
            }
            let word = self.word_on(presented, loaded, rules, time).await?;
            return Ok(Arc::new(VerifiedToken::introspected(&word, profile, time.now.wall)?));
        }
        let token = self.verified(presented, loaded, time).await?;
        self.word_on(presented, loaded, rules, time).await?;
        Ok(token)
    }

    async fn verified(
        &self,
        presented: &Presented<'_>,
        loaded: &LoadedProfile,
        time: CallTime,
    ) -> Result<Arc<VerifiedToken>, AuthorizeError> {
        let failed = |error| match error {
            VerifyTokenError::Token(error) => AuthorizeError::Token(error),
            VerifyTokenError::Keys(error) => AuthorizeError::Keys(error),
        };
        match self.memory.recall(presented.digest, loaded, &self.keys, time).await.map_err(failed)? {
            Some(token) => Ok(token),
            None => {
                let verified = verify_token(presented.jwt()?, loaded, &self.keys, time).await.map_err(failed)?;
                self.memory.remember(presented.digest, &verified);
                Ok(verified.token)
            }
        }
    }

    /// What the authorization server says of an active token.
    async fn word_on(
        &self,
        presented: &Presented<'_>,
        loaded: &LoadedProfile,
        rules: &Introspection,
        time: CallTime,
    ) -> Result<Arc<Map<String, Value>>, AuthorizeError> {
        let Presented { token, digest, .. } = presented;
        let word = self.introspector.ask(token, *digest, loaded, rules, &self.profiles, time).await;
        word.map_err(AuthorizeError::Introspection)?.ok_or(AuthorizeError::Token(TokenError::Inactive))
    }

    /// A proof is good for one call, whichever profile and whatever decision it comes to.
    fn use_proof(&self, grant: &Grant, time: CallTime) -> Result<(), AuthorizeError> {
        let Some(proof) = grant.proof() else { return Ok(()) };
        let mut used = self.used_proofs.lock().unwrap_or_else(PoisonError::into_inner);
        used.take(proof, time.now.wall).map_err(|error| AuthorizeError::Token(BindingError::from(error).into()))
    }
}

/// Whether the authorization server's word alone is enough for a token.
fn takes_opaque(profile: &SecurityProfile) -> bool {
    profile.introspection().is_some_and(|rules| rules.opaque)
}

/// The token of a request, taken apart when that is first needed: one that was verified before never is.
struct Presented<'r> {
    scheme: Scheme,
    token: &'r BearerToken,
    digest: TokenDigest,
    jwt: OnceLock<Result<UnverifiedJwt<'r>, JwtError>>,
}

impl<'r> Presented<'r> {
    fn jwt(&self) -> Result<&UnverifiedJwt<'r>, JwtError> {
        self.jwt.get_or_init(|| UnverifiedJwt::parse(self.token.expose())).as_ref().map_err(|error| *error)
    }
}

/// What the profiles tried so far said.
#[derive(Default)]
struct Refusals {
    furthest: Option<(Rung, Refusal)>,
    unknown: Option<AuthorizeError>,
}

enum Refusal {
    Denied(Denied),
    Token(TokenError),
}

impl Refusals {
    fn decided(&mut self, decision: Decision) {
        if let Decision::Deny(denied) = decision {
            self.denied(denied);
        }
    }

    fn denied(&mut self, denied: Denied) {
        self.note(denied.denial.rung(), Refusal::Denied(denied));
    }

    fn failed(&mut self, error: AuthorizeError) {
        match error {
            AuthorizeError::Token(error) => self.note(error.rung(), Refusal::Token(error)),
            unknown @ (AuthorizeError::Credential(_)
            | AuthorizeError::Jwt(_)
            | AuthorizeError::Profiles(_)
            | AuthorizeError::Keys(_)
            | AuthorizeError::BrokenProfile(_)
            | AuthorizeError::BrokenDenyList
            | AuthorizeError::Automatic { .. }
            | AuthorizeError::StoredClient(_)
            | AuthorizeError::Introspection(_)
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
            (None, Some((_, Refusal::Denied(denied)))) => Ok(Decision::Deny(denied)),
            (None, None) => Ok(Decision::Deny(Denied::no_profile())),
        }
    }
}

#[cfg(test)]
#[path = "authorize_request_tests.rs"]
mod tests;
