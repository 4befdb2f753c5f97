//! A request to the token URL as an HTTP API's proxy event, payload format 2.0, and the HTTP answer in the response.

use okta_security_profiles::local::okta::Endpoint;
use serde_json::{Value, json};

use crate::support::{
    Answer, CLIENT_ID, CLIENT_SECRET, EventFile, LambdaFunction, Scenario, TIMEOUT, basic, client_placeholders,
};

/// The form that asks for no scope in particular.
pub(crate) const GRANT: &str = "grant_type=client_credentials";

/// `POST /oauth2/orders/v1/token` with this form and `Authorization`.
pub(crate) fn request(form: &str, authorization: Option<&str>) -> Value {
    let file = EventFile::read("token", "basic-good.json");
    let mut event = file.member("event").clone();
    event["body"] = json!(form);
    event["isBase64Encoded"] = json!(false);
    match authorization {
        Some(value) => event["headers"]["authorization"] = json!(value),
        None => drop(event["headers"].as_object_mut().expect("headers").remove("authorization")),
    }
    event
}

/// A request for a token as the known client makes it.
pub(crate) fn good_request() -> Value {
    request(GRANT, Some(&format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET))))
}

/// An event of `events/token` for the client of a scenario.
pub(crate) fn event_of(file: &EventFile, scenario: &Scenario) -> Value {
    file.filled("event", &client_placeholders(scenario.okta.issuer()))
}

/// An HTTP answer, headers by lower-case name.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) status: u64,
    pub(crate) body: Value,
    headers: Vec<(String, String)>,
    whole: Value,
}

impl HttpAnswer {
    /// The value of a header that is there once.
    pub(crate) fn header(&self, name: &str) -> Option<&str> {
        let values: Vec<&str> =
            self.headers.iter().filter(|(known, _)| known == name).map(|(_, value)| &**value).collect();
        assert!(values.len() <= 1, "{name} is there several times: {values:?}");
        values.first().copied()
    }

    /// The error's code (RFC 6749 section 5.2).
    pub(crate) fn error(&self) -> &str {
        self.body["error"].as_str().unwrap_or_default()
    }

    /// The response as the function posted it.
    pub(crate) fn text(&self) -> String {
        self.whole.to_string()
    }
}

/// Sends an event and reads the answer. Threat 70: whatever it is, nobody may store it, and it sets no cookie.
pub(crate) async fn send(function: &LambdaFunction, event: &Value) -> HttpAnswer {
    let whole = match function.invoke(&event.to_string(), TIMEOUT).await {
        Answer::Response(response) => response,
        Answer::Error { error_type, error_message } => {
            panic!("the token function answers HTTP and never fails: {error_type}: {error_message}")
        }
    };
    let members = [&whole["headers"], &whole["multiValueHeaders"]];
    let mut headers: Vec<(String, String)> = Vec::new();
    for (name, value) in members.iter().filter_map(|headers| headers.as_object()).flatten() {
        let values = value.as_array().cloned().unwrap_or_else(|| vec![value.clone()]);
        for value in values {
            let header = (name.to_ascii_lowercase(), value.as_str().expect("a header's value").to_owned());
            // The same header may be listed in both members.
            if !headers.contains(&header) {
                headers.push(header);
            }
        }
    }
    assert_eq!(whole["isBase64Encoded"], false, "{whole}");
    let text = whole["body"].as_str().unwrap_or_default();
    let body = serde_json::from_str(text).unwrap_or_else(|error| panic!("no JSON ({error}): {whole}"));
    let status = whole["statusCode"].as_u64().expect("a status");
    let answer = HttpAnswer { status, body, headers, whole };
    assert_eq!(answer.header("cache-control"), Some("no-store"), "{answer:?}");
    assert_eq!(answer.header("pragma"), Some("no-cache"), "{answer:?}");
    assert_eq!(answer.header("set-cookie"), None, "{answer:?}");
    assert!(answer.whole["cookies"].as_array().is_none_or(Vec::is_empty), "{answer:?}");
    answer
}

/// How many requests the authorization server's token URL has seen.
pub(crate) fn upstream_calls(scenario: &Scenario) -> usize {
    scenario.okta.requests(Endpoint::Token)
}
