//! `--output json`: the shapes that docs/cli.md promises.

use serde_json::{Value, json};

use crate::world::{World, document, for_each_store, key_set, with};

for_each_store! {
    every_verb_prints_the_shape_that_is_documented,
}

fn members(value: &Value) -> Vec<&str> {
    value.as_object().map(|object| object.keys().map(String::as_str).collect()).unwrap_or_default()
}

/// The members of the JSON example in a verb's section of docs/cli.md.
fn documented(verb: &str) -> Value {
    let path = concat!(env!("CARGO_MANIFEST_DIR"), "/docs/cli.md");
    let text = std::fs::read_to_string(path).expect("docs/cli.md");
    let section = text.split("\n## ").find(|section| section.starts_with(&format!("`{verb}`"))).expect("a section");
    let example = section.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    serde_json::from_str(example).unwrap_or_else(|error| panic!("{verb}: {error}"))
}

#[track_caller]
fn assert_as_documented(verb: &str, printed: &Value) {
    assert_eq!(members(printed), members(&documented(verb)), "{verb}: {printed}");
}

async fn every_verb_prints_the_shape_that_is_documented(world: World) {
    let run = async |arguments: &[&str]| {
        let mut arguments = arguments.to_vec();
        arguments.extend(["--output", "json"]);
        world.run(&arguments).await
    };
    let begun = run(&["init", "orders"]).await.json();
    assert_as_documented("init", &begun);
    assert_eq!(begun, json!({"profile": "orders", "file": "orders.yaml", "placeholders": ["yourOktaDomain"]}));

    world.write("orders.json", &document().to_string());
    let put = run(&["put", "orders", "orders.json"]).await.json();
    assert_as_documented("put", &put);
    assert_eq!((&put["change"], &put["location"]), (&json!("created"), &json!(world.location("orders"))));
    assert_eq!(members(&put["urls"]), members(&documented("put")["urls"]));

    world.put_keys("orders", &key_set(600)).await;
    let shown = run(&["show", "orders", "--region", "eu-west-1"]).await.json();
    assert_as_documented("show", &shown);
    assert_eq!((&shown["valid"], &shown["version"], &shown["document"]), (&json!(true), &put["version"], &document()));
    assert_eq!(members(&shown["keySet"]), members(&documented("show")["keySet"]));
    assert_eq!(
        shown["apis"],
        json!([{"api": "abcdef1234/prod", "url": "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/prod"}])
    );

    let listed = run(&["list", "--token-base", "https://auth.example.com"]).await.json();
    assert_as_documented("list", &listed);
    assert_as_documented_in("list", "profiles", &listed);
    assert_eq!(listed["profiles"][0]["tokenUrl"], "https://auth.example.com/oauth2/orders/v1/token");

    let assigned = run(&["assign", "orders", "http123456", "abcdef1234/prod"]).await.json();
    assert_as_documented("assign", &assigned);
    assert_eq!(assigned["covered"], json!([{"api": "abcdef1234/prod", "by": "abcdef1234/prod"}]));
    let unassigned = run(&["unassign", "orders", "http123456"]).await.json();
    assert_as_documented("unassign", &unassigned);

    world.write("other.json", &with("scopes", json!(["OtherScope"])));
    let compared = run(&["diff", "orders", "other.json"]).await;
    assert_eq!(compared.status, Some(1));
    let compared: Value = serde_json::from_str(&compared.stdout).expect("JSON");
    assert_as_documented("diff", &compared);
    assert_eq!(compared["same"], false);

    world.put_document("broken", "{").await;
    let linted = run(&["lint", "orders", "broken", "orders.json"]).await;
    assert_eq!(linted.status, Some(1));
    let linted: Value = serde_json::from_str(&linted.stdout).expect("JSON");
    assert_as_documented("lint", &linted);
    assert_as_documented_in("lint", "documents", &linted);
    assert_eq!(
        (&linted["documents"][1]["valid"], &linted["documents"][1]["errors"][0]["field"]),
        (&json!(false), &json!("document"))
    );
    let broken = run(&["show", "broken"]).await;
    let broken: Value = serde_json::from_str(&broken.stdout).expect("JSON");
    assert_eq!((&broken["valid"], &broken["document"], &broken["urls"]), (&json!(false), &json!("{"), &Value::Null));

    let deleted = run(&["delete", "orders", "--yes"]).await.json();
    assert_as_documented("delete", &deleted);
}

fn assert_as_documented_in(verb: &str, list: &str, printed: &Value) {
    assert_eq!(members(&printed[list][0]), members(&documented(verb)[list][0]), "{verb}: {printed}");
}
