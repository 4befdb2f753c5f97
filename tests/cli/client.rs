//! The client that a profile keeps: encrypted, never shown, and never an argument.

use crate::support::{Canaries, ParameterType};
use crate::world::{World, document, for_each_store};

for_each_store! {
    a_client_is_stored_beside_a_document_and_its_secret_is_never_shown,
    a_client_that_is_kept_already_is_replaced_after_a_yes,
    a_client_of_a_profile_that_is_not_there_is_refused,
    a_secret_is_one_line_of_standard_input,
}

const SECRET: &str = "canary-of-the-secret-5b0e7a";

async fn a_client_is_stored_beside_a_document_and_its_secret_is_never_shown(world: World) {
    let mut canaries = Canaries::default();
    canaries.secret("the secret", SECRET);
    world.write("orders.json", &document().to_string());
    let input = format!("{SECRET}\r\n");
    let mut output = vec![world.run_with(&input, &["put", "orders", "orders.json", "--client-id", "0oa1"]).await];
    for arguments in [
        vec!["show", "orders"],
        vec!["show", "orders", "--output", "json"],
        vec!["list"],
        vec!["delete", "orders", "--verbose"],
    ] {
        output.push(world.run(&arguments).await);
    }
    output.push(world.run_with(&input, &["put", "orders", "--client-id", "0oa2", "--yes", "--output", "json"]).await);
    let client = world.client("orders").await.expect("a client");
    assert_eq!(client, format!(r#"{{"clientId":"0oa2","clientSecret":"{SECRET}"}}"#));
    output.push(world.run(&["delete", "orders", "--yes", "--output", "json"]).await);
    for run in output {
        canaries.assert_absent_from("the output", &format!("{}{}", run.stdout, run.stderr));
    }
}

async fn a_client_that_is_kept_already_is_replaced_after_a_yes(world: World) {
    world.put_document("orders", &document().to_string()).await;
    let said = world.run_with(SECRET, &["put", "orders", "--client-id", "0oa1"]).await.fine();
    assert!(said.contains("keeps the client `0oa1`, with its secret"), "{said}");
    let line = world.run_with(SECRET, &["put", "orders", "--client-id", "0oa2"]).await.failed(2);
    assert!(line.contains("Replace the client that `orders` keeps?"), "{line}");
    assert!(world.client("orders").await.expect("a client").contains("0oa1"));
    world.run_with(SECRET, &["put", "orders", "--client-id", "0oa2", "-y"]).await.fine();
    assert!(world.client("orders").await.expect("a client").contains("0oa2"));
}

async fn a_client_of_a_profile_that_is_not_there_is_refused(world: World) {
    let line = world.run_with(SECRET, &["put", "orders", "--client-id", "0oa1"]).await.failed(1);
    assert!(line.contains("there is no profile `orders`"), "{line}");
    assert_eq!(world.client("orders").await, None);
}

async fn a_secret_is_one_line_of_standard_input(world: World) {
    world.put_document("orders", &document().to_string()).await;
    for input in ["", "\n", "canary-one\ncanary-two\n", &"canary".repeat(1_000)] {
        let line = world.run_with(input, &["put", "orders", "--client-id", "0oa1"]).await.failed(2);
        assert!(line.contains("expected as one line of standard input") && !line.contains("canary"), "{line}");
    }
    let line = world.run_with(SECRET, &["put", "orders", "-", "--client-id", "0oa1"]).await.failed(2);
    assert!(line.contains("cannot both come from standard input"), "{line}");
    assert_eq!(world.client("orders").await, None);
}

#[tokio::test]
async fn in_ssm_a_client_is_a_secure_string_under_the_key_that_is_named() {
    let world = World::ssm().await;
    world.write("orders.json", &document().to_string());
    world.run_with(SECRET, &["put", "orders", "orders.json", "--client-id", "0oa1"]).await.fine();
    let (kind, key) = world.parameter_kind("orders/client").await.expect("a parameter");
    assert_eq!((kind, key.as_deref()), (ParameterType::SecureString, Some("alias/aws/ssm")));
    let arguments = ["put", "orders", "--client-id", "0oa1", "--kms-key", "alias/orders", "--yes"];
    world.run_with(SECRET, &arguments).await.fine();
    let (kind, key) = world.parameter_kind("orders/client").await.expect("a parameter");
    assert_eq!((kind, key.as_deref()), (ParameterType::SecureString, Some("alias/orders")));
    assert_eq!(world.parameter_kind("orders").await.expect("a parameter").0, ParameterType::String);
}

#[cfg(unix)]
#[tokio::test]
async fn in_a_folder_a_client_is_its_owners_alone_and_a_document_is_not() {
    use std::os::unix::fs::PermissionsExt as _;
    let world = World::folder();
    world.write("orders.json", &document().to_string());
    world.run_with(SECRET, &["put", "orders", "orders.json", "--client-id", "0oa1"]).await.fine();
    let mode = |file: &str| {
        let metadata = std::fs::metadata(world.folder.path().join("store").join(file)).expect("a file");
        metadata.permissions().mode() & 0o777
    };
    assert_eq!(mode("orders.client.json"), 0o600);
    assert_eq!(mode("orders.json") & 0o400, 0o400);
    assert_ne!(mode("orders.json") & 0o044, 0, "the functions' user may read it");
}
