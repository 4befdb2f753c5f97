//! No keys are held yet (threats 44, 47 to 49, 53, 55 and 64).

use std::time::Duration;

use crate::events::status_of;
use crate::keys_held::{rate_limited_for, redirect_to};
use crate::outage::{Outage, answering, outages_of_okta, side_by_side};
use crate::support::{TIMEOUT, WireFault, eventually};
use crate::world::{FaultyWorld, HOUR, IN_TIME, MINUTE, reasons_of};

/// Threats 47, 48 and 49.
#[tokio::test]
async fn without_keys_or_with_those_of_yesterday_a_call_is_an_error_in_whichever_way_okta_fails() {
    let cold = outages_of_okta().into_iter().map(|outage| (None, outage));
    let old = outages_of_okta().into_iter().map(|outage| (Some(25 * HOUR), outage));
    side_by_side(cold.chain(old), async |(age, outage)| {
        let world = FaultyWorld::new().await;
        if let Some(age) = age {
            world.scenario.store_keys(age).await;
        }
        fails_for_want_of_keys(world, outage).await;
    })
    .await;
}

/// The next call comes too early for another attempt.
async fn fails_for_want_of_keys(world: FaultyWorld, Outage { fault, requests }: Outage) {
    world.okta.set(fault.clone());
    let authorizer = world.authorizer(&[]);
    world.fails(&authorizer, "keys_unavailable").await;
    assert_eq!(world.okta.count(), requests, "{fault:?}\n{}", authorizer.logs());
    let output = authorizer.stop();
    assert_eq!(reasons_of(&output), ["keys_unavailable"; 2], "{fault:?}: {output}");
    assert!(output.contains("keys not refreshed"), "{fault:?}: {output}");
}

/// Threat 47.
#[tokio::test]
async fn with_stored_keys_okta_is_not_even_connected_to() {
    side_by_side([WireFault::Refuse, WireFault::Silence], async |fault| {
        let world = FaultyWorld::with_stored_keys(MINUTE).await;
        world.okta.set(fault);
        let authorizer = world.authorizer(&[]);
        for _ in 0..3 {
            world.is_allowed(&authorizer).await;
        }
        assert_eq!((world.okta.count(), world.okta.connections()), (0, 0));
        assert_eq!(world.ssm.count(), 1, "profile and keys are one call");
    })
    .await;
}

/// Threat 44.
#[tokio::test]
async fn two_dozen_calls_that_wait_for_keys_cost_one_fetch() {
    let world = FaultyWorld::new().await;
    world.okta.set(WireFault::Delay(Duration::from_millis(300)));
    let authorizer = world.authorizer(&[]);
    let pending: Vec<_> = (0..24).map(|_| authorizer.send(&world.event(), TIMEOUT)).collect();
    for pending in pending {
        assert_eq!(status_of(&authorizer.answer_to(pending).await), 200, "{}", authorizer.logs());
    }
    assert_eq!(world.okta.count(), 1);
    assert_eq!(world.okta.requests()[0].method, "GET");
    assert!(world.okta.requests()[0].path.ends_with("/v1/keys"));
}

/// Threat 53.
#[tokio::test]
async fn a_redirect_of_the_keys_url_to_good_keys_is_an_error_and_not_followed() {
    let world = FaultyWorld::new().await;
    let elsewhere = world.another_proxy_to_okta();
    world.okta.set(redirect_to(&elsewhere.localhost_url()));
    let authorizer = world.authorizer(&[]);
    world.fails(&authorizer, "keys_unavailable").await;
    assert_eq!((world.okta.count(), elsewhere.count(), elsewhere.connections()), (1, 0, 0));
    let output = authorizer.stop();
    assert!(output.contains("answered 302 instead of 200"), "{output}");
}

/// Threats 47 and 55.
#[tokio::test]
async fn an_okta_that_fails_is_asked_again_within_seconds_and_one_that_asks_to_be_left_alone_is_not() {
    let outages = [(answering(503, "text/plain", ""), 2), (rate_limited_for(120), 1)];
    side_by_side(outages, async |(fault, requests)| {
        let world = FaultyWorld::new().await;
        world.okta.set(fault);
        let authorizer = world.authorizer(&[]);
        world.fails(&authorizer, "keys_unavailable").await;
        assert_eq!(world.okta.count(), 1);
        world.okta.set(WireFault::None);
        // The next attempt is made five seconds after the one that failed, where nobody asked for more.
        tokio::time::sleep(Duration::from_millis(5_500)).await;
        if requests > 1 {
            world.is_allowed(&authorizer).await;
        } else {
            world.fails(&authorizer, "keys_unavailable").await;
        }
        assert_eq!(world.okta.count(), requests);
    })
    .await;
}

/// Threat 64.
#[tokio::test]
async fn with_its_deadline_near_a_call_without_keys_is_an_error_before_it_and_a_later_one_works() {
    side_by_side([WireFault::BlackHole, WireFault::Silence], async |fault| {
        let world = FaultyWorld::new().await;
        let requests = usize::from(matches!(fault, WireFault::Silence));
        world.okta.set(fault);
        let authorizer = world.authorizer(&[]);
        let timed = authorizer.invoke_timed(&world.event(), Duration::from_millis(500)).await;
        assert!(timed.left >= IN_TIME, "{timed:?}");
        let message = timed.answer.error_message();
        // 200 ms are kept for the answer; the fetch itself would give up after 1.5 s.
        assert!(message.starts_with("keys_unavailable: ") && message.contains("no answer within "), "{message}");
        assert_eq!((world.okta.count(), world.okta.connections()), (requests, 1));

        world.okta.set(WireFault::None);
        eventually("a fetch that was cut off is made up for", async || {
            status_of(&authorizer.invoke(&world.event(), TIMEOUT).await) == 200
        })
        .await;
        assert_eq!(world.okta.count(), requests + 1);
        assert_eq!(reasons_of(&authorizer.stop())[0], "keys_unavailable");
    })
    .await;
}
