//! A document as text: its members in the order in which they were written, laid out so that people can read and compare it.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, MapAccess, SeqAccess, Visitor};
use serde_json::Value;

use crate::ports::profile_repository::Tier;

/// The widest line, in characters. What is nested and fits stays in one line.
const WIDTH: usize = 100;

/// JSON, or what was read from another notation, in its own order. No member occurs twice.
#[derive(Debug, Clone, PartialEq)]
pub enum Node {
    /// A string, a number, a boolean or `null`.
    Scalar(Value),
    /// An array.
    List(Vec<Self>),
    /// An object.
    Object(Vec<(String, Self)>),
}

impl Node {
    /// Reads JSON.
    ///
    /// # Errors
    /// What is wrong, and where.
    pub fn from_json(text: &str) -> Result<Self, serde_json::Error> {
        serde_json::from_str(text)
    }

    /// A list of texts.
    #[must_use]
    pub fn texts(texts: &[String]) -> Self {
        Self::List(texts.iter().cloned().map(Value::from).map(Self::Scalar).collect())
    }

    /// As it is stored: for reading where that fits into a standard parameter, otherwise without white space.
    #[must_use]
    pub fn to_text(&self) -> String {
        let mut text = String::new();
        self.lay_out(&mut text, 0, 0);
        text.push('\n');
        if text.len() > Tier::Standard.bytes() { self.in_one_line(",", ":") } else { text }
    }

    /// Whether both say the same; the order of members, which says nothing, aside.
    #[must_use]
    pub fn says_the_same_as(&self, other: &Self) -> bool {
        self.to_value() == other.to_value()
    }

    fn to_value(&self) -> Value {
        match self {
            Self::Scalar(value) => value.clone(),
            Self::List(items) => items.iter().map(Self::to_value).collect(),
            Self::Object(members) => members.iter().map(|(name, node)| (name.clone(), node.to_value())).collect(),
        }
    }

    fn lay_out(&self, text: &mut String, depth: usize, column: usize) {
        let line = self.in_one_line(", ", ": ");
        let is_document = depth == 0;
        match self {
            Self::List(items) if !fits(&line, column) && !items.is_empty() => {
                let items = items.iter().map(|item| (None, item));
                lay_out_lines(text, depth, ('[', ']'), items);
            }
            Self::Object(members) if (is_document || !fits(&line, column)) && !members.is_empty() => {
                let members = members.iter().map(|(name, node)| (Some(name.as_str()), node));
                lay_out_lines(text, depth, ('{', '}'), members);
            }
            Self::Scalar(_) | Self::List(_) | Self::Object(_) => text.push_str(&line),
        }
    }

    fn in_one_line(&self, comma: &str, colon: &str) -> String {
        match self {
            Self::Scalar(value) => value.to_string(),
            Self::List(items) => {
                let items: Vec<String> = items.iter().map(|item| item.in_one_line(comma, colon)).collect();
                format!("[{}]", items.join(comma))
            }
            Self::Object(members) => {
                let member = |(name, node): &(String, Self)| {
                    format!("{}{colon}{}", Value::from(name.as_str()), node.in_one_line(comma, colon))
                };
                format!("{{{}}}", members.iter().map(member).collect::<Vec<_>>().join(comma))
            }
        }
    }
}

/// The text laid out, where it is JSON; otherwise as it is.
#[must_use]
pub fn laid_out(text: &str) -> String {
    Node::from_json(text).map_or_else(|_| text.to_owned(), |node| node.to_text())
}

/// Whether two texts are JSON that says the same, or are the same.
#[must_use]
pub fn say_the_same(one: &str, other: &str) -> bool {
    match (Node::from_json(one), Node::from_json(other)) {
        (Ok(one), Ok(other)) => one.says_the_same_as(&other),
        (Ok(_) | Err(_), Ok(_) | Err(_)) => one == other,
    }
}

/// With room for a comma.
fn fits(line: &str, column: usize) -> bool {
    column + line.chars().count() < WIDTH
}

fn lay_out_lines<'n>(
    text: &mut String,
    depth: usize,
    (open, close): (char, char),
    nodes: impl Iterator<Item = (Option<&'n str>, &'n Node)>,
) {
    let indent = "  ".repeat(depth + 1);
    text.push(open);
    for (index, (name, node)) in nodes.enumerate() {
        text.push_str(if index == 0 { "\n" } else { ",\n" });
        let name = name.map(|name| format!("{}: ", Value::from(name))).unwrap_or_default();
        text.push_str(&indent);
        text.push_str(&name);
        node.lay_out(text, depth + 1, indent.len() + name.chars().count());
    }
    text.push('\n');
    text.push_str(&"  ".repeat(depth));
    text.push(close);
}

