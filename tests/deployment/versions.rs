//! A change of a parameter reaches the alias: it makes a new version, whose description cannot change.

use serde_json::{Value, json};

use crate::rendering::{Rendering, object};
use crate::template::Template;

/// Each parameter that a function is configured with, and another value than its default.
const OTHER_VALUES: [(&str, &str); 10] = [
    ("Profiles", "orders"),
    ("ProfileRoot", "/other"),
    ("ProfileTtlSeconds", "60"),
    ("AuthorizerResponse", "simple"),
    ("TokenAllowedOrigins", "https://app.example"),
    ("OktaProxy", "http://proxy.example:3128"),
    ("AuthorizerMemorySize", "512"),
    ("TokenMemorySize", "512"),
    ("XRayTracing", "true"),
    ("Architecture", "arm64"),
];

/// What a version keeps of its function.
fn configuration(function: &Value) -> Value {
    let properties = &function["Properties"];
    json!([properties["Environment"], properties["MemorySize"], properties["TracingConfig"], properties["Timeout"]])
}

/// What is replaced, and with it the version, where it differs (CloudFormation, "AWS::Lambda::Version" and
/// "AWS::IAM::ManagedPolicy": a description cannot be updated).
fn descriptions(rendering: &Rendering, function: &str) -> Value {
    let policy = rendering.resource("ProfileReadPolicy")["Properties"]["Description"].clone();
    json!([policy, version(rendering, function)["Properties"]["Description"]])
}

fn version(rendering: &Rendering, function: &str) -> Value {
    let versions = rendering.of_type("AWS::Lambda::Version");
    let of_function = versions.into_iter().find(|(id, _)| id.starts_with(&format!("{function}Version")));
    of_function.unwrap_or_else(|| panic!("{function} has no version")).1
}

#[test]
fn whatever_changes_a_functions_configuration_changes_its_versions_description() {
    let template = Template::main();
    let before = template.rendered(&[]);
    let mut changed = 0;
    for parameter in OTHER_VALUES {
        let after = template.rendered(&[parameter]);
        for (id, function) in before.of_type("AWS::Lambda::Function") {
            if configuration(&function) != configuration(&after.resource(&id)) {
                changed += 1;
                assert_ne!(descriptions(&before, &id), descriptions(&after, &id), "{id}: {}", parameter.0);
            }
        }
    }
    assert!(changed >= 12, "{changed} changes");
}

