//! Each example attaches the authorizer as its README says, and lets its own API alone call it.

use serde_json::{Value, json};

use crate::rendering::{Rendering, object};
use crate::template::{Template, text};

/// The authorizer of the main stack, by its alias.
pub(crate) const AUTHORIZER: &str = "arn:aws:lambda:eu-west-1:123456789012:function:security-AuthorizerFunction:live";

/// An example, deployed beside the main stack.
pub(crate) fn deployed(path: &str) -> Rendering {
    let mut parameters = vec![("AuthorizerFunctionArn", AUTHORIZER)];
    if path.contains("usage-plans") {
        parameters.extend([("BronzeKeyValue", "bronze00000000000000"), ("GoldKeyValue", "gold0000000000000000")]);
    }
    Template::read(path).rendered(&parameters)
}

/// The authorizer in an API's OpenAPI document.
fn authorizer(example: &str) -> Value {
    let body = api(example)["Body"].clone();
    let scheme = body["components"]["securitySchemes"]["Okta"].clone();
    for (path, methods) in object(&body["paths"]) {
        for (method, operation) in object(&methods).iter().filter(|(method, _)| *method != "options") {
            let security = operation["security"].as_array().cloned().unwrap_or_default();
            assert!(security.contains(&json!({"Okta": []})), "{example}: {method} {path} is open");
        }
    }
    scheme["x-amazon-apigateway-authorizer"].clone()
}

fn api(example: &str) -> Value {
    let rendering = deployed(&format!("examples/{example}/template.yaml"));
    rendering.resource("Api")["Properties"].clone()
}

#[test]
fn every_example_calls_the_authorizer_by_the_arn_that_it_is_given_and_lets_its_own_api_alone_do_so() {
    for path in Template::examples() {
        let rendering = deployed(&path);
        let permissions = rendering.of_type("AWS::Lambda::Permission");
        let granted: Vec<&Value> = permissions
            .iter()
            .map(|(_, permission)| &permission["Properties"])
            .filter(|properties| properties["FunctionName"] == AUTHORIZER)
            .collect();
        assert_eq!(granted.len(), 1, "{path}");
        let source = granted[0]["SourceArn"].as_str().expect("an ARN");
        assert!(source.starts_with("arn:aws:execute-api:eu-west-1:123456789012:security-Api/authorizers/"), "{source}");
        assert_eq!(granted[0]["Principal"], "apigateway.amazonaws.com", "{path}");
        let whole = rendering.without_conditions().to_string();
        assert!(whole.contains("/invocations"), "{path}");
        assert!(rendering.output("ProfileApi").starts_with("security-Api/"), "{path}");
        assert!(rendering.output("Url").contains("security-Api.execute-api"), "{path}");
    }
}

#[test]
fn rest_token_takes_what_looks_like_a_token_and_holds_the_result() {
    let authorizer = authorizer("rest-token");
    assert_eq!((&authorizer["type"], &authorizer["authorizerResultTtlInSeconds"]), (&json!("token"), &json!(300)));
    let expression = authorizer["identityValidationExpression"].as_str().expect("an expression");
    assert!(expression.starts_with('^') && expression.ends_with('$'), "the whole header: {expression}");
}

