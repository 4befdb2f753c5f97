//! `profiles init`: a document that a newcomer can fill in.

use serde_json::json;

use crate::world::World;

#[tokio::test]
async fn a_document_with_placeholders_is_written_and_lint_says_what_to_replace() {
    let world = World::folder();
    let said = world.run(&["init", "billing"]).await.fine();
    assert!(said.contains("billing.yaml: written") && said.contains("replace in it: yourOktaDomain"), "{said}");
    let text = std::fs::read_to_string(world.folder.path().join("billing.yaml")).expect("written");
    assert!(text.contains("yourAuthServerId") && text.contains("# routes:"), "{text}");
    let run = world.run(&["lint", "billing.yaml"]).await;
    assert_eq!(run.status, Some(1));
    assert_eq!(run.stdout.lines().count(), 1, "nothing else is wrong: {}", run.stdout);
    assert!(run.stdout.contains("still holds the placeholder `yourOktaDomain`"), "{}", run.stdout);
}

#[tokio::test]
async fn flags_fill_it_in_whatever_they_hold() {
    let world = World::folder();
    let odd = "api://\"orders\": #1";
    let arguments = [
        "init",
        "--okta-domain",
        "https://acme.okta.com/",
        "--auth-server",
        "aus1",
        "--audience",
        odd,
        "--scope",
        "a:b",
    ];
    world.run(&arguments).await.fine();
    world.run(&["put", "orders", "orders.yaml"]).await.fine();
    let stored = world.run(&["show", "orders", "--output", "json"]).await.json();
    assert_eq!(stored["urls"]["issuer"], "https://acme.okta.com/oauth2/aus1");
    assert_eq!((&stored["document"]["audiences"], &stored["document"]["scopes"]), (&json!([odd]), &json!(["a:b"])));
}

#[tokio::test]
async fn a_file_that_is_there_is_not_overwritten() {
    let world = World::folder();
    world.write("orders.yaml", "mine");
    let line = world.run(&["init", "orders"]).await.failed(1);
    assert!(line.contains("`orders.yaml` exists already"), "{line}");
    assert_eq!(std::fs::read_to_string(world.folder.path().join("orders.yaml")).expect("there"), "mine");
}

#[tokio::test]
async fn what_is_no_domain_is_wrong_usage() {
    let world = World::folder();
    for domain in ["", "a b", "acme.okta.com/oauth2", "{yourOktaDomain}"] {
        let run = world.run(&["init", "--okta-domain", domain]).await;
        assert_eq!(run.status, Some(2), "{domain}: {run:?}");
    }
}