#[test]
fn every_parameter_that_a_function_is_configured_with_is_tried_above() {
    let template = Template::main();
    let functions = object(&template.transformed["Resources"]);
    let functions = functions.values().filter(|resource| resource["Type"] == "AWS::Lambda::Function");
    let text: String = functions.map(|function| configuration(function).to_string()).collect();
    for name in object(&template.transformed["Parameters"]).keys() {
        let is_used = text.contains(&format!(r#"{{"Ref":"{name}"}}"#)) || text.contains(&format!("${{{name}}}"));
        assert!(!is_used || OTHER_VALUES.iter().any(|(known, _)| known == name), "{name}");
    }
}

/// Lambda makes no version of a function that has not changed, and CloudFormation takes that for a failure.
#[test]
fn a_version_cannot_change_its_description_without_its_function() {
    let rendering = Template::main().rendered(&[]);
    for (id, function) in rendering.of_type("AWS::Lambda::Function") {
        let description = &function["Properties"]["Description"];
        assert_eq!(*description, version(&rendering, &id)["Properties"]["Description"], "{id}");
        assert!(description.as_str().is_some_and(|text| text.contains("security-ProfileReadPolicy")), "{id}");
    }
}

#[test]
fn the_longest_values_fit_into_the_descriptions() {
    let name = "n".repeat(64);
    let profiles = [name.as_str(); 10].join(",");
    let (root, proxy) = (format!("/{}", "r".repeat(127)), format!("http://{}", "p".repeat(93)));
    let origins = format!("https://{}", "o".repeat(92));
    let parameters = [
        ("Profiles", &*profiles),
        ("ProfileRoot", &root),
        ("ProfileTtlSeconds", "86400"),
        ("OktaProxy", &proxy),
        ("TokenAllowedOrigins", &origins),
        ("TokenMemorySize", "10240"),
        ("AuthorizerMemorySize", "10240"),
        ("AuthorizerResponse", "simple"),
        ("XRayTracing", "false"),
        ("AuthorizerReadsClients", "true"),
    ];
    let template = Template::main();
    for (name, value) in parameters {
        let most = template.source["Parameters"][name]["MaxLength"].as_u64();
        assert!(most.is_none_or(|most| value.len() as u64 == most), "{name} has {} characters", value.len());
    }
    let rendering = template.rendered(&parameters);
    let policy = rendering.resource("ProfileReadPolicy")["Properties"]["Description"].as_str().expect("a text").len();
    assert!(policy <= 1_000, "IAM takes 1,000 characters: {policy}");
    for (id, policy) in rendering.of_type("AWS::IAM::ManagedPolicy") {
        let size = policy["Properties"]["PolicyDocument"].to_string().len();
        assert!(size <= 6_144, "a managed policy has at most 6,144 characters: {id} has {size}");
    }
    // A policy's name has at most 128 characters.
    let own = "security-ProfileReadPolicy".len();
    for function in ["AuthorizerFunction", "TokenFunction", "KeysFunction"] {
        let version = version(&rendering, function)["Properties"]["Description"].as_str().expect("a text").len();
        assert!(version - own + 128 <= 256, "Lambda takes 256 characters: {function} has {version}");
    }
}

#[test]
fn the_alias_is_what_apis_and_the_schedule_call_and_codedeploy_moves_it_while_alarms_watch() {
    let kind = [("DeploymentKind", "Linear10PercentEvery1Minute"), ("CallingApis", "abcdef1234,http123456")];
    let rendering = Template::main_for(&kind).rendered(&kind);
    for (id, alarms) in [("AuthorizerFunction", 2), ("TokenFunction", 1)] {
        let group = rendering.resource(&format!("{id}DeploymentGroup"))["Properties"].clone();
        assert_eq!(group["DeploymentConfigName"], "CodeDeployDefault.LambdaLinear10PercentEvery1Minute", "{id}");
        assert_eq!(group["AlarmConfiguration"]["Alarms"].as_array().map(Vec::len), Some(alarms), "{id}");
        assert_eq!(group["AutoRollbackConfiguration"]["Enabled"], true, "{id}");
        let alias = rendering.resource(&format!("{id}Aliaslive"));
        assert!(alias["UpdatePolicy"]["CodeDeployLambdaAliasUpdate"].is_object(), "{id}: {alias}");
    }
    let permissions = rendering.of_type("AWS::Lambda::Permission");
    let listed: Vec<&Value> = permissions
        .iter()
        .filter(|(id, _)| id.starts_with("AuthorizerPermission"))
        .map(|(_, permission)| &permission["Properties"])
        .collect();
    let arns: Vec<&str> = listed.iter().filter_map(|permission| permission["SourceArn"].as_str()).collect();
    let arn = |api: &str| format!("arn:aws:execute-api:eu-west-1:123456789012:{api}/authorizers/*");
    assert_eq!(arns, [arn("abcdef1234"), arn("http123456")]);
    for (id, permission) in &permissions {
        let properties = &permission["Properties"];
        assert!(properties["FunctionName"].as_str().is_some_and(|name| name.ends_with(":live")), "{id}: {properties}");
        assert_eq!(properties["Principal"], "apigateway.amazonaws.com", "{id}");
        assert!(properties["SourceArn"].as_str().is_some_and(|arn| arn.contains("execute-api")), "{id}");
    }
    let schedule = rendering.resource("KeysFunctionEveryHour")["Properties"].clone();
    assert!(schedule["Target"]["Arn"].as_str().is_some_and(|arn| arn.ends_with("KeysFunction:live")), "{schedule}");
    // A rate without a start date begins at once.
    assert_eq!((&schedule["ScheduleExpression"], schedule.get("StartDate")), (&json!("rate(1 hour)"), None));
    for output in ["AuthorizerFunctionArn", "TokenFunctionArn", "KeysFunctionArn"] {
        assert!(rendering.output(output).ends_with(":live"), "{output}");
    }
    assert!(rendering.output("AuthorizerUri").ends_with(":live/invocations"));
}