#[test]
fn rest_request_answers_401_and_403_as_rfc_6750_says_in_json_and_for_browsers() {
    let request = authorizer("rest-request");
    assert_eq!((&request["type"], &request["authorizerResultTtlInSeconds"]), (&json!("request"), &json!(300)));
    assert_eq!(request["identitySource"], "method.request.header.Authorization");
    let body = api("rest-request")["Body"].clone();
    let responses = &body["x-amazon-apigateway-gateway-responses"];
    for (name, status, challenge) in [
        ("UNAUTHORIZED", "401", "'Bearer realm=\"orders\"'"),
        ("ACCESS_DENIED", "403", "'Bearer realm=\"orders\", error=\"insufficient_scope\"'"),
    ] {
        let response = &responses[name];
        let header = |header: &str| &response["responseParameters"][format!("gatewayresponse.header.{header}")];
        assert_eq!((&response["statusCode"], header("WWW-Authenticate")), (&json!(status), &json!(challenge)));
        assert_eq!(header("Access-Control-Allow-Origin"), "'https://app.example'", "{name}");
        assert_eq!(header("Access-Control-Expose-Headers"), "'WWW-Authenticate'", "{name}");
    }
    for (name, response) in object(responses) {
        let template = response["responseTemplates"]["application/json"].as_str().expect("a body");
        // A text in quotes, as API Gateway puts it there.
        let body = template.replace("$context.error.messageString", "\"Unauthorized\"");
        assert!(serde_json::from_str::<Value>(&body).is_ok_and(|body| body["error"].is_string()), "{name}: {body}");
    }
    let preflight = &body["paths"]["/orders/{id}"]["options"];
    assert!(preflight.is_object() && preflight["security"].is_null(), "a browser asks without a token: {preflight}");
}

#[test]
fn the_http_apis_use_payload_2_and_simple_responses_are_held_for_each_route() {
    for (example, simple) in [("http-api", false), ("http-api-simple", true)] {
        let authorizer = authorizer(example);
        assert_eq!(authorizer["authorizerPayloadFormatVersion"], "2.0", "{example}");
        assert_eq!(authorizer["enableSimpleResponses"] == true, simple, "{example}");
        let mut sources = vec!["$request.header.Authorization"];
        sources.extend(simple.then_some("$context.routeKey"));
        assert_eq!(authorizer["identitySource"], json!(sources), "{example}");
    }
}

#[test]
fn websocket_authorizes_connect() {
    let rendering = deployed("examples/websocket/template.yaml");
    let route = rendering.resource("Connect")["Properties"].clone();
    assert_eq!((&route["RouteKey"], &route["AuthorizationType"]), (&json!("$connect"), &json!("CUSTOM")));
    assert_eq!(route["AuthorizerId"], "security-Authorizer");
    let authorizer = rendering.resource("Authorizer")["Properties"].clone();
    assert!(authorizer["AuthorizerUri"].as_str().is_some_and(|uri| uri.contains(AUTHORIZER)), "{authorizer}");
    assert_eq!(authorizer["IdentitySource"], json!(["route.request.header.Authorization"]));
}

#[test]
fn usage_plans_take_the_key_from_the_authorizer() {
    assert_eq!(api("usage-plans")["ApiKeySourceType"], "AUTHORIZER");
    let rendering = deployed("examples/usage-plans/template.yaml");
    assert_eq!(rendering.of_type("AWS::ApiGateway::UsagePlanKey").len(), 2);
    let order = api("usage-plans")["Body"]["paths"]["/orders/{id}"]["get"].clone();
    assert!(order["security"].to_string().contains("api_key"), "{order}");
}

#[test]
fn automatic_mode_has_no_identity_source_and_holds_no_result() {
    let authorizer = authorizer("automatic-mode");
    assert_eq!(authorizer["authorizerResultTtlInSeconds"], 0);
    assert!(authorizer.get("identitySource").is_none(), "{authorizer}");
}

#[test]
fn every_readme_says_what_it_shows_how_to_deploy_the_two_calls_and_where_it_stops() {
    let index = text("examples/README.md");
    for path in Template::examples() {
        let (folder, _) = path.rsplit_once('/').expect("a folder");
        let readme = text(&format!("{folder}/README.md"));
        for heading in ["\n## Deploy\n", "\n## Two calls\n", "\n## Without an account\n"] {
            assert!(readme.contains(heading), "{folder} has no{heading}");
        }
        let calls = readme.split("## Two calls").nth(1).expect("the calls").split("## ").next().expect("a section");
        assert_eq!(calls.lines().filter(|line| line.contains("\"$URL\"")).count(), 2, "{folder}");
        let name = folder.trim_start_matches("examples/");
        assert!(index.contains(&format!("[{name}]({name}/)")), "examples/README.md does not list {name}");
    }
}
