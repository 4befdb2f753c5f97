//! A running `profiles local`, and what stands in its greeting.

use reqwest::{Response, StatusCode};
use serde_json::Value;

use crate::support::{PATIENCE, Process, basic, eventually, plain_client};

const PROGRAM: &str = env!("CARGO_BIN_EXE_profiles");

/// A local gateway that has said where it is.
pub(crate) struct Gateway {
    pub(crate) process: Process,
    greeting: String,
}

/// Starts `profiles` with these arguments and variables, without waiting for anything.
pub(crate) fn start(arguments: &[&str], variables: &[(&str, &str)]) -> Process {
    Process::start(PROGRAM, arguments, variables.iter().copied())
}

impl Gateway {
    /// Starts `profiles local` on free ports and waits for its greeting.
    pub(crate) async fn start(arguments: &[&str]) -> Self {
        Self::start_with(arguments, &[]).await
    }

    /// The same with environment variables.
    pub(crate) async fn start_with(arguments: &[&str], variables: &[(&str, &str)]) -> Self {
        let ports = ["local", "--port", "0", "--okta-port", "0"];
        let process = start(&[&ports, arguments].concat(), variables);
        tokio::select! {
            () = eventually("the greeting is complete", async || is_complete(&process.stdout())) => {}
            status = process.exited() => panic!("the gateway ended ({status}):\n{}", process.logs()),
        }
        let greeting = process.stdout();
        Self { process, greeting }
    }

    /// The lines to paste: a good call, one without a token, one whose token lacks the scope, and where there is automatic
    /// mode a call without credentials and one with a client's own.
    pub(crate) fn curl_lines(&self) -> Vec<&str> {
        curl_lines(&self.greeting)
    }

    /// What follows a label such as `token URL`, up to the first space.
    pub(crate) fn told(&self, label: &str) -> &str {
        let line = self.greeting.lines().find_map(|line| line.trim_start().strip_prefix(label));
        let value = line.and_then(|rest| rest.split_whitespace().next());
        value.unwrap_or_else(|| panic!("the greeting does not tell the {label}:\n{}", self.greeting))
    }

    /// The API's base URL, without a slash at its end.
    pub(crate) fn api(&self) -> &str {
        self.told("API").trim_end_matches('/')
    }

    /// Calls the API with this `Authorization`.
    pub(crate) async fn call(&self, path: &str, authorization: &str) -> Response {
        let url = format!("{}{path}", self.api());
        plain_client().get(url).header("authorization", authorization).send().await.expect("an answer of the gateway")
    }

    /// The same with another method.
    pub(crate) async fn send(&self, method: &str, path: &str, authorization: &str) -> Response {
        let method = method.parse().expect("a method");
        let request = plain_client().request(method, format!("{}{path}", self.api()));
        request.header("authorization", authorization).send().await.expect("an answer of the gateway")
    }

    /// Asks the token URL.
    pub(crate) async fn ask_for_token(&self, client_id: &str, secret: &str, form: &str) -> (StatusCode, Value) {
        let request = plain_client()
            .post(self.told("token URL"))
            .header("content-type", "application/x-www-form-urlencoded")
            .header("authorization", format!("Basic {}", basic(client_id, secret)))
            .body(form.to_owned());
        let answer = request.send().await.expect("an answer of the token URL");
        let status = answer.status();
        (status, json(answer).await)
    }
}

/// Waits for a program that ends by itself, and returns its exit status and the lines that it wrote.
pub(crate) async fn ended(process: &Process) -> (Option<i32>, Vec<String>) {
    let status = process.wait_exit(PATIENCE).await;
    let lines = process.logs().lines().filter(|line| !line.is_empty()).map(str::to_owned).collect();
    (status.code(), lines)
}

/// The body of an answer as JSON.
pub(crate) async fn json(answer: Response) -> Value {
    let text = answer.text().await.expect("a body");
    serde_json::from_str(&text).unwrap_or_else(|error| panic!("no JSON ({error}): {text}"))
}

/// A line is complete once its line break is there.
/// The greeting is written at once, and ends with an empty line.
fn is_complete(output: &str) -> bool {
    curl_lines(output).len() >= 3 && output.ends_with("\n\n")
}

fn curl_lines(output: &str) -> Vec<&str> {
    let complete = output.rfind('\n').map_or("", |end| &output[..end]);
    complete.lines().filter(|line| line.starts_with("curl ")).collect()
}
