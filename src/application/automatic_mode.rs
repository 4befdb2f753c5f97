//! Automatic mode: a caller without a token, and the token that is fetched for it — for the client whose id and secret the
//! caller presents, or for the profile's stored client.

use std::sync::Arc;

use super::authorize_request::AuthorizeError;
use super::call_time::CallTime;
use super::client_tokens::{ClientTokens, TokenDemand};
use super::key_ring::KeyRing;
use super::obtain_error::ObtainError;
use super::profile_catalog::{LoadedProfile, ProfileCatalog};
use super::stored_clients::{CLIENT_LIFETIME, LEAST_AGE_OF_A_REFUSED_CLIENT, StoredClients};
use crate::domain::binding::possession::Presentation;
use crate::domain::deny_list::{DenyList, Listed};
use crate::domain::gateway::request::AuthorizationRequest;
use crate::domain::gateway::route::Resolution;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::token_cache::HeldToken;
use crate::domain::validation::authorize::{Call, Decision, Denied, authorize};
use crate::domain::validation::error::Denial;
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;

/// Fetches tokens for callers that have none.
#[derive(Debug)]
pub struct AutomaticMode<T> {
    tokens: ClientTokens<T>,
    clients: StoredClients,
}

/// Who calls, in automatic mode.
#[derive(Debug, Clone, Copy)]
pub enum Caller<'c> {
    /// A client that shows its own id and secret.
    Client(&'c ClientCredentials),
    /// Whoever calls from an address that the profile allows.
    Anonymous,
}

/// What deciding needs of the authorizer.
pub(super) struct Surroundings<'a, S, K, C> {
    pub(super) profiles: &'a ProfileCatalog<S>,
    pub(super) keys: &'a KeyRing<K>,
    pub(super) clock: &'a C,
    pub(super) deny_list: &'a DenyList,
    pub(super) time: CallTime,
}

impl<T: TokenEndpoint> AutomaticMode<T> {
    /// Nothing is held yet.
    pub fn new(tokens: ClientTokens<T>) -> Self {
        Self { tokens, clients: StoredClients::default() }
    }

    /// What the profile says of a call without a token; `None` where it does not take such calls.
    ///
    /// # Errors
    /// [`AuthorizeError`] where no token could be had, or the event does not carry what automatic mode needs.
    pub(super) async fn decide<S: ProfileStore, K: KeySetSource, C: Clock>(
        &self,
        caller: Caller<'_>,
        loaded: &LoadedProfile,
        request: &AuthorizationRequest,
        around: &Surroundings<'_, S, K, C>,
    ) -> Result<Option<Decision>, AuthorizeError> {
        let (profile, automatic) = (&loaded.profile, loaded.profile.automatic());
        let takes_it = match caller {
            Caller::Client(_) => automatic.basic,
            Caller::Anonymous => automatic.anonymous,
        };
        if !takes_it {
            return Ok(None);
        }
        if !request.form.carries_request() {
            let (profile, form) = (profile.name().clone(), request.form);
            return Err(AuthorizeError::FormCannotServe { profile, field: "automatic", form });
        }
        let token = match caller {
            // Nothing is fetched for a caller whom the profile would not let in anyway.
            Caller::Anonymous if !profile.allows_address(request.source_ip) => return Ok(None),
            Caller::Client(client) if around.deny_list.holds_client(client.client_id.as_str()) => {
                let denial = Denial::DenyListed { listed: Listed::Client };
                return Ok(Some(Decision::Deny(Denied::without_token(denial))));
            }
            Caller::Client(client) if !profile.allows_client(client.client_id.as_str()) => {
                return Ok(Some(Decision::Deny(Denied::without_token(Denial::ClientNotAllowed))));
            }
            Caller::Client(client) => {
                let obtained = self.obtain(client, loaded, request, around).await;
                obtained.map_err(|error| AuthorizeError::Automatic { error, is_callers: true })?
            }
            Caller::Anonymous => self.token_of_stored_client(loaded, request, around).await?,
        };
        let resolution = Resolution::from(request.form);
        let (source_ip, deny_list) = (request.source_ip, around.deny_list);
        let presentation = Presentation::Fetched;
        let call = Call { arn: &request.method_arn, resolution, source_ip, deny_list, presentation };
        let decision = authorize(Arc::clone(&token.verified.token), call);
        Ok(Some(match decision.map_err(|error| AuthorizeError::Token(error.into()))? {
            Decision::Allow(grant) if automatic.forward_token => {
                Decision::Allow(grant.forwarding(token.access_token.clone()))
            }
            decision @ (Decision::Allow(_) | Decision::Deny(_)) => decision,
        }))
    }

    async fn obtain<S, K: KeySetSource, C: Clock>(
        &self,
        client: &ClientCredentials,
        loaded: &LoadedProfile,
        request: &AuthorizationRequest,
        around: &Surroundings<'_, S, K, C>,
    ) -> Result<Arc<HeldToken>, Arc<ObtainError>> {
        let scopes = loaded.profile.scopes();
        let demand = TokenDemand { client, dpop: None, loaded, scopes, caller: request.source_ip };
        let obtained = self.tokens.obtain(demand, around.keys, around.clock, around.time).await?;
        Ok(obtained.token)
    }

    async fn token_of_stored_client<S: ProfileStore, K: KeySetSource, C: Clock>(
        &self,
        loaded: &LoadedProfile,
        request: &AuthorizationRequest,
        around: &Surroundings<'_, S, K, C>,
    ) -> Result<Arc<HeldToken>, AuthorizeError> {
        let held = self.clients.current(around.profiles, loaded.profile.name(), around.time, CLIENT_LIFETIME).await?;
        let failed = |error| AuthorizeError::Automatic { error, is_callers: false };
        match self.obtain(&held.client, loaded, request, around).await {
            Ok(token) => Ok(token),
            Err(error) if is_unknown_client(&error) => {
                let again = {
                    let lifetime = LEAST_AGE_OF_A_REFUSED_CLIENT;
                    self.clients.current(around.profiles, loaded.profile.name(), around.time, lifetime).await?
                };
                if again.read_at == held.read_at {
                    return Err(failed(error));
                }
                self.obtain(&again.client, loaded, request, around).await.map_err(failed)
            }
            Err(error) => Err(failed(error)),
        }
    }
}

fn is_unknown_client(error: &ObtainError) -> bool {
    match error {
        ObtainError::Refused { refusal, .. } => refusal.is_invalid_client(),
        ObtainError::CoolingDown { .. } => true,
        ObtainError::Endpoint(_)
        | ObtainError::LeftAlone { .. }
        | ObtainError::NotAccepted(_)
        | ObtainError::Keys(_) => false,
    }
}
