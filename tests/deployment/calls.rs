//! Each compiled function with the environment that its template gives it: every call that it makes of Systems Manager is
//! one that its role allows.

use serde_json::{Value, json};

use crate::iam::{Effect, Request, Role};
use crate::rendering::{ACCOUNT, REGION, Rendering, object};
use crate::support::{
    CLIENT_ID, CLIENT_SECRET, EventFile, LambdaFunction, ParameterType, Scenario, SsmCall, SsmFront, TIMEOUT,
    client_placeholders,
};
use crate::template::Template;

/// A deployment of the main template around a scenario.
struct Deployed {
    scenario: Scenario,
    front: SsmFront,
    rendering: Rendering,
}

impl Deployed {
    /// The profile `orders` in automatic mode, with a client beside it, and the template rendered for its root.
    async fn new(profiles: &str, reads_clients: &str) -> Self {
        let scenario = Scenario::new().await;
        let mut document = scenario.profile();
        document["automatic"] = json!({"anonymous": true});
        document["allowedIps"] = json!(["203.0.113.0/24"]);
        scenario.put("orders", &document.to_string()).await;
        let client = json!({"clientId": CLIENT_ID, "clientSecret": CLIENT_SECRET}).to_string();
        let name = format!("{}/orders/client", scenario.root);
        scenario.moto.put_parameter(&name, &client, ParameterType::SecureString).await;
        let parameters =
            [("Profiles", profiles), ("ProfileRoot", &*scenario.root), ("AuthorizerReadsClients", reads_clients)];
        let rendering = Template::main().rendered(&parameters);
        let front = SsmFront::of(scenario.moto);
        Self { scenario, front, rendering }
    }

    /// Starts a program with exactly what the template says, and where SSM and the authorization server are.
    fn start(&self, program: &str, function: &str) -> LambdaFunction {
        let resource = self.rendering.resource(function);
        let variables = object(&resource["Properties"]["Environment"]["Variables"]);
        let given = variables.iter().map(|(name, value)| (&**name, value.as_str().expect("a text")));
        let ca = self.scenario.ca().file().to_str().expect("a path that is text");
        let beds = [("AWS_ENDPOINT_URL_SSM", self.front.endpoint()), ("SSL_CERT_FILE", ca)];
        LambdaFunction::start(program, given.chain(beds))
    }

    /// Checks every call so far, and returns their operations.
    fn assert_allowed(&self, role: &str) -> Vec<String> {
        let (calls, role_name) = (self.front.calls(), role);
        let role = Role::of(&self.rendering, role);
        assert!(!calls.is_empty(), "{role_name} made no call");
        for call in &calls {
            for path in paths(call) {
                let resource = format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{path}");
                let recursive = call.input["Recursive"].as_bool().unwrap_or_default().to_string();
                let context = [("ssm:Recursive", &*recursive)];
                let action = format!("ssm:{}", call.operation);
                let request = Request { action: &action, resource: &resource, context: &context };
                assert_eq!(role.effect(request), Effect::Allow, "{role_name}: {action} on {path}");
            }
        }
        calls.into_iter().map(|call| call.operation).collect()
    }
}

/// The parameters that a call is about.
fn paths(call: &SsmCall) -> Vec<String> {
    let text = |value: &Value| value.as_str().expect("a name").to_owned();
    match call.input["Names"].as_array() {
        Some(names) => names.iter().map(text).collect(),
        None => vec![text(if call.input["Path"].is_null() { &call.input["Name"] } else { &call.input["Path"] })],
    }
}

fn event(scenario: &Scenario, folder: &str, name: &str) -> String {
    let mut placeholders = client_placeholders(scenario.okta.issuer());
    placeholders.push(("{{token}}", scenario.good_token()));
    EventFile::read(folder, name).filled("event", &placeholders).to_string()
}

#[tokio::test]
async fn the_authorizer_makes_only_calls_that_its_role_allows() {
    for profiles in ["*", "orders"] {
        let deployed = Deployed::new(profiles, "true").await;
        let function = deployed.start(env!("CARGO_BIN_EXE_authorizer"), "AuthorizerFunction");
        let good = event(&deployed.scenario, "authorizer", "rest-request-allow.json");
        let answer = function.invoke(&good, TIMEOUT).await.response();
        assert_eq!(answer["principalId"], CLIENT_ID, "{}", function.logs());
        let anonymous = event(&deployed.scenario, "authorizer", "rest-request-no-credential.json");
        let answer = function.invoke(&anonymous, TIMEOUT).await.response();
        assert_eq!(answer["principalId"], CLIENT_ID, "{}", function.logs());

        let operations = deployed.assert_allowed("AuthorizerRole");
        assert!(operations.contains(&"GetParameter".to_owned()), "the client was read: {operations:?}");
        let by_path = operations.contains(&"GetParametersByPath".to_owned());
        assert_eq!(by_path, profiles == "*", "{operations:?}");
    }
}

#[tokio::test]
async fn the_token_function_makes_only_calls_that_its_role_allows() {
    for profiles in ["*", "orders"] {
        let deployed = Deployed::new(profiles, "false").await;
        let function = deployed.start(env!("CARGO_BIN_EXE_token"), "TokenFunction");
        let request = event(&deployed.scenario, "token", "basic-good.json");
        let answer = function.invoke(&request, TIMEOUT).await.response();
        assert_eq!(answer["statusCode"], 200, "{answer}\n{}", function.logs());
        deployed.assert_allowed("TokenRole");
    }
}

#[tokio::test]
async fn the_keys_function_makes_only_calls_that_its_role_allows() {
    for profiles in ["*", "orders"] {
        let deployed = Deployed::new(profiles, "false").await;
        let function = deployed.start(env!("CARGO_BIN_EXE_keys"), "KeysFunction");
        let scheduled = event(&deployed.scenario, "keys", "scheduled.json");
        let answer = function.invoke(&scheduled, TIMEOUT).await.response();
        assert_eq!(answer["failed"], 0, "{answer}\n{}", function.logs());
        let operations = deployed.assert_allowed("KeysRole");
        assert!(operations.contains(&"PutParameter".to_owned()), "{operations:?}");
    }
}
