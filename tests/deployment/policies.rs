//! What each role must be allowed and what it must not, for every way of choosing profiles.

use crate::iam::{Effect, Request, Role};
use crate::rendering::{ACCOUNT, REGION, Rendering, STACK};
use crate::template::Template;

/// The functions' roles.
const ROLES: [&str; 3] = ["AuthorizerRole", "TokenRole", "KeysRole"];
/// Ten names, the most that the parameter takes; the last of them looks like the others' parameters.
const TEN: &str = "a,b,orders,orders2,e-f,g_h,i,j,k,client";
/// The default root.
const ROOT: &str = "/okta-security-profiles";

/// One way of deploying.
struct Deployment {
    profiles: &'static str,
    reads_clients: bool,
    rendering: Rendering,
}

impl Deployment {
    fn of(profiles: &'static str, reads_clients: bool) -> Self {
        let reads = if reads_clients { "true" } else { "false" };
        let rendering = Template::main().rendered(&[("Profiles", profiles), ("AuthorizerReadsClients", reads)]);
        Self { profiles, reads_clients, rendering }
    }

    fn all() -> Vec<Self> {
        let both = |profiles| [false, true].map(|reads| Self::of(profiles, reads));
        ["*", "orders", TEN].into_iter().flat_map(both).collect()
    }

    /// Names of profiles that are served.
    fn served(&self) -> Vec<&'static str> {
        if self.profiles == "*" { vec!["orders", "any-other"] } else { self.profiles.split(',').collect() }
    }

    fn role(&self, name: &str) -> Role {
        Role::of(&self.rendering, name)
    }

    fn says(&self, role: &str) -> String {
        format!("{role} with Profiles={} and AuthorizerReadsClients={}", self.profiles, self.reads_clients)
    }
}

fn parameter(path: &str) -> String {
    format!("arn:aws:ssm:{REGION}:{ACCOUNT}:parameter{path}")
}

/// A request without context.
fn plain<'r>(action: &'r str, resource: &'r str) -> Request<'r> {
    Request { action, resource, context: &[] }
}

