//! IAM's evaluation of an authorizer's policy, as AWS documents it ("Policy evaluation logic", "IAM JSON policy
//! elements"): nothing said is a deny, an explicit Deny wins, `*` crosses slashes.
//!
//! Written from those pages alone: it is the measure of the policies that the authorizer builds, so it shares no code with
//! what builds them.

use std::net::IpAddr;

use ipnet::IpNet;
use serde_json::Value;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc3339;

/// The first version of the policy language that has variables; a document without a version is of an older one.
const VERSION_WITH_VARIABLES: &str = "2012-10-17";

/// What is asked of a policy.
#[derive(Debug, Clone, Copy)]
pub struct Question<'q> {
    /// The ARN of the method that is called.
    pub resource: &'q str,
    /// Where the call comes from.
    pub source_ip: IpAddr,
    /// When it is made, in seconds since 1970-01-01T00:00:00Z.
    pub now: u64,
}

/// Whether a policy document allows `execute-api:Invoke` on a resource. What it has that is not understood never allows.
#[must_use]
pub fn allows(policy: &Value, question: Question<'_>) -> bool {
    let has_variables = policy["Version"] == VERSION_WITH_VARIABLES;
    let any = |effect: &str, unknown: bool| {
        let evaluation = Evaluation { question, has_variables, unknown };
        one_or_many(&policy["Statement"])
            .iter()
            .any(|statement| statement["Effect"] == effect && evaluation.applies(statement))
    };
    !any("Deny", true) && any("Allow", false)
}

/// One reading of a policy.
struct Evaluation<'q> {
    question: Question<'q>,
    /// Whether `${...}` is a variable, or only these characters.
    has_variables: bool,
    /// What counts as the answer where something is not understood.
    unknown: bool,
}

impl Evaluation<'_> {
    fn applies(&self, statement: &Value) -> bool {
        self.is_about_the_action(&statement["Action"])
            && self.is_about_the_resource(&statement["Resource"])
            && self.conditions_hold(&statement["Condition"])
    }

    /// Actions are compared without case.
    fn is_about_the_action(&self, actions: &Value) -> bool {
        let invoke: Vec<char> = "execute-api:invoke".chars().collect();
        let is_invoke = |action: &str| {
            let pattern: Vec<Element> = action.to_ascii_lowercase().chars().map(Element::written).collect();
            matches(&pattern, &invoke)
        };
        // Without `Action` there is a `NotAction`, which no policy of ours has.
        if actions.is_null() { self.unknown } else { texts(actions).any(is_invoke) }
    }

    fn is_about_the_resource(&self, resources: &Value) -> bool {
        let called: Vec<char> = self.question.resource.chars().collect();
        let is_called = |resource: &str| match self.pattern(resource) {
            Some(pattern) => matches(&pattern, &called),
            None => self.unknown,
        };
        if resources.is_null() { self.unknown } else { texts(resources).any(is_called) }
    }

    /// The elements of a resource's pattern. `None` where it has a variable other than the three that stand for themselves
    /// ("IAM policy elements: Variables and tags"): what it would be replaced with is not known here.
    fn pattern(&self, text: &str) -> Option<Vec<Element>> {
        let mut elements = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(first) = rest.chars().next() {
            let variable = rest.strip_prefix("${").filter(|_| self.has_variables);
            let Some((name, after)) = variable.and_then(|variable| variable.split_once('}')) else {
                elements.push(Element::written(first));
                rest = &rest[first.len_utf8()..];
                continue;
            };
            match name {
                "*" => elements.push(Element::Character('*')),
                "?" => elements.push(Element::Character('?')),
                "$" => elements.push(Element::Character('$')),
                _ => return None,
            }
            rest = after;
        }
        Some(elements)
    }

    /// Every operator, and every key of it, has to hold.
    fn conditions_hold(&self, conditions: &Value) -> bool {
        let Some(operators) = conditions.as_object() else { return conditions.is_null() || self.unknown };
        operators.iter().all(|(operator, keys)| {
            let Some(keys) = keys.as_object() else { return self.unknown };
            keys.iter().all(|(key, values)| match (operator.as_str(), key.to_ascii_lowercase().as_str()) {
                ("IpAddress", "aws:sourceip") => {
                    one_or_many(values).iter().any(|value| is_in(value, self.question.source_ip))
                }
                ("DateLessThan", "aws:currenttime") => {
                    one_or_many(values).iter().any(|value| self.is_before(value).unwrap_or(self.unknown))
                }
                _ => self.unknown,
            })
        })
    }

    /// Whether the call is made before a date (ISO 8601 in the form of RFC 3339); `None` if it is no date.
    fn is_before(&self, date: &Value) -> Option<bool> {
        let date = OffsetDateTime::parse(date.as_str()?, &Rfc3339).ok()?;
        let now = i128::from(self.question.now) * 1_000_000_000;
        Some(now < date.unix_timestamp_nanos())
    }
}

fn is_in(network: &Value, address: IpAddr) -> bool {
    let network = network
        .as_str()
        .and_then(|text| text.parse::<IpNet>().ok().or_else(|| text.parse::<IpAddr>().ok().map(IpNet::from)));
    network.is_some_and(|network| network.contains(&address))
}

