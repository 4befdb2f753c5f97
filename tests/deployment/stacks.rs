//! The transformed templates deployed into moto's CloudFormation, over the wire.
//!
//! moto 5.2 makes functions, roles, policies, log groups, permissions, versions, dashboards and REST APIs of a stack. It does
//! not know aliases, schedules, alarms, CodeDeploy, HTTP and WebSocket APIs, authorizers, stages and usage plans, and attaches no
//! managed policy to a role: these are checked as they are rendered, in `versions.rs`, `monitoring.rs`, `examples.rs` and
//! `policies.rs`. What it does not know has no value where something refers to it, so aliases stand for their functions here.
//! It does not leave out the items of a list that a condition takes away, so conditions are resolved beforehand. It wants a REST
//! API's name beside its document, which it does not read: the document is put there afterwards, and its deployment left out.

use std::io::Write as _;
use std::process::{Command, Stdio};

use serde_json::{Value, json};

use crate::examples::deployed;
use crate::iam::{Effect, Request, Role};
use crate::rendering::{Rendering, object};
use crate::support::{Moto, python};
use crate::template::{Template, root};

/// What moto has of a stack.
struct Stack {
    status: String,
    resources: Value,
    outputs: Value,
}

impl Stack {
    /// Deploys a rendering with the same parameters.
    async fn deploy(moto: &Moto, name: &str, rendering: &Rendering, given: &[(&str, &str)]) -> Self {
        let mut template = for_moto(rendering.without_conditions());
        let apis = rendering.of_type("AWS::ApiGateway::RestApi");
        template["Documents"] = apis.into_iter().map(|(id, api)| (id, api["Properties"]["Body"].clone())).collect();
        template["Given"] = given.iter().map(|(name, value)| ((*name).to_owned(), json!(value))).collect();
        let run = Command::new(python())
            .arg(root().join("tests/deployment/deploy.py"))
            .args([&moto.endpoint(), name])
            .env_clear()
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn();
        let mut run = run.expect("the Python of the tests starts");
        run.stdin.take().expect("a pipe").write_all(template.to_string().as_bytes()).expect("the template is taken");
        let output = run.wait_with_output().expect("an end");
        assert!(output.status.success(), "{name} is not deployed:\n{}", String::from_utf8_lossy(&output.stderr));
        let mut found: Value = serde_json::from_slice(&output.stdout).expect("JSON");
        let status = found["status"].as_str().expect("a status").to_owned();
        Self { status, resources: found["resources"].take(), outputs: found["outputs"].take() }
    }

    fn resource(&self, logical_id: &str) -> &Value {
        let found = &self.resources[logical_id];
        assert!(found.is_object(), "moto has no {logical_id}");
        found
    }
}

/// See the head of this file.
fn for_moto(mut template: Value) -> Value {
    let resources = object(&template["Resources"]);
    let aliases: Vec<(String, Value)> = resources
        .iter()
        .filter(|(_, resource)| resource["Type"] == "AWS::Lambda::Alias")
        .map(|(id, alias)| (id.clone(), alias["Properties"]["FunctionName"].clone()))
        .collect();
    replace(&mut template, &aliases);
    let resources = template["Resources"].as_object_mut().expect("resources");
    resources.retain(|_, resource| resource["Type"] != "AWS::ApiGateway::Deployment");
    for resource in resources.values_mut() {
        if resource["Type"] == "AWS::ApiGateway::RestApi" {
            resource["Properties"]["Name"] = json!({"Ref": "AWS::StackName"});
        }
    }
    template
}

fn replace(value: &mut Value, aliases: &[(String, Value)]) {
    if let Some((_, function)) = aliases.iter().find(|(id, _)| *value == json!({"Ref": id})) {
        *value = function.clone();
        return;
    }
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| replace(item, aliases)),
        Value::Object(members) => members.values_mut().for_each(|member| replace(member, aliases)),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}

/// The main stack, with the parameters that make everything.
fn parameters() -> [(&'static str, &'static str); 5] {
    [
        ("Profiles", "orders,billing"),
        ("AuthorizerReadsClients", "true"),
        ("CallingApis", "abcdef1234,http123456"),
        ("AuthorizerReservedConcurrency", "50"),
        ("LogRetentionInDays", "90"),
    ]
}

