//! What CloudFormation makes of a template and its parameters: conditions and intrinsic functions resolved.
//!
//! A resource that does not exist yet is known by a made-up name or ARN with its logical id in it.

use std::collections::BTreeMap;

use serde_json::{Map, Value, json};

/// The account of a rendering.
pub(crate) const ACCOUNT: &str = "123456789012";
/// The region of a rendering.
pub(crate) const REGION: &str = "eu-west-1";
/// The name of a rendering's stack.
pub(crate) const STACK: &str = "security";

/// The resources and outputs of a deployment.
pub(crate) struct Rendering {
    template: Value,
    parameters: BTreeMap<String, String>,
    conditions: BTreeMap<String, bool>,
}

impl Rendering {
    /// # Panics
    /// Where a parameter is not declared, or has neither a value nor a default.
    pub(crate) fn of(template: &Value, given: &[(&str, &str)]) -> Self {
        let declared = object(&template["Parameters"]);
        for (name, _) in given {
            assert!(declared.contains_key(*name), "there is no parameter {name}");
        }
        let value = |name: &String, declaration: &Value| {
            let given = given.iter().find(|(known, _)| known == name).map(|(_, value)| (*value).to_owned());
            given.or_else(|| text_of(&declaration["Default"])).unwrap_or_else(|| panic!("{name} needs a value"))
        };
        let parameters = declared.iter().map(|(name, declaration)| (name.clone(), value(name, declaration))).collect();
        let mut rendering = Self { template: template.clone(), parameters, conditions: BTreeMap::new() };
        for (name, condition) in object(&template["Conditions"]) {
            let holds = rendering.holds(&condition);
            rendering.conditions.insert(name, holds);
        }
        rendering
    }

    /// A resource that is made, with everything resolved.
    ///
    /// # Panics
    /// Where there is none of that logical id.
    pub(crate) fn resource(&self, logical_id: &str) -> Value {
        self.find(logical_id).unwrap_or_else(|| panic!("there is no resource {logical_id}"))
    }

    /// The same, or nothing.
    pub(crate) fn find(&self, logical_id: &str) -> Option<Value> {
        let resource = &self.template["Resources"][logical_id];
        (resource.is_object() && self.is_made(resource)).then(|| self.resolve(resource).expect("a resource"))
    }

    /// All resources of a type, by logical id.
    pub(crate) fn of_type(&self, kind: &str) -> Vec<(String, Value)> {
        let all = object(&self.template["Resources"]);
        let made = all.into_iter().filter(|(_, resource)| resource["Type"] == kind && self.is_made(resource));
        made.map(|(id, resource)| (id, self.resolve(&resource).expect("a resource"))).collect()
    }

    /// An output.
    pub(crate) fn output(&self, name: &str) -> String {
        let output = &self.template["Outputs"][name];
        assert!(output.is_object() && self.is_made(output), "there is no output {name}");
        text_of(&self.resolve(&output["Value"]).expect("a value")).expect("a text")
    }

    /// The template with its conditions resolved and nothing else, for what cannot leave out an item of a list itself.
    pub(crate) fn without_conditions(&self) -> Value {
        let mut template = self.template.clone();
        for section in ["Resources", "Outputs"] {
            let kept = object(&self.template[section]).into_iter().filter(|(_, item)| self.is_made(item));
            let kept = kept.map(|(name, item)| (name, self.choose(&item).expect("an item")));
            template[section] = Value::Object(kept.collect());
        }
        template
    }

    fn is_made(&self, item: &Value) -> bool {
        item["Condition"].as_str().is_none_or(|condition| self.conditions[condition])
    }

    fn choose(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => match single(members) {
                Some(("Fn::If", branches)) => self.choose(self.branch(branches)),
                Some(("Ref", name)) if name == "AWS::NoValue" => None,
                _ => {
                    let kept = members.iter().filter_map(|(name, item)| Some((name.clone(), self.choose(item)?)));
                    Some(Value::Object(kept.collect()))
                }
            },
            Value::Array(items) => Some(items.iter().filter_map(|item| self.choose(item)).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
        }
    }

