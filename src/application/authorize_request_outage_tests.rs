//! Tests of the decision while Okta or the store is down, rotating, or asked by many at once.

use std::sync::Arc;
use std::time::Duration;

use serde_json::json;
use tokio::task::JoinSet;

use super::{Authorizer, SECOND, TTL, Verdict, good_token};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::time::UnixTime;
use crate::ports::profile_store::{ProfileSelection, StoredProfile};
use crate::rejection::Outcome;
use crate::testing::{FOREIGN_KEY, KEYS_URL, NOW, OKTA_KEY, PLENTY, after, claims, profile_document, stored, with};

const HOUR: Duration = Duration::from_secs(3_600);

/// A token that is good for 24 hours, so that only its key can be the reason for a refusal.
fn lasting_token() -> String {
    OKTA_KEY.access_token(&with(claims(), "exp", json!(NOW.seconds() + 86_000)))
}

/// A good token whose key Okta does not publish yet.
fn token_of_a_new_key() -> String {
    FOREIGN_KEY.access_token(&claims())
}

/// Threat 44.
#[tokio::test]
async fn a_thousand_concurrent_cold_verifications_cause_one_fetch_and_one_load() {
    let authorizer = Authorizer::with_one_profile();
    let token = good_token();
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        let authorizer = Arc::clone(&authorizer);
        let token = token.clone();
        calls.spawn(async move { authorizer.decide(&token).await });
    }
    let verdicts = calls.join_all().await;
    assert_eq!(verdicts, vec![Verdict::allowed("a"); 1_000]);
    assert_eq!((authorizer.keys.asked(), authorizer.store.loads()), (vec![KEYS_URL.to_owned()], 1));
}

/// Threat 43.
#[tokio::test]
async fn an_unknown_kid_is_unauthorized_and_within_30_seconds_of_a_fetch_only_for_now() {
    let authorizer = Authorizer::with_one_profile();
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    let cooling_down = Verdict::Refused(
        Outcome::UnauthorizedForNow,
        "key_cooling_down",
        "the issuer's held keys do not have `foreign-key`, and they were fetched too recently to ask again".to_owned(),
    );
    let unknown =
        Verdict::Refused(Outcome::Unauthorized, "key_unknown", "the issuer has no usable key `foreign-key`".to_owned());
    for (elapsed, verdict, fetches) in
        [(1, &cooling_down, 1), (29, &cooling_down, 1), (30, &unknown, 2), (31, &cooling_down, 2)]
    {
        authorizer.let_pass(elapsed * SECOND);
        assert_eq!(authorizer.decide(&token_of_a_new_key()).await, *verdict, "{elapsed} s");
        assert_eq!(authorizer.fetches(), fetches, "{elapsed} s");
    }
    authorizer.keys.serve(KEYS_URL, &[OKTA_KEY.jwk(), FOREIGN_KEY.jwk()]);
    authorizer.let_pass(60 * SECOND);
    assert_eq!(authorizer.decide(&token_of_a_new_key()).await, Verdict::allowed("a"), "the new key has arrived");
}

/// Threat 20.
#[tokio::test]
async fn a_kid_that_looks_like_a_path_or_a_url_is_looked_up_and_nothing_else() {
    let authorizer = Authorizer::with_one_profile();
    for (turn, kid) in
        (0..).zip(["../../okta-key", "okta-key' OR '1'='1", "https://evil.example/okta-key", "okta-key\0"])
    {
        authorizer.let_pass(turn * 30 * SECOND);
        let header = with(OKTA_KEY.header(Algorithm::Rs256), "kid", json!(kid));
        let verdict = authorizer.decide(&OKTA_KEY.token(&header, Algorithm::Rs256, &claims())).await;
        assert_eq!(verdict.refusal(), (Outcome::Unauthorized, "key_unknown"), "{kid:?}");
    }
    assert_eq!(authorizer.keys.asked(), [KEYS_URL; 4]);
}

/// Threats 45 and 48.
#[tokio::test]
async fn while_okta_is_down_a_held_key_serves_for_24_hours_and_then_the_call_fails() {
    let authorizer = Authorizer::with_one_profile();
    let long_lived = with(claims(), "iat", json!(NOW.seconds() + 25 * 3_600));
    let long_lived = OKTA_KEY.access_token(&with(long_lived, "exp", json!(NOW.seconds() + 26 * 3_600)));
    assert_eq!(authorizer.decide(&lasting_token()).await, Verdict::allowed("a"));
    authorizer.keys.go_down();
    authorizer.let_pass(23 * HOUR);
    assert_eq!(authorizer.decide(&lasting_token()).await, Verdict::allowed("a"));
    authorizer.let_pass(25 * HOUR);
    assert_eq!(authorizer.decide(&long_lived).await.refusal(), (Outcome::Failed, "keys_unavailable"));
}

