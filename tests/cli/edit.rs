//! `assign`, `unassign` and `delete`.

use crate::world::{World, document, for_each_store, key_set};

for_each_store! {
    an_api_is_assigned_and_no_other_byte_changes,
    what_is_covered_already_is_said_and_nothing_is_written,
    an_api_is_unassigned_and_the_last_one_stays,
    a_profile_is_deleted_with_all_that_it_keeps,
    a_deletion_needs_a_yes,
}

const ODD: &str = "{\"version\" :1,\n\t\"scopes\": [ \"CustomScope\" ], \"audiences\": [\"abcdef1234/prod\"],\n\
                   \"apis\": [\"abcdef1234/prod\"],   \"issuer\":\"https:\\/\\/acme.okta.com/oauth2/default\"}\n\n";

async fn an_api_is_assigned_and_no_other_byte_changes(world: World) {
    world.put_document("orders", ODD).await;
    let said = world.run(&["assign", "orders", "http123456", "abcdef1234/test", "--region", "eu-west-1"]).await.fine();
    let expected = ODD.replace(
        "\"apis\": [\"abcdef1234/prod\"",
        "\"apis\": [\"abcdef1234/prod\", \"http123456/*\", \"abcdef1234/test\"",
    );
    assert_eq!(world.document("orders").await, Some(expected));
    for line in
        ["+   \"apis\": [", "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/test", ": replaced (version "]
    {
        assert!(said.contains(line), "{said}");
    }
}

async fn what_is_covered_already_is_said_and_nothing_is_written(world: World) {
    world.put_document("orders", ODD).await;
    let said = world.run(&["assign", "orders", "abcdef1234/prod"]).await.fine();
    assert!(said.contains("`abcdef1234/prod` is covered already, by `abcdef1234/prod`"), "{said}");
    assert!(said.contains(": unchanged (version "), "{said}");
    assert_eq!(world.document("orders").await.as_deref(), Some(ODD));
}

async fn an_api_is_unassigned_and_the_last_one_stays(world: World) {
    world.put_document("orders", &ODD.replace("\"apis\": [", "\"apis\": [\"http123456/*\" , ")).await;
    world.run(&["unassign", "orders", "http123456"]).await.fine();
    assert_eq!(world.document("orders").await.as_deref(), Some(ODD));
    let line = world.run(&["unassign", "orders", "abcdef1234/prod"]).await.failed(1);
    assert!(line.contains("`profiles delete orders`"), "{line}");
    let line = world.run(&["unassign", "orders", "abcdef1234"]).await.failed(1);
    assert!(line.contains("`abcdef1234/*` is not assigned to `orders`, which has `abcdef1234/prod`"), "{line}");
    assert_eq!(world.document("orders").await.as_deref(), Some(ODD));
}

async fn a_profile_is_deleted_with_all_that_it_keeps(world: World) {
    world.put_document("returns", &document().to_string()).await;
    world.put_keys("orders", &key_set(60)).await;
    world.put_document("orders", &document().to_string()).await;
    world.run_with("canary-of-the-secret", &["put", "orders", "--client-id", "0oa1"]).await.fine();
    let said = world.run(&["delete", "orders", "--yes"]).await.fine();
    for expected in ["key-1", "0oa1, with its secret", &format!("{}: deleted", world.location("orders"))] {
        assert!(said.contains(expected), "{said}");
    }
    let left = (world.document("orders").await, world.keys("orders").await, world.client("orders").await);
    assert_eq!(left, (None, None, None));
    assert!(world.document("returns").await.is_some());
    let line = world.run(&["delete", "orders", "--yes"]).await.failed(1);
    assert!(line.contains("there is no profile `orders`"), "{line}");
}

async fn a_deletion_needs_a_yes(world: World) {
    world.put_document("orders", "{ broken").await;
    let line = world.run(&["delete", "orders"]).await.failed(2);
    assert!(line.ends_with("then add `--yes`"), "{line}");
    assert_eq!(world.document("orders").await.as_deref(), Some("{ broken"));
    world.run(&["delete", "orders", "--yes"]).await.fine();
    assert_eq!(world.document("orders").await, None);
}
