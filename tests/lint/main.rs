//! `profiles lint` as an operator meets it: one line per fault, and an exit status to match.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::{PATIENCE, Process};

/// Writes the document to a file of this name, lints it, and returns the exit status and what was printed.
async fn lint(name: &str, document: &Value) -> (Option<i32>, String) {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let file = folder.path().join(name);
    std::fs::write(&file, document.to_string()).expect("a file");
    let arguments = ["lint", file.to_str().expect("a path that is text")];
    let process = Process::start(env!("CARGO_BIN_EXE_profiles"), &arguments, [("NO_COLOR", "1")]);
    let status = process.wait_exit(PATIENCE).await;
    (status.code(), process.stop().trim().to_owned())
}

fn document() -> Value {
    json!({
        "version": 1, "issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
        "scopes": ["CustomScope"], "apis": ["abcdef1234/prod"],
    })
}

#[tokio::test]
async fn a_valid_document_is_said_to_be_valid() {
    let (status, output) = lint("orders.json", &document()).await;
    assert_eq!(status, Some(0), "{output}");
    assert!(output.ends_with("orders.json: the profile `orders` is valid") && output.lines().count() == 1, "{output}");
}

#[tokio::test]
async fn every_fault_is_a_line_with_its_field() {
    let mut broken = document();
    broken["issuer"] = json!("https://yourOktaDomain/oauth2/default");
    broken["leewaySeconds"] = json!(99);
    let (status, output) = lint("orders.json", &broken).await;
    assert_eq!(status, Some(1), "{output}");
    for expected in [
        "orders.json: error: field `issuer`: `https://yourOktaDomain/oauth2/default` still holds the placeholder",
        "orders.json: error: field `leewaySeconds`: `99` is out of range; expected 0 to 60 seconds",
        "profiles: 1 of 1 documents are refused",
    ] {
        assert!(output.contains(expected), "{expected}: {output}");
    }
}

#[tokio::test]
async fn routes_that_cannot_share_a_policy_and_a_document_that_is_too_large_are_warned_about() {
    let mut nested = document();
    nested["routes"] = json!([{"route": "GET /orders/{id}"}, {"route": "GET /orders/{id}/items"}]);
    nested["description"] = json!("d".repeat(4_096));
    let (status, output) = lint("orders.json", &nested).await;
    assert_eq!(status, Some(0), "a warning is accepted: {output}");
    for expected in [
        "warning: field `routes`: `GET /orders/{id}`, `GET /orders/{id}/items`",
        "more than a standard parameter's 4096",
    ] {
        assert!(output.contains(expected), "{expected}: {output}");
    }
}

#[tokio::test]
async fn a_file_whose_name_is_no_profiles_is_refused() {
    for name in ["deny.json", "a b.json"] {
        let (status, output) = lint(name, &document()).await;
        assert_eq!((status, output.lines().count()), (Some(1), 1), "{output}");
        assert!(output.starts_with("profiles: `") && output.contains(name), "{output}");
    }
}
