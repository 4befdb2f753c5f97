//! A token names a key that is not among the held ones (threats 43 and 46).

use okta_security_profiles::local::okta::StandInOkta;
use serde_json::json;

use crate::events::{bearer, http_api, rest_token, status_of};
use crate::minting::{claims, with};
use crate::outage::{Outage, outages_of_okta, side_by_side};
use crate::support::TIMEOUT;
use crate::world::{FaultyWorld, MINUTE, reasons_of, serve_behind_proxy};

/// A token of this issuer under a key that it does not have.
fn made_up(okta: &StandInOkta) -> String {
    bearer(&okta.sign_raw(r#"{"kid":"made-up","alg":"RS256"}"#, &claims(okta).to_string()))
}

/// Threat 43.
#[tokio::test]
async fn made_up_keys_cost_each_issuer_one_fetch_and_are_refused_as_long_as_the_next_is_not_due() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let (other, other_proxy, _other_server) = serve_behind_proxy(world.scenario.ca(), |_settings| {});
    let others = with(&world.scenario.profile(), "issuer", json!(other.issuer()));
    world.scenario.put("others", &others.to_string()).await;
    world.scenario.store_keys_of("others", &other, MINUTE).await;

    let authorizer = world.authorizer(&[("PROFILES", "orders,others")]);
    for _ in 0..4 {
        for okta in [&*world.scenario.okta, &*other] {
            let answer = authorizer.invoke(&rest_token(&made_up(okta)), TIMEOUT).await;
            assert_eq!(answer.error_message(), "Unauthorized");
        }
    }
    for okta in [&*world.scenario.okta, &*other] {
        let message = authorizer.invoke(&http_api(&made_up(okta)), TIMEOUT).await.error_message();
        assert!(message.starts_with("key_cooling_down: "), "no Deny that would be cached: {message}");
    }
    assert_eq!((world.okta.count(), other_proxy.count()), (1, 1));
    world.is_allowed(&authorizer).await;

    let reasons = reasons_of(&authorizer.stop());
    assert_eq!(reasons[..2], ["key_unknown", "key_unknown"], "{reasons:?}");
    assert!(reasons[2..10].iter().all(|reason| reason == "key_cooling_down"), "{reasons:?}");
}

/// Threat 46.
#[tokio::test]
async fn an_unknown_key_is_an_error_in_whichever_way_okta_fails_and_known_ones_serve_on() {
    side_by_side(outages_of_okta(), async |Outage { fault, requests }| {
        let world = FaultyWorld::with_stored_keys(MINUTE).await;
        world.okta.set(fault.clone());
        let authorizer = world.authorizer(&[]);
        let message = authorizer.invoke(&rest_token(&made_up(&world.scenario.okta)), TIMEOUT).await.error_message();
        assert!(message.starts_with("keys_unavailable: "), "{fault:?}: {message}");
        world.is_allowed(&authorizer).await;
        assert_eq!(world.okta.count(), requests, "{fault:?}\n{}", authorizer.logs());
        assert_eq!(reasons_of(&authorizer.stop()), ["keys_unavailable", ""], "{fault:?}");
    })
    .await;
}

/// Threat 46.
#[tokio::test]
async fn an_unknown_key_is_unauthorized_where_the_fetch_worked_and_a_new_one_is_found_by_it() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let authorizer = world.authorizer(&[]);
    let answer = authorizer.invoke(&rest_token(&made_up(&world.scenario.okta)), TIMEOUT).await;
    assert_eq!(answer.error_message(), "Unauthorized");
    assert_eq!(world.okta.count(), 1);
    assert_eq!(reasons_of(&authorizer.stop()), ["key_unknown"]);

    world.scenario.okta.rotate().expect("a new key");
    let authorizer = world.authorizer(&[]);
    let answer = authorizer.invoke(&world.event(), TIMEOUT).await;
    assert_eq!(status_of(&answer), 200, "{answer:?}\n{}", authorizer.logs());
    assert_eq!(world.okta.count(), 2);
}
