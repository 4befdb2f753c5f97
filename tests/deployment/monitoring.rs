//! Alarms and dashboard ask for metrics that the code writes, and each alarm is explained to whom it wakes.

use okta_security_profiles::domain::gateway::request::EventForm;
use serde_json::Value;

use crate::template::{Template, text};

/// The namespace of our own metrics: the stack's.
const OWN: &str = "OktaSecurityProfiles/security";
/// A topic.
const TOPIC: &str = "arn:aws:sns:eu-west-1:123456789012:alarms";

fn alarms(parameters: &[(&str, &str)]) -> Vec<(String, Value)> {
    let alarms = Template::main().rendered(parameters).of_type("AWS::CloudWatch::Alarm");
    assert!(alarms.len() >= 9, "{}", alarms.len());
    alarms.into_iter().map(|(id, alarm)| (id, alarm["Properties"].clone())).collect()
}

/// A metric that an alarm asks for.
struct Metric {
    namespace: String,
    name: String,
    /// Name and value.
    dimensions: Vec<(String, String)>,
}

fn metrics(alarm: &Value) -> Vec<Metric> {
    let text = |value: &Value| value.as_str().expect("a text").to_owned();
    let one = |metric: &Value| {
        let dimensions = metric["Dimensions"].as_array().into_iter().flatten();
        let dimensions = dimensions.map(|dimension| (text(&dimension["Name"]), text(&dimension["Value"])));
        Metric {
            namespace: text(&metric["Namespace"]),
            name: text(&metric["MetricName"]),
            dimensions: dimensions.collect(),
        }
    };
    match alarm["Metrics"].as_array() {
        Some(queries) => {
            queries.iter().map(|query| &query["MetricStat"]["Metric"]).filter(|m| m.is_object()).map(one).collect()
        }
        None => vec![one(alarm)],
    }
}

/// Every name of a form.
fn forms() -> Vec<&'static str> {
    use EventForm::{HttpApiV1, HttpApiV2, RestRequest, RestToken, WebSocket};
    [RestToken, RestRequest, HttpApiV1, HttpApiV2, WebSocket].map(EventForm::name).to_vec()
}

#[test]
fn alarms_ask_for_metrics_and_dimensions_that_the_code_writes() {
    let telemetry = text("src/telemetry.rs");
    for (id, function) in Template::main().rendered(&[]).of_type("AWS::Lambda::Function") {
        assert_eq!(function["Properties"]["Environment"]["Variables"]["METRICS_NAMESPACE"], OWN, "{id}");
    }
    let outcomes = ["allow", "deny", "unauthorized", "error", "unchanged", "renewed", "changed", "failed"];
    let code = text("src/adapters/api_gateway/handler.rs") + &text("src/adapters/keys_handler.rs");
    let mut own = 0;
    for (id, alarm) in alarms(&[]) {
        for Metric { name, dimensions, .. } in metrics(&alarm).into_iter().filter(|metric| metric.namespace == OWN) {
            own += 1;
            assert!(telemetry.contains(&format!("(\"{name}\", ")), "{id}: no metric {name}");
            let names: Vec<String> = dimensions.iter().map(|(name, _)| format!("\"{name}\"")).collect();
            assert!(telemetry.contains(&format!("&[{}]", names.join(", "))), "{id}: no dimensions {names:?}");
            for (dimension, value) in &dimensions {
                match &**dimension {
                    "form" => assert!(forms().contains(&&**value), "{id}: no form {value}"),
                    "outcome" => {
                        assert!(
                            outcomes.contains(&&**value) && code.contains(&format!("\"{value}\"")),
                            "{id}: {value}"
                        );
                    }
                    other => panic!("{id}: the dimension {other}"),
                }
            }
        }
    }
    assert!(own >= 25, "{own} metrics of our own");
}

#[test]
fn every_form_is_among_the_metrics_of_an_alarm_about_decisions() {
    for id in ["AuthorizerErrorsAlarm", "AuthorizerCrashesAlarm", "SlowDecisionsAlarm", "KeyAgeAlarm"] {
        let all = alarms(&[]);
        let (_, alarm) = all.iter().find(|(known, _)| known == id).expect("an alarm");
        let named: Vec<String> = metrics(alarm)
            .into_iter()
            .flat_map(|metric| metric.dimensions)
            .filter(|(name, _)| name == "form")
            .map(|(_, value)| value)
            .collect();
        for form in forms() {
            assert!(named.iter().any(|known| known == form), "{id} leaves out {form}");
        }
    }
}

#[test]
fn an_expression_names_each_of_its_metrics_and_an_alarm_has_at_most_ten() {
    for (id, alarm) in alarms(&[]) {
        let Some(queries) = alarm["Metrics"].as_array() else { continue };
        let (expressions, stats): (Vec<&Value>, Vec<&Value>) =
            queries.iter().partition(|query| query["Expression"].is_string());
        assert!(stats.len() <= 10, "{id} has {} metrics", stats.len());
        let returned = queries.iter().filter(|query| query["ReturnData"] == true).count();
        assert_eq!(returned, 1, "{id}");
        let all: String = expressions.iter().filter_map(|query| query["Expression"].as_str()).collect();
        let words: Vec<&str> = all.split(|c: char| !c.is_alphanumeric()).collect();
        for query in queries.iter().filter(|query| query["ReturnData"] == false) {
            let name = query["Id"].as_str().expect("an id");
            assert!(words.contains(&name), "{id}: nothing uses {name}");
        }
    }
}

#[test]
fn every_alarm_goes_to_the_topic_where_there_is_one_and_is_explained() {
    let page = text("docs/deployment.md");
    for (id, alarm) in alarms(&[("AlarmTopicArn", TOPIC)]) {
        for member in ["AlarmActions", "OKActions"] {
            assert_eq!(alarm[member], serde_json::json!([TOPIC]), "{id}");
        }
        assert!(page.contains(&format!("`{id}`")), "docs/deployment.md does not explain {id}");
    }
    for (id, alarm) in alarms(&[]) {
        assert!(alarm.get("AlarmActions").is_none(), "{id}");
    }
}

#[test]
fn the_dashboard_is_json_and_searches_for_metrics_and_dimensions_that_the_code_writes() {
    let rendering = Template::main().rendered(&[]);
    let body = rendering.resource("OperationDashboard")["Properties"]["DashboardBody"].clone();
    let body: Value = serde_json::from_str(body.as_str().expect("a text")).expect("JSON");
    let telemetry = text("src/telemetry.rs");
    let mut searches = 0;
    for widget in body["widgets"].as_array().expect("widgets") {
        assert_eq!(widget["properties"]["region"], "eu-west-1");
        for metric in widget["properties"]["metrics"].as_array().expect("metrics") {
            let Some(search) = metric[0]["expression"].as_str() else { continue };
            searches += 1;
            let schema = search.split(['{', '}']).nth(1).expect("a schema");
            let dimensions = schema.strip_prefix(&format!("\"{OWN}\",")).expect("our namespace");
            let dimensions = dimensions.split(',').map(|name| format!("\"{name}\"")).collect::<Vec<_>>().join(", ");
            assert!(telemetry.contains(&format!("&[{dimensions}]")), "{search}");
            let name = search.split("MetricName=\"").nth(1).and_then(|rest| rest.split('"').next()).expect("a name");
            assert!(telemetry.contains(&format!("(\"{name}\", ")), "{search}");
        }
    }
    assert!(searches >= 6, "{searches}");
    assert!(Template::main().rendered(&[("Dashboard", "false")]).find("OperationDashboard").is_none());
}
