//! A gateway on loopback: each request becomes an authorizer event, the functions' own handlers answer it, and the
//! answer is acted on as API Gateway does.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::{Body, Bytes, to_bytes};
use axum::extract::{ConnectInfo, Request, State};
use axum::http::header::{AUTHORIZATION, HOST};
use axum::http::request::Parts;
use axum::http::{HeaderValue, Response, StatusCode};
use serde_json::{Value, json};

use super::backend::{Backend, json_answer};
use super::event::{ARN_PREFIX, ApiStage, Form, event};
use super::iam::{Question, allows};
use super::result_cache::ResultCache;
use crate::adapters::api_gateway::handler::{AuthorizerHandler, HandlerError};
use crate::adapters::configured::ConfiguredStore;
use crate::adapters::http::token_handler::{TokenCall, TokenHandler};
use crate::adapters::okta::OktaClient;
use crate::adapters::system_clock::SystemClock;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::profile::SecurityProfile;
use crate::ports::clock::Clock;

/// API Gateway's largest payload, in bytes.
const MAX_BODY_BYTES: usize = 10 * 1024 * 1024;
/// As long as API Gateway waits for an authorizer of an HTTP API.
const AUTHORIZER_TIMEOUT: Duration = Duration::from_secs(10);

/// Everything that a request passes through.
pub(super) struct Gateway {
    pub(super) authorizer: AuthorizerHandler<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>,
    pub(super) token: TokenHandler<ConfiguredStore, Arc<OktaClient>, Arc<OktaClient>, SystemClock>,
    pub(super) form: Form,
    pub(super) api: Played,
    /// The demonstration's API whose callers need no token.
    pub(super) automatic: Option<Played>,
    pub(super) backend: Backend,
    pub(super) results: ResultCache,
    pub(super) requests: AtomicU64,
}

/// An API that the gateway plays.
pub(super) struct Played {
    /// Below which path; nothing for the API that has all the others.
    pub(super) path: &'static str,
    pub(super) api: ApiStage,
    /// Whether the `Authorization` header is the authorizer's identity source: without it API Gateway does not call the
    /// authorizer at all. Where a profile takes anonymous calls there is none, and nothing is cached.
    pub(super) has_identity_source: bool,
}

impl Played {
    pub(super) fn new(api: ApiStage, profiles: &[SecurityProfile]) -> Self {
        let arn = MethodArn::parse(&format!("{ARN_PREFIX}:{api}/GET/")).ok();
        let is_anonymous = |profile: &&SecurityProfile| profile.automatic().anonymous;
        let covers = |profile: &SecurityProfile| arn.as_ref().is_some_and(|arn| profile.applies_to(arn));
        let has_identity_source = !profiles.iter().filter(is_anonymous).any(covers);
        Self { path: "", api, has_identity_source }
    }
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
        let answer = gateway.issue_token(parts, body, caller, &request_id).await;
        tokio::spawn(async move { gateway.token.refresh_due(Some(AUTHORIZER_TIMEOUT)).await });
        return answer;
    }
    let answer = gateway.call_api(parts, body, caller, &request_id).await;
    tokio::spawn(async move { gateway.authorizer.refresh_due(Some(AUTHORIZER_TIMEOUT)).await });
    answer
}

/// The token function's routes: `/oauth2/{profile}/v1/token` and `/oauth2/{profile}/.well-known/oauth-authorization-server`.
fn is_token_url(path: &str) -> bool {
    let pages = [["v1", "token"], [".well-known", "oauth-authorization-server"]];
    path.strip_prefix("/oauth2/").is_some_and(|rest| pages.iter().any(|page| rest.split('/').skip(1).eq(*page)))
}

