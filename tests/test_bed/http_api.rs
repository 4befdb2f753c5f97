//! Tests of the HTTP API: what a function is given of a request, and what the client gets of its answer.

use futures_util::future::join_all;
use reqwest::{RequestBuilder, Response};
use serde_json::{Value, json};

use crate::connection::Connection;
use crate::proxy_function::{self, serve_if_started_as_function};
use crate::support::{EventFile, HttpApi, PATIENCE, plain_client, seconds_since_epoch};

async fn event(request: RequestBuilder) -> Value {
    let answer = request.send().await.expect("an answer");
    serde_json::from_slice(&answer.bytes().await.expect("a body")).expect("an event")
}

async fn answer(api: &HttpApi, answer: &Value) -> Response {
    let request = plain_client().post(api.url("/answer")).header("content-type", "application/json");
    request.body(answer.to_string()).send().await.expect("an answer")
}

#[tokio::test]
async fn a_request_becomes_an_event_of_payload_format_2_0() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::a_request_becomes_an_event_of_payload_format_2_0");
    let url = api.url("/oauth2/orders%20x/v1/token?a=1&a=2%263&b=");
    let request = plain_client().put(url).header("Host", "api.example.com:8443");
    let request = request.header("X-Several", "one").header("x-several", "two").header("User-Agent", "a test");
    let request = request.header("Cookie", "a=1; b=2").header("cookie", "c=3").header("X-Forwarded-For", "203.0.113.7");
    let event = event(request).await;

    assert_eq!((&event["version"], &event["routeKey"]), (&json!("2.0"), &json!("$default")));
    assert_eq!(event["rawPath"], "/oauth2/orders x/v1/token");
    assert_eq!(event["rawQueryString"], "a=1&a=2%263&b=");
    assert_eq!(event["queryStringParameters"], json!({"a": "1,2&3", "b": ""}));
    assert_eq!(event["cookies"], json!(["a=1", "b=2", "c=3"]));
    let headers = event["headers"].as_object().expect("headers");
    for (name, value) in [
        ("host", "api.example.com:8443"),
        ("x-several", "one,two"),
        ("user-agent", "a test"),
        ("x-forwarded-for", "203.0.113.7, 127.0.0.1"),
        ("x-forwarded-port", "443"),
        ("x-forwarded-proto", "https"),
    ] {
        assert_eq!(headers.get(name), Some(&json!(value)), "{name}");
    }
    assert!(!headers.contains_key("cookie"), "{event}");
    assert_eq!((event.get("body"), &event["isBase64Encoded"]), (None, &json!(false)));
    let context = &event["requestContext"];
    assert_eq!(context["http"]["method"], "PUT");
    assert_eq!(context["http"]["path"], "/oauth2/orders x/v1/token");
    assert_eq!(context["http"]["sourceIp"], "127.0.0.1");
    assert_eq!(context["http"]["userAgent"], "a test");
    assert_eq!((&context["domainName"], &context["domainPrefix"]), (&json!("api.example.com"), &json!("api")));
    assert_eq!(context["stage"], "$default");
    let age = seconds_since_epoch() - context["timeEpoch"].as_u64().expect("a time") / 1_000;
    assert!(age <= PATIENCE.as_secs(), "{context}");
}

#[tokio::test]
async fn an_event_has_the_members_of_the_documented_ones() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::an_event_has_the_members_of_the_documented_ones");
    let form = ("content-type", "application/x-www-form-urlencoded");
    let request = plain_client().post(api.url("/oauth2/orders/v1/token")).header(form.0, form.1);
    let found = event(request.header("user-agent", "a test").body("grant_type=client_credentials")).await;
    let documented = EventFile::read("token", "basic-good.json");
    let names = |value: &Value| value.as_object().expect("an object").keys().cloned().collect::<Vec<_>>();
    let mut expected = names(documented.member("event"));
    // The documented ones are of a route that names its parameter.
    expected.retain(|name| name != "pathParameters");
    assert_eq!(names(&found), expected);
    let context = &documented.member("event")["requestContext"];
    assert_eq!(names(&found["requestContext"]), names(context));
    assert_eq!(names(&found["requestContext"]["http"]), names(&context["http"]));
    let time = found["requestContext"]["time"].as_str().expect("a time");
    assert_eq!(time.len(), context["time"].as_str().expect("a time").len(), "{time}");
}

#[tokio::test]
async fn a_path_is_decoded_and_ends_at_a_question_mark_that_comes_of_it() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::a_path_is_decoded_and_ends_at_a_question_mark_that_comes_of_it");
    for (sent, given) in [("/a%2Fb%2e%2e/c", "/a/b../c"), ("/a%3Fb=c/d?e", "/a"), ("/%25", "/%"), ("/", "/")] {
        let event = event(plain_client().get(api.url(sent))).await;
        assert_eq!(event["rawPath"], given, "{sent}");
    }
}

