//! `profiles policy`: what a token would be allowed, and the policy that says so.

use serde_json::{Value, json};

use crate::snapshot::assert_snapshot;
use crate::support::{CLIENT_ID, SCOPE};
use crate::world::World;

fn with_routes(mut document: Value) -> Value {
    document["routes"] = json!([
        {"route": "GET /orders/{id}", "scopes": {"any": ["orders.read", "orders.write"]}},
        {"route": "DELETE /orders/{id}", "scopes": {"all": ["orders.write"]}},
        {"route": "GET /health"}
    ]);
    document
}

/// `route decision reason`, a line each.
fn decisions(document: &Value) -> Vec<String> {
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let routes = document["routes"].as_array().expect("routes").iter();
    routes.map(|line| [text(&line["route"]), text(&line["decision"]), text(&line["reason"])].join(" ")).collect()
}

#[tokio::test]
async fn a_table_of_the_routes_and_the_policy_are_shown_from_a_folder() {
    shows(&World::folder().await).await;
}

#[tokio::test]
async fn a_table_of_the_routes_and_the_policy_are_shown_from_ssm() {
    shows(&World::ssm().await).await;
}

async fn shows(world: &World) {
    world.put_profile("orders", &with_routes(world.document())).await;
    let arguments = ["policy", "orders", "--cid", CLIENT_ID, "--scope", SCOPE, "orders.read"];
    let ran = world.run(&arguments, "").await;
    assert_eq!((ran.status, ran.stderr.as_str()), (Some(0), ""));
    assert_snapshot("policy", &world.normalised(&ran.stdout));
    let (status, document) = world.run_json(&arguments, "").await;
    let expected = ["GET /orders/{id} allow -", "DELETE /orders/{id} deny route_scope_missing", "GET /health allow -"];
    assert_eq!((status, decisions(&document)), (Some(0), expected.map(str::to_owned).to_vec()));
    assert_eq!(document["api"], "abcdef1234/prod");
    assert_eq!(document["policy"]["Statement"][0]["Effect"], "Allow");
}

#[tokio::test]
async fn what_denies_every_route_is_said_and_the_policy_denies_everything() {
    let world = World::folder().await;
    let mut document = with_routes(world.document());
    document["clients"] = json!({"allow": [CLIENT_ID]});
    world.put_profile("orders", &document).await;
    for (cid, scope, api, reason) in [
        ("0oa9", SCOPE, "abcdef1234/prod", "client_not_allowed"),
        (CLIENT_ID, "orders.read", "abcdef1234/prod", "scope_missing"),
        (CLIENT_ID, SCOPE, "other12345/prod", "no_profile"),
    ] {
        let arguments = ["policy", "orders", "--cid", cid, "--scope", scope, "--api", api, "--form", "http"];
        let (status, document) = world.run_json(&arguments, "").await;
        assert_eq!((status, &document["reason"]), (Some(0), &json!(reason)));
        assert!(decisions(&document).iter().all(|line| line.ends_with(&format!("deny {reason}"))));
        assert_eq!(document["policy"]["Statement"].as_array().map(Vec::len), Some(1));
        assert_eq!(document["policy"]["Statement"][0]["Effect"], "Deny");
    }
}

#[tokio::test]
async fn a_profile_without_routes_allows_the_whole_stage() {
    let world = World::folder().await;
    let ran = world.run(&["policy", "orders", "--cid", CLIENT_ID, "--scope", SCOPE], "").await;
    assert_eq!(ran.status, Some(0), "{}", ran.stderr);
    assert_snapshot("policy_without_routes", &world.normalised(&ran.stdout));
}
