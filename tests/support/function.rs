//! A compiled function as Lambda runs it: the process, with Lambda's variables, and the Runtime API that it talks to.

use std::ffi::{OsStr, OsString};
use std::path::Path;
use std::process::ExitStatus;
use std::time::Duration;

use super::{Answer, PATIENCE, PendingAnswer, Process, ReportedError, RuntimeApi, TimedAnswer};

/// A running function.
pub(crate) struct LambdaFunction {
    // Before the API, so that it is dropped first: a function that outlives its API would log that.
    process: Process,
    api: RuntimeApi,
}

impl LambdaFunction {
    /// Starts `program` (`env!("CARGO_BIN_EXE_authorizer")`, say) with the variables that Lambda sets and those in
    /// `environment`, which win. Nothing else is inherited.
    pub(crate) fn start<K, V>(program: impl AsRef<Path>, environment: impl IntoIterator<Item = (K, V)>) -> Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        Self::start_with(program, &[], environment)
    }

    /// The same with command-line arguments, which Lambda never gives.
    pub(crate) fn start_with<K, V>(
        program: impl AsRef<Path>,
        arguments: &[&str],
        environment: impl IntoIterator<Item = (K, V)>,
    ) -> Self
    where
        K: AsRef<OsStr>,
        V: AsRef<OsStr>,
    {
        let api = RuntimeApi::start();
        let lambdas = lambda_environment(&api.address());
        let lambdas = lambdas.into_iter().map(|(name, value)| (OsString::from(name), OsString::from(value)));
        let given = environment.into_iter().map(|(name, value)| (name.as_ref().to_owned(), value.as_ref().to_owned()));
        // A later value of the same name replaces an earlier one.
        let process = Process::start(program, arguments, lambdas.chain(given));
        Self { process, api }
    }

    /// Hands `event` (JSON) to the function and returns its answer. The function is told that it has `timeout`.
    ///
    /// # Panics If the function ends before it answers, does not answer within [`PATIENCE`], or answers with something
    /// unusable. The message holds the function's output.
    pub(crate) async fn invoke(&self, event: &str, timeout: Duration) -> Answer {
        self.answer_to(self.api.send(event, timeout)).await
    }

    /// The same, and when the answer came.
    pub(crate) async fn invoke_timed(&self, event: &str, timeout: Duration) -> TimedAnswer {
        self.timed_answer_to(self.api.send(event, timeout)).await
    }

    /// Queues `event` without waiting, so that a test can have several under way; see [`LambdaFunction::answer_to`].
    pub(crate) fn send(&self, event: &str, timeout: Duration) -> PendingAnswer {
        self.api.send(event, timeout)
    }

    /// The answer to an event that was sent, with the bounds of [`LambdaFunction::invoke`].
    pub(crate) async fn answer_to(&self, pending: PendingAnswer) -> Answer {
        self.timed_answer_to(pending).await.answer
    }

    async fn timed_answer_to(&self, pending: PendingAnswer) -> TimedAnswer {
        tokio::select! {
            // First: a function may answer and then end.
            biased;
            answer = pending.timed_answer() => answer,
            status = self.process.exited() => {
                panic!("the function ended ({status}) before it answered:\n{}", self.logs())
            }
            () = tokio::time::sleep(PATIENCE) => {
                panic!("the function did not answer within {PATIENCE:?}:\n{}", self.logs())
            }
        }
    }

    /// What the function has written so far; see [`Process::logs`].
    pub(crate) fn logs(&self) -> String {
        self.process.logs()
    }

    /// Waits until the function's output holds `text`; see [`Process::wait_for`].
    pub(crate) async fn wait_for(&self, text: &str) {
        self.process.wait_for(text).await;
    }

    /// Waits until the function ends by itself, as one does whose configuration is bad; see [`Process::wait_exit`].
    pub(crate) async fn wait_exit(&self, timeout: Duration) -> ExitStatus {
        self.process.wait_exit(timeout).await
    }

    /// What the function has posted to `/init/error` so far.
    pub(crate) fn init_errors(&self) -> Vec<ReportedError> {
        self.api.init_errors()
    }

    /// Stops the function between two instructions, as Lambda freezes a sandbox between two calls.
    pub(crate) fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets a frozen function go on.
    pub(crate) fn thaw(&self) {
        self.process.signal("CONT");
    }

    /// Ends the function and returns everything that it wrote; see [`Process::stop`].
    pub(crate) fn stop(self) -> String {
        self.process.stop()
    }
}

/// What Lambda sets for a function on a custom runtime, as far as the runtime and the SDK read it.
fn lambda_environment(runtime_api: &str) -> Vec<(&'static str, String)> {
    [
        ("AWS_LAMBDA_RUNTIME_API", runtime_api),
        ("AWS_LAMBDA_FUNCTION_NAME", "function-under-test"),
        ("AWS_LAMBDA_FUNCTION_MEMORY_SIZE", "128"),
        ("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        ("AWS_LAMBDA_LOG_GROUP_NAME", "/aws/lambda/function-under-test"),
        ("AWS_LAMBDA_LOG_STREAM_NAME", "2026/01/01/[$LATEST]00000000000000000000000000000000"),
        ("AWS_ACCESS_KEY_ID", "test-access-key"),
        ("AWS_SECRET_ACCESS_KEY", "test-secret-access-key"),
        ("AWS_SESSION_TOKEN", "test-session-token"),
        ("AWS_REGION", "eu-west-1"),
        ("RUST_LOG", "info"),
    ]
    .map(|(name, value)| (name, value.to_owned()))
    .into()
}
