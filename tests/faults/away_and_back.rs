//! A service was away and is back: what failed is tried again half a minute later, and not before (threats 45 and 56).

use std::time::Duration;

use crate::outage::{answering, side_by_side, throttling};
use crate::profiles_ssm_down::loaded_then_down;
use crate::support::{LambdaFunction, WireFault};
use crate::world::{FaultyWorld, HOUR, lines_with, reasons_of};

/// Longer than the half minute after which the next attempt is made.
const HALF_A_MINUTE_AND_MORE: Duration = Duration::from_secs(45);
/// What must lie between two attempts, less the time from the beginning of a call to its request.
const NEARLY_HALF_A_MINUTE: Duration = Duration::from_secs(29);

/// Threats 45 and 56.
#[tokio::test]
async fn an_outage_is_one_attempt_each_half_minute_and_is_logged_when_it_begins_and_when_it_ends() {
    tokio::join!(
        side_by_side([throttling(), WireFault::Refuse, WireFault::BlackHole], ssm_was_away),
        side_by_side([answering(500, "text/plain", ""), WireFault::Silence], okta_was_away),
    );
}

async fn ssm_was_away(fault: WireFault) {
    let (world, authorizer, _) = loaded_then_down(&fault).await;
    world.is_allowed(&authorizer).await;
    authorizer.wait_for("profiles not refreshed").await;
    world.ssm.set(WireFault::None);
    allowed_until(&world, &authorizer, || authorizer.logs().contains("profiles refreshed again")).await;
    let output = authorizer.stop();
    let lines = ["profiles not refreshed", "profiles refreshed again"].map(|text| lines_with(&output, text));
    assert_eq!(lines, [1, 1], "{fault:?}\n{output}");
    assert!(reasons_of(&output).iter().all(String::is_empty), "{fault:?}\n{output}");
}

async fn okta_was_away(fault: WireFault) {
    let world = FaultyWorld::with_stored_keys(20 * HOUR).await;
    world.okta.set(fault.clone());
    let authorizer = world.authorizer(&[]);
    world.is_allowed(&authorizer).await;
    authorizer.wait_for("keys not refreshed").await;
    world.okta.set(WireFault::None);
    allowed_until(&world, &authorizer, || world.okta.count() > 1).await;
    let [failed, worked] = world.okta.requests().try_into().expect("two fetches");
    assert!(worked.at - failed.at >= NEARLY_HALF_A_MINUTE, "{failed:?}, {worked:?}");
    let output = authorizer.stop();
    assert_eq!(lines_with(&output, "keys not refreshed"), 1, "{fault:?}\n{output}");
    assert!(reasons_of(&output).iter().all(String::is_empty), "{fault:?}\n{output}");
}

async fn allowed_until(world: &FaultyWorld, authorizer: &LambdaFunction, recovered: impl Fn() -> bool) {
    let calls = tokio::time::timeout(HALF_A_MINUTE_AND_MORE, async {
        while !recovered() {
            world.is_allowed(authorizer).await;
            tokio::time::sleep(Duration::from_millis(250)).await;
        }
    });
    assert!(calls.await.is_ok(), "not within {HALF_A_MINUTE_AND_MORE:?}\n{}", authorizer.logs());
}
