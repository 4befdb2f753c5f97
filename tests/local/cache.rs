//! `--cache-seconds`: one policy answers for every route that its token reaches.

use serde_json::json;
use tempfile::TempDir;

use crate::gateway::Gateway;
use crate::support::{AUDIENCE, CLIENT_ID, PrivateCa, SCOPE, serve_okta};

/// An API whose orders may be read and written with different scopes, and whose `/admin` is for nobody here.
struct Orders {
    gateway: Gateway,
    token: String,
    _folder: TempDir,
    _server: crate::support::TlsServer,
}

impl Orders {
    async fn start(arguments: &[&str]) -> Self {
        let ca = PrivateCa::create();
        let (okta, server) = serve_okta(&ca, |_settings| {});
        let document = json!({
            "version": 1, "issuer": okta.issuer(), "audiences": [AUDIENCE], "scopes": [SCOPE], "apis": ["abcdef1234/prod"],
            "routes": [
                {"route": "GET /orders/{id}"},
                {"route": "DELETE /orders/{id}", "scopes": {"all": ["orders.delete"]}},
                {"route": "GET /admin", "scopes": {"any": ["admin"]}},
            ],
        });
        let folder = tempfile::tempdir().expect("a temporary folder");
        std::fs::write(folder.path().join("orders.json"), document.to_string()).expect("a file");
        let profiles = ["--profiles", folder.path().to_str().expect("text")];
        let trust = ca.file().to_str().expect("a path that is text");
        let gateway = Gateway::start_with(&[&profiles, arguments].concat(), &[("SSL_CERT_FILE", trust)]).await;
        let token = format!("Bearer {}", okta.issue(CLIENT_ID, &[SCOPE]));
        Self { gateway, token, _folder: folder, _server: server }
    }

    async fn status(&self, method: &str, path: &str) -> u16 {
        self.gateway.send(method, path, &self.token).await.status().as_u16()
    }

    /// How often the authorizer ran.
    fn decisions(self) -> usize {
        self.gateway.process.stop().lines().filter(|line| line.contains(" decision ")).count()
    }
}

/// Threats 33 and 38.
#[tokio::test]
async fn a_cached_policy_says_of_every_route_what_a_fresh_call_would_say() {
    for form in ["token", "request", "http1", "http2"] {
        for (cache_seconds, decisions) in [("300", 1), ("0", 6)] {
            let orders = Orders::start(&["--form", form, "--cache-seconds", cache_seconds]).await;
            for (method, path, status) in [
                ("GET", "/orders/1", 200),
                ("GET", "/orders/2", 200),
                ("DELETE", "/orders/1", 403),
                ("GET", "/admin", 403),
                ("GET", "/orders/1/items", 403),
                ("GET", "/orders/", 403),
            ] {
                assert_eq!(orders.status(method, path).await, status, "{form}, {cache_seconds} s: {method} {path}");
            }
            assert_eq!(orders.decisions(), decisions, "{form}, {cache_seconds} s");
        }
    }
}

/// Threat 33.
#[tokio::test]
async fn a_denied_first_call_does_not_take_the_allowed_ones_with_it() {
    let orders = Orders::start(&["--cache-seconds", "300"]).await;
    assert_eq!(orders.status("GET", "/admin").await, 403);
    assert_eq!(orders.status("GET", "/orders/1").await, 200);
    assert_eq!(orders.decisions(), 1);
}

#[tokio::test]
async fn an_error_is_never_cached() {
    let orders = Orders::start(&["--cache-seconds", "300"]).await;
    for _ in 0..2 {
        assert_eq!(orders.gateway.call("/orders/1", "Bearer not-a-token").await.status(), 401);
    }
    assert_eq!(orders.decisions(), 2);
}
