//! `profiles schema`: the JSON Schema says what the profile document is, neither less nor more.

use std::collections::BTreeSet;

use boon::{Compiler, Draft, SchemaIndex, Schemas};
use okta_security_profiles::domain::profile::{ProfileName, SecurityProfile, Transport};
use serde_json::{Value, json};

use crate::world::{World, document};

struct Validator {
    schemas: Schemas,
    index: SchemaIndex,
}

impl Validator {
    async fn new() -> Self {
        let schema = schema().await;
        let (mut schemas, mut compiler) = (Schemas::new(), Compiler::new());
        compiler.set_default_draft(Draft::V2020_12);
        compiler.add_resource("schema.json", schema).expect("a resource");
        let index = compiler.compile("schema.json", &mut schemas).expect("a schema that is one");
        Self { schemas, index }
    }

    fn accepts(&self, document: &Value) -> bool {
        self.schemas.validate(document, self.index).is_ok()
    }
}

async fn schema() -> Value {
    serde_json::from_str(&World::folder().run(&["schema"]).await.fine()).expect("JSON")
}

fn is_profile(document: &Value) -> bool {
    let name = ProfileName::new("orders").expect("a name");
    SecurityProfile::from_json(&name, &document.to_string(), Transport::Https).is_ok()
}

fn members(value: &Value) -> BTreeSet<String> {
    value.as_object().expect("an object").keys().cloned().collect()
}

/// What the program itself says that it knows: `unknown field `x`, expected one of `a`, `b``.
fn known_fields(pointer: &str, mut document: Value) -> BTreeSet<String> {
    let object = document.pointer_mut(pointer).expect("a place").as_object_mut().expect("an object");
    object.insert("zz".to_owned(), Value::Null);
    let name = ProfileName::new("orders").expect("a name");
    let error = SecurityProfile::from_json(&name, &document.to_string(), Transport::Https).expect_err("refused");
    let line = error.to_string();
    let known = line.split("unknown field `zz`, expected ").nth(1).unwrap_or_else(|| panic!("{pointer}: {line}"));
    known.split('`').skip(1).step_by(2).map(str::to_owned).collect()
}

#[tokio::test]
async fn the_schema_has_exactly_the_programs_fields_at_every_level() {
    let schema = schema().await;
    let mut whole = document();
    whole["clients"] = json!({});
    whole["claims"] = json!([{"claim": "a", "equals": 1}]);
    whole["routes"] = json!([{"route": "GET /", "scopes": {"any": ["a"]}}]);
    whole["automatic"] = json!({"basic": true});
    for (in_document, in_schema) in [
        ("", "/properties"),
        ("/clients", "/properties/clients/properties"),
        ("/claims/0", "/properties/claims/items/properties"),
        ("/routes/0", "/properties/routes/items/properties"),
        ("/routes/0/scopes", "/properties/routes/items/properties/scopes/properties"),
        ("/automatic", "/properties/automatic/properties"),
    ] {
        let in_schema = members(schema.pointer(in_schema).expect("a place in the schema"));
        assert_eq!(in_schema, known_fields(in_document, whole.clone()), "{in_document}");
    }
}

#[tokio::test]
async fn every_field_of_the_documentation_is_in_the_schema() {
    let text = std::fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/docs/profile.md")).expect("a file");
    let rows = text.lines().filter(|line| line.starts_with("| `"));
    let cells = rows.filter_map(|row| row.split('|').nth(1));
    let fields: BTreeSet<String> = cells
        .flat_map(|cell| cell.split('`').skip(1).step_by(2))
        .map(|field| field.split('.').next().unwrap_or_default().to_owned())
        .collect();
    assert_eq!(fields, members(&schema().await["properties"]));
}

