//! Tests of the decision over several profiles, and of when keys and profiles are asked for at all.

#[path = "automatic_mode_tests.rs"]
mod automatic;
#[path = "authorize_request_introspection_tests.rs"]
mod introspection;
#[path = "authorize_request_outage_tests.rs"]
mod outages;

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};

use super::{AuthorizeError, AuthorizeRequest};
use crate::adapters::memory::{FixedClock, MemoryProfileStore};
use crate::application::automatic_mode::AutomaticMode;
use crate::application::client_tokens::ClientTokens;
use crate::application::introspector::Introspector;
use crate::application::key_ring::KeyRing;
use crate::application::profile_catalog::{CatalogSettings, ProfileCatalog};
use crate::application::verify_token::TokenMemory;
use crate::domain::binding::possession::Possession;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::keyed_hash::KeyedHash;
use crate::domain::oauth::bearer::{Credential, CredentialError, Scheme};
use crate::domain::oauth::secret::BearerToken;
use crate::domain::profile::Transport;
use crate::domain::refresh::Jitter;
use crate::domain::validation::authorize::Decision;
use crate::ports::profile_store::{ProfileSelection, StoredProfile};
use crate::rejection::Outcome;
use crate::testing::{
    FOREIGN_KEY, KEYS_URL, KeysByUrl, NOW, OKTA_KEY, PLENTY, SigningKey, TokenEndpointTwin, after, claims, name,
    profile_document, stored, with,
};

const SECOND: Duration = Duration::from_secs(1);
const TTL: Duration = Duration::from_secs(300);

struct Authorizer {
    store: Arc<MemoryProfileStore>,
    keys: Arc<KeysByUrl>,
    clock: Arc<FixedClock>,
    endpoint: Arc<TokenEndpointTwin>,
    application: AuthorizeRequest<Arc<MemoryProfileStore>, Arc<KeysByUrl>, Arc<TokenEndpointTwin>, Arc<FixedClock>>,
}

impl Authorizer {
    fn serving(held: Vec<StoredProfile>, selection: ProfileSelection) -> Arc<Self> {
        let store = Arc::new(MemoryProfileStore::holding(held));
        let keys = Arc::new(KeysByUrl::default());
        keys.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
        let clock = Arc::new(FixedClock::at(after(Duration::ZERO)));
        let settings =
            CatalogSettings { selection, time_to_live: TTL, jitter: Jitter::NONE, transport: Transport::Https };
        let endpoint = Arc::new(TokenEndpointTwin::knowing(&[("0oa1", "secret"), ("0oa2", "other secret")]));
        let tokens = ClientTokens::new(Arc::clone(&endpoint), KeyedHash::under(&[7; 32]));
        let application = AuthorizeRequest {
            profiles: ProfileCatalog::new(Arc::clone(&store), settings),
            keys: KeyRing::new(Arc::clone(&keys), Jitter::NONE),
            used_proofs: Mutex::default(),
            memory: TokenMemory::default(),
            introspector: Introspector::new(Arc::clone(&endpoint)),
            automatic: AutomaticMode::new(tokens),
            clock: Arc::clone(&clock),
        };
        Arc::new(Self { store, keys, clock, endpoint, application })
    }

    /// With these profiles, named `a`, `b`, ... in this order.
    fn with_profiles(documents: &[Value]) -> Arc<Self> {
        let names: Vec<String> = ('a'..).take(documents.len()).map(String::from).collect();
        let held = names.iter().zip(documents).map(|(name, document)| stored(name, document)).collect();
        Self::serving(held, ProfileSelection::Named(names.iter().map(|text| name(text)).collect()))
    }

    fn with_one_profile() -> Arc<Self> {
        Self::with_profiles(&[profile_document()])
    }

    fn let_pass(&self, elapsed: Duration) {
        self.clock.set(after(elapsed));
    }

    async fn decide(&self, token: &str) -> Verdict {
        let decision = self.application.decide(&request(token), PLENTY).await;
        self.application.refresh_due(PLENTY).await;
        Verdict::of(decision)
    }

