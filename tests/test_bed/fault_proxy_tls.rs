//! Tests of the proxy that breaks the wire, behind TLS: requests reach a plain server, and faults come through.

use std::time::Duration;

use axum::Router;
use reqwest::Client;

use crate::support::{FaultProxy, PATIENCE, PlainServer, PrivateCa, WireFault, client_that_trusts};

const TRUTH: &str = "the true answer";

struct Bed {
    proxy: FaultProxy,
    client: Client,
    _server: PlainServer,
    _ca: PrivateCa,
}

fn bed() -> Bed {
    let ca = PrivateCa::create();
    let server = PlainServer::serve(|_address| Router::new().fallback(async || TRUTH));
    let proxy = FaultProxy::tls(&ca, server.address());
    Bed { proxy, client: client_that_trusts(&ca), _server: server, _ca: ca }
}

impl Bed {
    async fn get(&self, timeout: Duration) -> Result<String, reqwest::Error> {
        let answer = self.client.get(self.proxy.localhost_url()).timeout(timeout).send().await?;
        answer.text().await
    }
}

#[tokio::test]
async fn both_names_reach_the_server_and_a_connection_is_kept() {
    let bed = bed();
    for url in [bed.proxy.localhost_url(), bed.proxy.localhost_url(), bed.proxy.url()] {
        let answer = bed.client.get(url).send().await.expect("an answer");
        assert_eq!(answer.text().await.expect("a body"), TRUTH);
    }
    assert_eq!((bed.proxy.count(), bed.proxy.connections()), (3, 2));
}

#[tokio::test]
async fn an_answer_that_breaks_off_is_an_error_and_the_next_one_is_whole() {
    for fault in [WireFault::HangUp, WireFault::ResetMidBody, WireFault::Truncate] {
        let bed = bed();
        bed.proxy.set_once(fault.clone());
        let broken = bed.get(PATIENCE).await.expect_err("no whole answer");
        assert!(!broken.is_timeout() && !broken.is_connect(), "{fault:?}: {broken:?}");
        bed.proxy.all_closed().await;
        assert_eq!(bed.get(PATIENCE).await.expect("an answer"), TRUTH);
        assert_eq!((bed.proxy.count(), bed.proxy.connections()), (2, 2), "{fault:?}");
    }
}

#[tokio::test]
async fn a_black_hole_leaves_even_the_handshake_unanswered() {
    let bed = bed();
    bed.proxy.set(WireFault::BlackHole);
    let error = bed.get(Duration::from_millis(200)).await.expect_err("no answer");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!((bed.proxy.count(), bed.proxy.connections()), (0, 1));
}

#[tokio::test]
async fn a_black_hole_swallows_the_requests_on_an_open_connection() {
    let bed = bed();
    bed.get(PATIENCE).await.expect("an answer");
    bed.proxy.set(WireFault::BlackHole);
    let error = bed.get(Duration::from_millis(200)).await.expect_err("no answer");
    assert!(error.is_timeout(), "{error:?}");
    assert_eq!((bed.proxy.count(), bed.proxy.connections()), (2, 1));
}

#[tokio::test]
async fn a_silent_server_has_taken_the_request() {
    let bed = bed();
    bed.proxy.set(WireFault::Silence);
    assert!(bed.get(Duration::from_millis(500)).await.expect_err("no answer").is_timeout());
    assert_eq!((bed.proxy.count(), bed.proxy.connections()), (1, 1));
}

#[tokio::test]
async fn a_refused_connection_is_an_error_at_once_and_the_server_comes_back() {
    let bed = bed();
    bed.proxy.set(WireFault::Refuse);
    assert!(bed.get(PATIENCE).await.expect_err("no connection").is_connect());
    bed.proxy.set(WireFault::None);
    assert_eq!(bed.get(PATIENCE).await.expect("an answer"), TRUTH);
    assert_eq!((bed.proxy.count(), bed.proxy.connections()), (1, 1));
}