/// What a schema can say, it says as the program does.
#[tokio::test]
async fn the_schema_and_the_program_agree_about_documents() {
    let validator = Validator::new().await;
    let good = document();
    assert!(validator.accepts(&good) && is_profile(&good));
    let changes = [
        ("version", vec![json!(1)], vec![json!(2), json!("1"), Value::Null]),
        ("description", vec![json!("a"), Value::Null], vec![json!(1)]),
        ("type", vec![json!("oauth2")], vec![json!("oidc")]),
        ("provider", vec![json!("okta")], vec![json!("auth0")]),
        (
            "issuer",
            vec![json!("https://acme.okta.com/oauth2/aus1")],
            vec![
                json!("https://acme.okta.com"),
                json!("https://a.b/c/"),
                json!("https://a.b/c?d"),
                json!("a"),
                Value::Null,
            ],
        ),
        ("tokenUrl", vec![json!("https://acme.okta.com/t"), Value::Null], vec![json!("https://{a}/t"), json!(1)]),
        ("audiences", vec![json!(["a", "b"])], vec![json!([]), json!("a"), json!([""]), json!([" a"])]),
        ("scopes", vec![json!(["a", "b:c/d"])], vec![json!([]), json!(["a b"]), json!(["\""]), json!(["é"])]),
        ("grantableScopes", vec![json!(["CustomScope", "b"]), Value::Null], vec![json!([])]),
        ("authorizedDomains", vec![json!([])], vec![json!(["a"])]),
        (
            "apis",
            vec![json!(["*"]), json!(["a1/*", "a1/$default"])],
            vec![json!([]), json!(["a1"]), json!(["*/prod"]), json!(["a1/p/q"])],
        ),
        (
            "clients",
            vec![json!({"allow": ["0oa1"], "usagePlanKeys": {"0oa1": "k"}})],
            vec![json!({"allow": [""]}), json!({"deny": []}), json!({"usagePlanKeys": {"0oa1": ""}})],
        ),
        (
            "claims",
            vec![json!([{"claim": "a", "oneOf": ["b", 1, true]}, {"claim": "a", "contains": "b"}])],
            vec![
                json!([{"claim": "a"}]),
                json!([{"claim": "", "equals": 1}]),
                json!([{"claim": "a", "equals": {}}]),
                json!([{"claim": "a", "equals": 1, "contains": 1}]),
                json!([{"claim": "a", "oneOf": []}]),
            ],
        ),
        ("context", vec![json!(["tenant"])], vec![json!(["sub"]), json!([""])]),
        (
            "algorithms",
            vec![json!(["ES256", "EdDSA"]), Value::Null],
            vec![json!([]), json!(["HS256"]), json!(["none"])],
        ),
        ("tokenType", vec![json!("at+jwt"), json!(["none", "application/at+jwt"])], vec![json!("x"), json!([])]),
        ("leewaySeconds", vec![json!(0), json!(60)], vec![json!(61), json!(-1), json!(1.5)]),
        ("maxTokenLifetimeSeconds", vec![json!(1), json!(86_400)], vec![json!(0), json!(86_401)]),
        ("allowedIps", vec![json!(["203.0.113.0/24", "2001:db8::/32", "10.0.0.1"])], vec![json!(["everywhere"])]),
        (
            "routes",
            vec![json!([{"route": "GET /a/{b}", "scopes": {"any": ["c"]}}, {"route": "$default"}])],
            vec![
                json!([{"route": "/a"}]),
                json!([{}]),
                json!([{"route": "GET /", "scopes": {}}]),
                json!([{"route": "GET /", "scopes": {"any": ["a"], "all": ["b"]}}]),
            ],
        ),
        ("expiryCondition", vec![json!(true)], vec![json!("yes")]),
        ("automatic", vec![json!({"basic": true}), Value::Null], vec![json!({"basics": true})]),
        (
            "binding",
            vec![json!("none"), json!("dpop"), json!("mtls"), json!("any-bound"), Value::Null],
            vec![json!("tls"), json!(1)],
        ),
        (
            "dpop",
            vec![Value::Null, json!({}), json!({"urls": []})],
            vec![json!("x"), json!({"url": []}), json!({"urls": "x"})],
        ),
        (
            "introspection",
            vec![Value::Null, json!({}), json!({"cacheSeconds": 300, "opaque": true})],
            vec![json!(true), json!({"cacheSeconds": 301}), json!({"cache": 1})],
        ),
        ("unknown", vec![], vec![json!(1), Value::Null]),
    ];
    for (field, accepted, refused) in changes {
        for (values, expected) in [(accepted, true), (refused, false)] {
            for value in values {
                let mut changed = good.clone();
                changed[field] = value.clone();
                assert_eq!(validator.accepts(&changed), expected, "the schema: `{field}`: {value}");
                assert_eq!(is_profile(&changed), expected, "the program: `{field}`: {value}");
            }
        }
    }
}

#[tokio::test]
async fn the_events_profiles_validate_and_a_document_without_an_issuer_does_not() {
    let validator = Validator::new().await;
    for file in ["orders", "sockets"] {
        let path = format!("{}/events/profiles/{file}.json", env!("CARGO_MANIFEST_DIR"));
        let text = std::fs::read_to_string(path).expect("a profile");
        let text = text.replace("{{issuer}}", "https://acme.okta.com/oauth2/default");
        assert!(validator.accepts(&serde_json::from_str(&text).expect("JSON")), "{file}: {text}");
    }
    let mut without = document();
    without.as_object_mut().expect("an object").remove("issuer");
    assert!(!validator.accepts(&without) && !is_profile(&without));
    without["discoveryUrl"] = json!("https://acme.okta.com/oauth2/default/.well-known/openid-configuration");
    assert!(validator.accepts(&without) && is_profile(&without));
}