impl Gateway {
    async fn issue_token(&self, parts: Parts, body: Bytes, caller: SocketAddr, request_id: &str) -> Response<Body> {
        let host = parts.headers.get(HOST).and_then(|host| host.to_str().ok()).unwrap_or_default();
        let origin = format!("http://{host}");
        let request = lambda_http::Request::from_parts(parts, lambda_http::Body::Binary(body.to_vec()));
        let remaining = Some(AUTHORIZER_TIMEOUT);
        let (path, caller) = (request.uri().path(), Some(caller.ip()));
        let call = TokenCall { request: &request, path, request_id, caller, origin: &origin, remaining };
        let answer = self.token.handle(call).await;
        answer.map(|body| Body::from(body.to_vec()))
    }

    async fn call_api(&self, mut parts: Parts, body: Bytes, caller: SocketAddr, request_id: &str) -> Response<Body> {
        let played = self.played(&mut parts);
        let identity = parts.headers.get(AUTHORIZATION).filter(|value| !value.is_empty()).cloned();
        let identity = match identity {
            _ if !played.has_identity_source => None,
            Some(identity) => Some(identity),
            None => {
                tracing::info!(request_id, reason = "identity_source_missing", "refused without asking the authorizer");
                return self.refuse(StatusCode::UNAUTHORIZED);
            }
        };
        let identity = identity.as_ref().map(HeaderValue::as_bytes);
        let answer = match self.ask(&played.api, &parts, identity, caller, request_id).await {
            Ok(answer) => answer,
            Err(HandlerError::Unauthorized) => return self.refuse(StatusCode::UNAUTHORIZED),
            Err(HandlerError::Event(_) | HandlerError::Failed { .. }) => {
                return self.refuse(StatusCode::INTERNAL_SERVER_ERROR);
            }
        };
        if !self.is_allowed(&played.api, &answer, &parts, caller) {
            return self.refuse(StatusCode::FORBIDDEN);
        }
        match self.form {
            Form::WebSocket => super::socket::upgrade(parts, answer).await,
            Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::Simple => {
                self.backend.answer(&parts, body, &answer).await
            }
        }
    }

    /// The API that a request is for; its own path is what is left in `parts`.
    fn played(&self, parts: &mut Parts) -> &Played {
        let automatic = self.automatic.as_ref().filter(|_| self.form.carries_source_ip());
        let Some(automatic) = automatic else { return &self.api };
        let rest = parts.uri.path_and_query().and_then(|whole| whole.as_str().strip_prefix(automatic.path));
        match rest.filter(|rest| rest.starts_with('/')).and_then(|rest| rest.parse().ok()) {
            Some(uri) => {
                parts.uri = uri;
                automatic
            }
            None => &self.api,
        }
    }

    /// The authorizer's answer, from the cache where it has one. Errors are never cached, nor is anything of a WebSocket
    /// API, whose authorizers have no time to live.
    async fn ask(
        &self,
        api: &ApiStage,
        parts: &Parts,
        identity: Option<&[u8]>,
        caller: SocketAddr,
        request_id: &str,
    ) -> Result<Value, HandlerError> {
        let identity = identity.filter(|_| self.form != Form::WebSocket);
        if let Some(cached) = identity.and_then(|identity| self.results.find(identity)) {
            tracing::info!(request_id, route = %parts.uri.path(), "answered by the cached result");
            return Ok(cached);
        }
        let event = event(self.form, api, parts, caller.ip(), request_id).to_string();
        let answer = self.authorizer.handle(&event, Some(AUTHORIZER_TIMEOUT)).await?;
        let answer = serde_json::to_value(answer).unwrap_or_default();
        if let Some(identity) = identity {
            self.results.keep(identity, &answer);
        }
        Ok(answer)
    }

    fn is_allowed(&self, api: &ApiStage, answer: &Value, parts: &Parts, caller: SocketAddr) -> bool {
        match self.form {
            Form::Simple => answer["isAuthorized"] == true,
            Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::WebSocket => {
                let resource = api.method_arn(self.form, parts);
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
        assert!(is_token_url("/oauth2/demo/.well-known/oauth-authorization-server"));
        for path in
            ["/", "/oauth2/demo/v1/token/x", "/oauth2/demo/v1", "/oauth2/a/b/v1/token", "/x/oauth2/demo/v1/token"]
        {
            assert!(!is_token_url(path), "{path}");
        }
    }
}
