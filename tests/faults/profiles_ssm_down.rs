//! SSM is away, busy or broken (threats 56 and 64).

use std::time::Duration;

use okta_security_profiles::adapters::ssm::MAX_ATTEMPTS;

use crate::events::status_of;
use crate::http::{good_request, send};
use crate::outage::{outages_of_ssm, side_by_side};
use crate::support::{LambdaFunction, TIMEOUT, WireFault, eventually};
use crate::world::{FaultyWorld, IN_TIME, MINUTE, lines_with, reasons_of};

/// Long enough for the profiles of a function with `PROFILE_TTL_SECONDS=1` to be too old.
const PAST_THEIR_TIME: Duration = Duration::from_millis(1_300);

/// So many calls of the SDK are at least one request, where there is a connection at all.
fn assert_requests(requests: usize, calls: usize, fault: &WireFault) {
    let most = calls * usize::try_from(MAX_ATTEMPTS).expect("a small number");
    let expected = if matches!(fault, WireFault::Refuse) { 0..=0 } else { 1..=most };
    assert!(expected.contains(&requests), "{fault:?}: {requests} requests");
}

/// A function that has its profiles, and then SSM fails; and what SSM had seen until then.
pub(crate) async fn loaded_then_down(fault: &WireFault) -> (FaultyWorld, LambdaFunction, usize) {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let authorizer = world.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    world.is_allowed(&authorizer).await;
    world.ssm.set(fault.clone());
    let before = world.ssm.count();
    tokio::time::sleep(PAST_THEIR_TIME).await;
    (world, authorizer, before)
}

/// Threats 56 and 64.
#[tokio::test]
async fn loaded_profiles_serve_on_in_time_in_whichever_way_ssm_fails_and_it_is_asked_once() {
    side_by_side(outages_of_ssm(), async |fault| {
        let (world, authorizer, before) = loaded_then_down(&fault).await;
        // Less than the SDK takes until it gives up on its own.
        let timed = world.is_allowed_within(&authorizer, Duration::from_secs(1)).await;
        assert!(timed.left >= IN_TIME, "{fault:?}: {timed:?}");
        for _ in 0..3 {
            world.is_allowed(&authorizer).await;
        }
        authorizer.wait_for("profiles not refreshed").await;
        assert_requests(world.ssm.count() - before, 1, &fault);
        assert_eq!(world.okta.count(), 0);
        let output = authorizer.stop();
        assert_eq!(lines_with(&output, "profiles not refreshed"), 1, "{fault:?}\n{output}");
        assert_eq!(reasons_of(&output), [""; 5], "{fault:?}");
    })
    .await;
}

/// Threats 56 and 64.
#[tokio::test]
async fn without_profiles_either_function_fails_in_time_and_works_once_ssm_is_back() {
    side_by_side(outages_of_ssm(), async |fault| {
        let world = FaultyWorld::with_stored_keys(MINUTE).await;
        world.ssm.set(fault.clone());
        let (authorizer, token_function) = (world.authorizer(&[]), world.token_function(&[]));
        let (event, request, short) = (world.event(), good_request().to_string(), Duration::from_secs(1));
        let (error, refusal) =
            tokio::join!(authorizer.invoke_timed(&event, short), token_function.invoke_timed(&request, short));
        assert!(error.left >= IN_TIME && refusal.left >= IN_TIME, "{fault:?}: {error:?}, {refusal:?}");
        let message = error.answer.error_message();
        assert!(message.starts_with("profiles_unavailable: "), "{fault:?}: {message}");
        assert_eq!(refusal.answer.response()["statusCode"], 503, "{fault:?}");
        // Each function reads at its start, and once more where its call came late enough.
        assert_requests(world.ssm.count(), 4, &fault);
        assert_eq!(world.okta.connections(), 0, "{fault:?}");

        world.ssm.set(WireFault::None);
        eventually("a call is allowed and a token issued", async || {
            let answer = authorizer.invoke(&world.event(), TIMEOUT).await;
            status_of(&answer) == 200 && send(&token_function, &good_request()).await.status == 200
        })
        .await;
        for function in [authorizer, token_function] {
            let output = function.stop();
            assert!(output.contains("profiles not loaded"), "{fault:?}\n{output}");
            assert_eq!(reasons_of(&output)[0], "profiles_unavailable", "{fault:?}\n{output}");
        }
    })
    .await;
}
