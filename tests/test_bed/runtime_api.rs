//! Tests of what the Runtime API says to a function that does something out of the ordinary.

use std::time::Duration;

use crate::connection::Connection;
use crate::support::{Answer, ReportedError, RuntimeApi, plain_client};

const TIMEOUT: Duration = Duration::from_secs(10);
const REPORT: &str = r#"{"errorType": "Configuration", "errorMessage": "`PROFILES` is empty"}"#;

async fn post(api: &RuntimeApi, path: &str, body: &'static str) -> u16 {
    let url = format!("http://{}/2018-06-01/runtime/{path}", api.address());
    let answer = plain_client().post(url).body(body).send().await.expect("an answer from the Runtime API");
    answer.status().as_u16()
}

#[tokio::test]
async fn errors_at_init_are_kept() {
    let api = RuntimeApi::start();
    assert_eq!(post(&api, "init/error", REPORT).await, 202);
    let reported =
        ReportedError { error_type: "Configuration".to_owned(), error_message: "`PROFILES` is empty".to_owned() };
    assert_eq!(api.init_errors(), [reported]);
}

#[tokio::test]
async fn an_answer_to_an_event_that_was_never_handed_out_is_refused() {
    let api = RuntimeApi::start();
    assert_eq!(post(&api, "invocation/unknown/response", "{}").await, 400);
    assert_eq!(post(&api, "invocation/unknown/error", REPORT).await, 400);
}

#[tokio::test]
async fn an_event_can_be_answered_once() {
    let api = RuntimeApi::start();
    let pending = api.send("{}", TIMEOUT);
    let answer = format!("invocation/{}/response", pending.request_id());
    assert_eq!(post(&api, &answer, r#"{"first": true}"#).await, 202);
    assert_eq!(post(&api, &answer, r#"{"second": true}"#).await, 400);
    assert_eq!(pending.answer().await, Answer::Response(serde_json::json!({"first": true})));
}

#[tokio::test]
async fn what_is_left_of_an_invocation_is_counted_from_when_its_event_was_taken() {
    let api = RuntimeApi::start();
    let pending = api.send("{}", TIMEOUT);
    let waited = Duration::from_millis(100);
    tokio::time::sleep(waited).await;
    let next = format!("http://{}/2018-06-01/runtime/invocation/next", api.address());
    plain_client().get(next).send().await.expect("an event");
    tokio::time::sleep(waited).await;
    post(&api, &format!("invocation/{}/response", pending.request_id()), "{}").await;
    let timed = pending.timed_answer().await;
    assert!(timed.left <= TIMEOUT - waited && timed.left > TIMEOUT / 2, "{timed:?}");
}

#[tokio::test]
#[should_panic(expected = "the function's answer is unusable")]
async fn an_answer_that_is_not_json_fails_the_test() {
    let api = RuntimeApi::start();
    let pending = api.send("{}", TIMEOUT);
    post(&api, &format!("invocation/{}/response", pending.request_id()), "not JSON").await;
    pending.answer().await;
}

#[tokio::test]
#[should_panic(expected = "Lambda hands out JSON only")]
async fn an_event_that_is_not_json_fails_the_test() {
    RuntimeApi::start().invoke("{", TIMEOUT).await;
}

#[test]
fn a_dropped_server_closes_the_connections_that_it_had() {
    let api = RuntimeApi::start();
    let mut connection = Connection::open(api.address());
    drop(api);
    assert!(connection.is_closed());
}
