//! An HTTP request as the event that an HTTP API's proxy integration hands to a function, payload format 2.0.
//!
//! Source: API Gateway developer guide, "Create AWS Lambda proxy integrations for HTTP APIs".

use std::net::IpAddr;

use axum::http::header::{CONNECTION, CONTENT_TYPE, COOKIE, HOST, TRANSFER_ENCODING, UPGRADE, USER_AGENT};
use axum::http::request::Parts;
use axum::http::{HeaderMap, HeaderName};
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Map, Value, json};
use time::OffsetDateTime;
use url::form_urlencoded;

use super::seconds_since_epoch;

/// What concerns one connection ends at the gateway; cookies have a member of their own.
const NOT_PASSED_ON: [HeaderName; 4] = [CONNECTION, TRANSFER_ENCODING, UPGRADE, COOKIE];

/// The event for a request on the route `$default`, which catches everything.
pub(super) fn proxy_event(parts: &Parts, body: &[u8], caller: IpAddr, request_id: &str) -> Value {
    let host = joined(&parts.headers, &HOST, ",");
    let domain = host.split(':').next().unwrap_or_default();
    let path = path(parts.uri.path());
    let query = parts.uri.query().unwrap_or_default();
    let now = seconds_since_epoch();
    let mut event = json!({
        "version": "2.0",
        "routeKey": "$default",
        "rawPath": path,
        "rawQueryString": query,
        "headers": headers(&parts.headers, caller),
        "requestContext": {
            "accountId": "123456789012",
            "apiId": "http123456",
            "domainName": domain,
            "domainPrefix": domain.split('.').next(),
            "http": {
                "method": parts.method.as_str(),
                "path": path,
                "protocol": "HTTP/1.1",
                "sourceIp": caller.to_string(),
                "userAgent": joined(&parts.headers, &USER_AGENT, ","),
            },
            "requestId": request_id,
            "routeKey": "$default",
            "stage": "$default",
            "time": common_log_time(now),
            "timeEpoch": now * 1_000,
        },
        "isBase64Encoded": false,
    });
    let cookies = joined(&parts.headers, &COOKIE, "; ");
    if !cookies.is_empty() {
        event["cookies"] = cookies.split("; ").collect();
    }
    let parameters = query_parameters(query);
    if !parameters.is_empty() {
        event["queryStringParameters"] = Value::Object(parameters);
    }
    match std::str::from_utf8(body) {
        Ok("") => {}
        Ok(text) if is_text(&parts.headers) => event["body"] = json!(text),
        Ok(_) | Err(_) => {
            event["body"] = json!(BASE64_STANDARD.encode(body));
            event["isBase64Encoded"] = json!(true);
        }
    }
    event
}

/// An HTTP API decodes the path, unlike a REST API, and a `?` that comes of it ends it.
fn path(encoded: &str) -> String {
    let decoded = percent_decode_str(encoded).decode_utf8_lossy();
    decoded.split('?').next().unwrap_or_default().to_owned()
}

/// Names in lower case, the values of one name joined with commas, and what API Gateway adds.
fn headers(sent: &HeaderMap, caller: IpAddr) -> Map<String, Value> {
    let passed_on = sent.keys().filter(|name| !NOT_PASSED_ON.contains(name));
    let mut headers: Map<String, Value> =
        passed_on.map(|name| (name.to_string(), joined(sent, name, ",").into())).collect();
    let forwarded_for = headers.get("x-forwarded-for").and_then(Value::as_str);
    let forwarded_for = forwarded_for.map_or_else(|| caller.to_string(), |before| format!("{before}, {caller}"));
    headers.extend([
        ("x-amzn-trace-id".to_owned(), json!("Root=1-5759e988-bd862e3fe1be46a994272793")),
        ("x-forwarded-for".to_owned(), json!(forwarded_for)),
        ("x-forwarded-port".to_owned(), json!("443")),
        ("x-forwarded-proto".to_owned(), json!("https")),
    ]);
    headers
}

/// Decoded, the values of one name joined with commas.
fn query_parameters(query: &str) -> Map<String, Value> {
    let mut parameters = Map::new();
    for (name, value) in form_urlencoded::parse(query.as_bytes()) {
        let joined = match parameters.get(&*name).and_then(Value::as_str) {
            Some(before) => format!("{before},{value}"),
            None => value.into_owned(),
        };
        parameters.insert(name.into_owned(), joined.into());
    }
    parameters
}

/// The media types whose bodies are handed on as they are. A form is not among them: it comes in base64.
fn is_text(headers: &HeaderMap) -> bool {
    let content_type = joined(headers, &CONTENT_TYPE, ",").to_ascii_lowercase();
    let media_type = content_type.split(';').next().unwrap_or_default().trim();
    media_type.starts_with("text/")
        || ["application/json", "application/javascript", "application/xml"].contains(&media_type)
}

fn joined(headers: &HeaderMap, name: &HeaderName, separator: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    values.collect::<Vec<_>>().join(separator)
}

/// `24/Nov/2025:10:15:00 +0000`.
fn common_log_time(seconds: u64) -> String {
    let time = OffsetDateTime::from_unix_timestamp(seconds.try_into().expect("a time")).expect("a date");
    let (day, month, year) = (time.day(), time.month().to_string(), time.year());
    format!("{day:02}/{month:.3}/{year}:{:02}:{:02}:{:02} +0000", time.hour(), time.minute(), time.second())
}