fn texts(value: &Value) -> impl Iterator<Item = &str> {
    one_or_many(value).iter().filter_map(Value::as_str)
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

/// One element of a pattern.
#[derive(Clone, Copy)]
enum Element {
    /// This character.
    Character(char),
    /// `?`: any one character.
    One,
    /// `*`: any number of characters, slashes included.
    Many,
}

impl Element {
    /// What a character outside a variable means.
    const fn written(character: char) -> Self {
        match character {
            '*' => Self::Many,
            '?' => Self::One,
            other => Self::Character(other),
        }
    }
}

fn matches(pattern: &[Element], text: &[char]) -> bool {
    let (mut at_pattern, mut at_text) = (0, 0);
    // Where the last `*` stands, and the text position that it was last tried to reach up to.
    let mut star: Option<(usize, usize)> = None;
    while let Some(found) = text.get(at_text) {
        let fits = match pattern.get(at_pattern) {
            Some(Element::Many) => {
                star = Some((at_pattern, at_text));
                at_pattern += 1;
                continue;
            }
            Some(Element::One) => true,
            Some(Element::Character(wanted)) => wanted == found,
            None => false,
        };
        if fits {
            at_pattern += 1;
            at_text += 1;
        } else {
            let Some((star_at, reached)) = star else { return false };
            star = Some((star_at, reached + 1));
            at_pattern = star_at + 1;
            at_text = reached + 1;
        }
    }
    pattern[at_pattern..].iter().all(|element| matches!(element, Element::Many))
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Question, allows};

    const STAGE: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod";

    /// 2026-11-24T04:08:26Z.
    const NOW: u64 = 1_795_493_306;

    fn asks(policy: &Value, path: &str) -> bool {
        let resource = format!("{STAGE}/{path}");
        let source_ip = "203.0.113.7".parse().expect("an address");
        allows(policy, Question { resource: &resource, source_ip, now: NOW })
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
    fn a_date_condition_ends_its_statement() {
        let mut allowed = statement("Allow", "*");
        for (end, expected) in [
            (json!("2026-11-24T04:08:27Z"), true),
            (json!("2026-11-24T04:08:26.001Z"), true),
            (json!("2026-11-24T04:08:26Z"), false),
            (json!("2026-11-24T04:08:25Z"), false),
            (json!("2026-11-24T05:08:26+01:00"), false),
            (json!("2026-11-24T04:08:27+01:00"), false),
            (json!("2026-11-24T04:08:25-01:00"), true),
            (json!(["2020-01-01T00:00:00Z", "9999-12-31T23:59:59Z"]), true),
            (json!("tomorrow"), false),
            (json!(""), false),
        ] {
            allowed["Condition"] = json!({"DateLessThan": {"aws:CurrentTime": end}});
            assert_eq!(asks(&json!({"Statement": [allowed]}), "GET/orders"), expected, "{allowed}");
        }
        // Both have to hold.
        for (network, expected) in [("203.0.113.0/24", true), ("198.51.100.0/24", false)] {
            let end = json!({"aws:CurrentTime": "2026-11-24T04:08:27Z"});
            allowed["Condition"] = json!({"IpAddress": {"aws:SourceIp": network}, "DateLessThan": end});
            assert_eq!(asks(&json!({"Statement": [allowed]}), "GET/orders"), expected, "{allowed}");
        }
    }

    #[test]
    fn wildcards_in_braces_are_the_characters_themselves() {
        let asks = |resource: &str, path: &str| {
            asks(&json!({"Version": "2012-10-17", "Statement": statement("Allow", resource)}), path)
        };
        assert!(asks("GET/a${*}c", "GET/a*c") && !asks("GET/a${*}c", "GET/abc") && !asks("GET/a${*}c", "GET/a${*}c"));
        assert!(asks("GET/a${?}c", "GET/a?c") && !asks("GET/a${?}c", "GET/abc"));
        assert!(asks("GET/a${$}c", "GET/a$c") && asks("GET/${$}{x}", "GET/${x}"));
        assert!(asks("GET/*${*}*", "GET/a/*") && !asks("GET/*${*}*", "GET/a/b"));
        assert!(asks("GET/a$c", "GET/a$c") && asks("GET/a${c", "GET/a${c") && asks("GET/{a}", "GET/{a}"));
    }

    #[test]
    fn a_variable_that_is_not_known_allows_nothing_and_denies_everything() {
        let versioned = |statements: Value| json!({"Version": "2012-10-17", "Statement": statements});
        let unknown = "GET/${aws:username}";
        for path in ["GET/${aws:username}", "GET/", "GET/x"] {
            assert!(!asks(&versioned(statement("Allow", unknown)), path), "{path}");
            assert!(!asks(&versioned(json!([statement("Allow", "*"), statement("Deny", unknown)])), path), "{path}");
        }
        // The language had no variables before.
        let older = json!({"Version": "2008-10-17", "Statement": statement("Allow", "GET/${*}")});
        assert!(asks(&older, "GET/${x}") && !asks(&older, "GET/*"));
    }

    #[test]
    fn what_is_not_understood_never_allows() {
        let mut allowed = statement("Allow", "*");
        allowed["Condition"] = json!({"StringEquals": {"aws:username": "x"}});
        assert!(!asks(&json!({"Statement": [allowed]}), "GET/orders"));
        let mut denied = statement("Deny", "*");
        denied["Condition"] = json!({"StringEquals": {"aws:username": "x"}});
        assert!(!asks(&json!({"Statement": [statement("Allow", "*"), denied]}), "GET/orders"));
        let mut excepted = statement("Deny", "*");
        excepted["NotResource"] = excepted["Resource"].take();
        assert!(!asks(&json!({"Statement": [statement("Allow", "*"), excepted]}), "GET/orders"));
        let mut other = statement("Allow", "*");
        other["Action"] = json!("s3:GetObject");
        assert!(!asks(&json!({"Statement": [other]}), "GET/orders"));
    }
}
