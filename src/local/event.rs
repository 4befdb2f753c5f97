//! An HTTP request as the authorizer event that API Gateway would make of it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use crate::domain::profile::ApiPattern;

/// A region and an account that exist only here.
pub(super) const ARN_PREFIX: &str = "arn:aws:execute-api:us-east-1:123456789012";

/// Which kind of authorizer the local gateway plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// REST API, `TOKEN`.
    Token,
    /// REST API, `REQUEST`.
    Request,
    /// HTTP API, payload 1.0.
    Http1,
    /// HTTP API, payload 2.0, IAM response.
    Http2,
    /// HTTP API, payload 2.0, simple response.
    Simple,
    /// WebSocket API, `$connect`.
    WebSocket,
}

impl Form {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Request => "request",
            Self::Http1 => "http1",
            Self::Http2 => "http2",
            Self::Simple => "simple",
            Self::WebSocket => "websocket",
        }
    }

    /// Whether its events say where a call comes from.
    #[must_use]
    pub const fn carries_source_ip(self) -> bool {
        match self {
            Self::Token => false,
            Self::Request | Self::Http1 | Self::Http2 | Self::Simple | Self::WebSocket => true,
        }
    }

    /// Whether the API is a REST API.
    #[must_use]
    pub const fn is_rest(self) -> bool {
        match self {
            Self::Token | Self::Request => true,
            Self::Http1 | Self::Http2 | Self::Simple | Self::WebSocket => false,
        }
    }
}

/// The API and stage that the local gateway plays.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ApiStage {
    api_id: String,
    stage: String,
}

impl Default for ApiStage {
    fn default() -> Self {
        Self { api_id: "local00001".to_owned(), stage: "local".to_owned() }
    }
}

impl ApiStage {
    /// This API and stage.
    #[must_use]
    pub(super) fn new(api_id: &str, stage: &str) -> Self {
        Self { api_id: api_id.to_owned(), stage: stage.to_owned() }
    }

    /// Reads `apiId/stage`.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        ApiPattern::parse(text).as_ref().and_then(Self::of_pattern)
    }

    /// An API and stage that the pattern covers; nothing where it covers any.
    #[must_use]
    pub fn of_pattern(pattern: &ApiPattern) -> Option<Self> {
        match pattern {
            ApiPattern::Any => None,
            ApiPattern::Api { api_id } => Some(Self { api_id: api_id.clone(), ..Self::default() }),
            ApiPattern::Stage { api_id, stage } => Some(Self { api_id: api_id.clone(), stage: stage.clone() }),
        }
    }

    /// The ARN of what a request calls.
    pub(super) fn method_arn(&self, form: Form, parts: &Parts) -> String {
        let Self { api_id, stage } = self;
        match form {
            Form::WebSocket => format!("{ARN_PREFIX}:{api_id}/{stage}/$connect"),
            Form::Token | Form::Request | Form::Http1 | Form::Http2 | Form::Simple => {
                format!("{ARN_PREFIX}:{api_id}/{stage}/{}{}", parts.method, parts.uri.path())
            }
        }
    }
}

impl std::fmt::Display for ApiStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.api_id, self.stage)
    }
}

/// The event for a request, as JSON.
pub(super) fn event(form: Form, api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let arn = api.method_arn(form, parts);
    match form {
        Form::Token => json!({
            "type": "TOKEN",
            "methodArn": arn,
            "authorizationToken": header_values(&parts.headers, AUTHORIZATION.as_str()).join(","),
        }),
        Form::Request => rest_request(&arn, api, parts, source_ip, request_id),
        Form::Http1 => {
            let authorization = header_values(&parts.headers, AUTHORIZATION.as_str()).join(",");
            let mut event = rest_request(&arn, api, parts, source_ip, request_id);
            event["version"] = json!("1.0");
            event["identitySource"] = json!(authorization);
            event["authorizationToken"] = json!(authorization);
            event
        }
        Form::Http2 | Form::Simple => http_api_v2(&arn, api, parts, source_ip, request_id),
        Form::WebSocket => websocket_connect(&arn, api, parts, source_ip, request_id),
    }
}

fn rest_request(arn: &str, api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let (single, multiple) = headers_twice(&parts.headers);
    json!({
        "type": "REQUEST",
        "methodArn": arn,
        "resource": "/{proxy+}",
        "path": parts.uri.path(),
        "httpMethod": parts.method.as_str(),
        "headers": single,
        "multiValueHeaders": multiple,
        "requestContext": {
            "apiId": api.api_id,
            "stage": api.stage,
            "httpMethod": parts.method.as_str(),
            "resourcePath": "/{proxy+}",
            "requestId": request_id,
            "accountId": "123456789012",
            "identity": {"sourceIp": source_ip.to_string()},
        },
    })
}

fn http_api_v2(arn: &str, api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let joined = |name: &axum::http::HeaderName| header_values(&parts.headers, name.as_str()).join(",");
    let headers: Map<String, Value> =
        parts.headers.keys().map(|name| (name.to_string(), joined(name).into())).collect();
    let (method, path) = (parts.method.as_str(), parts.uri.path());
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": arn,
        "identitySource": header_values(&parts.headers, AUTHORIZATION.as_str()),
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "apiId": api.api_id,
            "stage": api.stage,
            "routeKey": "$default",
            "requestId": request_id,
            "accountId": "123456789012",
            "http": {"method": method, "path": path, "protocol": "HTTP/1.1", "sourceIp": source_ip.to_string()},
        },
    })
}

fn websocket_connect(arn: &str, api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let (single, multiple) = headers_twice(&parts.headers);
    json!({
        "type": "REQUEST",
        "methodArn": arn,
        "headers": single,
        "multiValueHeaders": multiple,
        "requestContext": {
            "routeKey": "$connect",
            "eventType": "CONNECT",
            "messageDirection": "IN",
            "connectionId": request_id,
            "apiId": api.api_id,
            "stage": api.stage,
            "requestId": request_id,
            "identity": {"sourceIp": source_ip.to_string()},
        },
    })
}

/// `headers` with the last of several values, as API Gateway keeps it, and `multiValueHeaders` with all.
fn headers_twice(headers: &HeaderMap) -> (Map<String, Value>, Map<String, Value>) {
    let mut single = Map::new();
    let mut multiple = Map::new();
    for name in headers.keys() {
        let values = header_values(headers, name.as_str());
        single.insert(name.to_string(), values.last().cloned().into());
        multiple.insert(name.to_string(), values.into());
    }
    (single, multiple)
}

/// Every value of a header; bytes that are no UTF-8 become replacement characters, as a token never has them.
fn header_values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
