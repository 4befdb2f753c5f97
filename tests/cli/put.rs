//! `profiles put`: what is stored, what is refused, and what happens when somebody else writes meanwhile.

use std::io::Write as _;

use serde_json::json;

use crate::support::Process;
use crate::world::{World, document, finish, for_each_store, with};

for_each_store! {
    a_json_file_is_stored_for_reading_and_an_unchanged_one_is_not_written,
    a_yaml_file_is_stored_as_json_in_its_own_order,
    standard_input_is_a_file_too,
    flags_make_a_document_without_a_file,
    what_replaces_something_is_shown_and_needs_a_yes,
    what_somebody_else_wrote_meanwhile_is_a_conflict_and_nothing_is_written,
    what_is_shown_as_a_document_is_put_back_unchanged,
}

async fn a_json_file_is_stored_for_reading_and_an_unchanged_one_is_not_written(world: World) {
    world.write("orders.json", &document().to_string());
    let said = world.run(&["put", "orders", "orders.json"]).await.fine();
    assert!(said.starts_with(&format!("{}: created (version ", world.location("orders"))), "{said}");
    for expected in ["https://acme.okta.com/oauth2/default/v1/token", "https://acme.okta.com/oauth2/default/v1/keys"] {
        assert!(said.contains(expected), "{said}");
    }
    let stored = world.document("orders").await.expect("stored");
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stored).expect("JSON"), document());
    assert!(stored.contains("\n  \"audiences\": [\"api://orders\"],\n"), "{stored}");
    world.write("orders.json", &stored.replace('\n', " "));
    let said = world.run(&["put", "orders", "orders.json"]).await.fine();
    assert!(said.contains(": unchanged (version "), "{said}");
    assert_eq!(world.document("orders").await, Some(stored));
    if !world.is_folder() {
        assert!(said.contains("(version 1)"), "not written again: {said}");
    }
}

async fn a_yaml_file_is_stored_as_json_in_its_own_order(world: World) {
    let yaml = "# Orders\nversion: 1\nscopes: [CustomScope]\naudiences:\n  - api://orders\napis: [abcdef1234/prod]\n\
                issuer: https://acme.okta.com/oauth2/default\n";
    world.write("orders.yml", yaml);
    world.run(&["put", "orders", "orders.yml"]).await.fine();
    let stored = world.document("orders").await.expect("stored");
    let order =
        ["version", "scopes", "audiences", "apis", "issuer"].map(|member| stored.find(member).expect("a member"));
    assert!(order.is_sorted(), "{stored}");
}

async fn standard_input_is_a_file_too(world: World) {
    world.run_with(&document().to_string(), &["put", "orders", "-"]).await.fine();
    assert!(world.document("orders").await.is_some());
    world.run_with(&with("description", json!("new")), &["put", "orders", "-", "--yes"]).await.fine();
    assert!(world.document("orders").await.expect("stored").contains("new"));
}

async fn flags_make_a_document_without_a_file(world: World) {
    let issuer = "https://acme.okta.com/oauth2/default";
    let mut arguments = vec!["put", "orders", "--issuer", issuer, "--audience", "api://orders", "--scope", "a"];
    arguments.extend([
        "--scope",
        "b",
        "--api",
        "abcdef1234",
        "--api",
        "http123456/$default",
        "--description",
        "Orders",
    ]);
    world.run(&arguments).await.fine();
    let stored = world.document("orders").await.expect("stored");
    let expected = json!({
        "version": 1, "description": "Orders", "issuer": issuer, "audiences": ["api://orders"], "scopes": ["a", "b"],
        "apis": ["abcdef1234/*", "http123456/$default"],
    });
    assert_eq!(serde_json::from_str::<serde_json::Value>(&stored).expect("JSON"), expected);
    let discovery = format!("{issuer}/.well-known/openid-configuration");
    let arguments =
        ["put", "returns", "--discovery-url", &discovery, "--audience", "a", "--scope", "s", "--api", "a1/p"];
    let said = world.run(&arguments).await.fine();
    assert!(said.contains(&format!("issuer         {issuer}\n")), "{said}");
}

