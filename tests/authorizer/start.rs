//! What stops the function at its start, said in one line; and a broken profile, which does not stop it.

use serde_json::json;

use crate::events::{bearer, http_api, rest_token, status_of};
use crate::minting::with;
use crate::support::{LambdaFunction, PATIENCE, Scenario, TIMEOUT};

/// The one line that a function which does not start says.
async fn last_words(authorizer: LambdaFunction) -> String {
    assert_eq!(authorizer.wait_exit(PATIENCE).await.code(), Some(1), "{}", authorizer.logs());
    let output = authorizer.logs();
    let is_metric = |line: &str| line.contains("\"_aws\"");
    let lines: Vec<&str> = output.lines().filter(|line| !line.is_empty() && !is_metric(line)).collect();
    let [line] = lines[..] else { panic!("one line was expected:\n{output}") };
    line.to_owned()
}

#[tokio::test]
async fn a_bad_environment_variable_ends_the_start_with_its_name_value_and_what_was_expected() {
    let scenario = Scenario::new().await;
    for (variable, value, expected) in [
        ("PROFILES", "orders,,returns", "profile names separated by commas"),
        ("PROFILES", "deny", "reserved"),
        ("PROFILE_ROOT", "okta-security-profiles", "a parameter path"),
        ("PROFILE_STORE", "s3://bucket", "`ssm` or `file:DIRECTORY`"),
        ("PROFILE_TTL_SECONDS", "soon", "a number of seconds from 1 to 86400"),
        ("AUTHORIZER_RESPONSE", "policy", "`iam` or `simple`"),
        ("ALLOW_LOOPBACK_HTTP", "yes", "`true`, or unset"),
        ("RUST_LOG", "a=b=c", "a filter"),
    ] {
        let line = last_words(scenario.authorizer(&[(variable, value)])).await;
        assert!(line.starts_with(&format!("authorizer: the environment variable {variable} is `{value}`")), "{line}");
        assert!(line.contains(expected), "{line}");
    }
}

#[tokio::test]
async fn a_line_break_in_a_variable_does_not_break_the_line() {
    let scenario = Scenario::new().await;
    let line = last_words(scenario.authorizer(&[("AUTHORIZER_RESPONSE", "iam\nsimple")])).await;
    assert!(line.contains(r"`iam\nsimple`"), "{line}");
}

#[tokio::test]
async fn a_profile_that_does_not_exist_ends_the_start_with_the_parameters_name() {
    let scenario = Scenario::new().await;
    let line = last_words(scenario.authorizer(&[("PROFILES", "orders,missing,absent")])).await;
    for missing in ["missing", "absent"] {
        let parameter = format!("profile `{missing}`: `{}/{missing}` does not exist", scenario.root);
        assert!(line.contains(&parameter), "{line}");
    }
    assert!(!line.contains("`orders`") && line.contains("`PROFILES`"), "{line}");
}

#[tokio::test]
async fn trust_anchors_that_cannot_be_read_end_the_start_with_the_files_name() {
    let scenario = Scenario::new().await;
    let folder = tempfile::tempdir().expect("a temporary folder");
    let empty = folder.path().join("empty.pem");
    std::fs::write(&empty, "no certificate\n").expect("a file");
    let missing = folder.path().join("missing.pem");
    for file in [empty, missing] {
        let file = file.to_str().expect("a path that is text");
        let line = last_words(scenario.authorizer(&[("SSL_CERT_FILE", file)])).await;
        let expected =
            format!("the environment variable SSL_CERT_FILE is `{file}`: expected a file of PEM certificates");
        assert!(line.contains(&expected), "{line}");
    }
}

/// Threat 57, cold.
#[tokio::test]
async fn a_broken_profile_is_an_error_at_each_call_and_the_log_names_field_value_and_remedy() {
    let scenario = Scenario::new().await;
    let good = scenario.profile();
    let token = bearer(&scenario.good_token());
    for (document, expected) in [
        (
            with(&good, "issuer", json!("https://yourOktaDomain/oauth2/default")),
            vec!["`issuer`", "yourOktaDomain", "replace"],
        ),
        (with(&good, "audiences", json!([])), vec!["`audiences`"]),
        (with(&good, "leewaySeconds", json!(61)), vec!["`leewaySeconds`", "`61`", "60"]),
        (with(&good, "scops", json!(["CustomScope"])), vec!["`scops`", "expected"]),
        (
            with(&good, "routes", json!([{"route": "GET orders"}])),
            vec!["`routes[0].route`", "`GET orders`", "begin with `/`"],
        ),
        (with(&good, "binding", json!("tls")), vec!["`binding`", "is unknown"]),
        (json!("orders"), vec!["orders", "document"]),
    ] {
        scenario.put("orders", &document.to_string()).await;
        let authorizer = scenario.authorizer(&[]);
        for event in [rest_token(&token), http_api(&token)] {
            let answer = authorizer.invoke(&event, TIMEOUT).await;
            assert_eq!(status_of(&answer), 500, "{answer:?}");
            assert!(answer.error_message().starts_with("profile_broken: "));
        }
        let output = authorizer.stop();
        let refused = output.lines().find(|line| line.contains("profile refused"));
        let refused = refused.unwrap_or_else(|| panic!("no line says that the profile is refused:\n{output}"));
        assert!(refused.contains("profile `orders`"), "{refused}");
        for text in expected {
            assert!(refused.contains(text), "{text}: {refused}");
        }
    }
}

#[tokio::test]
async fn a_root_without_profiles_denies_and_says_why() {
    let scenario = Scenario::without_profiles(|_settings| {}).await;
    let authorizer = scenario.authorizer(&[]);
    let answer = authorizer.invoke(&rest_token(&bearer(&scenario.good_token())), TIMEOUT).await;
    assert_eq!(status_of(&answer), 403);
    assert_eq!(answer.response()["context"]["reason"], "no_profile");
}
