//! Tests of the clients' tokens: fetched once for all who ask, held for who shows the same secret, and for nobody else.

use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::task::JoinSet;

use super::{CallTime, ClientTokens, LoadedProfile, Obtained, TokenDemand};
use crate::adapters::memory::{FixedClock, MemoryKeySetSource};
use crate::application::key_ring::KeyRing;
use crate::domain::jose::base64url;
use crate::domain::jose::header::KeyId;
use crate::domain::keyed_hash::KeyedHash;
use crate::domain::oauth::client_assertion::UnverifiedAssertion;
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::scope::ScopeSet;
use crate::domain::oauth::secret::{ClientSecret, DpopProof};
use crate::domain::oauth::token_response::TokenType;
use crate::domain::profile::ClientId;
use crate::domain::refresh::Jitter;
use crate::testing::{
    FOREIGN_KEY, Mood, OKTA_KEY, PLENTY, TokenEndpointTwin, after, call_at, key_set, profile, profile_document, with,
};

const MINUTE: Duration = Duration::from_secs(60);

struct Broker {
    endpoint: Arc<TokenEndpointTwin>,
    source: Arc<MemoryKeySetSource>,
    keys: KeyRing<Arc<MemoryKeySetSource>>,
    clock: FixedClock,
    tokens: ClientTokens<Arc<TokenEndpointTwin>>,
    loaded: LoadedProfile,
}

/// What is asked for, where it differs from the usual.
#[derive(Clone, Copy)]
struct Ask<'a> {
    client: &'a str,
    secret: &'a str,
    scopes: &'a str,
    dpop: bool,
    caller: Option<IpAddr>,
}

const ASK: Ask<'_> = Ask { client: "0oa1", secret: "secret", scopes: "CustomScope", dpop: false, caller: None };

fn loaded(document: &Value) -> LoadedProfile {
    LoadedProfile::new(profile(document), None, after(Duration::ZERO).monotonic)
}

impl Broker {
    fn knowing(clients: &[(&str, &str)]) -> Arc<Self> {
        let endpoint = Arc::new(TokenEndpointTwin::knowing(clients));
        let source = Arc::new(MemoryKeySetSource::default());
        source.serve(Some(key_set(&[OKTA_KEY.jwk()])));
        Arc::new(Self {
            tokens: ClientTokens::new(Arc::clone(&endpoint), KeyedHash::under(&[7; 32])),
            keys: KeyRing::new(Arc::clone(&source), Jitter::NONE),
            clock: FixedClock::at(after(Duration::ZERO)),
            loaded: loaded(&profile_document()),
            endpoint,
            source,
        })
    }

    fn usual() -> Arc<Self> {
        Self::knowing(&[("0oa1", "secret"), ("0oa2", "other secret")])
    }

    fn let_pass(&self, elapsed: Duration) {
        self.clock.set(after(elapsed));
    }

    async fn obtain_as(
        &self,
        ask: Ask<'_>,
        client: &ClientCredentials,
        loaded: &LoadedProfile,
    ) -> Result<Obtained, String> {
        let scopes = ScopeSet::from_parameter(ask.scopes).expect("scopes");
        let proof = DpopProof::new("a.b.c".to_owned());
        let dpop = ask.dpop.then_some(&proof);
        let demand = TokenDemand { client, dpop, loaded, scopes: &scopes, caller: ask.caller };
        let now = crate::ports::clock::Clock::now(&self.clock);
        let time = CallTime { now, left: PLENTY };
        self.tokens.obtain(demand, &self.keys, &self.clock, time).await.map_err(|error| error.reason().to_owned())
    }

    /// `fetched` or `reused`, or the reason why there is no token.
    async fn obtain(&self, ask: Ask<'_>) -> String {
        let client = ClientCredentials {
            client_id: ClientId::new(ask.client).expect("an id"),
            authentication: ClientAuthentication::Basic(ClientSecret::new(ask.secret.to_owned())),
        };
        word(self.obtain_as(ask, &client, &self.loaded).await)
    }

    fn calls(&self) -> usize {
        self.endpoint.asked().len()
    }
}

fn word(outcome: Result<Obtained, String>) -> String {
    outcome.map_or_else(|reason| reason, |obtained| if obtained.reused { "reused" } else { "fetched" }.to_owned())
}

