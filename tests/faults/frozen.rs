//! A sandbox that was frozen, and connections that died meanwhile (threat 61).

use std::time::Duration;

use crate::http::send;
use crate::support::{WireFault, decisions};
use crate::world::{FaultyWorld, MINUTE};

/// How long profiles are fresh. Longer than a function needs for its first call.
const TTL_SECONDS: &str = "2";
const PAST_THEIR_TIME: Duration = Duration::from_millis(2_300);

/// Threat 61.
#[tokio::test]
async fn a_sandbox_that_was_frozen_until_its_connections_were_closed_reads_and_fetches_anew() {
    let world = FaultyWorld::new().await;
    world.put_other_profile().await;
    for proxy in [&world.ssm, &world.okta] {
        proxy.keep_alive(Duration::from_millis(300));
    }
    let authorizer = world.authorizer(&[("PROFILES", "orders,other"), ("PROFILE_TTL_SECONDS", TTL_SECONDS)]);
    world.is_allowed(&authorizer).await;

    authorizer.freeze();
    tokio::time::sleep(PAST_THEIR_TIME).await;
    world.ssm.all_closed().await;
    world.okta.all_closed().await;
    let before = [&world.ssm, &world.okta].map(|proxy| (proxy.count(), proxy.connections()));
    assert_eq!(before[1], (1, 1));

    authorizer.thaw();
    world.is_allowed_on_other_api(&authorizer).await;
    let after = [&world.ssm, &world.okta].map(|proxy| (proxy.count(), proxy.connections()));
    assert_eq!(after, before.map(|(requests, connections)| (requests + 1, connections + 1)), "{}", authorizer.logs());
}

/// Threat 61.
#[tokio::test]
async fn a_kept_connection_that_dies_under_a_fetch_of_keys_costs_one_more_request_and_no_call() {
    let world = FaultyWorld::new().await;
    world.put_other_profile().await;
    let authorizer = world.authorizer(&[("PROFILES", "orders,other")]);
    world.is_allowed(&authorizer).await;
    assert_eq!((world.okta.count(), world.okta.connections()), (1, 1));

    world.okta.set_once(WireFault::HangUp);
    world.is_allowed_on_other_api(&authorizer).await;
    assert_eq!((world.okta.count(), world.okta.connections()), (3, 2));
}

/// Threat 61.
#[tokio::test]
async fn a_kept_connection_that_dies_under_a_read_of_profiles_costs_no_call() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let authorizer = world.authorizer(&[("PROFILE_TTL_SECONDS", TTL_SECONDS)]);
    world.is_allowed(&authorizer).await;
    tokio::time::sleep(PAST_THEIR_TIME).await;
    let before = world.ssm.count();
    world.ssm.set_once(WireFault::HangUp);
    world.is_allowed(&authorizer).await;
    assert_eq!(world.ssm.count(), before + 2, "the SDK asks again:\n{}", authorizer.logs());
    assert!(!authorizer.stop().contains("profiles not refreshed"));
}

/// Threat 61: a request that may have arrived is not repeated.
#[tokio::test]
async fn a_kept_connection_that_dies_under_a_token_request_is_a_503_and_the_request_is_not_sent_again() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let [first, second, third] = world.token_requests().await;
    let function = world.token_function(&[]);
    assert_eq!(send(&function, &first).await.status, 200, "{}", function.logs());
    assert_eq!((world.okta.count(), world.okta.connections()), (1, 1));

    world.okta.set_once(WireFault::HangUp);
    let answer = send(&function, &second).await;
    assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{answer:?}");
    assert_eq!((world.okta.count(), world.okta.connections()), (2, 1));

    assert_eq!(send(&function, &third).await.status, 200, "{}", function.logs());
    assert_eq!((world.okta.count(), world.okta.connections()), (3, 2));
    let output = function.stop();
    assert_eq!(decisions(&output)[1]["reason"], "token_endpoint_unavailable", "{output}");
}

/// Threat 61.
#[tokio::test]
async fn a_token_function_that_was_frozen_until_its_connections_were_closed_asks_over_new_ones() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    world.okta.keep_alive(Duration::from_millis(300));
    let requests = world.token_requests().await;
    let function = world.token_function(&[]);
    for (calls, request) in (1..).zip(&requests) {
        let answer = send(&function, request).await;
        let seen = (world.okta.count(), world.okta.connections());
        assert_eq!((answer.status, seen), (200, (calls, calls)), "{answer:?}\n{}", function.logs());
        function.freeze();
        world.okta.all_closed().await;
        function.thaw();
    }
}
