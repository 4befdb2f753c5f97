//! An HTTP API of Amazon API Gateway on loopback, in front of a function: each request becomes an event of payload format 2.0,
//! the function's answer the response.
//!
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{CONTENT_LENGTH, CONTENT_TYPE, SET_COOKIE};
use axum::http::{Response, StatusCode};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::{Value, json};

use super::background::{self, Background};
use super::proxy_event::proxy_event;
use super::{Answer, LambdaFunction, TIMEOUT};

/// API Gateway's largest payload, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;

/// A running HTTP API with one integration, on the route and stage `$default`.
pub(crate) struct HttpApi {
    address: SocketAddr,
    integration: Arc<Integration>,
    server: Background,
}

struct Integration {
    function: LambdaFunction,
    requests: AtomicU64,
}

impl HttpApi {
    /// Serves on a free loopback port, without TLS. The function takes one event at a time, as one instance does on
    /// Lambda; requests that come meanwhile wait.
    pub(crate) fn in_front_of(function: LambdaFunction) -> Self {
        let integration = Arc::new(Integration { function, requests: AtomicU64::new(0) });
        let routes = Router::new().fallback(handle).with_state(Arc::clone(&integration));
        let (listener, address) = background::bind_loopback();
        let server = Background::run(async move {
            let routes = routes.into_make_service_with_connect_info::<SocketAddr>();
            axum::serve(background::into_async(listener), routes).await.expect("the HTTP API is served");
        });
        Self { address, integration, server }
    }

    /// The URL of a path that begins with a slash.
    pub(crate) fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }

    /// The function behind it.
    pub(crate) fn function(&self) -> &LambdaFunction {
        &self.integration.function
    }

    /// Ends both and returns everything that the function wrote.
    pub(crate) fn stop(self) -> String {
        drop(self.server);
        let integration = Arc::into_inner(self.integration).expect("no request is under way once the server is gone");
        integration.function.stop()
    }
}

async fn handle(
    State(integration): State<Arc<Integration>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return message(StatusCode::PAYLOAD_TOO_LARGE, "Request Too Long");
    };
    let request_id = format!("request-{}", integration.requests.fetch_add(1, Ordering::Relaxed) + 1);
    let event = proxy_event(&parts, &body, caller.ip(), &request_id);
    let mut response = match integration.function.invoke(&event.to_string(), TIMEOUT).await {
        Answer::Response(answer) => response(&answer).unwrap_or_else(internal_server_error),
        Answer::Error { .. } => internal_server_error(),
    };
    response.headers_mut().insert("apigw-requestid", request_id.parse().expect("a header's value"));
    response
}

/// The response that an answer describes; `None` where it describes none.
fn response(answer: &Value) -> Option<Response<Body>> {
    let Some(status) = answer.get("statusCode") else {
        // What has no status is the body itself.
        return Some(json_response(StatusCode::OK, answer));
    };
    let mut response = Response::builder().status(u16::try_from(status.as_u64()?).ok()?);
    // Format 2.0 has no `multiValueHeaders`: a function that relies on them loses them, here as there.
    for (name, value) in answer.get("headers").and_then(Value::as_object).into_iter().flatten() {
        // Counted anew, below.
        if !name.eq_ignore_ascii_case(CONTENT_LENGTH.as_str()) {
            response = response.header(name, text(value));
        }
    }
    for cookie in answer.get("cookies").and_then(Value::as_array).into_iter().flatten() {
        response = response.header(SET_COOKIE, text(cookie));
    }
    let body = match answer.get("body") {
        None | Some(Value::Null) => String::new(),
        Some(body) => body.as_str()?.to_owned(),
    };
    let body = match answer.get("isBase64Encoded") {
        Some(Value::Bool(true)) => BASE64_STANDARD.decode(body).ok()?,
        _ => body.into_bytes(),
    };
    response.body(Body::from(body)).ok()
}

/// A header may be given as a number or a truth value.
fn text(value: &Value) -> String {
    value.as_str().map_or_else(|| value.to_string(), str::to_owned)
}

/// What a client gets for an error, a panic or nonsense of the function.
fn internal_server_error() -> Response<Body> {
    message(StatusCode::INTERNAL_SERVER_ERROR, "Internal Server Error")
}

/// API Gateway's own words.
fn message(status: StatusCode, message: &str) -> Response<Body> {
    json_response(status, &json!({"message": message}))
}

fn json_response(status: StatusCode, body: &Value) -> Response<Body> {
    let response = Response::builder().status(status).header(CONTENT_TYPE, "application/json");
    response.body(Body::from(body.to_string())).expect("a response")
}
