//! A function behind an HTTP API that shows what it was given, or answers what it is told to.

use lambda_runtime::{Error, LambdaEvent};
use serde_json::{Value, json};

use crate::echo_function;
use crate::support::HttpApi;

/// An HTTP API in front of this test binary; the test called `test` must begin with [`serve_if_started_as_function`].
pub(crate) fn start(test: &str) -> HttpApi {
    HttpApi::in_front_of(echo_function::start(test))
}

/// Serves events and returns `true`, if this process was started by [`start`].
pub(crate) async fn serve_if_started_as_function() -> bool {
    echo_function::serve_if_started_with(answer).await
}

/// On `/answer` the body is the answer, on `/fail` the function fails; elsewhere it answers with the event that it got.
async fn answer(LambdaEvent { payload, .. }: LambdaEvent<Value>) -> Result<Value, Error> {
    match payload["rawPath"].as_str() {
        Some("/answer") => Ok(serde_json::from_str(payload["body"].as_str().unwrap_or_default())?),
        Some("/fail") => Err("told to".into()),
        _ => Ok(json!({"statusCode": 200, "body": payload.to_string()})),
    }
}
