//! What lies behind the local gateway: an echo, or a real backend.

use std::time::Duration;

use axum::body::{Body, Bytes};
use axum::http::header::{AUTHORIZATION, CONNECTION, CONTENT_LENGTH, CONTENT_TYPE, HOST, TRANSFER_ENCODING};
use axum::http::request::Parts;
use axum::http::{HeaderMap, Response, StatusCode};
use serde_json::{Value, json};
use url::Url;

const UPSTREAM_TIMEOUT: Duration = Duration::from_secs(29);

/// A backend.
#[derive(Debug)]
pub enum Backend {
    /// Answers with what it was told: method, path, principal and context.
    Echo,
    /// Passes requests on to a server.
    Upstream {
        /// Its base URL.
        url: Url,
        /// The client to reach it with.
        http: reqwest::Client,
    },
}

impl Backend {
    /// A real backend at `url`.
    ///
    /// # Errors
    /// The HTTP client's error where it cannot be made.
    pub fn upstream(url: Url, tls: rustls::ClientConfig) -> Result<Self, reqwest::Error> {
        #[expect(
            clippy::disallowed_methods,
            reason = "the client towards the developer's own backend, bounded and without redirects"
        )]
        let builder = reqwest::Client::builder();
        let http = builder
            .tls_backend_preconfigured(tls)
            .redirect(reqwest::redirect::Policy::none())
            .no_proxy()
            .timeout(UPSTREAM_TIMEOUT)
            .build()?;
        Ok(Self::Upstream { url, http })
    }

    /// Answers a request that was allowed. `authorizer` is the authorizer's answer.
    pub(super) async fn answer(&self, parts: &Parts, body: Bytes, authorizer: &Value) -> Response<Body> {
        match self {
            Self::Echo => {
                let told = json!({
                    "method": parts.method.as_str(),
                    "path": parts.uri.path(),
                    "principalId": authorizer["context"]["principalId"],
                    "context": authorizer["context"],
                    "usageIdentifierKey": authorizer["usageIdentifierKey"],
                });
                json_answer(StatusCode::OK, &told)
            }
            Self::Upstream { url, http } => match pass_on(url, http, parts, body, authorizer).await {
                Ok(answer) => answer,
                Err(error) => {
                    tracing::error!(%error, "the backend did not answer");
                    json_answer(StatusCode::BAD_GATEWAY, &json!({"message": "Bad Gateway"}))
                }
            },
        }
    }
}

async fn pass_on(
    url: &Url,
    http: &reqwest::Client,
    parts: &Parts,
    body: Bytes,
    authorizer: &Value,
) -> Result<Response<Body>, reqwest::Error> {
    let mut target = url.clone();
    target.set_path(&format!("{}{}", url.path().trim_end_matches('/'), parts.uri.path()));
    target.set_query(parts.uri.query());
    let mut headers: HeaderMap = parts.headers.clone();
    for name in [HOST, CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING, AUTHORIZATION] {
        headers.remove(name);
    }
    let request = http
        .request(parts.method.clone(), target)
        .headers(headers)
        .header("x-authorizer-context", authorizer["context"].to_string())
        .body(body);
    let answer = request.send().await?;
    let (status, mut headers) = (answer.status(), answer.headers().clone());
    for name in [CONNECTION, CONTENT_LENGTH, TRANSFER_ENCODING] {
        headers.remove(name);
    }
    let mut response = Response::new(Body::from(answer.bytes().await?));
    *response.status_mut() = status;
    *response.headers_mut() = headers;
    Ok(response)
}

/// A JSON answer of the gateway or the echo.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response<Body> {
    let mut response = Response::new(Body::from(format!("{body}\n")));
    *response.status_mut() = status;
    response.headers_mut().insert(CONTENT_TYPE, axum::http::HeaderValue::from_static("application/json"));
    response
}
