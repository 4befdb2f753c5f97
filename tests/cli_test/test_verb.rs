//! `profiles test` where everything is right, over both stores.

use serde_json::json;

use crate::snapshot::assert_snapshot;
use crate::support::{CLIENT_ID, CLIENT_SECRET, OTHER_SCOPE, SCOPE};
use crate::world::{World, troubles};

#[tokio::test]
async fn a_good_profile_in_a_folder_passes_every_step() {
    passes_every_step(&World::folder().await).await;
}

#[tokio::test]
async fn a_good_profile_in_ssm_passes_every_step() {
    passes_every_step(&World::ssm().await).await;
}

async fn passes_every_step(world: &World) {
    let ran = world.run(&["test", "orders"], "").await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""), "{}", ran.stdout);
    assert_snapshot("test_good", &world.normalised(&ran.stdout));
    let (status, report) = world.run_json(&["test", "orders"], "").await;
    assert_eq!((status, &report["profile"], &report["ok"]), (Some(0), &json!("orders"), &json!(true)));
    assert!(report["steps"].as_array().expect("steps").iter().all(|step| step["status"] == "pass"), "{report}");
}

#[tokio::test]
async fn a_profile_without_client_and_keys_passes_with_warnings() {
    let world = World::ssm().await;
    world.remove("orders", "client").await;
    world.remove("orders", "keys").await;
    let ran = world.run(&["test", "orders"], "").await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_snapshot("test_without_client", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn another_client_is_tested_with_its_secret_from_standard_input() {
    let world = World::folder().await;
    world.remove("orders", "client").await;
    let arguments = ["test", "orders", "--client-id", CLIENT_ID];
    let (status, report) = world.run_json(&arguments, &format!("{CLIENT_SECRET}\n")).await;
    assert_eq!((status, troubles(&report)), (Some(0), Vec::new()), "{report}");
    let (status, report) = world.run_json(&arguments, "wrong").await;
    assert_eq!((status, troubles(&report)), (Some(1), vec!["fail token-endpoint invalid_client".to_owned()]));
}

#[tokio::test]
async fn a_token_from_standard_input_is_tested_in_place_of_a_fetched_one() {
    let world = World::folder().await;
    for (token, status, expected) in [
        (world.okta.issue(CLIENT_ID, &[SCOPE]), 0, None),
        (format!("Bearer {}\n", world.okta.issue(CLIENT_ID, &[SCOPE])), 0, None),
        (world.okta.issue(CLIENT_ID, &[OTHER_SCOPE]), 1, Some("fail scope scope_missing")),
        ("e30.e30.AAAAAAAAAAAA".to_owned(), 1, Some("fail header algorithm_not_allowed")),
    ] {
        let (found, report) = world.run_json(&["test", "orders", "--token", "-"], &token).await;
        assert_eq!((found, troubles(&report)), (Some(status), expected.map(str::to_owned).into_iter().collect()));
    }
    let token = world.okta.issue(CLIENT_ID, &[OTHER_SCOPE]);
    let ran = world.run(&["test", "orders", "--token", "-"], &token).await;
    assert_eq!(ran.stderr, "profiles: the profile `orders` fails its test: scope\n");
    assert_snapshot("test_scope_missing", &world.normalised(&ran.stdout));
}

#[tokio::test]
async fn a_token_on_the_deny_list_stops_there_in_both_stores() {
    for world in [World::folder().await, World::ssm().await] {
        let denied = world.run(&["deny", "add", "--cid", CLIENT_ID], "").await;
        assert_eq!(denied.status, Some(0), "{}", denied.stderr);
        let (status, report) = world.run_json(&["test", "orders"], "").await;
        assert_eq!((status, troubles(&report)), (Some(1), vec!["fail deny-list deny_listed".to_owned()]), "{report}");
        let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
        let explained = world.run(&["explain", "-"], &token).await;
        assert!(explained.stdout.contains("profiles deny remove"), "{}", explained.stdout);
    }
}

#[tokio::test]
async fn the_examples_in_the_help_work() {
    let world = World::folder().await;
    let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
    for (verb, arguments, input) in [
        ("test", "test orders", ""),
        ("test", "test orders --token -", &*token),
        ("explain", "explain -", &*token),
        ("explain", "explain - --profile orders --offline", &*token),
    ] {
        let help = world.run(&[verb, "--help"], "").await;
        assert!(help.stdout.contains(&format!("\n  profiles {arguments}")), "{}", help.stdout);
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let ran = world.run(&arguments, input).await;
        assert_eq!(ran.status, Some(0), "{}{}", ran.stdout, ran.stderr);
    }
}
