//! IAM's evaluation of an authorizer's policy, as AWS documents it ("Policy evaluation logic", "IAM JSON policy
//! elements"): nothing said is a deny, an explicit Deny wins, `*` crosses slashes.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;

/// What is asked of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The ARN of the method that is called.
    pub resource: &'q str,
    /// Where the call comes from.
    pub source_ip: IpAddr,
}

/// Whether a policy document allows `execute-api:Invoke` on a resource. What it has that is not understood never allows.
#[must_use]
pub fn allows(policy: &Value, question: Question<'_>) -> bool {
    let statements = one_or_many(&policy["Statement"]);
    let any = |effect: &str, unknown_condition: bool| {
        statements
            .iter()
            .any(|statement| statement["Effect"] == effect && applies(statement, question, unknown_condition))
    };
    !any("Deny", true) && any("Allow", false)
}

/// Whether a statement is about the question. A condition that is not understood counts as `unknown_condition`.
fn applies(statement: &Value, question: Question<'_>, unknown_condition: bool) -> bool {
    let named = |element: &str, text: &str, fold_case: bool| {
        one_or_many(&statement[element]).iter().filter_map(|pattern| pattern.as_str()).any(|pattern| {
            if fold_case {
                matches(pattern.to_ascii_lowercase().as_bytes(), text.to_ascii_lowercase().as_bytes())
            } else {
                matches(pattern.as_bytes(), text.as_bytes())
            }
        })
    };
    named("Action", "execute-api:Invoke", true)
        && named("Resource", question.resource, false)
        && conditions_hold(&statement["Condition"], question, unknown_condition)
}

fn conditions_hold(conditions: &Value, question: Question<'_>, unknown: bool) -> bool {
    let Some(operators) = conditions.as_object() else { return conditions.is_null() || unknown };
    operators.iter().all(|(operator, keys)| {
        let Some(keys) = keys.as_object() else { return unknown };
        keys.iter().all(|(key, values)| match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
            ("IpAddress", "aws:sourceip") => one_or_many(values).iter().any(|value| is_in(value, question.source_ip)),
            _ => unknown,
        })
    })
}

fn is_in(network: &Value, address: IpAddr) -> bool {
    let network = network
        .as_str()
        .and_then(|text| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)));
    network.is_some_and(|network| network.contains(&address))
}

fn one_or_many(value: &Value) -> &[Value] {
    match value {
        Value::Array(values) => values,
        Value::Null => &[],
        single @ (Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Object(_)) => {
            std::slice::from_ref(single)
        }
    }
}

/// `*` stands for any number of characters, slashes included, `?` for exactly one.
fn matches(pattern: &[u8], text: &[u8]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last `*` stands, and the text position that it was last tried to reach up to.
    let mut star: Option<(usize, usize)> = None;
    while at_text < text.len() {
        match pattern.get(at_pattern) {
            Some(b'*') => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
            }
            Some(&byte) if byte == b'?' || byte == text[at_text] => {
                at_pattern += 1;
                at_text += 1;
            }
            Some(_) | None => {
                let Some((star_at, reached)) = star else { return false };
                star = Some((star_at, reached + 1));
                at_pattern = star_at + 1;
                at_text = reached + 1;
            }
        }
    }
    pattern[at_pattern..].iter().all(|byte| *byte == b'*')
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Question, allows};

    const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod";

    fn asks(policy: &Value, path: &str) -> bool {
        let resource = format!("{STAGE}/{path}");
        allows(policy, Question { resource: &resource, source_ip: "203.0.113.7".parse().expect("an address") })
    }

    fn statement(effect: &str, path: &str) -> Value {
        json!({"Effect": effect, "Action": "execute-api:Invoke", "Resource": format!("{STAGE}/{path}")})
    }

    #[test]
    fn nothing_said_is_a_deny() {
        assert!(!asks(&json!({}), "GET/orders"));
        assert!(!asks(&json!({"Statement": []}), "GET/orders"));
        assert!(!asks(&json!({"Statement": [statement("Deny", "GET/other")]}), "GET/orders"));
    }

    #[test]
    fn a_star_crosses_slashes_and_a_question_mark_is_one_character() {
        let policy = json!({"Statement": statement("Allow", "GET/orders/*")});
        assert!(asks(&policy, "GET/orders/1") && asks(&policy, "GET/orders/1/items") && asks(&policy, "GET/orders/"));
        assert!(!asks(&policy, "GET/orders") && !asks(&policy, "POST/orders/1") && !asks(&policy, "GET/Orders/1"));
        let policy = json!({"Statement": statement("Allow", "GET/a?c")});
        assert!(
            asks(&policy, "GET/abc")
                && asks(&policy, "GET/a/c")
                && !asks(&policy, "GET/ac")
                && !asks(&policy, "GET/abbc")
        );
        let policy = json!({"Statement": statement("Allow", "*/a*b*c")});
        assert!(asks(&policy, "GET/a1b2bc") && !asks(&policy, "GET/a1b2bd"));
    }

    #[test]
    fn an_explicit_deny_wins_whatever_the_order() {
        for statements in [
            json!([statement("Deny", "GET/orders/1"), statement("Allow", "*")]),
            json!([statement("Allow", "*"), statement("Deny", "GET/orders/1")]),
        ] {
            let policy = json!({"Statement": statements});
            assert!(!asks(&policy, "GET/orders/1") && asks(&policy, "GET/orders/2"));
        }
    }

    #[test]
    fn an_address_condition_limits_its_statement() {
        let mut allowed = statement("Allow", "*");
        for (networks, expected) in [
            (json!(["203.0.113.0/24"]), true),
            (json!("203.0.113.7"), true),
            (json!(["198.51.100.0/24", "2001:db8::/32"]), false),
            (json!([]), false),
        ] {
            allowed["Condition"] = json!({"IpAddress": {"aws:SourceIp": networks}});
            assert_eq!(asks(&json!({"Statement": [allowed]}), "GET/orders"), expected, "{allowed}");
        }
    }

    #[test]
    fn what_is_not_understood_never_allows() {
        let mut allowed = statement("Allow", "*");
        allowed["Condition"] = json!({"StringEquals": {"aws:username": "x"}});
        assert!(!asks(&json!({"Statement": [allowed]}), "GET/orders"));
        let mut denied = statement("Deny", "*");
        denied["Condition"] = json!({"StringEquals": {"aws:username": "x"}});
        assert!(!asks(&json!({"Statement": [statement("Allow", "*"), denied]}), "GET/orders"));
        let mut other = statement("Allow", "*");
        other["Action"] = json!("s3:GetObject");
        assert!(!asks(&json!({"Statement": [other]}), "GET/orders"));
    }
}
