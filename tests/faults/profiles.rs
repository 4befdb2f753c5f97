//! SSM answers, and what it answers is wrong: broken and vanished documents, pages without end (threats 57 and 59).

use std::time::Duration;

use crate::events::status_of;
use crate::outage::answering;
use crate::support::{LambdaFunction, TIMEOUT, WireFault, eventually};
use crate::world::{FaultyWorld, MINUTE, lines_with, reasons_of};

const BROKEN: &str = "{";

/// Calls are allowed until the profiles have been read so many times more.
async fn allowed_through(refreshes: usize, world: &FaultyWorld, authorizer: &LambdaFunction) {
    let before = world.ssm.count();
    eventually("the refreshes", async || {
        world.is_allowed(authorizer).await;
        world.ssm.count() >= before + refreshes
    })
    .await;
    // The last of them may just have begun.
    world.is_allowed(authorizer).await;
}

/// Threat 57.
#[tokio::test]
async fn a_document_that_breaks_later_leaves_the_good_one_in_force_and_is_logged_once() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let authorizer = world.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    world.is_allowed(&authorizer).await;

    world.scenario.put("orders", BROKEN).await;
    allowed_through(3, &world, &authorizer).await;
    assert_eq!(lines_with(&authorizer.logs(), "profile refused"), 1, "{}", authorizer.logs());

    world.scenario.put("orders", &world.scenario.profile().to_string()).await;
    allowed_through(1, &world, &authorizer).await;
    authorizer.wait_for("profile accepted again").await;

    world.scenario.put("orders", BROKEN).await;
    allowed_through(2, &world, &authorizer).await;
    assert_eq!(world.okta.count(), 0);
    let output = authorizer.stop();
    let lines = ["profile refused", "profile accepted again"].map(|text| lines_with(&output, text));
    assert_eq!(lines, [2, 1], "one line for each change:\n{output}");
    assert!(reasons_of(&output).iter().all(String::is_empty), "{output}");
}

/// Threat 57.
#[tokio::test]
async fn a_document_that_vanishes_later_leaves_the_good_one_in_force_and_is_logged_once() {
    let world = FaultyWorld::with_stored_keys(MINUTE).await;
    let authorizer = world.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    world.is_allowed(&authorizer).await;
    world.scenario.moto.delete_parameter(&format!("{}/orders", world.scenario.root)).await;
    allowed_through(3, &world, &authorizer).await;
    let output = authorizer.stop();
    assert_eq!(lines_with(&output, "profile vanished"), 1, "{output}");
    assert!(reasons_of(&output).iter().all(String::is_empty), "{output}");
}

/// Threat 57.
#[tokio::test]
async fn a_document_that_is_broken_from_the_start_is_an_error_until_it_is_mended() {
    let world = FaultyWorld::new().await;
    world.scenario.put("orders", BROKEN).await;
    let authorizer = world.authorizer(&[("PROFILE_TTL_SECONDS", "1")]);
    world.fails(&authorizer, "profile_broken").await;
    assert_eq!(world.okta.count(), 0);
    assert!(authorizer.logs().contains("profile refused"), "{}", authorizer.logs());

    world.scenario.put("orders", &world.scenario.profile().to_string()).await;
    eventually("the mended document is in force", async || {
        status_of(&authorizer.invoke(&world.event(), TIMEOUT).await) == 200
    })
    .await;
}

/// Threat 59.
#[tokio::test]
async fn a_page_token_that_never_ends_is_followed_twenty_times_for_one_load() {
    let world = FaultyWorld::new().await;
    world.ssm.set(answering(200, "application/x-amz-json-1.1", r#"{"Parameters":[],"NextToken":"again"}"#));
    let authorizer = world.authorizer(&[("PROFILES", "*")]);
    authorizer.wait_for("profiles not loaded").await;
    assert_eq!(world.ssm.count(), 20);
    assert!(world.ssm.requests().iter().all(|request| request.operation == "GetParametersByPath"));

    // Past the pause after the first load.
    tokio::time::sleep(Duration::from_millis(1_100)).await;
    world.fails(&authorizer, "profiles_unavailable").await;
    assert_eq!(world.ssm.count(), 40, "one load for two calls");
    world.ssm.set(WireFault::None);
    eventually("a call is allowed", async || status_of(&authorizer.invoke(&world.event(), TIMEOUT).await) == 200).await;
}