#[tokio::test]
async fn the_main_stack_comes_up_with_its_functions_roles_and_permissions() {
    let (moto, given) = (Moto::start().await, parameters());
    let rendering = Template::main().rendered(&given);
    let stack = Stack::deploy(&moto, "security", &rendering, &given).await;
    assert_eq!(stack.status, "CREATE_COMPLETE");
    for (function, role, group, memory, timeout) in [
        ("AuthorizerFunction", "AuthorizerRole", "authorizer", 256, 5),
        ("TokenFunction", "TokenRole", "token", 256, 10),
        ("KeysFunction", "KeysRole", "keys", 256, 120),
    ] {
        let configuration = &stack.resource(function)["configuration"];
        assert_eq!((&configuration["MemorySize"], &configuration["Timeout"]), (&json!(memory), &json!(timeout)));
        assert_eq!(
            (&configuration["Runtime"], &configuration["Handler"]),
            (&json!("provided.al2023"), &json!("bootstrap"))
        );
        let role = stack.resource(role)["name"].as_str().expect("a name");
        assert!(configuration["Role"].as_str().is_some_and(|arn| arn.ends_with(role)), "{configuration}");
        let variables = &configuration["Environment"]["Variables"];
        assert_eq!((&variables["PROFILES"], &variables["PROFILE_STORE"]), (&json!("orders,billing"), &json!("ssm")));
        let logs = stack.resource(&role_to_group(function));
        assert_eq!((&logs["name"], &logs["retention"]), (&json!(format!("/aws/lambda/security-{group}")), &json!(90)));
    }
    let statements = &stack.resource("AuthorizerFunction")["policy"]["Statement"];
    let text = statements.to_string();
    assert_eq!(statements.as_array().map(Vec::len), Some(2), "{statements}");
    assert!(text.contains("abcdef1234/authorizers/*") && text.contains("http123456/authorizers/*"), "{text}");
    assert!(stack.resource("OperationDashboard")["body"]["widgets"].as_array().is_some_and(|all| all.len() >= 8));
    for output in ["AuthorizerFunctionArn", "AuthorizerRoleArn", "TokenUrl", "KeysFunctionName", "DashboardUrl"] {
        assert!(stack.outputs[output].as_str().is_some_and(|value| !value.is_empty()), "{output}");
    }
}

fn role_to_group(function: &str) -> String {
    function.replace("Function", "LogGroup")
}

/// That the policies which were evaluated are those which are deployed: moto resolves them by itself.
#[tokio::test]
async fn the_roles_policies_are_deployed_as_they_are_rendered() {
    let (moto, given) = (Moto::start().await, parameters());
    let rendering = Template::main().rendered(&given);
    let stack = Stack::deploy(&moto, "security", &rendering, &given).await;
    for (id, policy) in rendering.of_type("AWS::IAM::ManagedPolicy") {
        assert_eq!(stack.resource(&id)["document"], policy["Properties"]["PolicyDocument"], "{id}");
    }
    for role in ["AuthorizerRole", "TokenRole", "KeysRole"] {
        let inline = object(&stack.resource(role)["inline"]);
        let rendered = rendering.resource(role)["Properties"]["Policies"].clone();
        assert_eq!(rendered.as_array().map(Vec::len), Some(inline.len()), "{role}");
        assert!(stack.resource(role)["trust"].to_string().contains("lambda.amazonaws.com"), "{role}");
    }
    let stores = &stack.resource("KeysRole")["inline"]["StoreKeys"];
    assert!(stores.to_string().contains("/okta-security-profiles/billing/keys"), "{stores}");
    let role = Role::of(&rendering, "KeysRole");
    let resource = "arn:aws:ssm:eu-west-1:123456789012:parameter/okta-security-profiles/billing/keys";
    assert_eq!(role.effect(Request { action: "ssm:PutParameter", resource, context: &[] }), Effect::Allow);
}

#[tokio::test]
async fn every_example_comes_up() {
    let (moto, given) = (Moto::start().await, parameters());
    let main = Stack::deploy(&moto, "security", &Template::main().rendered(&given), &given).await;
    let authorizer = main.outputs["AuthorizerFunctionArn"].as_str().expect("an ARN").to_owned();
    for path in Template::examples() {
        let name = path.split('/').nth(1).expect("a name");
        let mut given = vec![("AuthorizerFunctionArn", &*authorizer)];
        if name == "usage-plans" {
            given.extend([("BronzeKeyValue", "bronze00000000000000"), ("GoldKeyValue", "gold0000000000000000")]);
        }
        let stack = Stack::deploy(&moto, name, &deployed(&path), &given).await;
        assert_eq!(stack.status, "CREATE_COMPLETE", "{name}");
        let backend = &stack.resource("Backend")["configuration"];
        assert_eq!(backend["Runtime"], "python3.13", "{name}");
        let is_rest = Template::read(&path).transformed["Resources"]["Api"]["Type"] == "AWS::ApiGateway::RestApi";
        assert_eq!(stack.resources["Api"].is_object(), is_rest, "{name}: moto knows REST APIs alone");
        if is_rest {
            let methods = &stack.resource("Api")["methods"]["/orders/{id}"];
            assert!(methods.as_array().is_some_and(|methods| methods.contains(&json!("GET"))), "{name}: {methods}");
        }
    }
}
