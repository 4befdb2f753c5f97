//! `--upstream`: a real backend behind the gateway.

use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Bytes;
use axum::http::request::Parts;
use axum::http::{Request, StatusCode};
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::gateway::Gateway;
use crate::support::plain_client;

/// What the backend was sent.
type Seen = Arc<Mutex<Vec<(Parts, Bytes)>>>;

/// A backend on the test's own runtime, which keeps what it is sent and answers 201 with headers of its own.
async fn backend() -> (String, Seen) {
    let seen = Seen::default();
    let kept = Arc::clone(&seen);
    let routes = Router::new().fallback(move |request: Request<axum::body::Body>| async move {
        let (parts, body) = request.into_parts();
        let body = axum::body::to_bytes(body, 1024 * 1024).await.expect("a body");
        kept.lock().expect("no panic").push((parts, body));
        (StatusCode::CREATED, [("x-backend", "orders"), ("location", "/orders/2")], "made")
    });
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move { axum::serve(listener, routes).await.expect("a backend") });
    (url, seen)
}

async fn demo_token(gateway: &Gateway) -> String {
    let (_, granted) = gateway.ask_for_token("demo-client", "demo-secret", "grant_type=client_credentials").await;
    format!("Bearer {}", granted["access_token"].as_str().expect("a token"))
}

#[tokio::test]
async fn an_allowed_request_reaches_the_backend_with_its_context_and_without_its_token() {
    let (url, seen) = backend().await;
    for form in ["request", "simple"] {
        let gateway = Gateway::start(&["--form", form, "--upstream", &format!("{url}/base")]).await;
        let answer = plain_client()
            .post(format!("{}/orders?expand=lines&a=%2F", gateway.api()))
            .header("authorization", demo_token(&gateway).await)
            .header("x-custom", "kept")
            .body("an order")
            .send()
            .await
            .expect("an answer");
        assert_eq!(answer.status(), 201, "{form}");
        assert_eq!(
            (&answer.headers()["x-backend"], &answer.headers()["location"]),
            (&"orders".parse().expect("a value"), &"/orders/2".parse().expect("a value"))
        );
        assert_eq!(answer.text().await.expect("a body"), "made");

        let (parts, body) = seen.lock().expect("no panic").pop().expect("a request");
        assert_eq!(
            (parts.method.as_str(), parts.uri.to_string().as_str()),
            ("POST", "/base/orders?expand=lines&a=%2F")
        );
        assert_eq!((&parts.headers["x-custom"], &body[..]), (&"kept".parse().expect("a value"), &b"an order"[..]));
        assert!(!parts.headers.contains_key("authorization"), "{:?}", parts.headers);
        let context = parts.headers["x-authorizer-context"].to_str().expect("text");
        let context: Value = serde_json::from_str(context).expect("a JSON context");
        assert_eq!((&context["profile"], &context["cid"]), (&json!("demo"), &json!("demo-client")), "{form}");
    }
}

#[tokio::test]
async fn a_refused_request_does_not_reach_the_backend() {
    let (url, seen) = backend().await;
    let gateway = Gateway::start(&["--upstream", &url]).await;
    assert_eq!(gateway.call("/orders/1", "Bearer not-a-token").await.status(), 401);
    assert_eq!(plain_client().get(gateway.api()).send().await.expect("an answer").status(), 401);
    assert!(seen.lock().expect("no panic").is_empty());
}

#[tokio::test]
async fn a_backend_that_hangs_up_is_a_502() {
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}", listener.local_addr().expect("an address"));
    tokio::spawn(async move {
        loop {
            drop(listener.accept().await);
        }
    });
    let gateway = Gateway::start(&["--upstream", &url]).await;
    assert_eq!(gateway.call("/orders/1", &demo_token(&gateway).await).await.status(), 502);
    gateway.process.wait_for("the backend did not answer").await;
}