/// Threat 46.
#[tokio::test]
async fn an_unknown_kid_that_okta_could_not_be_asked_about_fails() {
    let authorizer = Authorizer::with_one_profile();
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    authorizer.keys.go_down();
    authorizer.let_pass(30 * SECOND);
    let verdict = authorizer.decide(&token_of_a_new_key()).await;
    assert_eq!(verdict.refusal(), (Outcome::Failed, "keys_unavailable"));
    authorizer.keys.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
    authorizer.let_pass(60 * SECOND);
    let verdict = authorizer.decide(&token_of_a_new_key()).await;
    assert_eq!(verdict.refusal(), (Outcome::Unauthorized, "key_unknown"));
}

/// Threat 47.
#[tokio::test]
async fn a_cold_start_without_okta_fails_unless_a_key_set_is_stored() {
    let cold = Authorizer::with_one_profile();
    cold.keys.go_down();
    assert_eq!(cold.decide(&good_token()).await.refusal(), (Outcome::Failed, "keys_unavailable"));
    let key_set = json!({"fetchedAt": NOW.seconds() - 7_200, "maxAge": 3_600, "keys": [OKTA_KEY.jwk()]}).to_string();
    let with_keys = StoredProfile { key_set: Some(key_set), ..stored("a", &profile_document()) };
    let prepared = Authorizer::serving(vec![with_keys], ProfileSelection::All);
    prepared.keys.go_down();
    assert_eq!(prepared.decide(&good_token()).await, Verdict::allowed("a"));
}

/// Threat 56.
#[tokio::test]
async fn a_store_out_of_order_fails_a_cold_start_and_leaves_a_warm_authorizer_as_it_was() {
    let failed = Verdict::Refused(Outcome::Failed, "profiles_unavailable", "no profiles are loaded".to_owned());
    let authorizer = Authorizer::with_one_profile();
    authorizer.store.set_out_of_order(true);
    assert_eq!(authorizer.decide(&good_token()).await, failed);
    authorizer.store.set_out_of_order(false);
    authorizer.let_pass(SECOND);
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    authorizer.store.set_out_of_order(true);
    for elapsed in [TTL + SECOND, 2 * TTL, 3_000 * SECOND] {
        authorizer.let_pass(elapsed);
        assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    }
    assert_eq!(authorizer.store.loads(), 5);
}

#[tokio::test]
async fn a_named_profile_that_does_not_exist_fails_every_call_and_names_its_parameter() {
    let authorizer = Authorizer::with_one_profile();
    authorizer.store.replace(Vec::new());
    let text = "profile `a`: `memory/a` does not exist; create it, or correct `PROFILES`";
    let failed = Verdict::Refused(Outcome::Failed, "profiles_unavailable", text.to_owned());
    assert_eq!(authorizer.decide(&good_token()).await, failed);
    authorizer.let_pass(SECOND);
    let warm_up = authorizer.application.warm_up(PLENTY).await.expect_err("refused");
    assert_eq!(warm_up.to_string(), text);
}

/// Threat 62.
#[tokio::test]
async fn a_wall_clock_that_jumps_back_is_believed_about_tokens_and_not_about_caches() {
    let authorizer = Authorizer::with_one_profile();
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    let mut moment = after(TTL);
    moment.wall = after(Duration::ZERO).wall;
    authorizer.clock.set(moment);
    assert_eq!(authorizer.decide(&good_token()).await, Verdict::allowed("a"));
    assert_eq!(authorizer.store.loads(), 2, "the profiles' time has passed all the same");
    let mut moment = after(TTL + SECOND);
    moment.wall = UnixTime::from_seconds(NOW.seconds() - 3_600);
    authorizer.clock.set(moment);
    let verdict = authorizer.decide(&good_token()).await;
    assert_eq!(verdict.refusal(), (Outcome::Unauthorized, "token_issued_in_future"));
    assert_eq!((authorizer.store.loads(), authorizer.fetches()), (2, 1));
}
