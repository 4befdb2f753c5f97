//! Tests of the function process and the Runtime API together, with the real `lambda_runtime` at the other end.

use std::time::Duration;

use serde_json::json;

use crate::echo_function::{self, serve_if_started_as_function};
use crate::support::PATIENCE;

/// What the functions are told that they have; none of these tests depends on it.
const TIMEOUT: Duration = Duration::from_secs(10);

#[tokio::test]
async fn a_function_gets_events_in_turn_and_its_answers_come_back() {
    if serve_if_started_as_function().await {
        return;
    }
    let function = echo_function::start("function::a_function_gets_events_in_turn_and_its_answers_come_back");

    let first = function.invoke(r#"{"say": "one"}"#, TIMEOUT).await.response();
    assert_eq!(first["heard"], "one");
    assert_eq!(first["greeting"], "hello");
    assert_eq!(first["inherited"], json!(null), "a function sees nothing of the tester's environment");
    assert_eq!(first["arn"], "arn:aws:lambda:eu-west-1:123456789012:function:function-under-test");
    assert!(first["trace"].as_str().is_some_and(|trace| trace.starts_with("Root=1-")));
    assert!(first["deadline"].as_u64().is_some_and(|deadline| deadline > 1_700_000_000_000), "{first}");

    let second = function.invoke(r#"{"say": "two"}"#, TIMEOUT).await.response();
    assert_eq!(second["heard"], "two");
    assert_ne!(second["requestId"], first["requestId"]);
}

#[tokio::test]
async fn an_error_comes_back_with_exactly_its_message_and_the_next_event_is_served() {
    if serve_if_started_as_function().await {
        return;
    }
    let function =
        echo_function::start("function::an_error_comes_back_with_exactly_its_message_and_the_next_event_is_served");

    assert_eq!(function.invoke(r#"{"fail": "Unauthorized"}"#, TIMEOUT).await.error_message(), "Unauthorized");
    assert_eq!(function.invoke(r#"{"say": "still here"}"#, TIMEOUT).await.response()["heard"], "still here");
}

#[tokio::test]
async fn events_sent_ahead_are_each_given_their_own_answer() {
    if serve_if_started_as_function().await {
        return;
    }
    let function = echo_function::start("function::events_sent_ahead_are_each_given_their_own_answer");

    let one = function.send(r#"{"say": "one"}"#, TIMEOUT);
    let two = function.send(r#"{"say": "two"}"#, TIMEOUT);
    let expected = [(two.request_id().to_owned(), "two"), (one.request_id().to_owned(), "one")];
    for (pending, (request_id, said)) in [two, one].into_iter().zip(expected) {
        let answer = function.answer_to(pending).await.response();
        assert_eq!(answer["heard"], said);
        assert_eq!(answer["requestId"], request_id);
    }
}

#[tokio::test]
async fn a_frozen_function_answers_once_it_is_thawed() {
    if serve_if_started_as_function().await {
        return;
    }
    let function = echo_function::start("function::a_frozen_function_answers_once_it_is_thawed");
    let quick = function.invoke_timed(r#"{"say": "quick"}"#, TIMEOUT).await;
    function.freeze();
    let frozen_for = Duration::from_millis(300);
    let (late, ()) = tokio::join!(function.invoke_timed(r#"{"say": "late"}"#, TIMEOUT), async {
        tokio::time::sleep(frozen_for).await;
        function.thaw();
    });
    assert!(late.at - quick.at >= frozen_for, "{quick:?}, {late:?}");
    assert_eq!(late.answer.response()["heard"], "late");
}

#[tokio::test]
async fn all_that_a_function_writes_is_kept() {
    if serve_if_started_as_function().await {
        return;
    }
    let function = echo_function::start("function::all_that_a_function_writes_is_kept");
    function.invoke(r#"{"say": "canary"}"#, TIMEOUT).await;
    function.wait_for("heard on stderr").await;

    let logs = function.stop();
    assert!(logs.contains(r#"heard on stdout: "canary""#), "{logs}");
    assert!(logs.contains(r#"heard on stderr: "canary""#), "{logs}");
}

#[tokio::test]
#[should_panic(expected = "last words")]
async fn a_function_that_ends_instead_of_answering_fails_the_test_and_shows_its_output() {
    if serve_if_started_as_function().await {
        return;
    }
    let function =
        echo_function::start("function::a_function_that_ends_instead_of_answering_fails_the_test_and_shows_its_output");
    function.invoke(r#"{"exit": 3}"#, TIMEOUT).await;
}

#[tokio::test]
async fn the_status_of_a_function_that_ends_is_seen() {
    if serve_if_started_as_function().await {
        return;
    }
    let function = echo_function::start("function::the_status_of_a_function_that_ends_is_seen");
    let _never_answered = function.send(r#"{"exit": 3}"#, TIMEOUT);
    assert_eq!(function.wait_exit(PATIENCE).await.code(), Some(3));
    assert!(function.logs().contains("last words"));
    assert_eq!(function.init_errors(), []);
}