impl<'de> Deserialize<'de> for Node {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(NodeVisitor)
    }
}

struct NodeVisitor;

impl<'de> Visitor<'de> for NodeVisitor {
    type Value = Node;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value that JSON has")
    }

    fn visit_bool<E>(self, value: bool) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_f64<E: Error>(self, value: f64) -> Result<Node, E> {
        let number = serde_json::Number::from_f64(value).ok_or_else(|| E::custom("JSON has no such number"))?;
        Ok(Node::Scalar(number.into()))
    }

    fn visit_str<E>(self, value: &str) -> Result<Node, E> {
        Ok(Node::Scalar(value.into()))
    }

    fn visit_unit<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_none<E>(self) -> Result<Node, E> {
        Ok(Node::Scalar(Value::Null))
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Node, D::Error> {
        Node::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Node, A::Error> {
        let mut list = Vec::new();
        while let Some(item) = items.next_element()? {
            list.push(item);
        }
        Ok(Node::List(list))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Node, A::Error> {
        let mut object: Vec<(String, Node)> = Vec::new();
        while let Some((name, node)) = members.next_entry::<String, Node>()? {
            if object.iter().any(|(known, _)| *known == name) {
                return Err(A::Error::custom(format!("the member `{}` occurs twice", name.escape_debug())));
            }
            object.push((name, node));
        }
        Ok(Node::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{Node, laid_out, say_the_same};

    #[test]
    fn members_keep_their_order_and_short_lists_stay_in_one_line() {
        let text = r#"{"version":1,"issuer":"https://é","audiences":["b","a"],"claims":[],"n":{"z":null,"a":-1.5}}"#;
        let expected = "{\n  \"version\": 1,\n  \"issuer\": \"https://é\",\n  \"audiences\": [\"b\", \"a\"],\n  \
                        \"claims\": [],\n  \"n\": {\"z\": null, \"a\": -1.5}\n}\n";
        assert_eq!(laid_out(text), expected);
        assert_eq!(laid_out(expected), expected, "a text that is laid out stays as it is");
    }

    #[test]
    fn what_is_too_wide_is_broken_into_lines() {
        let route = |path: &str| format!(r#"{{"route":"GET /{path}","scopes":{{"any":["orders.read"]}}}}"#);
        let text = format!(r#"{{"routes":[{},{}]}}"#, route("orders"), route("a-path-that-is-rather-long"));
        let expected = "{\n  \"routes\": [\n    {\"route\": \"GET /orders\", \"scopes\": {\"any\": [\"orders.read\"]}},\n    \
                        {\"route\": \"GET /a-path-that-is-rather-long\", \"scopes\": {\"any\": [\"orders.read\"]}}\n  ]\n}\n";
        assert_eq!(laid_out(&text), expected);
    }

    #[test]
    fn a_text_that_only_fits_without_white_space_has_none() {
        let audiences: Vec<String> =
            (0..99).map(|number| format!("api://an-audience-of-34-letters-{number:03}")).collect();
        let text = Node::Object(vec![("audiences".to_owned(), Node::texts(&audiences))]).to_text();
        assert!(text.starts_with(r#"{"audiences":["api://an-audience-of-34-letters-000","#), "{text}");
        assert!(!text.contains(' ') && !text.contains('\n'));
    }

    #[test]
    fn the_order_of_members_and_the_layout_say_nothing_and_the_order_of_a_list_does() {
        assert!(say_the_same(r#"{"a": 1, "b": [1, 2]}"#, "{\"b\":[1,2],\n\"a\":1}"));
        assert!(!say_the_same(r#"{"b": [1, 2]}"#, r#"{"b": [2, 1]}"#));
        assert!(!say_the_same("{", "{}") && say_the_same("{", "{"), "what is no JSON is compared as text");
    }

    #[test]
    fn a_member_that_occurs_twice_is_refused_at_any_depth() {
        let error = Node::from_json(r#"{"clients": {"usagePlanKeys": {"a": "1", "a": "2"}}}"#).expect_err("refused");
        assert!(error.to_string().contains("the member `a` occurs twice"), "{error}");
    }
}
