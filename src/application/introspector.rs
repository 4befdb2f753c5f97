//! What the authorization server says of tokens: asked for once for all who present the same one, and held for as long as the
//! profile says.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use secrecy::ExposeSecret;
use serde_json::{Map, Value};
use url::Url;

use super::call_time::CallTime;
use super::profile_catalog::{LoadedProfile, ProfileCatalog};
use super::single_flight::SingleFlight;
use super::stored_clients::{CLIENT_LIFETIME, LEAST_AGE_OF_A_REFUSED_CLIENT, StoredClientError, StoredClients};
use crate::domain::jose::jwt::UnverifiedJwt;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::introspection::{Introspected, IntrospectionRefusal};
use crate::domain::oauth::secret::BearerToken;
use crate::domain::profile::{Introspection, ProfileVersion, SecurityProfile};
use crate::domain::time::MonotonicTime;
use crate::domain::verified_tokens::TokenDigest;
use crate::ports::introspection_endpoint::{IntrospectionEndpoint, IntrospectionEndpointError};
use crate::ports::profile_store::ProfileStore;

/// How many answers are held, at most.
const CAPACITY: usize = 512;
/// How long nothing is asked after a failure without a pause of its own: a call that meets an outage waits, those after it do
/// not.
const PAUSE: Duration = Duration::from_secs(5);

/// A token under one version of a profile.
type Key = (TokenDigest, ProfileVersion);
/// The members of an active token's answer; nothing for an inactive one.
type Word = Option<Arc<Map<String, Value>>>;

/// Asks about tokens, and holds the answers.
#[derive(Debug)]
pub struct Introspector<E> {
    endpoint: E,
    clients: StoredClients,
    held: Mutex<HashMap<Key, Held>>,
    /// Until when a URL is left alone.
    pauses: Mutex<HashMap<Url, MonotonicTime>>,
    flights: SingleFlight<Key, Result<Word, Arc<IntrospectError>>>,
}

#[derive(Debug)]
struct Held {
    word: Word,
    until: MonotonicTime,
}

/// Why nothing is known of a token.
#[derive(Debug, thiserror::Error)]
pub enum IntrospectError {
    /// The endpoint cannot be reached.
    #[error(transparent)]
    Endpoint(IntrospectionEndpointError),
    /// Its answer says nothing.
    #[error(transparent)]
    Refused(IntrospectionRefusal),
    /// The profile's client cannot be used.
    #[error(transparent)]
    Client(StoredClientError),
    /// It failed too recently to be asked again.
    #[error("the introspection URL failed a moment ago and is not asked again yet")]
    LeftAlone,
}

impl<E: IntrospectionEndpoint> Introspector<E> {
    /// Nothing is held yet.
    pub fn new(endpoint: E) -> Self {
        Self {
            endpoint,
            clients: StoredClients::default(),
            held: Mutex::default(),
            pauses: Mutex::default(),
            flights: SingleFlight::default(),
        }
    }

    /// What the profile's authorization server says of the token: the members of its answer, or nothing for a token that is
    /// not active.
    ///
    /// # Errors
    /// [`IntrospectError`] where that cannot be found out.
    pub(super) async fn ask<S: ProfileStore>(
        &self,
        token: &BearerToken,
        digest: TokenDigest,
        loaded: &LoadedProfile,
        rules: &Introspection,
        profiles: &ProfileCatalog<S>,
        time: CallTime,
    ) -> Result<Word, Arc<IntrospectError>> {
        let key = (digest, loaded.profile.version());
        if let Some(word) = self.held(&key, time) {
            return Ok(word);
        }
        let fetch = || async {
            // Another call may have landed between the look-up and the boarding.
            match self.held(&key, time) {
                Some(word) => Ok(word),
                None => self.fetch(key, token, loaded, rules, profiles, time).await.map_err(Arc::new),
            }
        };
        self.flights.join(key, fetch).await
    }