    fn fetches(&self) -> usize {
        self.keys.asked().len()
    }
}

fn bearer(token: &str) -> Credential {
    Credential::Token(Scheme::Bearer, BearerToken::new(token.to_owned()))
}

fn request(token: &str) -> AuthorizationRequest {
    let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders";
    AuthorizationRequest {
        form: EventForm::RestRequest,
        method_arn: MethodArn::parse(arn).expect("an ARN"),
        credential: Ok(bearer(token)),
        source_ip: Some([203, 0, 113, 7].into()),
        possession: Possession::default(),
    }
}

/// What was decided, in words that can be compared.
#[derive(Debug, Clone, PartialEq, Eq)]
enum Verdict {
    /// The name of the profile that governs.
    Allowed(String),
    /// The reason.
    Denied(&'static str),
    /// Outcome, reason and text.
    Refused(Outcome, &'static str, String),
}

impl Verdict {
    fn of(decision: Result<Decision, AuthorizeError>) -> Self {
        match decision {
            Ok(Decision::Allow(grant)) => Self::Allowed(grant.profile().name().to_string()),
            Ok(Decision::Deny(denied)) => Self::Denied(denied.denial.reason()),
            Err(error) => Self::Refused(error.outcome(), error.reason(), error.to_string()),
        }
    }

    fn allowed(profile: &str) -> Self {
        Self::Allowed(profile.to_owned())
    }

    /// Outcome and reason of a refusal.
    fn refusal(&self) -> (Outcome, &'static str) {
        match self {
            Self::Refused(outcome, reason, _) => (*outcome, reason),
            Self::Allowed(_) | Self::Denied(_) => panic!("{self:?}"),
        }
    }
}

fn good_token() -> String {
    OKTA_KEY.access_token(&claims())
}

fn document(field: &str, value: Value) -> Value {
    with(profile_document(), field, value)
}

#[tokio::test]
async fn a_good_token_is_allowed_and_its_key_fetched_once() {
    let authorizer = Authorizer::with_one_profile();
    authorizer.application.warm_up(PLENTY).await.expect("profiles");
    for elapsed in [0, 60, 299] {
        authorizer.let_pass(elapsed * SECOND);
        assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    }
    assert_eq!((authorizer.keys.asked(), authorizer.store.loads()), (vec![KEYS_URL.to_owned()], 1));
}

/// Threat 42.
#[tokio::test]
async fn a_token_that_okta_revoked_is_allowed_until_exp_since_nobody_is_asked() {
    let authorizer = Authorizer::with_one_profile();
    let (token, lives) = (good_token(), 3_540 * SECOND);
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    authorizer.let_pass(lives + 29 * SECOND);
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    authorizer.let_pass(lives + 30 * SECOND);
    assert_eq!(authorizer.decide(&token).await.refusal(), (Outcome::Unauthorized, "token_expired"));
    assert_eq!(authorizer.keys.asked(), [KEYS_URL], "the keys once, and nothing about the token");
}

/// Threat 41.
#[tokio::test]
async fn a_remembered_token_is_verified_anew_once_the_profile_or_the_key_has_changed() {
    let authorizer = Authorizer::with_one_profile();
    let token = good_token();
    assert_eq!(authorizer.decide(&token).await, Verdict::allowed("a"));
    let changed = document("audiences", json!(["api://other"]));
    authorizer.store.replace(vec![stored("a", &changed)]);
    authorizer.let_pass(TTL);
    assert_eq!(authorizer.decide(&token).await.refusal(), (Outcome::Unauthorized, "audience_mismatch"));

    let authorizer = Authorizer::with_one_profile();
    let lasting = OKTA_KEY.access_token(&with(claims(), "exp", json!(NOW.seconds() + 86_000)));
    assert_eq!(authorizer.decide(&lasting).await, Verdict::allowed("a"));
    authorizer.keys.serve(KEYS_URL, &[with(FOREIGN_KEY.jwk(), "kid", json!(OKTA_KEY.key_id))]);
    authorizer.let_pass(3_600 * SECOND);
    assert_eq!(authorizer.decide(&lasting).await, Verdict::allowed("a"), "the old key is fresh for an hour");
    authorizer.let_pass(3_601 * SECOND);
    assert_eq!(authorizer.decide(&lasting).await.refusal(), (Outcome::Unauthorized, "signature_invalid"));
}

#[tokio::test]
async fn of_several_profiles_the_first_one_in_order_that_the_token_satisfies_governs() {
    let (strict, other) = (document("scopes", json!(["Admin"])), document("audiences", json!(["api://other"])));
    let good = profile_document();
    let first = Authorizer::with_profiles(&[good.clone(), good.clone()]);
    assert_eq!(first.decide(&good_token()).await, Verdict::allowed("a"));
    let last = Authorizer::with_profiles(&[strict, other, good.clone()]);
    assert_eq!(last.decide(&good_token()).await, Verdict::allowed("c"));
    let elsewhere = document("apis", json!(["abcdef1234/test", "other12345/*"]));
    let here = Authorizer::with_profiles(&[elsewhere, document("apis", json!(["abcdef1234/prod"]))]);
    assert_eq!(here.decide(&good_token()).await, Verdict::allowed("b"));
    let held = vec![stored("y", &good), stored("x", &good)];
    let by_name = Authorizer::serving(held.clone(), ProfileSelection::All);
    assert_eq!(by_name.decide(&good_token()).await, Verdict::allowed("x"));
    let as_configured = Authorizer::serving(held, ProfileSelection::Named(vec![name("y"), name("x")]));
    assert_eq!(as_configured.decide(&good_token()).await, Verdict::allowed("y"));
}

#[tokio::test]
async fn of_several_refusals_the_one_that_got_furthest_is_reported_whatever_the_order() {
    let audience = document("audiences", json!(["api://other"]));
    let client = document("clients", json!({"allow": ["0oa2"]}));
    let scope = document("scopes", json!(["Admin"]));
    let issuer = document("issuer", json!("https://globex.okta.com/oauth2/default"));
    let unauthorized = |reason, text: &str| Verdict::Refused(Outcome::Unauthorized, reason, text.to_owned());
    for (documents, expected) in [
        ([&audience, &client, &scope], Verdict::Denied("scope_missing")),
        ([&audience, &issuer, &client], Verdict::Denied("client_not_allowed")),
        (
            [&issuer, &audience, &issuer],
            unauthorized("audience_mismatch", "the token's aud holds none of the profile's audiences"),
        ),
        (
            [&issuer, &issuer, &issuer],
            unauthorized("issuer_mismatch", "the token's iss is not the issuer of a profile for this API"),
        ),
    ] {
        for order in [[0, 1, 2], [2, 1, 0], [1, 2, 0]] {
            let authorizer = Authorizer::with_profiles(&order.map(|index: usize| documents[index].clone()));
            assert_eq!(authorizer.decide(&good_token()).await, expected, "{order:?}");
        }
    }
}

#[tokio::test]
async fn of_refusals_on_the_same_rung_the_first_profiles_is_reported() {
    let lifetime = |seconds: u64| document("maxTokenLifetimeSeconds", json!(seconds));
    let authorizer = Authorizer::with_profiles(&[lifetime(300), lifetime(600)]);
    let text = "the token lives 3600 s, more than the profile's 300 s".to_owned();
    let expected = Verdict::Refused(Outcome::Unauthorized, "token_lifetime_too_long", text);
    assert_eq!(authorizer.decide(&good_token()).await, expected);
}

#[tokio::test]
async fn what_could_not_be_found_out_outweighs_a_refusal_but_not_an_allow() {
    let unreachable = document("keysUrl", json!("https://acme.okta.com/elsewhere/keys"));
    let refusing = document("scopes", json!(["Admin"]));
    for documents in [[unreachable.clone(), refusing.clone()], [refusing, unreachable.clone()]] {
        let authorizer = Authorizer::with_profiles(&documents);
        assert_eq!(authorizer.decide(&good_token()).await.refusal(), (Outcome::Failed, "keys_unavailable"));
    }
    for documents in [[unreachable.clone(), profile_document()], [profile_document(), unreachable]] {
        let authorizer = Authorizer::with_profiles(&documents);
        assert!(matches!(authorizer.decide(&good_token()).await, Verdict::Allowed(_)));
    }
}

/// Threat 57.
#[tokio::test]
async fn a_broken_profile_at_a_cold_start_fails_a_refusal_but_not_an_allow() {
    let broken = json!({"version": 1});
    let failed =
        Verdict::Refused(Outcome::Failed, "profile_broken", "the profile `a` is refused, see its log line".to_owned());
    let refusing = Authorizer::with_profiles(&[broken.clone(), document("scopes", json!(["Admin"]))]);
    assert_eq!(refusing.decide(&good_token()).await, failed);
    let alone = Authorizer::with_profiles(std::slice::from_ref(&broken));
    assert_eq!(alone.decide(&good_token()).await, failed, "and is no missing profile");
    let allowing = Authorizer::with_profiles(&[broken, profile_document()]);
    assert_eq!(allowing.decide(&good_token()).await, Verdict::allowed("b"));
}

/// Threat 57.
#[tokio::test]
async fn a_profile_that_breaks_later_goes_on_as_it_was() {
    let authorizer = Authorizer::with_one_profile();
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    authorizer.store.replace(vec![stored("a", &json!({"version": 1}))]);
    authorizer.let_pass(TTL);
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    assert_eq!(authorizer.store.loads(), 2);
}

/// Threat 32.
#[tokio::test]
async fn an_api_without_a_profile_is_denied_and_nothing_is_fetched() {
    for documents in [vec![], vec![document("apis", json!(["abcdef1234/test"])), document("apis", json!(["x1/*"]))]] {
        let authorizer = Authorizer::with_profiles(&documents);
        assert_eq!(authorizer.decide(&good_token()).await, Verdict::Denied("no_profile"));
        assert_eq!(authorizer.fetches(), 0);
    }
}

/// Threat 21.
#[tokio::test]
async fn a_token_of_one_tenant_signed_with_another_tenants_key_is_refused() {
    const OTHER: &str = "https://globex.okta.com/oauth2/default";
    let authorizer = Authorizer::with_profiles(&[profile_document(), document("issuer", json!(OTHER))]);
    let other_keys = format!("{OTHER}/v1/keys");
    let namesake = with(FOREIGN_KEY.jwk(), "kid", json!(OKTA_KEY.key_id));
    authorizer.keys.serve(&other_keys, &[FOREIGN_KEY.jwk(), namesake]);
    let own = FOREIGN_KEY.access_token(&with(claims(), "iss", json!(OTHER)));
    assert_eq!(authorizer.decide(&own).await, Verdict::allowed("b"), "its own issuer's token is good");
    let forged = FOREIGN_KEY.access_token(&claims());
    assert_eq!(authorizer.decide(&forged).await.refusal(), (Outcome::Unauthorized, "key_unknown"));
    let same_kid = FOREIGN_KEY.token(&OKTA_KEY.header(Algorithm::Rs256), Algorithm::Rs256, &claims());
    assert_eq!(authorizer.decide(&same_kid).await.refusal(), (Outcome::Unauthorized, "signature_invalid"));
    assert_eq!(authorizer.keys.asked(), [other_keys.as_str(), KEYS_URL]);
}

/// Threat 53.
#[tokio::test]
async fn nothing_is_ever_fetched_from_the_tokens_own_issuer() {
    let authorizer = Authorizer::with_one_profile();
    let evil = "http://169.254.169.254/oauth2/default";
    authorizer.keys.serve(&format!("{evil}/v1/keys"), &[FOREIGN_KEY.jwk()]);
    let token = FOREIGN_KEY.access_token(&with(claims(), "iss", json!(evil)));
    assert_eq!(authorizer.decide(&token).await.refusal(), (Outcome::Unauthorized, "issuer_mismatch"));
    assert_eq!(authorizer.fetches(), 0);
}

/// Threat 9.
#[tokio::test]
async fn a_header_that_points_to_a_key_is_refused_without_a_fetch() {
    let authorizer = Authorizer::with_one_profile();
    for (member, value) in [
        ("jku", json!("https://evil.example/keys")),
        ("x5u", json!("https://evil.example/chain")),
        ("x5c", json!(["MIIB"])),
        ("jwk", FOREIGN_KEY.jwk()),
    ] {
        let header = with(OKTA_KEY.header(Algorithm::Rs256), member, value);
        let token = FOREIGN_KEY.token(&header, Algorithm::Rs256, &claims());
        assert_eq!(authorizer.decide(&token).await.refusal(), (Outcome::Unauthorized, "header_forbidden_member"));
    }
    assert_eq!((authorizer.fetches(), authorizer.store.loads()), (0, 0));
}

#[tokio::test]
async fn every_check_that_needs_no_key_comes_before_the_fetch() {
    let authorizer = Authorizer::with_one_profile();
    let expired = with(with(claims(), "exp", json!(NOW.seconds() - 30)), "iat", json!(NOW.seconds() - 60));
    let (header, es256) = (OKTA_KEY.header(Algorithm::Ps256), SigningKey::p256("p256"));
    for (token, reason) in [
        (OKTA_KEY.access_token(&expired), "token_expired"),
        (OKTA_KEY.access_token(&with(claims(), "aud", json!("api://other"))), "audience_mismatch"),
        (OKTA_KEY.access_token(&with(claims(), "iat", json!(NOW.seconds() + 31))), "token_issued_in_future"),
        (OKTA_KEY.access_token(&with(claims(), "nbf", json!(NOW.seconds() + 31))), "token_not_yet_valid"),
        (OKTA_KEY.token(&header, Algorithm::Ps256, &claims()), "algorithm_not_allowed"),
        (es256.token(&es256.header(Algorithm::Es256), Algorithm::Es256, &claims()), "algorithm_not_allowed"),
    ] {
        assert_eq!(authorizer.decide(&token).await.refusal(), (Outcome::Unauthorized, reason));
    }
    assert_eq!(authorizer.fetches(), 0);
}

#[tokio::test]
async fn without_a_credential_or_a_token_not_even_the_profiles_are_loaded() {
    let authorizer = Authorizer::with_one_profile();
    for (credential, reason) in
        [(Err(CredentialError::Multiple), "credential_multiple"), (Ok(bearer("a.b.c.d.e")), "token_encrypted")]
    {
        let request = AuthorizationRequest { credential, ..request("") };
        let verdict = Verdict::of(authorizer.application.decide(&request, PLENTY).await);
        assert_eq!(verdict.refusal(), (Outcome::Unauthorized, reason));
    }
    assert_eq!((authorizer.fetches(), authorizer.store.loads()), (0, 0));
}

#[tokio::test]
async fn a_profile_with_networks_looks_at_the_callers_address_and_fails_where_the_event_has_none() {
    let authorizer = Authorizer::with_profiles(&[document("allowedIps", json!(["203.0.113.0/24"]))]);
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    let from_elsewhere = AuthorizationRequest { source_ip: Some([198, 51, 100, 1].into()), ..request(&good_token()) };
    let verdict = Verdict::of(authorizer.application.decide(&from_elsewhere, PLENTY).await);
    assert_eq!(verdict, Verdict::Denied("ip_not_allowed"));
    let token_event = AuthorizationRequest { form: EventForm::RestToken, source_ip: None, ..request(&good_token()) };
    let verdict = Verdict::of(authorizer.application.decide(&token_event, PLENTY).await);
    let text = "the profile `a` has `allowedIps`, which a rest-token event cannot serve; use a REQUEST authorizer";
    assert_eq!(verdict, Verdict::Refused(Outcome::Failed, "form_cannot_serve", text.to_owned()));
}
