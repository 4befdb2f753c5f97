//! The token function and a broken wire to its token URL (threats 64 and 68).

use std::time::Duration;

use crate::http::{good_request, send};
use crate::outage::{DRIP, Outage, side_by_side};
use crate::support::{CLIENT_ID, CLIENT_SECRET, WireFault, basic, form_encoded};
use crate::world::{FaultyWorld, IN_TIME, MINUTE, reasons_of};

/// Threat 68.
#[tokio::test]
async fn a_token_url_that_breaks_off_or_stays_silent_is_a_503_and_is_asked_once() {
    let outages = [
        (WireFault::Refuse, 0),
        (WireFault::BlackHole, 0),
        (WireFault::Silence, 1),
        (WireFault::HangUp, 1),
        (WireFault::ResetMidBody, 1),
        (WireFault::Truncate, 1),
        (DRIP, 1),
    ];
    side_by_side(outages.map(|(fault, requests)| Outage { fault, requests }), async |Outage { fault, requests }| {
        let world = FaultyWorld::with_stored_keys(MINUTE).await;
        world.okta.set(fault.clone());
        let function = world.token_function(&[]);
        let answer = send(&function, &good_request()).await;
        assert_eq!((answer.status, answer.error()), (503, "temporarily_unavailable"), "{fault:?}: {answer:?}");
        assert_eq!(answer.header("retry-after"), Some("5"), "{fault:?}");
        assert_eq!(world.okta.count(), requests, "{fault:?}");
        let connections = usize::from(!matches!(fault, WireFault::Refuse));
        assert_eq!(world.okta.connections(), connections, "{fault:?}");
        let output = function.stop();
        assert_eq!(reasons_of(&output), ["token_endpoint_unavailable"], "{fault:?}: {output}");
        assert_no_secret(&answer.text());
        assert_no_secret(&output);
    })
    .await;
}

/// Threat 68.
#[tokio::test]
async fn an_answer_of_the_token_url_that_is_late_and_whole_is_taken() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let [first, second, _] = world.token_requests().await;
    let function = world.token_function(&[]);
    for (fault, request) in [
        (WireFault::Delay(Duration::from_millis(500)), first),
        (WireFault::Drip { bytes: 100, every: Duration::from_millis(20) }, second),
    ] {
        world.okta.set(fault);
        let answer = send(&function, &request).await;
        assert_eq!(answer.status, 200, "{answer:?}\n{}", function.logs());
    }
    assert_eq!((world.okta.count(), world.okta.connections()), (2, 1));
}

/// Threat 64.
#[tokio::test]
async fn with_its_deadline_near_the_answer_is_a_503_in_time_and_the_next_call_works() {
    side_by_side([WireFault::BlackHole, WireFault::Silence, DRIP], async |fault| {
        let world = FaultyWorld::with_stored_keys(MINUTE).await;
        world.okta.set(fault.clone());
        let function = world.token_function(&[]);
        let timed = function.invoke_timed(&good_request().to_string(), Duration::from_millis(600)).await;
        assert!(timed.left >= IN_TIME, "{fault:?}: {timed:?}");
        assert_eq!(timed.answer.response()["statusCode"], 503, "{fault:?}");
        assert_eq!(world.okta.count(), usize::from(!matches!(fault, WireFault::BlackHole)), "{fault:?}");
        world.okta.set(WireFault::None);
        assert_eq!(send(&function, &good_request()).await.status, 200, "{fault:?}\n{}", function.logs());
        assert_eq!(reasons_of(&function.stop())[0], "token_endpoint_unavailable", "{fault:?}");
    })
    .await;
}

fn assert_no_secret(text: &str) {
    for secret in [CLIENT_SECRET.to_owned(), form_encoded(CLIENT_SECRET), basic(CLIENT_ID, CLIENT_SECRET)] {
        assert!(!text.contains(&secret), "{text}");
    }
}
