//! Tests of the Test button, over a profile and an authorization server in memory.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{STORE_A_CLIENT, TestProfile, Tested};
use crate::adapters::memory::{FixedClock, MemoryProfileStore};
use crate::application::test_step::{Ended, StepReport, TestStep};
use crate::domain::oauth::bearer::Credential;
use crate::domain::oauth::client_credentials::{ClientAuthentication, ClientCredentials};
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, Transport};
use crate::ports::discovery::DiscoveryDocument;
use crate::ports::profile_store::StoredProfile;
use crate::testing::{
    FOREIGN_KEY, ISSUER, KEYS_URL, Mood, NOW, OKTA_KEY, OktaTwin, SigningKey, after, claims, name, profile_document,
    stored, with,
};

/// A profile, its issuer and a client, all good.
struct Bench {
    document: Value,
    key_set: Option<String>,
    client: Option<(&'static str, &'static str)>,
    okta: Arc<OktaTwin>,
}

impl Bench {
    fn new() -> Self {
        let stored_keys = json!({"fetchedAt": NOW.seconds() - 60, "maxAge": 3600, "keys": [OKTA_KEY.jwk()]});
        Self {
            document: profile_document(),
            key_set: Some(stored_keys.to_string()),
            client: Some(("0oa1", "secret")),
            okta: Arc::new(OktaTwin::knowing(&[("0oa1", "secret")])),
        }
    }

    fn with_document(document: Value) -> Self {
        Self { document, ..Self::new() }
    }

    async fn test(&self, tested: Tested) -> Vec<StepReport> {
        let profile = StoredProfile { key_set: self.key_set.clone(), ..stored("orders", &self.document) };
        let store = MemoryProfileStore::holding(vec![profile]);
        store.keep_client(self.client.map(|(id, secret)| client(id, secret)));
        let (okta, clock) = (Arc::clone(&self.okta), FixedClock::at(after(Duration::ZERO)));
        let job = TestProfile { store, okta, clock, transport: Transport::Https };
        let mut told = Vec::new();
        let lines = job.test(&name("orders"), tested, |line| told.push(line.clone())).await.expect("a readable store");
        assert_eq!(told, lines, "every line is told as it comes");
        assert!(lines.iter().all(|line| line.reason.is_none() == (line.ended == Ended::Pass)), "{lines:?}");
        assert!(lines.iter().all(|line| line.remedy.is_some() == (line.ended >= Ended::Warn)), "{lines:?}");
        lines
    }

    async fn test_stored(&self) -> Vec<StepReport> {
        self.test(Tested::StoredClient).await
    }
}

fn client(id: &str, secret: &str) -> ClientCredentials {
    let authentication = ClientAuthentication::Basic(ClientSecret::new(secret.to_owned()));
    ClientCredentials { client_id: ClientId::new(id).expect("a client id"), authentication }
}

fn token(text: &str) -> Tested {
    Tested::Token(Credential::from_authorization_values([format!("Bearer {text}").as_str()]))
}

/// `step reason` of every line that is a warning or a failure.
fn troubles(lines: &[StepReport]) -> Vec<String> {
    let troubles = lines.iter().filter(|line| line.ended >= Ended::Warn);
    troubles
        .map(|line| format!("{} {} {}", line.ended.as_str(), line.step.name(), line.reason.unwrap_or_default()))
        .collect()
}

fn skipped(lines: &[StepReport]) -> Vec<&'static str> {
    lines.iter().filter(|line| line.ended == Ended::Skip).map(|line| line.step.name()).collect()
}

#[tokio::test]
async fn where_everything_is_right_every_step_passes_once_in_order() {
    let lines = Bench::new().test_stored().await;
    assert_eq!(troubles(&lines), [""; 0]);
    let steps: Vec<TestStep> = lines.iter().map(|line| line.step).collect();
    assert_eq!(steps, TestStep::all().collect::<Vec<_>>());
}

