//! Tokens for clients, fetched from Okta, proven by the core that the authorizer uses, and held for the next request:
//! what the token URL and automatic mode share.

use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use super::call_time::CallTime;
use super::key_ring::KeyRing;
use super::obtain_error::{ObtainError, WhyNotAccepted};
use super::profile_catalog::LoadedProfile;
use super::single_flight::SingleFlight;
use super::verify_token::{VerifyTokenError, is_still_proven, verify_token};
use crate::domain::jose::jwt::UnverifiedJwt;
use crate::domain::keyed_hash::{KeyedHash, SecretDigest};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::oauth::secret::DpopProof;
use crate::domain::oauth::token_response::{TokenEndpointRefusal, TokenResponse, TokenType};
use crate::domain::refused_clients::RefusedClients;
use crate::domain::time::MonotonicTime;
use crate::domain::token_cache::{HeldToken, TokenCache, TokenLookup};
use crate::domain::validation::authorize::client_denial;
use crate::ports::clock::Clock;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::token_endpoint::{EndpointRequest, TokenEndpoint};
use secrecy::ExposeSecret;

/// What is remembered of clients whose rate limit is used up, at most.
const MAX_PAUSES: usize = 1_024;

/// Fetches tokens and holds them.
#[derive(Debug)]
pub struct ClientTokens<T> {
    endpoint: T,
    hash: KeyedHash,
    held: Mutex<TokenCache>,
    refused: Mutex<RefusedClients>,
    /// Until when Okta asked to be left alone, by client.
    pauses: Mutex<HashMap<SecretDigest, MonotonicTime>>,
    /// What is being fetched now; the calls for one token share its outcome.
    flights: SingleFlight<SecretDigest, Outcome>,
}

type Outcome = Result<Obtained, Arc<ObtainError>>;

/// What is asked for.
#[derive(Debug, Clone, Copy)]
pub struct TokenDemand<'d> {
    /// The client.
    pub client: &'d ClientCredentials,
    /// Its proof of the key that the token shall be bound to.
    pub dpop: Option<&'d DpopProof>,
    /// The profile whose token endpoint is asked and whose rules the token must satisfy.
    pub loaded: &'d LoadedProfile,
    /// The scopes.
    pub scopes: &'d ScopeSet,
    /// Where the demand comes from, where that is known.
    pub caller: Option<IpAddr>,
}

/// A token that was proven by the profile's rules.
#[derive(Debug, Clone)]
pub struct Obtained {
    /// The token.
    pub token: Arc<HeldToken>,
    /// How it is to be used.
    pub token_type: TokenType,
    /// Whether it was held from an earlier request.
    pub reused: bool,
    /// What the client's next DPoP proof has to hold.
    pub dpop_nonce: Option<String>,
}

impl<T: TokenEndpoint> ClientTokens<T> {
    /// Nothing is held yet. `hash` is made under a random key.
    pub fn new(endpoint: T, hash: KeyedHash) -> Self {
        Self {
            endpoint,
            hash,
            held: Mutex::default(),
            refused: Mutex::default(),
            pauses: Mutex::default(),
            flights: SingleFlight::default(),
        }
    }

    /// A token for the client: a held one, or one that is fetched, once for all who ask for it now.
    ///
    /// Only a client with a secret is given a held token, and only one who shows the very secret that it was fetched with.
    /// An assertion or a DPoP proof is good for one request.
    ///
    /// # Errors
    /// [`ObtainError`], each told apart by whose fault it is.
    pub async fn obtain<K: KeySetSource, C: Clock>(
        &self,
        demand: TokenDemand<'_>,
        keys: &KeyRing<K>,
        clock: &C,
        time: CallTime,
    ) -> Outcome {
        let (Some(secret), None) = (demand.client.secret(), demand.dpop) else {
            return self.fetch(demand, None, keys, clock, time).await;
        };
        let (profile, client_id) = (&demand.loaded.profile, &demand.client.client_id);
        let digest = self.hash.of_token(profile.version(), client_id, secret, demand.scopes);
        let mut looked_up = lock(&self.held).look_up(&digest, time.now.wall);
        if let Some(token) = looked_up.token()
            && !self.is_proven(token, demand.loaded, keys, time).await
        {
            lock(&self.held).forget(&digest);
            looked_up = TokenLookup::Nothing;
        }
        match looked_up {
            TokenLookup::Reuse(token) => Ok(reused(token)),
            TokenLookup::Replace(token) => match self.fetch_once(demand, digest, keys, clock, time).await {
                // What can still be used is better than nothing while Okta is away.
                Err(error) if error.is_outage() => Ok(reused(token)),
                outcome => outcome,
            },
            TokenLookup::Nothing => self.fetch_once(demand, digest, keys, clock, time).await,
        }
    }

