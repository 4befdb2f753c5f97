//! The templates against the code: a binary, a variable, a parameter path or a permission in one has its counterpart in the
//! other.

use std::collections::BTreeSet;

use okta_security_profiles::config::{AuthorizerResponse, Config, DEFAULT_PROFILE_ROOT, StoreConfig};
use serde_json::Value;

use crate::iam::Role;
use crate::rendering::object;
use crate::template::{Template, root, text};

/// Variables of `config.rs` that no template sets, and why.
const NOT_DEPLOYED: [(&str, &str); 4] = [
    ("ALLOW_LOOPBACK_HTTP", "for tests and the local gateway"),
    ("SSL_CERT_FILE", "needs a file beside the function, which the build does not put there"),
    ("AWS_REGION", "Lambda sets it; here it is read for the URLs that the command line shows"),
    ("AWS_DEFAULT_REGION", "the command line's alone, for the same"),
];

/// The functions of the main template as they are written.
fn functions() -> Vec<(String, Value)> {
    let resources = object(&Template::main().source["Resources"]);
    resources.into_iter().filter(|(_, resource)| resource["Type"] == "AWS::Serverless::Function").collect()
}

/// What stands between `before` and the next `"`, at every place.
fn quoted_after(text: &str, before: &str) -> BTreeSet<String> {
    text.split(before).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned).collect()
}

#[test]
fn every_function_is_a_binary_and_every_binary_but_the_command_line_a_function() {
    let built: BTreeSet<String> = functions()
        .iter()
        .map(|(id, function)| {
            assert_eq!(function["Metadata"]["BuildMethod"], "rust-cargolambda", "{id}");
            function["Metadata"]["BuildProperties"]["Binary"].as_str().expect("a binary").to_owned()
        })
        .collect();
    let programs = std::fs::read_dir(root().join("src/bin")).expect("the programs");
    let programs = programs.map(|entry| entry.expect("an entry").path().file_stem().expect("a name").to_owned());
    let mut programs: BTreeSet<String> = programs.map(|name| name.into_string().expect("a name")).collect();
    assert!(programs.remove("profiles"), "the command line is no function");
    assert_eq!(built, programs);
}

#[test]
fn every_variable_of_a_template_is_read_and_every_variable_that_is_read_is_set_or_excepted() {
    let config = text("src/config.rs");
    let read = quoted_after(config.split("#[cfg(test)]").next().expect("code"), "read(\"");
    assert!(read.len() >= 9, "{read:?}");
    let mut set = BTreeSet::new();
    let rendering = Template::main().rendered(&[]);
    for (_, function) in rendering.of_type("AWS::Lambda::Function") {
        set.extend(object(&function["Properties"]["Environment"]["Variables"]).into_iter().map(|(name, _)| name));
    }
    let excepted: BTreeSet<String> = NOT_DEPLOYED.iter().map(|(name, _)| (*name).to_owned()).collect();
    assert!(set.is_disjoint(&excepted), "{set:?}");
    assert_eq!(set.union(&excepted).cloned().collect::<BTreeSet<_>>(), read);
    let readme = text("README.md");
    for name in read {
        assert!(readme.contains(&format!("`{name}`")), "README.md does not name {name}");
    }
}

#[test]
fn every_function_can_use_the_environment_that_its_template_gives_it() {
    let parameters = [
        ("Profiles", "orders,billing"),
        ("ProfileTtlSeconds", "86400"),
        ("AuthorizerResponse", "simple"),
        ("OktaProxy", "http://proxy.example:3128"),
        ("TokenAllowedOrigins", "https://app.example,https://other.example"),
    ];
    for parameters in [&parameters[..], &[]] {
        let rendering = Template::main().rendered(parameters);
        for (id, function) in rendering.of_type("AWS::Lambda::Function") {
            let variables = object(&function["Properties"]["Environment"]["Variables"]);
            let read = Config::from_variables(|name| variables.get(name)?.as_str().map(str::to_owned));
            let config = read.unwrap_or_else(|error| panic!("{id}: {error}"));
            assert_eq!(config.store, StoreConfig::Ssm { root: DEFAULT_PROFILE_ROOT.to_owned() }, "{id}");
            if !parameters.is_empty() {
                assert_eq!(config.profile_ttl.as_secs(), 86_400, "{id}");
                assert!(config.okta_proxy.is_some(), "{id}");
                assert_eq!(config.response == AuthorizerResponse::Simple, id == "AuthorizerFunction");
                assert_eq!(config.token_allowed_origins.len() == 2, id == "TokenFunction");
            }
        }
    }
}

#[test]
fn the_bounds_and_defaults_of_the_parameters_are_those_of_the_code() {
    let parameters = &Template::main().source["Parameters"];
    assert_eq!(parameters["ProfileRoot"]["Default"], DEFAULT_PROFILE_ROOT);
    let ttl = |seconds: u64| {
        let value = |name: &str| (name == "PROFILE_TTL_SECONDS").then(|| seconds.to_string());
        Config::from_variables(value).map(|config| config.profile_ttl.as_secs())
    };
    let bound = |name: &str| parameters["ProfileTtlSeconds"][name].as_u64().expect("a number");
    assert!(ttl(bound("MinValue")).is_ok() && ttl(bound("MinValue") - 1).is_err());
    assert!(ttl(bound("MaxValue")).is_ok() && ttl(bound("MaxValue") + 1).is_err());
    let default = Config::from_variables(|_| None).expect("the defaults").profile_ttl.as_secs();
    assert_eq!(default, bound("Default"));
    for word in parameters["AuthorizerResponse"]["AllowedValues"].as_array().expect("a list") {
        let value = |name: &str| (name == "AUTHORIZER_RESPONSE").then(|| word.as_str().unwrap_or_default().to_owned());
        assert!(Config::from_variables(value).is_ok(), "{word}");
    }
}

