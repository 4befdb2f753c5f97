//! Every file in `events/authorizer`, replayed with nothing in SSM but the profile.

use serde_json::Value;

use crate::events::policy_allows;
use crate::minting::{mint, prove};
use crate::support::{Answer, Canaries, EventFile, Scenario, TIMEOUT, client_placeholders, decisions};

#[tokio::test]
async fn every_event_is_answered_as_its_file_says_with_iam_policies() {
    replay_all("iam").await;
}

#[tokio::test]
async fn every_event_is_answered_as_its_file_says_with_simple_responses() {
    replay_all("simple").await;
}

/// What a file expects of an answer, for one setting of `AUTHORIZER_RESPONSE`.
struct Expectation {
    file: String,
    expect: Value,
}

async fn replay_all(setting: &str) {
    let scenario = Scenario::new().await;
    for profile in ["sockets", "bound"] {
        scenario.put(profile, &scenario.document(profile).to_string()).await;
    }
    let authorizer = scenario.authorizer(&[("AUTHORIZER_RESPONSE", setting)]);
    let mut canaries = Canaries::default();
    let mut expectations = Vec::new();
    for file in EventFile::read_all("authorizer") {
        let word = file.member("token").as_str().expect("a word for a token");
        let token = mint(&scenario.okta, word).unwrap_or_default();
        let proof = prove(file.member("proof"), &token).unwrap_or_default();
        canaries.token(&format!("the token of {}", file.name), &token);
        canaries.token(&format!("the proof of {}", file.name), &proof);
        let mut placeholders = client_placeholders(scenario.okta.issuer());
        placeholders.extend([("{{token}}", token), ("{{proof}}", proof)]);

        let event = file.filled("event", &placeholders).to_string();
        let mut expect = file.filled("expect", &placeholders);
        let changed = expect[setting].as_object().cloned().unwrap_or_default();
        expect.as_object_mut().expect("an object").extend(changed);
        let expectation = Expectation { file: file.name, expect };

        let answer = authorizer.invoke(&event, TIMEOUT).await;
        canaries.assert_absent_from(&format!("the answer to {}", expectation.file), &format!("{answer:?}"));
        expectation.check(&answer);
        expectations.push(expectation);
    }
    let output = authorizer.stop();
    canaries.assert_unmentioned_in("the log", &output);
    let decisions = decisions(&output);
    assert_eq!(decisions.len(), expectations.len(), "one decision for each event:\n{output}");
    for (expectation, decision) in expectations.iter().zip(&decisions) {
        expectation.check_reason(decision);
    }
}

impl Expectation {
    fn check(&self, answer: &Answer) {
        let Self { file, expect } = self;
        match (answer, text(&expect["response"])) {
            (Answer::Error { error_message, .. }, "error") => self.check_error(error_message),
            (Answer::Response(response), "policy") => self.check_policy(response),
            (Answer::Response(response), "simple") => self.check_simple(response),
            (answer, form) => panic!("{file}: the form {form} was expected: {answer:?}"),
        }
    }

    fn check_error(&self, message: &str) {
        let Self { file, expect } = self;
        match text(&expect["outcome"]) {
            "unauthorized" => {
                assert_eq!((message, text(&expect["error"])), ("Unauthorized", "Unauthorized"), "{file}");
            }
            "error" => assert_ne!(message, "Unauthorized", "{file}"),
            outcome => panic!("{file}: {outcome} was expected, not the error {message}"),
        }
        for word in list(&expect["errorNames"]) {
            assert!(message.contains(text(word)), "{file}: `{message}` does not name {word}");
        }
    }

    fn check_policy(&self, response: &Value) {
        let Self { file, expect } = self;
        let allowed = match text(&expect["outcome"]) {
            "allow" => true,
            "deny" => false,
            outcome => panic!("{file}: {outcome} was expected, not a policy: {response}"),
        };
        assert_eq!(response["policyDocument"]["Version"], "2012-10-17", "{file}");
        assert_eq!(list(&expect["allows"]).is_empty(), !allowed, "{file}: what an allow lets through is listed");
        for (listed, expected) in [("allows", true), ("denies", false)] {
            for arn in list(&expect[listed]) {
                assert_eq!(policy_allows(response, text(arn)), expected, "{file}: {arn} in {response}");
            }
        }
        if let Some(principal) = expect["principalId"].as_str() {
            assert_eq!(response["principalId"], principal, "{file}");
        }
        assert!(response["principalId"].as_str().is_some_and(|principal| !principal.is_empty()), "{file}");
        assert!(response.get("usageIdentifierKey").is_none_or(|key| !key.is_null()), "{file}: absent, never null");
        self.check_context(&response["context"]);
    }

    fn check_simple(&self, response: &Value) {
        let Self { file, expect } = self;
        assert_eq!(response["isAuthorized"], expect["outcome"] == "allow", "{file}: {response}");
        assert!(response.get("policyDocument").is_none(), "{file}: {response}");
        if let Some(principal) = expect["principalId"].as_str() {
            assert_eq!(response["context"]["principalId"], principal, "{file}");
        }
        self.check_context(&response["context"]);
    }

    fn check_context(&self, context: &Value) {
        let Self { file, expect } = self;
        let context = context.as_object().unwrap_or_else(|| panic!("{file}: a context was expected"));
        for (name, value) in context {
            assert!(value.is_string() || value.is_number() || value.is_boolean(), "{file}: {name} is {value}");
        }
        for (name, value) in expect["context"].as_object().into_iter().flatten() {
            assert_eq!(context.get(name), Some(value), "{file}: {name} in {context:?}");
        }
        for name in list(&expect["contextWithout"]) {
            assert!(!context.contains_key(text(name)), "{file}: {name} in {context:?}");
        }
    }

    fn check_reason(&self, decision: &Value) {
        let Self { file, expect } = self;
        assert_eq!(decision["outcome"], expect["outcome"], "{file}: {decision}");
        let logged = text(&decision["reason"]);
        let right = match expect["reason"].as_array() {
            Some(several) => several.iter().any(|reason| reason == logged),
            // `null`: no reason is logged.
            None => text(&expect["reason"]) == logged,
        };
        assert!(right, "{file}: the reason {} was expected: {decision}", expect["reason"]);
    }
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_default()
}

fn list(value: &Value) -> &[Value] {
    value.as_array().map(Vec::as_slice).unwrap_or_default()
}
