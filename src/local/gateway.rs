//! A gateway on loopback: each request becomes an authorizer event, the functions' own handlers answer it, and the
//! answer is acted on as API Gateway does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use axum::http::{Response, StatusCode};
use serde_json::{Value, json};

use super::backend::{Backend, json_answer};
use super::event::{ApiStage, Form, event};
use super::iam::{Question, allows};
use super::result_cache::ResultCache;
use crate::adapters::api_gateway::handler::{AuthorizerHandler, HandlerError};
use crate::adapters::configured::ConfiguredStore;
use crate::adapters::http::token_handler::TokenHandler;
use crate::adapters::okta::OktaClient;
use crate::adapters::system_clock::SystemClock;
use crate::ports::clock::Clock;

/// API Gateway's largest payload, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// As long as API Gateway waits for an authorizer of an HTTP API.
const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that a request passes through.
pub(super) struct Gateway {
    pub(super) authorizer: AuthorizerHandler<ConfiguredStore, Arc<OktaClient>, SystemClock>,
    pub(super) token: TokenHandler<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>,
    pub(super) form: Form,
    pub(super) api: ApiStage,
    pub(super) backend: Backend,
    pub(super) results: ResultCache,
    pub(super) requests: AtomicU64,
}

/// The gateway's one route: everything.
pub(super) fn router(gateway: Arc<Gateway>) -> Router {
    Router::new().fallback(handle).with_state(gateway)
}

async fn handle(
    State(gateway): State<Arc<Gateway>>,
    ConnectInfo(caller): ConnectInfo<SocketAddr>,
    request: Request,
) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let Ok(body) = to_bytes(body, MAX_BODY_BYTES).await else {
        return json_answer(StatusCode::PAYLOAD_TOO_LARGE, &json!({"message": "Request Too Long"}));
    };
    let request_id = format!("local-{}", gateway.requests.fetch_add(1, Ordering::Relaxed) + 1);
    if is_token_url(parts.uri.path()) {
        let answer = gateway.issue_token(parts, body, &request_id).await;
        tokio::spawn(async move { gateway.token.refresh_due(Some(AUTHORIZER_TIMEOUT)).await });
        return answer;
    }
    let answer = gateway.call_api(parts, body, caller, &request_id).await;
    tokio::spawn(async move { gateway.authorizer.refresh_due(Some(AUTHORIZER_TIMEOUT)).await });
    answer
}

/// The token function's routes: `/oauth2/{profile}/v1/token`.
fn is_token_url(path: &str) -> bool {
    path.strip_prefix("/oauth2/").is_some_and(|rest| rest.split('/').skip(1).eq(["v1", "token"]))
}

impl Gateway {
    async fn issue_token(&self, parts: Parts, body: Bytes, request_id: &str) -> Response<Body> {
        let request = lambda_http::Request::from_parts(parts, lambda_http::Body::Binary(body.to_vec()));
        let answer = self.token.handle(&request, request_id, Some(AUTHORIZER_TIMEOUT)).await;
        answer.map(|body| Body::from(body.to_vec()))
    }

    async fn call_api(&self, parts: Parts, body: Bytes, caller: SocketAddr, request_id: &str) -> Response<Body> {
        // The Authorization header is the identity source: without it API Gateway does not call the authorizer at all.
        let Some(identity) = parts.headers.get(AUTHORIZATION).filter(|value| !value.is_empty()).cloned() else {
            tracing::info!(request_id, reason = "identity_source_missing", "refused without asking the authorizer");
            return self.refuse(StatusCode::UNAUTHORIZED);
        };
        let answer = match self.ask(&parts, identity.as_bytes(), caller, request_id).await {
            Ok(answer) => answer,
            Err(HandlerError::Unauthorized) => return self.refuse(StatusCode::UNAUTHORIZED),
            Err(HandlerError::Event(_) | HandlerError::Failed { .. }) => {
                return self.refuse(StatusCode::INTERNAL_SERVER_ERROR);
            }
        };
        if !self.is_allowed(&answer, &parts, caller) {
            return self.refuse(StatusCode::FORBIDDEN);
        }
        match self.form {
            Form::WebSocket => super::socket::upgrade(parts, answer).await,
            Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::Simple => {
                self.backend.answer(&parts, body, &answer).await
            }
        }
    }

    /// The authorizer's answer, from the cache where it has one. Errors are never cached, nor is anything of a WebSocket
    /// API, whose authorizers have no time to live.
    async fn ask(
        &self,
        parts: &Parts,
        identity: &[u8],
        caller: SocketAddr,
        request_id: &str,
    ) -> Result<Value, HandlerError> {
        let is_cached = self.form != Form::WebSocket;
        if let Some(cached) = self.results.find(identity).filter(|_| is_cached) {
            tracing::info!(request_id, route = %parts.uri.path(), "answered by the cached result");
            return Ok(cached);
        }
        let event = event(self.form, &self.api, parts, caller.ip(), request_id).to_string();
        let answer = self.authorizer.handle(&event, Some(AUTHORIZER_TIMEOUT)).await?;
        let answer = serde_json::to_value(answer).unwrap_or_default();
        if is_cached {
            self.results.keep(identity, &answer);
        }
        Ok(answer)
    }

    fn is_allowed(&self, answer: &Value, parts: &Parts, caller: SocketAddr) -> bool {
        match self.form {
            Form::Simple => answer["isAuthorized"] == true,
            Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::WebSocket => {
                let resource = self.api.method_arn(self.form, parts);
                let now = SystemClock.now().wall.seconds();
                allows(&answer["policyDocument"], Question { resource: &resource, source_ip: caller.ip(), now })
            }
        }
    }

    /// API Gateway's own words for a refusal.
    fn refuse(&self, status: StatusCode) -> Response<Body> {
        let message = match (status, self.form.is_rest()) {
            (StatusCode::UNAUTHORIZED, _) => json!("Unauthorized"),
            (StatusCode::FORBIDDEN, true) => json!("User is not authorized to access this resource"),
            (StatusCode::FORBIDDEN, false) => json!("Forbidden"),
            (_, true) => Value::Null,
            (_, false) => json!("Internal Server Error"),
        };
        json_answer(status, &json!({"message": message}))
    }
}

#[cfg(test)]
mod tests {
    use super::is_token_url;

    #[test]
    fn only_the_token_url_bypasses_the_authorizer() {
        assert!(is_token_url("/oauth2/demo/v1/token"));
        for path in
            ["/", "/oauth2/demo/v1/token/x", "/oauth2/demo/v1", "/oauth2/a/b/v1/token", "/x/oauth2/demo/v1/token"]
        {
            assert!(!is_token_url(path), "{path}");
        }
    }
}
