//! A small evaluator of identity policies (IAM user guide, "Policy evaluation logic"): an explicit Deny, else an Allow, else
//! nothing. It knows the operators that the templates use, and panics at any other.

use serde_json::{Value, json};

use crate::rendering::Rendering;

/// What a role may do.
pub(crate) struct Role {
    statements: Vec<Value>,
}

/// One request to AWS.
#[derive(Clone, Copy)]
pub(crate) struct Request<'r> {
    /// Such as `ssm:GetParameters`.
    pub(crate) action: &'r str,
    /// The ARN.
    pub(crate) resource: &'r str,
    /// The keys of the request's context.
    pub(crate) context: &'r [(&'r str, &'r str)],
}

/// The outcome.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Effect {
    /// Granted, and not refused.
    Allow,
    /// Nobody grants it. What the resource's own policy grants would be possible.
    Nothing,
    /// Refused, whoever grants it.
    Deny,
}

impl Role {
    /// The role of this logical id, with its own policies and the managed ones of its stack.
    pub(crate) fn of(rendering: &Rendering, logical_id: &str) -> Self {
        let role = rendering.resource(logical_id);
        let mut documents: Vec<Value> =
            list(&role["Properties"]["Policies"]).iter().map(|policy| policy["PolicyDocument"].clone()).collect();
        let managed = rendering.of_type("AWS::IAM::ManagedPolicy");
        for arn in list(&role["Properties"]["ManagedPolicyArns"]) {
            let name = arn.as_str().expect("an ARN").rsplit('-').next().expect("a logical id");
            let (_, policy) = managed.iter().find(|(id, _)| id == name).unwrap_or_else(|| panic!("{arn} is not ours"));
            documents.push(policy["Properties"]["PolicyDocument"].clone());
        }
        let statements = documents.iter().flat_map(|document| list(&document["Statement"]).to_vec()).collect();
        Self { statements }
    }

    /// Evaluates one request.
    pub(crate) fn effect(&self, request: Request<'_>) -> Effect {
        let applying = self.statements.iter().filter(|statement| applies(statement, request));
        let effects: Vec<&str> = applying.map(|statement| statement["Effect"].as_str().expect("an effect")).collect();
        match (effects.contains(&"Deny"), effects.contains(&"Allow")) {
            (true, _) => Effect::Deny,
            (false, true) => Effect::Allow,
            (false, false) => Effect::Nothing,
        }
    }

    /// The actions of all statements with this effect, sorted.
    pub(crate) fn actions(&self, effect: &str) -> Vec<String> {
        let statements = self.statements.iter().filter(|statement| statement["Effect"] == effect);
        let actions = statements.flat_map(|statement| list(&statement["Action"]));
        let mut actions: Vec<String> = actions.map(|action| action.as_str().expect("an action").to_owned()).collect();
        actions.sort();
        actions.dedup();
        actions
    }

    /// The statements that grant.
    pub(crate) fn grants(&self) -> impl Iterator<Item = &Value> {
        self.statements.iter().filter(|statement| statement["Effect"] == "Allow")
    }
}

fn applies(statement: &Value, request: Request<'_>) -> bool {
    for name in statement.as_object().expect("a statement").keys() {
        assert!(["Sid", "Effect", "Action", "Resource", "Condition"].contains(&&**name), "an element {name}");
    }
    let lower = request.action.to_ascii_lowercase();
    // The names of actions know no case, those of resources do.
    list(&statement["Action"]).iter().any(|action| matches(&text(action).to_ascii_lowercase(), &lower))
        && list(&statement["Resource"]).iter().any(|resource| matches(text(resource), request.resource))
        && statement["Condition"].as_object().into_iter().flatten().all(|(operator, keys)| {
            keys.as_object().expect("keys").iter().all(|(key, wanted)| holds(operator, key, wanted, request))
        })
}

/// A key that the request does not have satisfies neither operator.
fn holds(operator: &str, key: &str, wanted: &Value, request: Request<'_>) -> bool {
    let found = request.context.iter().find(|(known, _)| known.eq_ignore_ascii_case(key)).map(|(_, value)| *value);
    found.is_some_and(|found| {
        list(wanted).iter().any(|wanted| match operator {
            "StringEquals" => text(wanted) == found,
            "StringLike" => matches(text(wanted), found),
            other => panic!("the operator {other}"),
        })
    })
}

/// `*` is any number of characters, slashes included, and `?` one.
fn matches(pattern: &str, text: &str) -> bool {
    match (pattern.chars().next(), text.chars().next()) {
        (None, None) => true,
        (Some('*'), _) => {
            let rest = &pattern[1..];
            text.char_indices().any(|(at, _)| matches(rest, &text[at..])) || matches(rest, "")
        }
        (Some(wanted), Some(found)) if wanted == '?' || wanted == found => {
            matches(&pattern[wanted.len_utf8()..], &text[found.len_utf8()..])
        }
        _ => false,
    }
}

/// One or many.
fn list(value: &Value) -> &[Value] {
    match value {
        Value::Array(items) => items,
        Value::Null => &[],
        single @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            std::slice::from_ref(single)
        }
    }
}

fn text(value: &Value) -> &str {
    value.as_str().expect("a text")
}

#[test]
fn a_deny_wins_a_condition_has_to_hold_and_a_wildcard_crosses_slashes() {
    let statements = json!([
        {"Effect": "Allow", "Action": "s3:Get*", "Resource": ["arn:a/*", "arn:b"]},
        {"Effect": "Deny", "Action": ["s3:getobject"], "Resource": "*", "Condition": {"StringLike": {"aws:X": "no*"}}},
    ]);
    let role = Role { statements: list(&statements).to_vec() };
    let effect = |action, resource, context| role.effect(Request { action, resource, context });
    assert_eq!(effect("s3:GetObject", "arn:a/b/c", &[]), Effect::Allow);
    assert_eq!(effect("S3:getobject", "arn:b", &[("aws:x", "yes")]), Effect::Allow);
    assert_eq!(effect("s3:GetObject", "arn:b", &[("AWS:X", "none")]), Effect::Deny);
    assert_eq!(effect("s3:GetObject", "arn:b/c", &[]), Effect::Nothing);
    assert_eq!(effect("s3:PutObject", "arn:b", &[]), Effect::Nothing);
    assert!(matches("a?c*", "abc") && !matches("a?c", "ac") && matches("*", "") && !matches("", "a"));
}