#[tokio::test]
async fn a_refused_document_is_said_field_by_field_and_nothing_is_asked() {
    let document = with(profile_document(), "issuer", json!("https://yourOktaDomain/oauth2/default"));
    let bench = Bench::with_document(with(document, "leewaySeconds", json!(99)));
    let lines = bench.test_stored().await;
    assert_eq!(troubles(&lines), ["fail document profile_broken"; 2]);
    assert!(lines[0].detail.contains("placeholder `yourOktaDomain`"), "{}", lines[0].detail);
    assert!(bench.okta.keys.asked().is_empty() && bench.okta.tokens.asked().is_empty());
    assert_eq!(skipped(&lines).len(), TestStep::all().count() - 1);
}

#[tokio::test]
async fn a_profile_that_does_not_exist_is_a_failure_with_its_place() {
    let job = TestProfile {
        store: MemoryProfileStore::default(),
        okta: Arc::new(OktaTwin::knowing(&[])),
        clock: FixedClock::at(after(Duration::ZERO)),
        transport: Transport::Https,
    };
    let lines = job.test(&name("orders"), Tested::StoredClient, |_| {}).await.expect("a readable store");
    assert_eq!(troubles(&lines), ["fail document profile_unknown"]);
    assert!(lines[0].detail.contains("memory/orders"));
}

#[tokio::test]
async fn another_issuer_in_the_discovery_document_fails_with_its_remedy() {
    let document = |issuer: &str| DiscoveryDocument {
        issuer: issuer.to_owned(),
        token_endpoint: format!("{ISSUER}/v1/token"),
        jwks_uri: format!("{ISSUER}/v1/other"),
    };
    for (issuer, remedy) in [
        ("https://acme.okta.com", "org authorization server"),
        ("https://acme.okta.com/oauth2/aus1", "Set `issuer` to `https://acme.okta.com/oauth2/aus1`"),
    ] {
        let bench = Bench::new();
        bench.okta.publish(Some(document(issuer)));
        let lines = bench.test_stored().await;
        assert_eq!(troubles(&lines), ["fail discovery issuer_mismatch", "warn urls urls_differ"]);
        let failed = lines.iter().find(|line| line.ended == Ended::Fail).expect("a failure");
        assert!(failed.remedy.as_deref().is_some_and(|text| text.contains(remedy)), "{failed:?}");
    }
    let bench = Bench::new();
    bench.okta.publish(None);
    let lines = bench.test_stored().await;
    assert_eq!(troubles(&lines), ["fail discovery discovery_unavailable"]);
    assert_eq!(skipped(&lines), ["urls"]);
}

#[tokio::test]
async fn keys_that_cannot_be_used_are_told_apart() {
    let bench = Bench::new();
    bench.okta.serve_keys(&[OKTA_KEY.jwk(), json!({"kty": "oct", "kid": "shared"})]);
    assert_eq!(troubles(&bench.test_stored().await), ["warn keys key_skipped"]);
    let bench = Bench::new();
    bench.okta.serve_keys(&[SigningKey::p256("curve").jwk()]);
    let lines = bench.test_stored().await;
    let expected = ["fail keys key_unfit", "warn stored-keys stored_keys_differ", "fail key key_unknown"];
    assert_eq!(troubles(&lines), expected);
    let bench = Bench::new();
    bench.okta.keys.go_down();
    let lines = bench.test_stored().await;
    assert_eq!(troubles(&lines), ["fail keys keys_unavailable", "fail key keys_unavailable"]);
    assert_eq!(
        skipped(&lines),
        ["clock", "signature", "introspection", "deny-list", "binding", "client", "claims", "scope"]
    );
}

#[tokio::test]
async fn a_stored_key_set_that_would_not_carry_a_cold_start_is_a_warning() {
    let keys =
        |age: u64, jwk: Value| json!({"fetchedAt": NOW.seconds() - age, "maxAge": 3600, "keys": [jwk]}).to_string();
    for (key_set, reason) in [
        (None, "stored_keys_missing"),
        (Some("<html>".to_owned()), "stored_keys_unusable"),
        (Some(keys(60, FOREIGN_KEY.jwk())), "stored_keys_differ"),
        (Some(keys(4 * 3_600, OKTA_KEY.jwk())), "stored_keys_old"),
    ] {
        let lines = Bench { key_set, ..Bench::new() }.test_stored().await;
        assert_eq!(troubles(&lines), [format!("warn stored-keys {reason}")]);
    }
}

