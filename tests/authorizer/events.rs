//! Small authorizer events of each form, and what an answer to one means to API Gateway.

use okta_security_profiles::local::iam::{Question, allows};
use serde_json::{Value, json};

use crate::support::{Answer, seconds_since_epoch};

/// A method of the REST API that the profile covers.
pub(crate) const REST_ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders/1";
/// A route of the HTTP API that the profile covers.
pub(crate) const HTTP_ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:http123456/$default/GET/orders/1";
/// Where the calls come from.
pub(crate) const SOURCE_IP: &str = "203.0.113.7";

/// REST API, `TOKEN`, with this `Authorization` value.
pub(crate) fn rest_token(authorization: &str) -> String {
    json!({"type": "TOKEN", "methodArn": REST_ARN, "authorizationToken": authorization}).to_string()
}

/// REST API, `REQUEST`, with these headers, each once in `headers` and once in `multiValueHeaders`.
pub(crate) fn rest_request(headers: &[(&str, &[&str])]) -> String {
    let mut event = json!({
        "type": "REQUEST", "methodArn": REST_ARN, "httpMethod": "GET", "path": "/orders/1",
        "headers": {}, "multiValueHeaders": {},
        "requestContext": {"requestId": "rest-request", "identity": {"sourceIp": SOURCE_IP}},
    });
    for (name, values) in headers {
        event["headers"][name] = json!(values.last());
        event["multiValueHeaders"][name] = json!(values);
    }
    event.to_string()
}

/// HTTP API, payload format 2.0, with this `Authorization` value.
pub(crate) fn http_api(authorization: &str) -> String {
    json!({
        "version": "2.0", "type": "REQUEST", "routeArn": HTTP_ARN, "routeKey": "$default", "rawPath": "/orders/1",
        "headers": {"authorization": authorization},
        "requestContext": {"requestId": "http-api", "http": {"method": "GET", "sourceIp": SOURCE_IP}},
    })
    .to_string()
}

/// `Authorization: Bearer`.
pub(crate) fn bearer(token: &str) -> String {
    format!("Bearer {token}")
}

/// Whether the policy in an answer lets a call from [`SOURCE_IP`] through.
pub(crate) fn policy_allows(answer: &Value, resource: &str) -> bool {
    policy_allows_from(answer, resource, SOURCE_IP)
}

/// Whether the policy in an answer lets a call through that comes from `address`.
pub(crate) fn policy_allows_from(answer: &Value, resource: &str, address: &str) -> bool {
    assert!(answer["policyDocument"]["Statement"].is_array(), "a policy was expected: {answer}");
    let source_ip = address.parse().expect("an address");
    allows(&answer["policyDocument"], Question { resource, source_ip, now: seconds_since_epoch() })
}

/// What API Gateway makes of the answer to a call on [`REST_ARN`].
pub(crate) fn status_of(answer: &Answer) -> u16 {
    match answer {
        Answer::Response(response) if policy_allows(response, REST_ARN) => 200,
        Answer::Response(_) => 403,
        Answer::Error { error_message, .. } if error_message == "Unauthorized" => 401,
        Answer::Error { .. } => 500,
    }
}
