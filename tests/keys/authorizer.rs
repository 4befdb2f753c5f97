//! What the `keys` function is for: an authorizer that starts while Okta is away.

use okta_security_profiles::local::okta::Endpoint;
use serde_json::json;

use crate::support::{Answer, CLIENT_ID, EventFile, Scenario, TIMEOUT, client_placeholders};

/// Threat 47.
#[tokio::test]
async fn a_cold_authorizer_allows_a_good_token_with_okta_out_of_reach_and_what_was_stored() {
    let mut scenario = Scenario::new().await;
    scenario.keys_function(&[]).invoke("{}", TIMEOUT).await.response();
    let token = scenario.good_token();
    let asked = [Endpoint::Keys, Endpoint::Discovery, Endpoint::Token].map(|of| scenario.okta.requests(of));
    assert_eq!(asked, [1, 1, 0]);
    scenario.okta_goes_down();

    let file = EventFile::read("authorizer", "rest-token-allow.json");
    let mut placeholders = client_placeholders(scenario.okta.issuer());
    placeholders.push(("{{token}}", token));
    let event = file.filled("event", &placeholders).to_string();
    for profiles in ["orders", "*"] {
        let authorizer = scenario.authorizer(&[("PROFILES", profiles)]);
        let answer = authorizer.invoke(&event, TIMEOUT).await;
        let Answer::Response(answer) = answer else { panic!("{answer:?}\n{}", authorizer.logs()) };
        assert_eq!(answer["context"]["cid"], json!(CLIENT_ID));
        let output = authorizer.stop();
        assert!(!output.contains("WARN") && !output.contains("ERROR"), "an outage is not noticed at all:\n{output}");
    }
}