#[tokio::test]
async fn a_clock_that_is_off_is_a_warning_and_beyond_the_leeway_a_failure() {
    for (okta, expected) in [
        (NOW.plus(5), None),
        (NOW.plus(6), Some("warn clock clock_differs")),
        (NOW.plus(31), Some("fail clock clock_differs")),
    ] {
        let bench = Bench::new();
        bench.okta.set_clock(Some(okta));
        assert_eq!(troubles(&bench.test_stored().await), expected.into_iter().collect::<Vec<_>>());
    }
    let bench = Bench::new();
    bench.okta.set_clock(None);
    assert_eq!(skipped(&bench.test_stored().await), ["clock"]);
}

#[tokio::test]
async fn a_profile_without_a_client_is_a_warning_that_says_how_to_store_one() {
    let lines = Bench { client: None, ..Bench::new() }.test_stored().await;
    assert_eq!(troubles(&lines), ["warn token-endpoint stored_client_missing"]);
    let warning = lines.iter().find(|line| line.ended == Ended::Warn).expect("a warning");
    assert_eq!(warning.remedy.as_deref(), Some(STORE_A_CLIENT));
    assert_eq!(skipped(&lines).len(), 16, "the whole ladder but what concerns a call");
}

#[tokio::test]
async fn what_the_token_endpoint_refuses_is_a_failure_and_the_ladder_is_not_climbed() {
    for (mood, reason) in [
        (Mood::Down, "token_endpoint_unavailable"),
        (Mood::RateLimited(7), "token_endpoint_rate_limited"),
        (Mood::WantsNonce, "use_dpop_nonce"),
    ] {
        let bench = Bench::new();
        bench.okta.tokens.be(mood);
        let lines = bench.test_stored().await;
        assert_eq!(troubles(&lines), [format!("fail token-endpoint {reason}")]);
        assert_eq!(skipped(&lines).len(), 16);
    }
    let lines = Bench::new().test(Tested::Client(client("0oa1", "wrong"))).await;
    assert_eq!(troubles(&lines), ["fail token-endpoint invalid_client"]);
}

#[tokio::test]
async fn a_token_that_the_profile_refuses_stops_at_its_step() {
    let bench = Bench::new();
    bench.okta.tokens.be(Mood::OtherAudience);
    let lines = bench.test_stored().await;
    assert_eq!(troubles(&lines), ["fail audience audience_mismatch"]);
    assert_eq!(
        skipped(&lines),
        ["time", "key", "signature", "introspection", "deny-list", "binding", "client", "claims", "scope"]
    );
    let allowed = with(profile_document(), "clients", json!({"allow": ["0oa2"]}));
    let lines = Bench::with_document(allowed).test_stored().await;
    assert_eq!(troubles(&lines), ["fail client client_not_allowed"]);
}

#[tokio::test]
async fn a_given_token_is_tested_and_none_is_fetched() {
    let bench = Bench::new();
    let lines = bench.test(token(&OKTA_KEY.access_token(&claims()))).await;
    assert_eq!(troubles(&lines), [""; 0]);
    assert_eq!(skipped(&lines), ["token-endpoint"]);
    let lines = bench.test(token(&OKTA_KEY.access_token(&with(claims(), "scp", json!([]))))).await;
    assert_eq!(troubles(&lines), ["fail scope scope_missing"]);
    let lines = bench.test(token("not-a-token")).await;
    assert_eq!(troubles(&lines), ["fail credential token_malformed"]);
    assert!(bench.okta.tokens.asked().is_empty());
}

#[tokio::test]
async fn keys_are_fetched_once() {
    let bench = Bench::new();
    bench.test_stored().await;
    assert_eq!(bench.okta.keys.asked(), [KEYS_URL]);
}