#[tokio::test]
async fn a_token_is_fetched_once_and_reused_until_shortly_before_it_expires() {
    let broker = Broker::usual();
    assert_eq!(broker.obtain(ASK).await, "fetched");
    for minutes in [0, 10, 52] {
        broker.let_pass(minutes * MINUTE);
        assert_eq!(broker.obtain(ASK).await, "reused", "{minutes}");
    }
    broker.let_pass(54 * MINUTE);
    assert_eq!((broker.obtain(ASK).await.as_str(), broker.calls()), ("fetched", 2));
}

/// Threat 73.
#[tokio::test]
async fn another_client_secret_scope_or_version_of_the_profile_is_another_token() {
    let broker = Broker::usual();
    assert_eq!(broker.obtain(ASK).await, "fetched");
    assert_eq!(broker.obtain(Ask { client: "0oa2", secret: "other secret", ..ASK }).await, "fetched");
    assert_eq!(broker.obtain(Ask { scopes: "CustomScope Other", ..ASK }).await, "fetched");
    assert_eq!(broker.obtain(Ask { scopes: "Other CustomScope", ..ASK }).await, "reused", "in any order");
    assert_eq!(broker.obtain(Ask { secret: "other secret", ..ASK }).await, "invalid_client");
    let client = ClientCredentials {
        client_id: ClientId::new("0oa1").expect("an id"),
        authentication: ClientAuthentication::Body(ClientSecret::new("secret".to_owned())),
    };
    assert_eq!(word(broker.obtain_as(ASK, &client, &broker.loaded).await), "reused", "however it is presented");
    let changed = loaded(&with(profile_document(), "leewaySeconds", json!(1)));
    assert_eq!(word(broker.obtain_as(ASK, &client, &changed).await), "fetched");
}

/// Threat 69.
#[tokio::test]
async fn a_hundred_equal_requests_at_once_share_one_call_whether_or_not_it_works() {
    for (mood, expected) in [(Mood::Good, "fetched"), (Mood::Down, "token_endpoint_unavailable")] {
        let broker = Broker::usual();
        broker.endpoint.be(mood);
        let mut calls = JoinSet::new();
        for _ in 0..100 {
            let broker = Arc::clone(&broker);
            calls.spawn(async move { broker.obtain(ASK).await });
        }
        let outcomes = calls.join_all().await;
        assert_eq!(outcomes, vec![expected; 100]);
        assert_eq!(broker.calls(), 1);
        assert!(broker.tokens.flights.is_idle(), "nothing is left behind");
    }
}

#[tokio::test]
async fn a_call_that_is_cut_off_leaves_its_fetch_to_the_next() {
    let broker = Broker::usual();
    tokio::select! {
        biased;
        outcome = broker.obtain(ASK) => panic!("answered before the cut: {outcome}"),
        () = std::future::ready(()) => {}
    }
    assert!(broker.tokens.flights.is_idle());
    assert_eq!((broker.obtain(ASK).await.as_str(), broker.calls()), ("fetched", 2));
}

/// Threat 66.
#[tokio::test]
async fn a_wrong_secret_is_refused_while_a_token_is_held_and_kept_from_okta_after_some_tries() {
    let broker = Broker::usual();
    assert_eq!(broker.obtain(ASK).await, "fetched");
    let wrong = Ask { secret: "wrong", ..ASK };
    for _ in 0..3 {
        assert_eq!(broker.obtain(wrong).await, "invalid_client");
    }
    assert_eq!(broker.obtain(wrong).await, "client_cooling_down");
    assert_eq!((broker.calls(), broker.obtain(ASK).await.as_str()), (4, "reused"));
    broker.let_pass(Duration::from_secs(10));
    assert_eq!((broker.obtain(wrong).await.as_str(), broker.calls()), ("invalid_client", 5));
}

#[tokio::test]
async fn who_guesses_secrets_is_held_up_and_nobody_else_is() {
    let broker = Broker::usual();
    let (guesser, other) = (Some([203, 0, 113, 7].into()), Some([203, 0, 113, 8].into()));
    for guess in 0..10 {
        let secret = format!("guess {guess}");
        assert_eq!(broker.obtain(Ask { secret: &secret, caller: guesser, ..ASK }).await, "invalid_client");
    }
    assert_eq!(broker.obtain(Ask { secret: "another", caller: guesser, ..ASK }).await, "client_cooling_down");
    assert_eq!(broker.obtain(Ask { caller: other, ..ASK }).await, "fetched", "the client itself, from elsewhere");
    assert_eq!(broker.obtain(Ask { scopes: "Other", caller: guesser, ..ASK }).await, "fetched", "and from there");
}