#[tokio::test]
async fn a_body_that_is_not_text_comes_in_base64_and_a_form_is_not_text() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::a_body_that_is_not_text_comes_in_base64_and_a_form_is_not_text");
    for (content_type, body, given, is_base64) in [
        ("text/plain; charset=utf-8", &b"caf\xc3\xa9"[..], "caf\u{e9}", false),
        ("Application/JSON", b"{}", "{}", false),
        ("application/x-www-form-urlencoded", b"a=b", "YT1i", true),
        ("application/octet-stream", b"abc", "YWJj", true),
        ("text/plain", b"\xff\xfe", "//4=", true),
    ] {
        let request = plain_client().post(api.url("/")).header("content-type", content_type);
        let event = event(request.body(body.to_vec())).await;
        assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!(given), &json!(is_base64)), "{content_type}");
    }
    let event = event(plain_client().post(api.url("/")).body("abc")).await;
    assert_eq!((&event["body"], &event["isBase64Encoded"]), (&json!("YWJj"), &json!(true)), "no type");
}

#[tokio::test]
async fn an_answer_becomes_the_response_with_its_headers_and_cookies() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::an_answer_becomes_the_response_with_its_headers_and_cookies");
    let given = json!({
        "statusCode": 401, "headers": {"Content-Type": "text/plain", "X-Number": 7, "content-length": "99"},
        "multiValueHeaders": {"x-lost": ["of payload format 1.0"]},
        "cookies": ["a=1", "b=2; Secure"], "body": "caf\u{e9}", "isBase64Encoded": false,
    });
    let response = answer(&api, &given).await;
    assert_eq!(response.status(), 401);
    let headers = response.headers().clone();
    assert_eq!(headers["content-type"], "text/plain");
    assert_eq!(headers["x-number"], "7");
    let cookies: Vec<_> = headers.get_all("set-cookie").iter().collect();
    assert_eq!(cookies, ["a=1", "b=2; Secure"]);
    assert!(!headers.contains_key("x-lost"));
    assert!(headers["apigw-requestid"].to_str().is_ok_and(|id| id.starts_with("request-")));
    assert_eq!(response.text().await.expect("a body"), "caf\u{e9}");

    let given = json!({"statusCode": 200, "body": "//4=", "isBase64Encoded": true});
    assert_eq!(answer(&api, &given).await.bytes().await.expect("a body"), &b"\xff\xfe"[..]);
    let response = answer(&api, &json!({"statusCode": 204})).await;
    assert_eq!((response.status().as_u16(), response.bytes().await.expect("a body").len()), (204, 0));
}

#[tokio::test]
async fn an_answer_without_a_status_is_itself_the_body() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::an_answer_without_a_status_is_itself_the_body");
    let response = answer(&api, &json!({"hello": 1})).await;
    assert_eq!(response.status(), 200);
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.text().await.expect("a body"), r#"{"hello":1}"#);
}

#[tokio::test]
async fn an_error_or_an_answer_that_is_no_response_is_an_internal_server_error() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::an_error_or_an_answer_that_is_no_response_is_an_internal_server_error");
    let failed = plain_client().get(api.url("/fail")).send().await.expect("an answer");
    let mut responses = vec![failed];
    for nonsense in [
        json!({"statusCode": "no"}),
        json!({"statusCode": 99_999}),
        json!({"statusCode": 200, "headers": {"x y": "z"}}),
        json!({"statusCode": 200, "headers": {"x": "a\r\nb: c"}}),
        json!({"statusCode": 200, "body": {}}),
        json!({"statusCode": 200, "body": "*", "isBase64Encoded": true}),
    ] {
        responses.push(answer(&api, &nonsense).await);
    }
    for response in responses {
        assert_eq!(response.status(), 500);
        assert_eq!(response.text().await.expect("a body"), r#"{"message":"Internal Server Error"}"#);
    }
}

#[tokio::test]
async fn requests_that_come_at_once_are_each_given_their_own_answer() {
    if serve_if_started_as_function().await {
        return;
    }
    let api = proxy_function::start("http_api::requests_that_come_at_once_are_each_given_their_own_answer");
    let client = plain_client();
    let events = join_all((0..20).map(|number| event(client.get(api.url(&format!("/{number}")))))).await;
    let mut ids: Vec<&Value> = events.iter().map(|event| &event["requestContext"]["requestId"]).collect();
    for (number, event) in events.iter().enumerate() {
        assert_eq!(event["rawPath"], format!("/{number}"));
    }
    ids.sort_by_key(|id| id.to_string());
    ids.dedup();
    assert_eq!(ids.len(), 20);
}

#[tokio::test]
async fn a_stopped_http_api_closes_its_connections_and_gives_the_functions_output() {
    if serve_if_started_as_function().await {
        return;
    }
    let api =
        proxy_function::start("http_api::a_stopped_http_api_closes_its_connections_and_gives_the_functions_output");
    event(plain_client().get(api.url("/"))).await;
    let mut connection = Connection::open(api.url("").trim_start_matches("http://"));
    let output = api.stop();
    assert!(output.contains("running 1 test"), "{output}");
    assert!(connection.is_closed());
}
