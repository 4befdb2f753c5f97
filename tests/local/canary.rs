//! Threat 60: `profiles local` with profiles of one's own prints neither the stored client's secret nor a caller's token.

use serde_json::json;

use crate::gateway::Gateway;
use crate::support::{AUDIENCE, CLIENT_ID, CLIENT_SECRET, Canaries, OTHER_SCOPE, PrivateCa, SCOPE, serve_okta};

/// Threat 60.
#[tokio::test]
async fn no_secret_and_no_token_is_printed_by_the_local_gateway_at_any_level() {
    for level in ["info", "trace"] {
        let ca = PrivateCa::create();
        let (okta, _server) = serve_okta(&ca, |_settings| {});
        let folder = tempfile::tempdir().expect("a folder");
        let profile = json!({
            "version": 1, "issuer": okta.issuer(), "audiences": [AUDIENCE], "scopes": [SCOPE], "apis": ["abcdef1234/prod"],
        });
        let client = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET});
        for (name, document) in [("orders.json", profile), ("orders.client.json", client)] {
            std::fs::write(folder.path().join(name), document.to_string()).expect("a file");
        }
        let arguments = ["--profiles", folder.path().to_str().expect("a path that is text")];
        let trust = ca.file().to_str().expect("a path that is text");
        let gateway = Gateway::start_with(&arguments, &[("SSL_CERT_FILE", trust), ("RUST_LOG", level)]).await;
        let mut canaries = Canaries::default();
        canaries.secret("the client's secret", CLIENT_SECRET);
        canaries.secret("a wrong secret", "canary-wrong-secret-0b7e55");
        let (status, granted) = gateway.ask_for_token(CLIENT_ID, CLIENT_SECRET, "grant_type=client_credentials").await;
        assert_eq!(status, 200, "{granted}");
        let wrong = "canary-wrong-secret-0b7e55";
        let (refused, _) = gateway.ask_for_token(CLIENT_ID, wrong, "grant_type=client_credentials").await;
        assert_eq!(refused, 401);
        let good = granted["access_token"].as_str().expect("a token").to_owned();
        let tampered = format!("{}AAAA", &good[..good.len() - 4]);
        for (token, status) in [(&good, 200), (&okta.issue(CLIENT_ID, &[OTHER_SCOPE]), 403), (&tampered, 401)] {
            canaries.token("a token", token);
            assert_eq!(gateway.call("/orders/1", &format!("Bearer {token}")).await.status(), status);
        }
        let output = gateway.process.stop();
        assert!(!output.contains("panicked"), "{output}");
        canaries.assert_absent_from("what is printed", &output);
    }
}
