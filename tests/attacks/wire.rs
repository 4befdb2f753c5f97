//! A sample of the corpus over the wire: the compiled authorizer, as Lambda runs it, answers as the core in this process does.

use std::collections::BTreeMap;

use serde_json::json;

use crate::corpus::{Case, Corpus, Expected};
use crate::support::{Answer, LambdaFunction, TIMEOUT, decisions, seconds_since_epoch};
use crate::world::{ISSUER, OTHER_ISSUER, Rules, World};

/// Of each outcome, so many, spread over all that come to it.
const OF_EACH: usize = 5;

/// Threats 4 to 31.
#[tokio::test]
async fn a_sample_of_the_corpus_is_answered_alike_by_the_compiled_authorizer() {
    let world = World::at(seconds_since_epoch());
    let corpus = Corpus::of(&world);
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, text: String| std::fs::write(folder.path().join(name), text).expect("a file");
    write("acme.json", Rules::Okta.profile(ISSUER).to_string());
    write("acme.keys.json", world.stored(world.key_set()));
    write("other.json", Rules::Okta.profile(OTHER_ISSUER).to_string());
    write("other.keys.json", world.stored(world.other_key_set()));
    let store = format!("file:{}", folder.path().display());
    let authorizer = LambdaFunction::start(env!("CARGO_BIN_EXE_authorizer"), [("PROFILE_STORE", &*store)]);
    let sample = sample(&corpus);
    assert!(sample.len() >= 100, "only {} tokens", sample.len());
    for case in &sample {
        let event = json!({
            "type": "TOKEN", "authorizationToken": format!("Bearer {}", case.token),
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders",
        });
        let answer = authorizer.invoke(&event.to_string(), TIMEOUT).await;
        assert_answers(case, &answer);
    }
    let output = authorizer.stop();
    let decisions = decisions(&output);
    assert_eq!(decisions.len(), sample.len(), "a decision for each token");
    for (case, decision) in sample.iter().zip(&decisions) {
        match case.expected {
            Expected::Allowed => {}
            Expected::Denied(reason) | Expected::Unauthorized(reason) => {
                assert_eq!(decision["reason"], reason, "{}: {decision}", case.name);
            }
        }
    }
}

/// Those whose outcome hangs neither on the second nor on a fetch.
fn sample(corpus: &Corpus) -> Vec<&Case> {
    let mut by_outcome: BTreeMap<String, Vec<&Case>> = BTreeMap::new();
    for case in corpus.cases.iter().filter(|case| case.rules == Rules::Okta && case.expected.fetches() == 0) {
        let timed = ["exp ", "nbf ", "iat ", "good: exp", "good: nbf", "good: iat", "a lifetime"];
        // Lambda's events are at most 6 MB.
        let is_steady = !timed.iter().any(|begin| case.name.starts_with(begin)) && case.token.len() < 100_000;
        if is_steady || case.expected == Expected::Unauthorized("token_expired") {
            by_outcome.entry(format!("{:?}", case.expected)).or_default().push(case);
        }
    }
    let mut sample = Vec::new();
    for cases in by_outcome.into_values() {
        let step = cases.len().div_ceil(OF_EACH);
        sample.extend(cases.into_iter().step_by(step));
    }
    sample
}

fn assert_answers(case: &Case, answer: &Answer) {
    let name = &case.name;
    match (case.expected, answer) {
        (Expected::Allowed, Answer::Response(policy)) => {
            let statement = &policy["policyDocument"]["Statement"][0];
            assert_eq!(statement["Effect"], "Allow", "{name}: {policy}");
        }
        (Expected::Denied(reason), Answer::Response(policy)) => {
            let statement = &policy["policyDocument"]["Statement"][0];
            assert_eq!(statement["Effect"], "Deny", "{name}: {policy}");
            assert_eq!(policy["context"]["reason"], reason, "{name}: {policy}");
        }
        (Expected::Unauthorized(_), Answer::Error { error_message, .. }) => {
            assert_eq!(error_message, "Unauthorized", "{name}");
        }
        (Expected::Allowed | Expected::Denied(_), Answer::Error { .. })
        | (Expected::Unauthorized(_), Answer::Response(_)) => panic!("{name}: {answer:?}"),
    }
}
