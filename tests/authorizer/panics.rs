//! A panic in the middle of a call (threat 63): the functions' own frame and decision around a key source that panics once,
//! in this test binary started again as a process of its own.

use std::sync::Mutex;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::time::Duration;

use okta_security_profiles::adapters::file::FileProfileStore;
use okta_security_profiles::adapters::system_clock::SystemClock;
use okta_security_profiles::application::authorize_request::AuthorizeRequest;
use okta_security_profiles::application::automatic_mode::AutomaticMode;
use okta_security_profiles::application::client_tokens::ClientTokens;
use okta_security_profiles::application::introspector::Introspector;
use okta_security_profiles::application::key_ring::KeyRing;
use okta_security_profiles::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use okta_security_profiles::application::verify_token::TokenMemory;
use okta_security_profiles::config::AuthorizerResponse;
use okta_security_profiles::domain::jose::key_set::KeySet;
use okta_security_profiles::domain::keyed_hash::KeyedHash;
use okta_security_profiles::domain::oauth::client_credentials::ClientCredentials;
use okta_security_profiles::domain::oauth::secret::BearerToken;
use okta_security_profiles::domain::profile::{ProfileName, Transport};
use okta_security_profiles::domain::refresh::Jitter;
use okta_security_profiles::functions::run_authorizer;
use okta_security_profiles::ports::introspection_endpoint::{
    IntrospectionAnswer, IntrospectionEndpoint, IntrospectionEndpointError,
};
use okta_security_profiles::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use okta_security_profiles::ports::profile_store::{
    LoadRequest, LoadedProfiles, ProfileSelection, ProfileStore, ProfileStoreError,
};
use okta_security_profiles::ports::token_endpoint::{
    EndpointRequest, TokenEndpoint, TokenEndpointAnswer, TokenEndpointError,
};
use tempfile::TempDir;
use url::Url;

use crate::events::{bearer, rest_token, status_of};
use crate::support::{Answer, LambdaFunction, Scenario, TIMEOUT};

/// The folder with the profile and the key set, for the process that plays the function.
const FOLDER: &str = "PANICS_FOLDER";
/// Long enough that no profile is stale before a test is over.
const PROFILE_TTL: Duration = Duration::from_secs(12);

/// Panics once; then it has the keys of `keys.json`.
struct PanicsOnce {
    document: Vec<u8>,
    has_panicked: AtomicBool,
}

impl KeySetSource for PanicsOnce {
    async fn fetch(&self, _keys_url: &Url, _within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        assert!(self.has_panicked.swap(true, Ordering::SeqCst), "a panic in the middle of a call");
        let keys = KeySet::from_json(&self.document).expect("a key set");
        Ok(FetchedKeySet { keys, document: Vec::new(), max_age: None, date: None })
    }
}

/// Nobody here calls without a token.
struct NoEndpoint;

impl TokenEndpoint for NoEndpoint {
    async fn request_token(
        &self,
        request: EndpointRequest<'_>,
        _within: Duration,
    ) -> Result<TokenEndpointAnswer, TokenEndpointError> {
        Err(TokenEndpointError::Unreachable { url: request.token_url.to_string(), source: "no endpoint".into() })
    }
}

impl IntrospectionEndpoint for NoEndpoint {
    async fn introspect(
        &self,
        url: &Url,
        _client: &ClientCredentials,
        _token: &BearerToken,
        _within: Duration,
    ) -> Result<IntrospectionAnswer, IntrospectionEndpointError> {
        Err(IntrospectionEndpointError::Unreachable { url: url.to_string(), source: "no endpoint".into() })
    }
}

/// A folder that panics at its second load, a refresh.
struct PanicsAtRefresh {
    store: FileProfileStore,
    loads: AtomicUsize,
}

impl ProfileStore for PanicsAtRefresh {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        assert_ne!(self.loads.fetch_add(1, Ordering::SeqCst), 1, "a panic after an answer");
        self.store.load(request).await
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        self.store.client(name).await
    }
}

