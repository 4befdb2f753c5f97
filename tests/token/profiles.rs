//! Profiles as the token function meets them: missing, broken, out of reach, with clients of their own.

use serde_json::json;

use crate::http::{good_request, send, upstream_calls};
use crate::support::{CLIENT_ID, PATIENCE, Scenario, SsmAnswers, SsmFront, decisions, eventually};

#[tokio::test]
async fn a_client_that_the_profile_does_not_allow_is_refused_and_okta_is_not_asked() {
    let scenario = Scenario::new().await;
    for (allowed, status, error) in [("0oa1another", 400, "unauthorized_client"), (CLIENT_ID, 200, "")] {
        let mut document = scenario.profile();
        document["clients"] = json!({"allow": [allowed]});
        scenario.put("orders", &document.to_string()).await;
        let answer = send(&scenario.token_function(&[]), &good_request()).await;
        assert_eq!((answer.status, answer.error()), (status, error), "{answer:?}");
    }
    assert_eq!(upstream_calls(&scenario), 1);
}

#[tokio::test]
async fn a_broken_profile_is_a_502_and_the_log_names_the_field() {
    let scenario = Scenario::new().await;
    let mut document = scenario.profile();
    document["tokenUrl"] = json!("https://evil.example/token");
    scenario.put("orders", &document.to_string()).await;
    let function = scenario.token_function(&[]);
    let answer = send(&function, &good_request()).await;
    assert_eq!((answer.status, answer.error()), (502, "server_error"), "{answer:?}");
    let output = function.stop();
    assert_eq!(decisions(&output)[0]["reason"], "profile_broken", "{output}");
    assert!(output.contains("field `tokenUrl`") && output.contains("https://evil.example/token"), "{output}");
    assert_eq!(upstream_calls(&scenario), 0);
}

#[tokio::test]
async fn without_ssm_the_answer_is_a_503_until_ssm_is_back() {
    let scenario = Scenario::new().await;
    let front = SsmFront::of(scenario.moto);
    front.answer_with(SsmAnswers::Error(400, "AccessDeniedException"));
    let function = scenario.token_function(&[("AWS_ENDPOINT_URL_SSM", front.endpoint())]);
    let answer = send(&function, &good_request()).await;
    assert_eq!((answer.status, answer.header("retry-after")), (503, Some("5")), "{answer:?}");
    assert_eq!(upstream_calls(&scenario), 0);

    front.answer_with(SsmAnswers::True);
    eventually("a token is issued", async || send(&function, &good_request()).await.status == 200).await;
}

#[tokio::test]
async fn a_bad_variable_or_a_missing_profile_ends_the_start_with_one_line() {
    let scenario = Scenario::new().await;
    let missing = format!("profile `missing`: `{}/missing` does not exist", scenario.root);
    for (variable, value, expected) in [
        ("PROFILE_TTL_SECONDS", "0", "the environment variable PROFILE_TTL_SECONDS is `0`"),
        ("PROFILES", "missing", &*missing),
        ("SSL_CERT_FILE", "/nowhere/ca.pem", "SSL_CERT_FILE is `/nowhere/ca.pem`"),
    ] {
        let function = scenario.token_function(&[(variable, value)]);
        assert_eq!(function.wait_exit(PATIENCE).await.code(), Some(1), "{}", function.logs());
        let output = function.logs();
        let is_metric = |line: &str| line.contains("\"_aws\"");
        let lines: Vec<&str> = output.lines().filter(|line| !line.is_empty() && !is_metric(line)).collect();
        assert!(matches!(lines[..], [line] if line.starts_with("token: ") && line.contains(expected)), "{output}");
    }
}
