//! The authorizer's core in this process, with twins for the world outside that count how often they are asked.

use std::future::Future;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use okta_security_profiles::adapters::memory::{FixedClock, MemoryProfileStore};
use okta_security_profiles::application::authorize_request::AuthorizeRequest;
use okta_security_profiles::application::automatic_mode::AutomaticMode;
use okta_security_profiles::application::client_tokens::ClientTokens;
use okta_security_profiles::application::introspector::Introspector;
use okta_security_profiles::application::key_ring::KeyRing;
use okta_security_profiles::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use okta_security_profiles::application::verify_token::TokenMemory;
use okta_security_profiles::domain::binding::possession::Possession;
use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::gateway::request::{AuthorizationRequest, EventForm};
use okta_security_profiles::domain::jose::key_set::KeySet;
use okta_security_profiles::domain::keyed_hash::KeyedHash;
use okta_security_profiles::domain::oauth::bearer::Credential;
use okta_security_profiles::domain::oauth::client_credentials::ClientCredentials;
use okta_security_profiles::domain::oauth::secret::BearerToken;
use okta_security_profiles::domain::profile::{ProfileName, Transport};
use okta_security_profiles::domain::refresh::Jitter;
use okta_security_profiles::domain::time::{Moment, MonotonicTime, UnixTime};
use okta_security_profiles::domain::validation::authorize::Decision;
use okta_security_profiles::ports::introspection_endpoint::{
    IntrospectionAnswer, IntrospectionEndpoint, IntrospectionEndpointError,
};
use okta_security_profiles::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use okta_security_profiles::ports::profile_store::{ProfileSelection, StoredProfile};
use okta_security_profiles::ports::token_endpoint::{
    EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError,
};
use okta_security_profiles::rejection::Outcome;
use url::Url;

use crate::corpus::Expected;
use crate::world::{ISSUER, KEYS_URL, OTHER_ISSUER, OTHER_KEYS_URL, Rules, World};

const PLENTY: Duration = Duration::from_secs(10);

/// What came of a token, and who was asked about it.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Verdict {
    pub(crate) outcome: Expected,
    /// The keys URLs that were asked for.
    pub(crate) fetched: Vec<String>,
    /// How often profiles were loaded after the start, a stored client was read, or a token was asked for or about.
    pub(crate) other_calls: usize,
}

/// Both profiles with their stored keys, loaded: nothing is due for an hour.
pub(crate) struct Gate {
    store: Arc<MemoryProfileStore>,
    keys: Arc<PublishedKeys>,
    endpoint: Arc<SilentEndpoint>,
    application: AuthorizeRequest<Arc<MemoryProfileStore>, Arc<PublishedKeys>, Arc<SilentEndpoint>, Arc<FixedClock>>,
}

impl Gate {
    pub(crate) async fn open(world: &World, rules: Rules) -> Self {
        let profile = |name: &str, issuer: &str, key_set: String| StoredProfile {
            name: ProfileName::new(name).expect("a name"),
            document: rules.profile(issuer).to_string(),
            key_set: Some(key_set),
        };
        let store = Arc::new(MemoryProfileStore::holding(vec![
            profile("acme", ISSUER, world.stored(world.key_set())),
            profile("other", OTHER_ISSUER, world.stored(world.other_key_set())),
        ]));
        let keys = Arc::new(PublishedKeys {
            documents: vec![
                (KEYS_URL, world.key_set().to_string()),
                (OTHER_KEYS_URL, world.other_key_set().to_string()),
            ],
            asked: Mutex::default(),
        });
        let endpoint = Arc::new(SilentEndpoint::default());
        let clock = Arc::new(FixedClock::at(Moment {
            wall: UnixTime::from_seconds(world.now),
            monotonic: MonotonicTime::from_start(Duration::ZERO),
        }));
        let settings = CatalogSettings {
            selection: ProfileSelection::All,
            time_to_live: Duration::from_secs(300),
            jitter: Jitter::NONE,
            transport: Transport::Https,
        };
        let application = AuthorizeRequest {
            profiles: ProfileCatalog::new(Arc::clone(&store), settings),
            keys: KeyRing::new(Arc::clone(&keys), Jitter::NONE),
            memory: TokenMemory::default(),
            used_proofs: Mutex::default(),
            introspector: Introspector::new(Arc::clone(&endpoint)),
            automatic: AutomaticMode::new(ClientTokens::new(Arc::clone(&endpoint), KeyedHash::under(&[7; 32]))),
            clock,
        };
        application.warm_up(PLENTY).await.expect("profiles");
        Self { store, keys, endpoint, application }
    }

    /// Presents a token, as the event adapters do with the header of a REST call.
    pub(crate) async fn decide(&self, token: &str) -> Verdict {
        let authorization = format!("Bearer {token}");
        let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders";
        let request = AuthorizationRequest {
            form: EventForm::RestRequest,
            method_arn: MethodArn::parse(arn).expect("an ARN"),
            credential: Credential::from_authorization_values([authorization.as_str()]),
            source_ip: Some([203, 0, 113, 7].into()),
            possession: Possession::default(),
        };
        let outcome = match self.application.decide(&request, PLENTY).await {
            Ok(Decision::Allow(_)) => Expected::Allowed,
            Ok(Decision::Deny(denied)) => Expected::Denied(denied.denial.reason()),
            Err(error) if error.outcome() == Outcome::Unauthorized => Expected::Unauthorized(error.reason()),
            Err(error) => panic!("neither allowed nor refused: {error}"),
        };
        self.application.refresh_due(PLENTY).await;
        let fetched = std::mem::take(&mut *self.keys.asked.lock().unwrap_or_else(PoisonError::into_inner));
        let asked = self.store.loads() - 1 + self.store.client_reads() + self.endpoint.asked.load(Ordering::SeqCst);
        Verdict { outcome, fetched, other_calls: asked }
    }
}

/// Key sets by URL.
struct PublishedKeys {
    documents: Vec<(&'static str, String)>,
    asked: Mutex<Vec<String>>,
}

impl KeySetSource for PublishedKeys {
    async fn fetch(&self, keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        self.asked.lock().unwrap_or_else(PoisonError::into_inner).push(keys_url.to_string());
        let found = self.documents.iter().find(|(url, _)| *url == keys_url.as_str());
        let (_, document) = found.unwrap_or_else(|| panic!("{keys_url} is nobody's keys URL"));
        let keys = KeySet::from_json(document.as_bytes()).expect("a key set");
        Ok(FetchedKeySet { keys, document: document.clone().into_bytes(), max_age: None, date: None })
    }
}

/// Nobody has to ask for a token here, or about one.
#[derive(Default)]
struct SilentEndpoint {
    asked: AtomicUsize,
}

impl TokenEndpoint for SilentEndpoint {
    fn request_token(
        &self,
        request: EndpointRequest<'_>,
        _within: Duration,
    ) -> impl Future<Output = Result<TokenEndpointAnswer, TokenEndpointError>> + Send {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let url = request.token_url.to_string();
        async { Err(TokenEndpointError::Unreachable { url, source: "nobody answers".into() }) }
    }
}

impl IntrospectionEndpoint for SilentEndpoint {
    fn introspect(
        &self,
        url: &Url,
        _client: &ClientCredentials,
        _token: &BearerToken,
        _within: Duration,
    ) -> impl Future<Output = Result<IntrospectionAnswer, IntrospectionEndpointError>> + Send {
        self.asked.fetch_add(1, Ordering::SeqCst);
        let url = url.to_string();
        async { Err(IntrospectionEndpointError::Unreachable { url, source: "nobody answers".into() }) }
    }
}