    /// Whether the issuer still has the key that proved a held token.
    async fn is_proven<K: KeySetSource>(
        &self,
        token: &HeldToken,
        loaded: &LoadedProfile,
        keys: &KeyRing<K>,
        time: CallTime,
    ) -> bool {
        is_still_proven(&token.verified, loaded, keys, time).await.unwrap_or(false)
    }

    /// Fetches unless the same token is being fetched already: then that outcome is shared.
    async fn fetch_once<K: KeySetSource, C: Clock>(
        &self,
        demand: TokenDemand<'_>,
        digest: SecretDigest,
        keys: &KeyRing<K>,
        clock: &C,
        time: CallTime,
    ) -> Outcome {
        let fetch = || async {
            // Another call may have landed between the look-up and the boarding.
            let looked_up = lock(&self.held).look_up(&digest, time.now.wall);
            match looked_up {
                TokenLookup::Reuse(token) => Ok(reused(token)),
                TokenLookup::Replace(_) | TokenLookup::Nothing => {
                    self.fetch(demand, Some(digest), keys, clock, time).await
                }
            }
        };
        self.flights.join(digest, fetch).await
    }

    /// Asks Okta, and holds what came under `digest`.
    async fn fetch<K: KeySetSource, C: Clock>(
        &self,
        demand: TokenDemand<'_>,
        digest: Option<SecretDigest>,
        keys: &KeyRing<K>,
        clock: &C,
        time: CallTime,
    ) -> Outcome {
        let asker = Asker::of(demand, &self.hash);
        self.check_pauses(&asker, time.now.monotonic)?;
        let token_url = &demand.loaded.profile.endpoints().token_url;
        let request = EndpointRequest { token_url, client: demand.client, scopes: demand.scopes, dpop: demand.dpop };
        let answer = self.endpoint.request_token(request, time.left).await.map_err(ObtainError::Endpoint)?;
        let dpop_nonce = answer.dpop_nonce;
        let response = TokenResponse::from_answer(answer.status, answer.retry_after, answer.body.expose_secret());
        // Okta stamped the token while this call waited: it is held against the time of its arrival.
        let arrival = clock.now();
        let left = time.left.saturating_sub(arrival.monotonic.since(time.now.monotonic));
        let response = match response {
            Ok(response) => response,
            Err(refusal) => {
                self.note_refusal(&asker, &refusal, arrival.monotonic);
                return Err(ObtainError::Refused { refusal, dpop_nonce }.into());
            }
        };
        if let Some(client) = asker.client {
            lock(&self.refused).accepted(client);
        }
        let token_type = response.token_type;
        if token_type == TokenType::Dpop && demand.dpop.is_none() {
            let refusal = TokenEndpointRefusal::Malformed { status: 200, problem: "a DPoP token without a proof" };
            return Err(ObtainError::Refused { refusal, dpop_nonce }.into());
        }
        let time = CallTime { now: arrival, left };
        let token = Arc::new(prove(response, demand, keys, time).await?);
        if let Some(digest) = digest.filter(|_| token_type == TokenType::Bearer) {
            lock(&self.held).hold(digest, Arc::clone(&token));
        }
        Ok(Obtained { token, token_type, reused: false, dpop_nonce })
    }