/// What Systems Manager asks of KMS for a parameter.
fn decrypts(role: &Role, path: &str, service: &str) -> Effect {
    let (key, arn) = (format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1234"), parameter(path));
    let context = [("kms:ViaService", service), ("kms:EncryptionContext:PARAMETER_ARN", &*arn)];
    role.effect(Request { action: "kms:Decrypt", resource: &key, context: &context })
}

#[test]
fn every_role_reads_the_documents_and_stored_keys_of_the_served_profiles_and_the_deny_list() {
    for deployment in Deployment::all() {
        for name in ROLES {
            let (role, says) = (deployment.role(name), deployment.says(name));
            let mut paths = vec![format!("{ROOT}/deny")];
            for profile in deployment.served() {
                paths.extend([format!("{ROOT}/{profile}"), format!("{ROOT}/{profile}/keys")]);
            }
            for path in paths {
                let effect = role.effect(plain("ssm:GetParameters", &parameter(&path)));
                assert_eq!(effect, Effect::Allow, "{says}: {path}");
            }
        }
    }
}

#[test]
fn every_profile_is_found_below_the_root_only_where_every_profile_is_served_and_never_recursively() {
    for deployment in Deployment::all() {
        for name in ROLES {
            let (role, says) = (deployment.role(name), deployment.says(name));
            let list = |path: &str, recursive| {
                let (resource, context) = (parameter(path), [("ssm:Recursive", recursive)]);
                role.effect(Request { action: "ssm:GetParametersByPath", resource: &resource, context: &context })
            };
            for root in [ROOT, "/okta-security-profiles/"] {
                assert_eq!(list(root, "false") == Effect::Allow, deployment.profiles == "*", "{says}: {root}");
                assert_eq!(list(root, "true"), Effect::Deny, "{says}: {root}, recursively");
            }
            for elsewhere in ["/", "", "/okta-security-profiles/orders", "/okta-security-profiles-2", "/other"] {
                assert_eq!(list(elsewhere, "false"), Effect::Nothing, "{says}: {elsewhere}");
                assert_eq!(list(elsewhere, "true"), Effect::Deny, "{says}: {elsewhere}, recursively");
            }
        }
    }
}

#[test]
fn no_role_reads_another_parameter() {
    for deployment in Deployment::all() {
        for name in ROLES {
            let (role, says) = (deployment.role(name), deployment.says(name));
            let mut paths = ["/orders", "/other/orders", "/okta-security-profiles-2/orders", "/okta-security-profiles"]
                .map(str::to_owned)
                .to_vec();
            if deployment.profiles != "*" {
                paths.extend(
                    ["returns", "returns/keys", "order", "orders/keys/x", "deny2"].map(|p| format!("{ROOT}/{p}")),
                );
            }
            for path in &paths {
                for action in ["ssm:GetParameters", "ssm:GetParameter", "ssm:GetParameterHistory"] {
                    assert_ne!(role.effect(plain(action, &parameter(path))), Effect::Allow, "{says}: {action} {path}");
                }
            }
            let elsewhere = parameter("/okta-security-profiles/orders").replace(ACCOUNT, "999999999999");
            assert_eq!(role.effect(plain("ssm:GetParameters", &elsewhere)), Effect::Nothing, "{says}: {elsewhere}");
        }
    }
}

#[test]
fn a_client_is_read_and_decrypted_by_the_authorizer_alone_where_the_parameter_says_so() {
    let ssm = format!("ssm.{REGION}.amazonaws.com");
    for deployment in Deployment::all() {
        for name in ROLES {
            let (role, says) = (deployment.role(name), deployment.says(name));
            let may = name == "AuthorizerRole" && deployment.reads_clients;
            for profile in deployment.served() {
                let path = format!("{ROOT}/{profile}/client");
                let expected = if may { Effect::Allow } else { Effect::Deny };
                assert_eq!(role.effect(plain("ssm:GetParameter", &parameter(&path))), expected, "{says}: {path}");
                assert_eq!(decrypts(&role, &path, &ssm), expected, "{says}: decrypting {path}");
                if !may {
                    // The key alias/aws/ssm grants it to the whole account: what is not refused is allowed.
                    assert_eq!(role.effect(plain("ssm:GetParameters", &parameter(&path))), Effect::Deny, "{says}");
                    assert_eq!(decrypts(&role, "/any/other", &ssm), Effect::Deny, "{says}");
                }
            }
        }
    }
}

#[test]
fn the_authorizer_decrypts_nothing_but_clients_of_served_profiles_and_only_by_way_of_systems_manager() {
    let ssm = format!("ssm.{REGION}.amazonaws.com");
    for deployment in Deployment::all().into_iter().filter(|deployment| deployment.reads_clients) {
        let (role, says) = (deployment.role("AuthorizerRole"), deployment.says("AuthorizerRole"));
        let client = format!("{ROOT}/orders/client");
        assert_eq!(decrypts(&role, &client, &ssm), Effect::Allow, "{says}");
        assert_eq!(decrypts(&role, &client, "secretsmanager.eu-west-1.amazonaws.com"), Effect::Nothing, "{says}");
        let key = format!("arn:aws:kms:{REGION}:{ACCOUNT}:key/1234");
        assert_eq!(role.effect(plain("kms:Decrypt", &key)), Effect::Nothing, "{says}: by itself");
        for other in ["/other/orders/client", "/okta-security-profiles/orders", "/okta-security-profiles/orders/keys"] {
            assert_eq!(decrypts(&role, other, &ssm), Effect::Nothing, "{says}: {other}");
        }
        if deployment.profiles != "*" {
            let other = format!("{ROOT}/returns/client");
            assert_eq!(decrypts(&role, &other, &ssm), Effect::Nothing, "{says}: {other}");
            let read = role.effect(plain("ssm:GetParameter", &parameter(&other)));
            assert_eq!(read, Effect::Nothing, "{says}: {other}");
        }
    }
}

#[test]
fn the_keys_function_alone_writes_and_nothing_but_the_stored_keys_of_served_profiles() {
    for deployment in Deployment::all() {
        for name in ROLES {
            let (role, says) = (deployment.role(name), deployment.says(name));
            let put = |path: &str| role.effect(plain("ssm:PutParameter", &parameter(path)));
            for profile in deployment.served() {
                let own = put(&format!("{ROOT}/{profile}/keys"));
                assert_eq!(own == Effect::Allow, name == "KeysRole", "{says}: {profile}");
                for never in [format!("{ROOT}/{profile}"), format!("{ROOT}/{profile}/client")] {
                    assert_ne!(put(&never), Effect::Allow, "{says}: {never}");
                }
            }
            for never in ["/okta-security-profiles/deny", "/other/orders/keys", "/keys", "/okta-security-profiles/keys"]
            {
                assert_ne!(put(never), Effect::Allow, "{says}: {never}");
            }
            if deployment.profiles != "*" {
                assert_ne!(put(&format!("{ROOT}/returns/keys")), Effect::Allow, "{says}: another profile's keys");
            }
            for action in
                ["ssm:DeleteParameter", "ssm:DeleteParameters", "ssm:LabelParameterVersion", "ssm:AddTagsToResource"]
            {
                let effect = role.effect(plain(action, &parameter("/okta-security-profiles/orders/keys")));
                assert_eq!(effect, Effect::Nothing, "{says}: {action}");
            }
        }
    }
}

#[test]
fn no_role_has_an_action_that_is_not_listed_here() {
    let logs = ["logs:CreateLogStream", "logs:PutLogEvents"];
    for deployment in Deployment::all() {
        for name in ROLES {
            let mut expected = logs.to_vec();
            expected.push("ssm:GetParameters");
            expected.extend((deployment.profiles == "*").then_some("ssm:GetParametersByPath"));
            expected.extend((name == "KeysRole").then_some("ssm:PutParameter"));
            if name == "AuthorizerRole" && deployment.reads_clients {
                expected.extend(["kms:Decrypt", "ssm:GetParameter"]);
            }
            expected.sort_unstable();
            let role = deployment.role(name);
            assert_eq!(role.actions("Allow"), expected, "{}", deployment.says(name));
            for statement in role.grants() {
                assert_ne!(statement["Resource"], "*", "{}: {statement}", deployment.says(name));
            }
        }
    }
}

#[test]
fn each_function_writes_to_its_own_log_group_and_to_x_ray_only_where_it_is_traced() {
    for traced in [false, true] {
        let tracing = if traced { "true" } else { "false" };
        let rendering = Template::main().rendered(&[("XRayTracing", tracing)]);
        for (name, own) in ROLES.iter().zip(["authorizer", "token", "keys"]) {
            let role = Role::of(&rendering, name);
            for group in ["authorizer", "token", "keys"] {
                let arn = format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:/aws/lambda/{STACK}-{group}:log-stream:x");
                let writes = role.effect(plain("logs:PutLogEvents", &arn)) == Effect::Allow;
                assert_eq!(writes, group == own, "{name}: {group}");
            }
            let traces = role.effect(plain("xray:PutTraceSegments", "*")) == Effect::Allow;
            assert_eq!(traces, traced, "{name}");
        }
        for (id, function) in rendering.of_type("AWS::Lambda::Function") {
            let mode = if traced { "Active" } else { "PassThrough" };
            assert_eq!(function["Properties"]["TracingConfig"]["Mode"], mode, "{id}");
        }
    }
}

#[test]
fn codedeploy_moves_the_aliases_of_two_functions_and_nothing_else() {
    let rendering = Template::main().rendered(&[]);
    let role = Role::of(&rendering, "DeploymentRole");
    let arn = |function: &str| format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-{function}");
    for function in ["AuthorizerFunction", "TokenFunction"] {
        assert_eq!(role.effect(plain("lambda:UpdateAlias", &format!("{}:live", arn(function)))), Effect::Allow);
        assert_eq!(role.effect(plain("lambda:UpdateFunctionCode", &arn(function))), Effect::Nothing);
        assert_eq!(role.effect(plain("lambda:InvokeFunction", &arn(function))), Effect::Nothing);
    }
    for other in ["KeysFunction", "AuthorizerFunctionOfAnother"] {
        assert_eq!(role.effect(plain("lambda:UpdateAlias", &arn(other))), Effect::Nothing, "{other}");
    }
}

#[test]
fn the_schedule_may_start_the_keys_function_by_its_alias_and_nothing_else() {
    let rendering = Template::main().rendered(&[]);
    let role = Role::of(&rendering, "KeysFunctionEveryHourRole");
    let alias = format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{STACK}-KeysFunction:live");
    assert_eq!(role.effect(plain("lambda:InvokeFunction", &alias)), Effect::Allow);
    assert_eq!(role.effect(plain("lambda:InvokeFunction", &alias.replace("Keys", "Token"))), Effect::Nothing);
    assert_eq!(role.actions("Allow"), ["lambda:InvokeFunction"]);
}