/// Threat 63.
#[tokio::test]
async fn a_panic_is_an_error_and_the_next_call_works() {
    if let Some(folder) = folder() {
        return serve(&folder, Panics::InACall).await;
    }
    let (scenario, folder) = prepared().await;
    let function = start("panics::a_panic_is_an_error_and_the_next_call_works", &folder);
    let event = rest_token(&bearer(&scenario.good_token()));
    let answer = function.invoke(&event, TIMEOUT).await;
    assert_eq!(status_of(&answer), 500, "{answer:?}");
    let Answer::Error { error_message, .. } = answer else { panic!("an error") };
    assert!(error_message.contains("a panic in the middle of a call"), "{error_message}");
    // After a fetch of which nothing was heard the next one waits five seconds.
    tokio::time::sleep(Duration::from_secs(5)).await;
    assert_eq!(status_of(&function.invoke(&event, TIMEOUT).await), 200, "{}", function.logs());
}

/// Threat 63.
#[tokio::test]
async fn a_panic_after_an_answer_ends_neither_the_sandbox_nor_the_profiles() {
    if let Some(folder) = folder() {
        return serve(&folder, Panics::AfterAnAnswer).await;
    }
    let (scenario, folder) = prepared().await;
    let function = start("panics::a_panic_after_an_answer_ends_neither_the_sandbox_nor_the_profiles", &folder);
    let event = rest_token(&bearer(&scenario.good_token()));
    assert_eq!(status_of(&function.invoke(&event, TIMEOUT).await), 200, "{}", function.logs());
    // Due after a quarter of their time.
    tokio::time::sleep(PROFILE_TTL / 4 + Duration::from_millis(200)).await;
    assert_eq!(status_of(&function.invoke(&event, TIMEOUT).await), 200, "{}", function.logs());
    function.wait_for("a panic after an answer").await;
    assert_eq!(status_of(&function.invoke(&event, TIMEOUT).await), 200, "{}", function.logs());
}

/// An issuer, and a folder with its profile and its keys.
async fn prepared() -> (Scenario, TempDir) {
    let scenario = Scenario::without_profiles(|_settings| {}).await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
    write("orders.json", scenario.profile().to_string());
    write("keys.txt", scenario.okta.key_set().to_string());
    (scenario, folder)
}

/// This test binary as the function that `test` plays.
fn start(test: &str, folder: &TempDir) -> LambdaFunction {
    let program = std::env::current_exe().expect("the path of this test binary");
    LambdaFunction::start_with(program, &["--exact", test, "--nocapture"], [(FOLDER, folder.path())])
}

#[allow(clippy::disallowed_methods, reason = "the variable tells this process that it plays the function")]
fn folder() -> Option<std::path::PathBuf> {
    std::env::var_os(FOLDER).map(Into::into)
}

/// What panics, once.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Panics {
    /// Fetching keys.
    InACall,
    /// Loading the profiles again.
    AfterAnAnswer,
}

async fn serve(folder: &std::path::Path, panics: Panics) {
    let document = std::fs::read(folder.join("keys.txt")).expect("the key set");
    let settings = CatalogSettings {
        selection: ProfileSelection::All,
        time_to_live: PROFILE_TTL,
        jitter: if panics == Panics::AfterAnAnswer { Jitter::from_random(0) } else { Jitter::NONE },
        transport: Transport::Https,
    };
    let store = PanicsAtRefresh { store: FileProfileStore::new(folder.to_owned()), loads: AtomicUsize::new(0) };
    let source = PanicsOnce { document, has_panicked: AtomicBool::new(panics == Panics::AfterAnAnswer) };
    let application = AuthorizeRequest {
        profiles: ProfileCatalog::new(store, settings),
        keys: KeyRing::new(source, Jitter::NONE),
        memory: TokenMemory::default(),
        introspector: Introspector::new(NoEndpoint),
        used_proofs: Mutex::default(),
        automatic: AutomaticMode::new(ClientTokens::new(NoEndpoint, KeyedHash::under(&[0; 32]))),
        clock: SystemClock,
    };
    run_authorizer(application, AuthorizerResponse::Iam).await.expect("events from the Runtime API");
}
