//! Threat 60: the `keys` function has no use for a client's secret or a token, and writes neither.

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::json;

use crate::support::{CLIENT_ID, CLIENT_SECRET, Canaries, ParameterType, Scenario, TIMEOUT};

/// Threat 60.
#[tokio::test]
async fn no_secret_and_no_token_comes_out_of_the_keys_function_at_any_level() {
    for level in ["info", "trace"] {
        let scenario = Scenario::new().await;
        let token = scenario.good_token();
        let mut canaries = Canaries::default();
        canaries.secret("the stored client's secret", CLIENT_SECRET);
        canaries.token("a token", &token);
        let client = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}).to_string();
        let parameter = format!("{}/orders/client", scenario.root);
        scenario.moto.put_parameter(&parameter, &client, ParameterType::SecureString).await;
        let keys = scenario.keys_function(&[("RUST_LOG", level)]);
        let echo = json!({"keys": token, "secret": CLIENT_SECRET}).to_string();
        let faults = [
            None,
            Some(Fault::Html),
            Some(Fault::Status(StatusCode::OK, HeaderMap::new(), echo)),
            Some(Fault::Status(StatusCode::INTERNAL_SERVER_ERROR, HeaderMap::new(), token.clone())),
        ];
        for fault in faults {
            if let Some(fault) = fault {
                scenario.okta.set_fault(Endpoint::Keys, fault);
            }
            // Whoever starts it by hand may hand it anything.
            for event in [json!({}), json!({"token": token, "Authorization": format!("Bearer {token}")}), json!(token)]
            {
                let answer = keys.invoke(&event.to_string(), TIMEOUT).await;
                canaries.assert_unmentioned_in("an answer", &format!("{answer:?}"));
            }
        }
        let stored = scenario.parameter("orders/keys").await.expect("a stored key set");
        canaries.assert_unmentioned_in("the stored key set", &stored);
        let output = keys.stop();
        assert!(!output.contains("panicked"), "{output}");
        canaries.assert_unmentioned_in("the log", &output);
    }
}
