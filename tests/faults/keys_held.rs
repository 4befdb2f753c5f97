//! Keys are held and no longer fresh, and Okta is away, broken or busy: they serve on (threats 45, 49, 53 to 55, 64).

use std::time::Duration;

use crate::outage::{Outage, outages_of_okta, side_by_side};
use crate::support::{LambdaFunction, WireFault, seconds_since_epoch};
use crate::world::{FaultyWorld, IN_TIME, MINUTE, decisions_of, lines_with};

/// Long past every time at which keys are due, and not yet too old to serve.
const STALE: Duration = Duration::from_secs(20 * 3_600);
/// Thirty seconds before stored keys are stale. Each sandbox has drawn its own point in the last quarter of their time,
/// from which on they are due; of a hundred sandboxes one has not reached it.
const DUE: Duration = Duration::from_secs(4 * 3_600 - 30);

/// Four calls are allowed by the stale keys, at the expense of one attempt at new ones.
async fn stale_keys_serve(world: &FaultyWorld, authorizer: LambdaFunction, requests: usize) {
    authorizer.wait_for("keys not refreshed").await;
    for _ in 0..3 {
        world.is_allowed(&authorizer).await;
    }
    assert_eq!(world.okta.count(), requests, "{}", authorizer.logs());
    let output = authorizer.stop();
    assert_eq!(lines_with(&output, "keys not refreshed"), 1, "{output}");
    let decisions = decisions_of(&output);
    assert_eq!(decisions.len(), 4, "{output}");
    for decision in decisions {
        assert_eq!(decision["outcome"], "allow", "{decision}");
        assert!(decision["KeyAge"].as_u64() >= Some(STALE.as_secs()), "{decision}");
    }
}

/// Threats 45, 49, 55 and 64.
#[tokio::test]
async fn stale_keys_serve_on_in_time_in_whichever_way_okta_fails() {
    let busy = Outage { fault: rate_limited_for(120), requests: 1 };
    side_by_side(outages_of_okta().into_iter().chain([busy]), async |Outage { fault, requests }| {
        let world = FaultyWorld::with_stored_keys(STALE).await;
        world.okta.set(fault.clone());
        let authorizer = world.authorizer(&[]);
        // Less than a fetch takes until it gives up on its own.
        let timed = world.is_allowed_within(&authorizer, Duration::from_secs(1)).await;
        assert!(timed.left >= IN_TIME, "{fault:?}: {timed:?}");
        stale_keys_serve(&world, authorizer, requests).await;
    })
    .await;
}

/// Threat 45.
#[tokio::test]
async fn keys_that_are_due_are_fetched_once_and_after_the_answer() {
    let world = FaultyWorld::with_stored_keys(DUE).await;
    for _ in 0..4 {
        let authorizer = world.authorizer(&[]);
        let answered = world.is_allowed_within(&authorizer, Duration::from_secs(20)).await;
        for _ in 0..100 {
            if world.okta.count() > 0 {
                break;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
        let Some(fetch) = world.okta.requests().into_iter().next() else { continue };
        assert!(fetch.at > answered.at, "the call waited for a fetch that it did not need");
        for _ in 0..3 {
            world.is_allowed(&authorizer).await;
        }
        assert_eq!(world.okta.count(), 1);
        return;
    }
    panic!("no sandbox has fetched keys that were due");
}

/// Threat 53.
#[tokio::test]
async fn stale_keys_serve_on_while_the_keys_url_redirects_and_the_redirect_is_not_followed() {
    let world = FaultyWorld::with_stored_keys(STALE).await;
    let elsewhere = world.another_proxy_to_okta();
    world.okta.set(redirect_to(&elsewhere.localhost_url()));
    let authorizer = world.authorizer(&[]);
    world.is_allowed(&authorizer).await;
    stale_keys_serve(&world, authorizer, 1).await;
    assert_eq!((elsewhere.count(), elsewhere.connections()), (0, 0));
}

/// A redirect to the same keys at another server.
pub(crate) fn redirect_to(server: &str) -> WireFault {
    let headers = vec![("Location", format!("{server}/oauth2/default/v1/keys"))];
    WireFault::Answer { status: 302, content_type: "text/plain", headers, body: String::new() }
}

/// Okta is busy for so many seconds.
pub(crate) fn rate_limited_for(seconds: u64) -> WireFault {
    let headers = vec![("X-Rate-Limit-Reset", (seconds_since_epoch() + seconds).to_string())];
    let body = r#"{"errorCode":"E0000047","errorSummary":"API call exceeded rate limit."}"#.to_owned();
    WireFault::Answer { status: 429, content_type: "application/json", headers, body }
}

/// Threat 54.
#[tokio::test]
async fn keys_that_must_not_be_cached_serve_for_a_minute_all_the_same() {
    let world = FaultyWorld::with(|settings| settings.keys_cache_control = "no-cache".to_owned()).await;
    let authorizer = world.authorizer(&[]);
    for _ in 0..20 {
        world.is_allowed(&authorizer).await;
    }
    assert_eq!(world.okta.count(), 1);
    assert!(decisions_of(&authorizer.stop()).iter().all(|decision| decision["outcome"] == "allow"));
}

/// Threats 45 and 61.
#[tokio::test]
async fn an_okta_that_hangs_up_on_everybody_is_asked_twice_at_most() {
    let world = FaultyWorld::with_stored_keys(STALE).await;
    world.okta.set(WireFault::HangUp);
    let authorizer = world.authorizer(&[]);
    for _ in 0..4 {
        world.is_allowed(&authorizer).await;
    }
    authorizer.wait_for("keys not refreshed").await;
    assert!((1..=2).contains(&world.okta.count()), "{}", world.okta.count());
}

/// Threat 45.
#[tokio::test]
async fn stale_keys_are_replaced_by_the_first_sound_answer() {
    let world = FaultyWorld::with_stored_keys(STALE).await;
    let authorizer = world.authorizer(&[]);
    for _ in 0..3 {
        world.is_allowed(&authorizer).await;
    }
    assert_eq!(world.okta.count(), 1);
    let output = authorizer.stop();
    assert!(decisions_of(&output)[2]["KeyAge"].as_u64() < Some(MINUTE.as_secs()), "{output}");
}
