//! Many clients at once at the local gateway's token URL: Okta's rate limit and bill are left alone (threat 69).

use std::path::Path;
use std::sync::Arc;

use axum::http::StatusCode;
use okta_security_profiles::local::okta::{Endpoint, StandInClient, StandInOkta};
use secrecy::SecretString;
use serde_json::json;
use tempfile::TempDir;
use tokio::task::JoinSet;

use crate::gateway::Gateway;
use crate::support::{PrivateCa, TlsServer, form_encoded, plain_client, serve_okta};

const CLIENTS: usize = 100;
const AT_A_TIME: usize = 100;

/// A stand-in with a hundred clients, and a gateway with one profile of it.
struct World {
    gateway: Gateway,
    okta: Arc<StandInOkta>,
    _server: TlsServer,
    _ca: PrivateCa,
    _folder: TempDir,
}

async fn world() -> World {
    let ca = PrivateCa::create();
    let (okta, server) = serve_okta(&ca, |settings| {
        let client = |number| {
            let secret = SecretString::from(format!("secret {number}"));
            StandInClient::new(&format!("client-{number}"), secret, &["CustomScope"])
        };
        settings.clients = (0..CLIENTS).map(client).collect();
    });
    let folder = tempfile::tempdir().expect("a temporary folder");
    let profile = json!({
        "version": 1, "issuer": okta.issuer(), "audiences": ["api://orders"], "scopes": ["CustomScope"], "apis": ["*"]
    });
    std::fs::write(folder.path().join("orders.json"), profile.to_string()).expect("a profile");
    let gateway =
        Gateway::start_with(&["--profiles", text(folder.path())], &[("SSL_CERT_FILE", text(ca.file()))]).await;
    World { gateway, okta, _server: server, _ca: ca, _folder: folder }
}

fn text(path: &Path) -> &str {
    path.to_str().expect("a path that is text")
}

/// Sends so many requests, 100 at a time, for one client after the other, and returns how many got a token.
async fn ask(gateway: &Gateway, requests: usize, clients: usize) -> usize {
    let (http, url) = (plain_client(), gateway.told("token URL").to_owned());
    let mut workers = JoinSet::new();
    for worker in 0..AT_A_TIME {
        let (http, url) = (http.clone(), url.clone());
        workers.spawn(async move {
            let mut granted = 0;
            for number in (worker..requests).step_by(AT_A_TIME) {
                let client = number % clients;
                let secret = form_encoded(&format!("secret {client}"));
                let body = format!("grant_type=client_credentials&client_id=client-{client}&client_secret={secret}");
                let request = http.post(&url).header("content-type", "application/x-www-form-urlencoded").body(body);
                let answer = request.send().await.expect("an answer");
                granted += usize::from(answer.status() == StatusCode::OK);
            }
            granted
        });
    }
    workers.join_all().await.into_iter().sum()
}

#[tokio::test]
async fn a_hundred_equal_requests_make_one_call_to_okta_and_ten_thousand_of_a_hundred_clients_a_hundred() {
    let World { gateway, okta, .. } = &world().await;
    assert_eq!(ask(gateway, AT_A_TIME, 1).await, AT_A_TIME, "{}", gateway.process.logs());
    assert_eq!(okta.requests(Endpoint::Token), 1);
    assert_eq!(ask(gateway, 10_000, CLIENTS).await, 10_000);
    assert_eq!(okta.requests(Endpoint::Token), CLIENTS);
}