#[tokio::test]
async fn a_rate_limit_is_kept_to_for_the_client_that_used_it_up() {
    let broker = Broker::usual();
    broker.endpoint.be(Mood::RateLimited(40));
    assert_eq!(broker.obtain(ASK).await, "token_endpoint_rate_limited");
    broker.endpoint.be(Mood::Good);
    broker.let_pass(Duration::from_secs(39));
    assert_eq!(broker.obtain(ASK).await, "token_endpoint_rate_limited");
    assert_eq!(broker.obtain(Ask { client: "0oa2", secret: "other secret", ..ASK }).await, "fetched");
    assert_eq!(broker.calls(), 2);
    broker.let_pass(Duration::from_secs(40));
    assert_eq!(broker.obtain(ASK).await, "fetched");
}

#[tokio::test]
async fn a_token_near_its_end_serves_while_okta_is_away_and_is_replaced_where_it_is_not() {
    let broker = Broker::usual();
    broker.obtain(ASK).await;
    broker.let_pass(56 * MINUTE);
    for mood in [Mood::Down, Mood::RateLimited(1)] {
        broker.endpoint.be(mood);
        assert_eq!(broker.obtain(ASK).await, "reused", "{mood:?}");
    }
    broker.endpoint.be(Mood::OtherAudience);
    broker.let_pass(57 * MINUTE);
    assert_eq!(broker.obtain(ASK).await, "audience_mismatch", "a misconfiguration is not papered over");
}

#[tokio::test]
async fn a_token_whose_key_the_issuer_withdrew_is_not_handed_out_again() {
    let broker = Broker::usual();
    broker.obtain(ASK).await;
    // A made-up `kid` makes the ring read the keys again: the same ones at first, then another one.
    let read_again = async |elapsed: Duration| {
        let made_up = KeyId::new("made-up").expect("a key id");
        assert!(broker.keys.find(&broker.loaded.profile, None, &made_up, call_at(elapsed)).await.is_err());
        broker.let_pass(elapsed);
    };
    read_again(MINUTE).await;
    assert_eq!(broker.obtain(ASK).await, "reused", "the same key read again is the same key");
    broker.source.serve(Some(key_set(&[FOREIGN_KEY.jwk()])));
    read_again(2 * MINUTE).await;
    assert_eq!(broker.source.fetches(), 3);
    assert_eq!((broker.obtain(ASK).await.as_str(), broker.calls()), ("key_cooling_down", 2));
}

#[tokio::test]
async fn an_assertion_or_a_dpop_proof_is_good_for_one_request_and_its_token_is_never_held() {
    let broker = Broker::usual();
    let claims = base64url::encode(r#"{"iss":"0oa1","sub":"0oa1"}"#);
    let UnverifiedAssertion { assertion, client_id } =
        UnverifiedAssertion::parse(format!("e30.{claims}.c2ln")).expect("an assertion");
    let client = ClientCredentials { client_id, authentication: ClientAuthentication::Assertion(assertion) };
    for calls in 1..=3 {
        assert_eq!(word(broker.obtain_as(ASK, &client, &broker.loaded).await), "fetched");
        assert_eq!(broker.calls(), calls);
    }
    for calls in 4..=6 {
        assert_eq!(broker.obtain(Ask { dpop: true, ..ASK }).await, "fetched");
        assert_eq!(broker.calls(), calls);
    }
    assert_eq!(broker.obtain(ASK).await, "fetched", "a bearer token is not the same thing");
    let secret = ClientAuthentication::Basic(ClientSecret::new("secret".to_owned()));
    let client = ClientCredentials { client_id: ClientId::new("0oa1").expect("an id"), authentication: secret };
    let bound = broker.obtain_as(Ask { dpop: true, ..ASK }, &client, &broker.loaded).await.expect("a token");
    assert_eq!(bound.token_type, TokenType::Dpop);
    broker.endpoint.be(Mood::WantsNonce);
    assert_eq!(broker.obtain(Ask { dpop: true, ..ASK }).await, "use_dpop_nonce");
}