async fn what_replaces_something_is_shown_and_needs_a_yes(world: World) {
    let before = document().to_string();
    world.put_document("orders", &before).await;
    world.write("orders.json", &with("scopes", json!(["OtherScope"])));
    let run = world.run(&["put", "orders", "orders.json"]).await;
    for line in ["-   \"scopes\": [\"CustomScope\"],", "+   \"scopes\": [\"OtherScope\"],"] {
        assert!(run.stdout.contains(line), "{}", run.stdout);
    }
    let line = run.failed(2);
    assert!(line.contains(&world.location("orders")) && line.ends_with("then add `--yes`"), "{line}");
    assert_eq!(world.document("orders").await, Some(before));
    let said = world.run(&["put", "orders", "orders.json", "--yes"]).await.fine();
    assert!(said.contains(": replaced (version "), "{said}");
    assert!(world.document("orders").await.expect("stored").contains("OtherScope"));
}

/// The secret is waited for between the look and the write: somebody else writes then.
async fn what_somebody_else_wrote_meanwhile_is_a_conflict_and_nothing_is_written(world: World) {
    world.put_document("orders", &document().to_string()).await;
    world.write("orders.json", &with("scopes", json!(["OtherScope"])));
    let (command, mut secret) = world.piped(&["put", "orders", "orders.json", "--yes", "--client-id", "0oa1"]);
    let process = Process::spawn(command);
    process.wait_for("+   \"scopes\": [\"OtherScope\"]").await;
    let theirs = with("description", json!("theirs"));
    world.put_document("orders", &theirs).await;
    secret.write_all(b"canary-of-the-secret\n").expect("a pipe");
    drop(secret);
    let status = process.wait_exit(crate::support::PATIENCE).await;
    let stderr = process.stderr();
    assert_eq!(status.code(), Some(1), "{stderr}");
    assert!(stderr.contains("was changed by somebody else meanwhile; look at it and try again"), "{stderr}");
    assert_eq!(world.document("orders").await, Some(theirs));
    assert_eq!(world.client("orders").await, None, "the document comes first");
}

async fn what_is_shown_as_a_document_is_put_back_unchanged(world: World) {
    let odd = format!("\n{} \n", with("description", json!("für „alle“ \u{1f511}")));
    world.put_document("orders", &odd).await;
    let shown = world.run(&["show", "orders", "--document"]).await.fine();
    assert_eq!(shown, odd, "byte for byte");
    world.write("copy.json", &shown);
    let said = world.run(&["put", "orders", "copy.json"]).await.fine();
    assert!(said.contains(": unchanged"), "{said}");
    assert_eq!(world.document("orders").await, Some(odd));
}

#[tokio::test]
async fn a_document_over_4_kb_needs_an_advanced_parameter_and_over_8_kb_none_holds_it() {
    let world = World::ssm().await;
    world.write("orders.json", &with("description", json!("d".repeat(4_096))));
    let line = world.run(&["put", "orders", "orders.json"]).await.failed(1);
    assert!(line.contains("more than the 4096 that it can hold") && line.contains("`--advanced`"), "{line}");
    assert_eq!(world.document("orders").await, None);
    world.run(&["put", "orders", "orders.json", "--advanced"]).await.fine();
    world.run(&["assign", "orders", "http123456"]).await.fine();
    assert!(world.document("orders").await.expect("stored").contains("http123456/*"));
    world.write("orders.json", &with("description", json!("d".repeat(8_192))));
    let line = world.run(&["put", "returns", "orders.json", "--advanced"]).await.failed(1);
    assert!(line.contains("more than the 8192"), "{line}");
}

#[tokio::test]
async fn an_endpoint_on_the_command_line_wins_over_the_environment() {
    let world = World::ssm().await;
    world.put_document("orders", &document().to_string()).await;
    let mut command = world.command(&["show", "orders", "--document", "--region", "eu-west-1"]);
    let endpoint = world.environment().into_iter().find(|(name, _)| *name == "AWS_ENDPOINT_URL_SSM").expect("moto").1;
    command.args(["--endpoint-url", &endpoint, "--root", &world.root]);
    command
        .env("AWS_ENDPOINT_URL_SSM", "http://127.0.0.1:9")
        .env("PROFILE_ROOT", "/elsewhere")
        .env_remove("AWS_REGION");
    assert_eq!(finish(command).await.fine(), document().to_string());
}
