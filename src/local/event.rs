//! An HTTP request as the authorizer event that API Gateway would make of it.

use std::net::IpAddr;

use axum::http::HeaderMap;
use axum::http::header::AUTHORIZATION;
use axum::http::request::Parts;
use serde_json::{Map, Value, json};

use crate::domain::profile::ApiPattern;

/// A region and an account that exist only here.
const ARN_PREFIX: &str = "arn:aws:execute-api:us-east-1:123456789012";

/// Which kind of authorizer the local gateway plays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Form {
    /// REST API, `TOKEN`.
    Token,
    /// REST API, `REQUEST`.
    Request,
    /// HTTP API, payload 2.0, IAM response.
    Http2,
    /// HTTP API, payload 2.0, simple response.
    Simple,
}

impl Form {
    /// The name on the command line.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Token => "token",
            Self::Request => "request",
            Self::Http2 => "http2",
            Self::Simple => "simple",
        }
    }

    /// Whether the API is a REST API.
    #[must_use]
    pub const fn is_rest(self) -> bool {
        match self {
            Self::Token | Self::Request => true,
            Self::Http2 | Self::Simple => false,
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

    /// The ARN of a method of this API.
    pub(super) fn method_arn(&self, parts: &Parts) -> String {
        format!("{ARN_PREFIX}:{}/{}/{}{}", self.api_id, self.stage, parts.method, parts.uri.path())
    }
}

impl std::fmt::Display for ApiStage {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}/{}", self.api_id, self.stage)
    }
}

/// The event for a request, as JSON.
pub(super) fn event(form: Form, api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    match form {
        Form::Token => json!({
            "type": "TOKEN",
            "methodArn": api.method_arn(parts),
            "authorizationToken": header_values(&parts.headers, AUTHORIZATION.as_str()).join(","),
        }),
        Form::Request => rest_request(api, parts, source_ip, request_id),
        Form::Http2 | Form::Simple => http_api_v2(api, parts, source_ip, request_id),
    }
}

fn rest_request(api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let multiple: Map<String, Value> = parts
        .headers
        .keys()
        .map(|name| (name.to_string(), json!(header_values(&parts.headers, name.as_str()))))
        .collect();
    // API Gateway keeps the last of several values here.
    let single: Map<String, Value> = multiple
        .iter()
        .map(|(name, values)| (name.clone(), values.as_array().and_then(|v| v.last()).cloned().into()))
        .collect();
    json!({
        "type": "REQUEST",
        "methodArn": api.method_arn(parts),
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

fn http_api_v2(api: &ApiStage, parts: &Parts, source_ip: IpAddr, request_id: &str) -> Value {
    let headers: Map<String, Value> = parts
        .headers
        .keys()
        .map(|name| (name.to_string(), header_values(&parts.headers, name.as_str()).join(",").into()))
        .collect();
    json!({
        "version": "2.0",
        "type": "REQUEST",
        "routeArn": api.method_arn(parts),
        "identitySource": header_values(&parts.headers, AUTHORIZATION.as_str()),
        "routeKey": "$default",
        "rawPath": parts.uri.path(),
        "rawQueryString": parts.uri.query().unwrap_or_default(),
        "headers": headers,
        "requestContext": {
            "apiId": api.api_id,
            "stage": api.stage,
            "routeKey": "$default",
            "requestId": request_id,
            "accountId": "123456789012",
            "http": {"method": parts.method.as_str(), "path": parts.uri.path(), "protocol": "HTTP/1.1", "sourceIp": source_ip.to_string()},
        },
    })
}

/// Every value of a header; bytes that are no UTF-8 become replacement characters, as a token never has them.
fn header_values(headers: &HeaderMap, name: &str) -> Vec<String> {
    headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned()).collect()
}