    fn check_pauses(&self, asker: &Asker, now: MonotonicTime) -> Result<(), ObtainError> {
        let limited = lock(&self.pauses).get(&asker.rate_limit).map(|end| end.since(now));
        if let Some(retry_after) = limited.filter(|pause| !pause.is_zero()) {
            return Err(ObtainError::LeftAlone { retry_after });
        }
        let pause = asker.client.and_then(|client| lock(&self.refused).pause(&client, asker.caller.as_ref(), now));
        pause.map_or(Ok(()), |retry_after| Err(ObtainError::CoolingDown { retry_after }))
    }

    fn note_refusal(&self, asker: &Asker, refusal: &TokenEndpointRefusal, now: MonotonicTime) {
        if let TokenEndpointRefusal::RateLimited { retry_after: Some(pause) } = refusal {
            let mut pauses = lock(&self.pauses);
            pauses.retain(|_, end| *end > now);
            if pauses.len() < MAX_PAUSES {
                pauses.insert(asker.rate_limit, now.plus(*pause));
            }
        }
        if let (true, Some(client)) = (refusal.is_invalid_client(), asker.client) {
            lock(&self.refused).refused(client, asker.caller, now);
        }
    }
}

/// Who asks, as far as it matters for who is held up.
struct Asker {
    /// The client at its token endpoint, whoever speaks for it: an application has at most half of Okta's rate limit.
    rate_limit: SecretDigest,
    /// The client with its secret, where it has shown one.
    client: Option<SecretDigest>,
    /// The address, for this client.
    caller: Option<SecretDigest>,
}

impl Asker {
    fn of(demand: TokenDemand<'_>, hash: &KeyedHash) -> Self {
        let (url, id) = (demand.loaded.profile.endpoints().token_url.as_str(), &demand.client.client_id);
        Self {
            rate_limit: hash.of_client_id(url, id),
            client: demand.client.secret().map(|secret| hash.of_client(url, id, secret)),
            caller: demand.caller.map(|caller| hash.of_caller(url, id, caller)),
        }
    }
}

fn reused(token: Arc<HeldToken>) -> Obtained {
    Obtained { token, token_type: TokenType::Bearer, reused: true, dpop_nonce: None }
}

/// Holds what came against the profile's rules, with the same core as the authorizer, so that a misconfigured profile
/// shows here and not at the API.
async fn prove<K: KeySetSource>(
    response: TokenResponse,
    demand: TokenDemand<'_>,
    keys: &KeyRing<K>,
    time: CallTime,
) -> Result<HeldToken, ObtainError> {
    let access_token = response.access_token;
    let jwt = UnverifiedJwt::parse(access_token.expose()).map_err(WhyNotAccepted::NotAJwt)?;
    let verified = verify_token(&jwt, demand.loaded, keys, time).await.map_err(|error| match error {
        VerifyTokenError::Token(error) => ObtainError::NotAccepted(WhyNotAccepted::Token(error)),
        VerifyTokenError::Keys(error) => ObtainError::Keys(error),
    })?;
    let claims = verified.token.claims();
    if claims.client_id != demand.client.client_id.as_str() {
        return Err(WhyNotAccepted::OtherClient.into());
    }
    // No API would take one that is bound otherwise than its profile says.
    let admitted = demand.loaded.profile.binding().mode.admit(claims.confirmation.as_ref());
    admitted.map_err(|error| WhyNotAccepted::Token(error.into()))?;
    if let Some(denial) = client_denial(&verified.token) {
        return Err(WhyNotAccepted::NotAllowed(denial).into());
    }
    if let Some(missing) = claims.scopes.first_missing(demand.scopes) {
        return Err(WhyNotAccepted::ScopeNotGranted(missing.clone()).into());
    }
    Ok(HeldToken { access_token, verified })
}

/// A panic elsewhere leaves these maps as they were between two statements, so the poison mark carries no news.
fn lock<V>(mutex: &Mutex<V>) -> MutexGuard<'_, V> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(test)]
#[path = "client_tokens_tests.rs"]
mod tests;
