//! Tests of the proxy that breaks the wire, over plain HTTP: each fault as a raw client sees it.

use std::io::ErrorKind;
use std::net::TcpStream;
use std::time::Duration;

use axum::Router;
use axum::http::{HeaderMap, HeaderValue, Method, Uri};

use crate::raw_client::{End, RawClient};
use crate::support::{FaultProxy, Moto, ParameterType, PlainServer, WireFault, plain_client};

/// What the server answers to `GET /odd?x` without a body.
const TRUTH: &str = "GET /odd?x of 0 bytes";

/// A server that says what it was asked, and a proxy in front of it.
fn bed() -> (PlainServer, FaultProxy) {
    let server = PlainServer::serve(|_address| Router::new().fallback(echo));
    let proxy = FaultProxy::plain(server.address());
    (server, proxy)
}

async fn echo(
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: String,
) -> ([(&'static str, HeaderValue); 1], String) {
    let seen = headers.get("x-echo").cloned().unwrap_or(HeaderValue::from_static("nothing"));
    ([("x-echoed", seen)], format!("{method} {uri} of {} bytes", body.len()))
}

fn answer_under(fault: WireFault) -> (String, End) {
    let (_server, proxy) = bed();
    proxy.set(fault);
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    let answer = client.read_to_end();
    assert_eq!((proxy.count(), proxy.connections()), (1, 1));
    answer
}

#[tokio::test]
async fn without_a_fault_requests_and_answers_pass_over_one_connection_and_are_noted() {
    let (_server, proxy) = bed();
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    let first = client.read_until(TRUTH);
    assert!(first.starts_with("HTTP/1.1 200 OK\r\n"), "{first}");
    assert!(first.to_ascii_lowercase().contains(&format!("content-length: {}\r\n", TRUTH.len())), "{first}");
    client.send(
        "POST / HTTP/1.1\r\nX-Amz-Target: AmazonSSM.GetParameters\r\nx-echo: me\r\nContent-Length: 4\r\n\r\nbody",
    );
    let second = client.read_until("POST / of 4 bytes");
    assert!(second.contains("x-echoed: me\r\n"), "{second}");

    let noted: Vec<_> = proxy.requests().into_iter().map(|noted| (noted.method, noted.path, noted.operation)).collect();
    let expected = [("GET", "/odd?x", ""), ("POST", "/", "GetParameters")];
    assert_eq!(noted, expected.map(|(method, path, operation)| (method.into(), path.into(), operation.into())));
    assert_eq!((proxy.count(), proxy.connections()), (2, 1));
    drop(client);
    proxy.all_closed().await;
}

#[test]
fn a_refused_client_gets_no_connection_and_the_port_comes_back() {
    let (_server, proxy) = bed();
    let mut open = RawClient::connect(proxy.address());
    open.get("/odd?x");
    open.read_until(TRUTH);
    for _ in 0..2 {
        proxy.set(WireFault::Refuse);
        let refused = TcpStream::connect(proxy.address()).expect_err("no listener");
        assert_eq!(refused.kind(), ErrorKind::ConnectionRefused);
    }
    assert_eq!(open.read_to_end().0, "", "what was open is broken off");

    proxy.set(WireFault::None);
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    client.read_until(TRUTH);
    assert_eq!((proxy.count(), proxy.connections()), (2, 2));
}

#[tokio::test]
async fn a_black_hole_and_a_silent_server_take_the_request_and_nothing_comes_back() {
    for fault in [WireFault::BlackHole, WireFault::Silence] {
        let (_server, proxy) = bed();
        proxy.set(fault);
        let impatient = plain_client().get(proxy.url()).timeout(Duration::from_millis(200)).send().await;
        assert!(impatient.expect_err("no answer").is_timeout());
        assert_eq!((proxy.count(), proxy.connections()), (1, 1));
        proxy.all_closed().await;
    }
}

#[test]
fn a_hang_up_takes_the_request_and_closes_without_a_byte() {
    assert_eq!(answer_under(WireFault::HangUp), (String::new(), End::Closed));
}

#[test]
fn a_reset_comes_after_half_of_the_body() {
    let (answer, end) = answer_under(WireFault::ResetMidBody);
    assert!(answer.ends_with(&format!("\r\n\r\n{}", &TRUTH[..TRUTH.len() / 2])), "{answer}");
    assert_eq!(end, End::Reset);
}

#[test]
fn a_truncated_answer_announces_all_of_its_body_and_ends_after_half_of_it() {
    let (answer, end) = answer_under(WireFault::Truncate);
    assert!(answer.contains(&format!("Content-Length: {}\r\n", TRUTH.len())), "{answer}");
    assert!(answer.ends_with(&format!("\r\n\r\n{}", &TRUTH[..TRUTH.len() / 2])), "{answer}");
    assert_eq!(end, End::Closed);
}

#[test]
fn a_dripping_and_a_delayed_answer_are_whole_and_late() {
    for fault in
        [WireFault::Drip { bytes: 10, every: Duration::from_millis(20) }, WireFault::Delay(Duration::from_millis(150))]
    {
        let (_server, proxy) = bed();
        proxy.set(fault);
        let mut client = RawClient::connect(proxy.address());
        client.get("/odd?x");
        client.read_until(TRUTH);
        // The answer has over 100 bytes, head included.
        let took = proxy.requests()[0].at.elapsed();
        assert!(took >= Duration::from_millis(150), "{took:?}");
    }
}

#[test]
fn a_made_up_answer_and_a_huge_one_come_without_the_server() {
    let (server, proxy) = bed();
    drop(server);
    let mut client = RawClient::connect(proxy.address());
    let headers = vec![("Retry-After", "7".to_owned())];
    proxy.set(WireFault::Answer { status: 429, content_type: "text/html", headers, body: "<p>Busy</p>".to_owned() });
    client.get("/");
    let busy = client.read_until("</p>");
    for part in ["HTTP/1.1 429 ", "Retry-After: 7\r\n", "Content-Type: text/html\r\n", "Content-Length: 11\r\n"] {
        assert!(busy.contains(part), "{busy}");
    }
    proxy.set(WireFault::Huge(200_000));
    client.get("/");
    let head = client.read_until("\r\n\r\n");
    assert!(head.starts_with("HTTP/1.1 200 OK\r\n") && head.contains("Content-Length: 200000\r\n"), "{head}");
    proxy.set(WireFault::HangUp);
    client.get("/");
    let (body, end) = client.read_to_end();
    assert_eq!((body.len(), end), (200_000, End::Closed));
    assert!(serde_json::from_str::<serde_json::Value>(&body).is_ok());
    assert_eq!((proxy.count(), proxy.connections()), (3, 1));
}

#[test]
fn a_fault_for_once_is_the_next_requests_alone() {
    let (_server, proxy) = bed();
    proxy.set_once(WireFault::Truncate);
    proxy.set_once(WireFault::HangUp);
    let ends = [(); 2].map(|()| {
        let mut client = RawClient::connect(proxy.address());
        client.get("/odd?x");
        client.read_to_end().0.is_empty()
    });
    assert_eq!(ends, [false, true]);
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    client.read_until(TRUTH);
}

#[test]
#[should_panic(expected = "a single request cannot be refused a connection")]
fn a_refusal_for_once_fails_the_test() {
    bed().1.set_once(WireFault::Refuse);
}

#[tokio::test]
async fn a_connection_that_is_idle_for_too_long_is_closed_by_the_proxy() {
    let (_server, proxy) = bed();
    proxy.keep_alive(Duration::from_millis(100));
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    client.read_until(TRUTH);
    assert_eq!(client.read_to_end(), (String::new(), End::Closed));
    proxy.all_closed().await;
    assert_eq!((proxy.count(), proxy.connections()), (1, 1));
}

#[test]
fn a_server_that_is_gone_is_a_connection_closed_without_an_answer() {
    let (server, proxy) = bed();
    drop(server);
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    assert_eq!(client.read_to_end().0, "");
}

#[test]
fn a_dropped_proxy_breaks_off_the_connections_that_it_had() {
    let (_server, proxy) = bed();
    let mut client = RawClient::connect(proxy.address());
    client.get("/odd?x");
    client.read_until(TRUTH);
    drop(proxy);
    assert_eq!(client.read_to_end().0, "");
}

#[tokio::test]
async fn the_sdk_reaches_moto_through_the_proxy_and_its_operations_are_noted() {
    let moto = Moto::shared().await;
    let proxy = FaultProxy::plain(moto.address());
    let name = format!("{}/orders", moto.fresh_root());
    moto.put_parameter(&name, "through the proxy", ParameterType::String).await;
    let config = moto.client().config().to_builder().endpoint_url(proxy.url()).build();
    let client = aws_sdk_ssm::Client::from_conf(config);
    for calls in 1..=2 {
        let answer = client.get_parameter().name(&name).send().await.expect("an answer through the proxy");
        assert_eq!(answer.parameter.expect("the parameter").value(), Some("through the proxy"));
        assert_eq!((proxy.count(), proxy.connections()), (calls, 1));
    }
    assert!(proxy.requests().iter().all(|request| request.operation == "GetParameter"));
}
