//! Tests of HTTPS on loopback: only who trusts the private CA gets an answer.

use std::net::TcpStream;

use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_http_client::tls::{Provider, TlsContext, TrustStore};
use axum::Router;
use axum::routing::get;

use crate::support::{Moto, ParameterType, PrivateCa, TlsServer, client_that_trusts};

fn serve(ca: &PrivateCa) -> TlsServer {
    TlsServer::serve(ca, |url| {
        let url = url.to_owned();
        Router::new().route("/who", get(move || async move { url }))
    })
}

#[tokio::test]
async fn a_client_that_trusts_the_authority_reaches_the_routes_by_both_names() {
    let ca = PrivateCa::create();
    let server = serve(&ca);
    let client = client_that_trusts(&ca);
    for base in [server.url(), server.localhost_url()] {
        let answer = client.get(format!("{base}/who")).send().await.expect("an answer");
        assert_eq!(answer.text().await.expect("a body"), server.url());
    }
}

#[tokio::test]
async fn a_client_that_trusts_another_authority_is_turned_away() {
    let (ca, stranger) = (PrivateCa::create(), PrivateCa::create());
    let server = serve(&ca);
    let refused = client_that_trusts(&stranger).get(format!("{}/who", server.url())).send().await;
    assert!(refused.is_err_and(|error| error.is_connect()));
}

#[tokio::test]
async fn a_client_that_says_nothing_does_not_hold_up_the_next() {
    let ca = PrivateCa::create();
    let server = serve(&ca);
    let _silent = TcpStream::connect(server.url().replace("https://", "")).expect("a connection");
    let answer = client_that_trusts(&ca).get(format!("{}/who", server.url())).send().await;
    assert!(answer.is_ok(), "{answer:?}");
}

#[tokio::test]
async fn a_dropped_server_breaks_off_the_connections_that_it_had() {
    let ca = PrivateCa::create();
    let server = serve(&ca);
    let client = client_that_trusts(&ca);
    let url = format!("{}/who", server.url());
    client.get(&url).send().await.expect("an answer").text().await.expect("a body");
    drop(server);
    assert!(client.get(&url).send().await.is_err(), "the kept connection is not served either");
}

#[tokio::test]
async fn the_sdk_reaches_moto_over_tls() {
    let ca = PrivateCa::create();
    let moto = Moto::shared().await;
    let front = TlsServer::front(&ca, moto.address());
    let name = format!("{}/orders", moto.fresh_root());
    moto.put_parameter(&name, "over TLS", ParameterType::String).await;

    let trust = TrustStore::empty().with_pem_certificate(ca.pem());
    let http = aws_smithy_http_client::Builder::new()
        .tls_provider(Provider::Rustls(CryptoMode::Ring))
        .tls_context(TlsContext::builder().with_trust_store(trust).build().expect("a TLS context"))
        .build_https();
    let config = moto.client().config().to_builder().http_client(http).endpoint_url(front.url()).build();
    let answer = aws_sdk_ssm::Client::from_conf(config).get_parameter().name(&name).send().await;
    let parameter = answer.expect("an answer over TLS").parameter.expect("the parameter");
    assert_eq!(parameter.value(), Some("over TLS"));
}