    async fn fetch<S: ProfileStore>(
        &self,
        key: Key,
        token: &BearerToken,
        loaded: &LoadedProfile,
        rules: &Introspection,
        profiles: &ProfileCatalog<S>,
        time: CallTime,
    ) -> Result<Word, IntrospectError> {
        let now = time.now.monotonic;
        if lock(&self.pauses).get(&rules.url).is_some_and(|end| *end > now) {
            return Err(IntrospectError::LeftAlone);
        }
        let name = loaded.profile.name();
        let client =
            self.clients.current(profiles, name, time, CLIENT_LIFETIME).await.map_err(IntrospectError::Client)?;
        let mut answer = request(&self.endpoint, token, &client.client, rules, time.left).await;
        if let Err(IntrospectError::Refused(IntrospectionRefusal::Client { .. })) = &answer {
            // Its secret may have been rotated since it was read.
            let again = self.clients.current(profiles, name, time, LEAST_AGE_OF_A_REFUSED_CLIENT).await;
            let again = again.map_err(IntrospectError::Client)?;
            if again.read_at != client.read_at {
                answer = request(&self.endpoint, token, &again.client, rules, time.left).await;
            }
        }
        match answer {
            Ok(introspected) => {
                let word = match introspected {
                    Introspected::Active(members) => Some(Arc::new(members)),
                    Introspected::Inactive => None,
                };
                self.hold(key, word.clone(), now.plus(rules.cache), now);
                Ok(word)
            }
            Err(error) => {
                self.pause(&rules.url, &error, now);
                Err(error)
            }
        }
    }

    fn held(&self, key: &Key, time: CallTime) -> Option<Word> {
        let held = lock(&self.held);
        let held = held.get(key).filter(|held| held.until > time.now.monotonic)?;
        Some(held.word.clone())
    }

    /// Where there is no room, what has ended goes, and then everything: whoever comes back is asked about again.
    fn hold(&self, key: Key, word: Word, until: MonotonicTime, now: MonotonicTime) {
        let mut held = lock(&self.held);
        if held.len() >= CAPACITY {
            held.retain(|_, held| held.until > now);
        }
        if held.len() >= CAPACITY {
            held.clear();
        }
        held.insert(key, Held { word, until });
    }

    fn pause(&self, url: &Url, error: &IntrospectError, now: MonotonicTime) {
        let asked = match error {
            IntrospectError::Refused(IntrospectionRefusal::RateLimited { retry_after }) => *retry_after,
            IntrospectError::Endpoint(_)
            | IntrospectError::Refused(_)
            | IntrospectError::Client(_)
            | IntrospectError::LeftAlone => None,
        };
        lock(&self.pauses).insert(url.clone(), now.plus(asked.unwrap_or(PAUSE)));
    }
}

impl IntrospectError {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Endpoint(IntrospectionEndpointError::Unreachable { .. }) | Self::LeftAlone => {
                "introspection_unavailable"
            }
            Self::Endpoint(IntrospectionEndpointError::TooLarge { .. }) => "introspection_malformed",
            Self::Refused(refusal) => refusal.reason(),
            Self::Client(error) => error.reason(),
        }
    }
}

/// A panic elsewhere leaves these maps as they were between two statements, so the poison mark carries no news.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Asks about a token once, for those who look into a profile: `None` where the profile does not ask, or the token names another
/// issuer, who is then not told of it.
pub(super) async fn ask_once<S: ProfileStore, E: IntrospectionEndpoint>(
    store: &S,
    endpoint: &E,
    token: &BearerToken,
    profile: &SecurityProfile,
    within: Duration,
) -> Option<Result<Introspected, IntrospectError>> {
    let rules = profile.introspection()?;
    let issuer = UnverifiedJwt::parse(token.expose()).ok().map(|jwt| jwt.claims.issuer);
    if issuer.is_some_and(|issuer| issuer != profile.issuer().as_str()) {
        return None;
    }
    let client = match store.client(profile.name()).await {
        Ok(Some(client)) => client,
        Ok(None) => return Some(Err(IntrospectError::Client(StoredClientError::Missing(profile.name().clone())))),
        Err(error) => return Some(Err(IntrospectError::Client(StoredClientError::Unreadable(error)))),
    };
    Some(request(endpoint, token, &client, rules, within).await)
}

async fn request<E: IntrospectionEndpoint>(
    endpoint: &E,
    token: &BearerToken,
    client: &ClientCredentials,
    rules: &Introspection,
    within: Duration,
) -> Result<Introspected, IntrospectError> {
    let answer = endpoint.introspect(&rules.url, client, token, within).await;
    let answer = answer.map_err(IntrospectError::Endpoint)?;
    let (status, body) = (answer.status, answer.body.expose_secret());
    Introspected::from_answer(status, answer.is_json, answer.retry_after, body).map_err(IntrospectError::Refused)
}