    fn branch<'v>(&self, branches: &'v Value) -> &'v Value {
        let condition = branches[0].as_str().expect("a condition's name");
        &branches[if self.conditions[condition] { 1 } else { 2 }]
    }

    fn holds(&self, condition: &Value) -> bool {
        let members = condition.as_object().expect("a condition");
        let (function, operand) = single(members).unwrap_or_else(|| panic!("{condition}"));
        let operands = || operand.as_array().into_iter().flatten();
        match function {
            "Fn::Equals" => self.text(&operand[0]) == self.text(&operand[1]),
            "Fn::Not" => !self.holds(&operand[0]),
            "Fn::And" => operands().all(|operand| self.holds(operand)),
            "Fn::Or" => operands().any(|operand| self.holds(operand)),
            "Condition" => self.holds(&self.template["Conditions"][operand.as_str().expect("a name")]),
            other => panic!("a condition with {other}"),
        }
    }

    /// `None` for `AWS::NoValue`.
    fn resolve(&self, value: &Value) -> Option<Value> {
        match value {
            Value::Object(members) => match single(members).filter(|(name, _)| *name == "Ref" || name.contains("::")) {
                Some((function, operand)) if function == "Ref" || function.starts_with("Fn::") => {
                    self.call(function, operand)
                }
                _ => {
                    let kept = members.iter().filter_map(|(name, item)| Some((name.clone(), self.resolve(item)?)));
                    Some(Value::Object(kept.collect()))
                }
            },
            Value::Array(items) => Some(items.iter().filter_map(|item| self.resolve(item)).collect()),
            Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => Some(value.clone()),
        }
    }

    fn call(&self, function: &str, operand: &Value) -> Option<Value> {
        match function {
            "Ref" => self.reference(operand.as_str().expect("a name")).map(Value::String),
            "Fn::If" => self.resolve(self.branch(operand)),
            "Fn::GetAtt" => {
                let parts: Vec<&str> = match operand.as_str() {
                    Some(path) => path.split('.').collect(),
                    None => operand.as_array().into_iter().flatten().filter_map(Value::as_str).collect(),
                };
                Some(self.attribute(parts[0], parts[1]).into())
            }
            "Fn::Sub" => Some(self.substitute(operand).into()),
            "Fn::Join" => {
                let items = self.resolve(&operand[1]).expect("a list");
                let items: Vec<String> = items.as_array().expect("a list").iter().filter_map(text_of).collect();
                Some(items.join(operand[0].as_str().expect("a delimiter")).into())
            }
            "Fn::Split" => {
                let (delimiter, text) = (operand[0].as_str().expect("a delimiter"), self.text(&operand[1]));
                Some(text.split(delimiter).collect())
            }
            "Fn::Select" => {
                let (at, items) = (self.text(&operand[0]), self.resolve(&operand[1]).expect("a list"));
                Some(items[at.parse::<usize>().expect("an index")].clone())
            }
            other => panic!("the intrinsic function {other}"),
        }
    }

    fn text(&self, value: &Value) -> String {
        let resolved = self.resolve(value).unwrap_or_else(|| panic!("no value: {value}"));
        text_of(&resolved).unwrap_or_else(|| panic!("not a text: {value}"))
    }

    fn substitute(&self, operand: &Value) -> String {
        let (text, own) = match operand.as_array() {
            Some(both) => (both[0].as_str(), object(&both[1])),
            None => (operand.as_str(), Map::new()),
        };
        let mut rest = text.expect("a text");
        let mut whole = String::new();
        while let Some((before, after)) = rest.split_once("${") {
            let (name, after) = after.split_once('}').expect("a closing brace");
            whole.push_str(before);
            whole.push_str(&match (own.get(name), name.split_once('.'), name.strip_prefix('!')) {
                (Some(value), ..) => self.text(value),
                (None, _, Some(literal)) => format!("${{{literal}}}"),
                (None, Some((resource, attribute)), None) => self.attribute(resource, attribute),
                (None, None, None) => self.reference(name).expect("a value"),
            });
            rest = after;
        }
        whole + rest
    }

    fn reference(&self, name: &str) -> Option<String> {
        let value = match name {
            "AWS::NoValue" => return None,
            "AWS::Region" => REGION.to_owned(),
            "AWS::AccountId" => ACCOUNT.to_owned(),
            "AWS::Partition" => "aws".to_owned(),
            "AWS::URLSuffix" => "amazonaws.com".to_owned(),
            "AWS::StackName" => STACK.to_owned(),
            _ => match self.parameters.get(name) {
                Some(value) => value.clone(),
                None => self.physical_id(name),
            },
        };
        Some(value)
    }

    fn physical_id(&self, logical_id: &str) -> String {
        let resource = &self.template["Resources"][logical_id];
        match resource["Type"].as_str().unwrap_or_else(|| panic!("there is nothing called {logical_id}")) {
            "AWS::IAM::ManagedPolicy" => format!("arn:aws:iam::{ACCOUNT}:policy/{STACK}-{logical_id}"),
            "AWS::Lambda::Alias" => {
                let function = self.text(&resource["Properties"]["FunctionName"]);
                format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{function}:live")
            }
            "AWS::Logs::LogGroup" => self.text(&resource["Properties"]["LogGroupName"]),
            _ => format!("{STACK}-{logical_id}"),
        }
    }

    fn attribute(&self, logical_id: &str, attribute: &str) -> String {
        let resource = &self.template["Resources"][logical_id];
        let name = self.physical_id(logical_id);
        match (resource["Type"].as_str().expect("a type"), attribute) {
            ("AWS::Lambda::Function", "Arn") => format!("arn:aws:lambda:{REGION}:{ACCOUNT}:function:{name}"),
            ("AWS::IAM::Role", "Arn") => format!("arn:aws:iam::{ACCOUNT}:role/{name}"),
            ("AWS::Logs::LogGroup", "Arn") => format!("arn:aws:logs:{REGION}:{ACCOUNT}:log-group:{name}:*"),
            (_, attribute) => format!("{name}.{attribute}"),
        }
    }
}

