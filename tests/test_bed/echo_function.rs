//! A small Lambda function on the real `lambda_runtime`: this test binary, started again as a process of its own.

use std::io::Write;

use lambda_runtime::{Error, LambdaEvent, service_fn};
use serde_json::{Value, json};

use crate::support::LambdaFunction;

/// Starts this test binary as the function: it runs the test called `test`, which must begin with
/// [`serve_if_started_as_function`].
pub(crate) fn start(test: &str) -> LambdaFunction {
    let program = std::env::current_exe().expect("the path of this test binary");
    LambdaFunction::start_with(program, &["--exact", test, "--nocapture"], [("ECHO_GREETING", "hello")])
}

/// Serves events until the Runtime API is gone and returns `true`, if this process was started by [`start`].
pub(crate) async fn serve_if_started_as_function() -> bool {
    serve_if_started_with(echo).await
}

/// The same with another handler.
pub(crate) async fn serve_if_started_with<F>(handler: impl Fn(LambdaEvent<Value>) -> F) -> bool
where
    F: Future<Output = Result<Value, Error>>,
{
    let started = variable("AWS_LAMBDA_RUNTIME_API").is_some();
    if started {
        let served = lambda_runtime::run(service_fn(handler)).await;
        served.expect("events from the Runtime API");
    }
    started
}

/// Answers `{"say": x}`, fails on `{"fail": "message"}` and ends the process on `{"exit": status}`.
async fn echo(LambdaEvent { payload, context }: LambdaEvent<Value>) -> Result<Value, Error> {
    if let Some(message) = payload["fail"].as_str() {
        return Err(message.into());
    }
    if let Some(status) = payload["exit"].as_i64() {
        writeln!(std::io::stderr(), "last words")?;
        std::process::exit(i32::try_from(status)?);
    }
    writeln!(std::io::stdout(), "heard on stdout: {}", payload["say"])?;
    writeln!(std::io::stderr(), "heard on stderr: {}", payload["say"])?;
    Ok(json!({
        "heard": payload["say"],
        "greeting": variable("ECHO_GREETING"),
        "inherited": variable("CARGO_MANIFEST_DIR"),
        "requestId": context.request_id,
        "deadline": context.deadline,
        "arn": context.invoked_function_arn,
        "trace": context.xray_trace_id,
    }))
}

#[allow(clippy::disallowed_methods, reason = "this function exists to show the environment that it was started with")]
fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok()
}