/// The operations of the store that the functions use; `profile_repository.rs` is the operator's, who has rights of its own.
fn operations_in_the_code() -> BTreeSet<String> {
    let folder = std::fs::read_dir(root().join("src/adapters/ssm")).expect("the adapter");
    let mut found = BTreeSet::new();
    for path in folder.map(|entry| entry.expect("an entry").path()) {
        if path.file_name().is_some_and(|name| name == "profile_repository.rs") {
            continue;
        }
        let code = std::fs::read_to_string(path).expect("a text");
        for (method, action) in [
            (".get_parameters_by_path()", "ssm:GetParametersByPath"),
            (".get_parameters()", "ssm:GetParameters"),
            (".get_parameter()", "ssm:GetParameter"),
            (".get_parameter_history()", "ssm:GetParameterHistory"),
            (".describe_parameters()", "ssm:DescribeParameters"),
            (".put_parameter()", "ssm:PutParameter"),
            (".delete_parameter()", "ssm:DeleteParameter"),
            (".delete_parameters()", "ssm:DeleteParameters"),
        ] {
            if code.contains(method) {
                found.insert(action.to_owned());
            }
        }
    }
    found
}

#[test]
fn every_permission_has_a_call_in_the_code_and_every_call_a_permission() {
    let rendering = Template::main().rendered(&[("AuthorizerReadsClients", "true")]);
    let roles = ["AuthorizerRole", "TokenRole", "KeysRole"].map(|name| Role::of(&rendering, name).actions("Allow"));
    let granted = roles.into_iter().flatten().filter(|action| action.starts_with("ssm:")).collect::<BTreeSet<_>>();
    assert_eq!(granted, operations_in_the_code());
}

#[test]
fn every_parameter_path_of_the_code_stands_at_the_head_of_the_template_and_the_other_way_round() {
    let code = text("src/adapters/ssm/profile_store.rs");
    let named = |path: &str| path.replace("{DENY_LIST}", "deny");
    let in_code: BTreeSet<String> =
        quoted_after(&code, "format!(\"{}/").iter().map(|path| named(path)).filter(|path| !path.is_empty()).collect();
    let template = text("template.yaml");
    let head = template.lines().filter_map(|line| line.strip_prefix("#   {ProfileRoot}/"));
    let in_template: BTreeSet<String> = head.filter_map(|line| line.split(' ').next()).map(str::to_owned).collect();
    assert_eq!(in_code, in_template);
    assert_eq!(in_code.len(), 4, "{in_code:?}");
}

#[test]
fn every_parameter_is_grouped_labelled_described_and_constrained() {
    let template = Template::main();
    let interface = &template.source["Metadata"]["AWS::CloudFormation::Interface"];
    let groups = interface["ParameterGroups"].as_array().expect("groups");
    let grouped: Vec<&Value> =
        groups.iter().flat_map(|group| group["Parameters"].as_array().into_iter().flatten()).collect();
    let parameters = object(&template.source["Parameters"]);
    assert_eq!(grouped.len(), parameters.len(), "each parameter is in one group");
    for (name, parameter) in &parameters {
        assert!(grouped.iter().any(|known| *known == name), "{name} is in no group");
        assert!(interface["ParameterLabels"][name]["default"].is_string(), "{name} has no label");
        for member in ["Description", "Default"] {
            assert!(!parameter[member].is_null(), "{name} has no {member}");
        }
        let constraints = ["AllowedPattern", "AllowedValues", "MinValue"];
        assert!(constraints.iter().any(|constraint| !parameter[*constraint].is_null()), "{name} has no constraint");
    }
}

#[test]
fn every_output_that_a_readme_names_is_one_and_the_metadata_tells_the_package_version() {
    let template = Template::main();
    let outputs = object(&template.source["Outputs"]);
    let mut pages = vec!["README.md".to_owned()];
    pages.extend(Template::examples().iter().map(|path| path.replace("template.yaml", "README.md")));
    let mut named = 0;
    for page in pages {
        for rest in text(&page).split("OutputKey=='").skip(1) {
            named += 1;
            let name = rest.split('\'').next().expect("a name");
            assert!(outputs.contains_key(name), "{page} names the output {name}");
        }
    }
    assert!(named >= 8, "{named}");
    let application = &template.source["Metadata"]["AWS::ServerlessRepo::Application"];
    assert_eq!(application["SemanticVersion"], env!("CARGO_PKG_VERSION"));
    for member in ["LicenseUrl", "ReadmeUrl"] {
        assert!(root().join(application[member].as_str().expect("a path")).is_file(), "{member}");
    }
}