/// The members of an object, or none.
pub(crate) fn object(value: &Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap_or_default()
}

fn single(members: &Map<String, Value>) -> Option<(&str, &Value)> {
    (members.len() == 1).then(|| members.iter().next().map(|(name, value)| (name.as_str(), value)))?
}

/// A scalar as a text, which every parameter is to CloudFormation.
fn text_of(value: &Value) -> Option<String> {
    match value {
        Value::String(text) => Some(text.clone()),
        Value::Number(_) | Value::Bool(_) => Some(value.to_string()),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
    }
}

#[test]
fn conditions_lists_and_substitutions_are_resolved_as_cloudformation_does() {
    let template = json!({
        "Parameters": {"Names": {"Default": "a,b"}, "On": {"Default": "true"}},
        "Conditions": {"IsOn": {"Fn::Equals": [{"Ref": "On"}, "true"]}, "IsOff": {"Fn::Not": [{"Condition": "IsOn"}]}},
        "Resources": {
            "Topic": {"Type": "AWS::SNS::Topic", "Properties": {
                "Second": {"Fn::Select": ["1", {"Fn::Split": [",", {"Fn::Sub": "${Names},,"}]}]},
                "Sub": {"Fn::Sub": ["${Own}-${AWS::Region}-${Topic.Arn}-${!Kept}", {"Own": {"Ref": "Names"}}]},
                "List": ["x", {"Fn::If": ["IsOff", "y", {"Ref": "AWS::NoValue"}]}],
                "Joined": {"Fn::Join": ["-", ["p", {"Ref": "On"}]]},
            }},
            "Gone": {"Type": "AWS::SNS::Topic", "Condition": "IsOff"},
        },
    });
    let rendering = Rendering::of(&template, &[]);
    let topic = rendering.resource("Topic")["Properties"].clone();
    assert_eq!(topic["Second"], "b");
    assert_eq!(topic["Sub"], "a,b-eu-west-1-security-Topic.Arn-${Kept}");
    assert_eq!((&topic["List"], &topic["Joined"]), (&json!(["x"]), &json!("p-true")));
    assert!(rendering.find("Gone").is_none() && rendering.of_type("AWS::SNS::Topic").len() == 1);
    assert!(Rendering::of(&template, &[("On", "false")]).find("Gone").is_some());
    assert_eq!(rendering.without_conditions()["Resources"]["Topic"]["Properties"]["List"], json!(["x"]));
}
