//! A document whose members are set one by one, everything else in it kept as it stands.

use super::document_text::Node;

/// A member's new value.
#[derive(Debug, Clone, PartialEq)]
pub enum Set {
    /// It is not there any more.
    Absent,
    /// This text.
    Text(String),
    /// These texts.
    Texts(Vec<String>),
}

/// The document with these members; where there is none yet, or it is no object, a new one.
#[must_use]
pub fn with_members(document: Option<&str>, members: Vec<(&str, Set)>) -> String {
    let known = match document.map(Node::from_json) {
        Some(Ok(Node::Object(known))) => known,
        Some(Ok(Node::Scalar(_) | Node::List(_)) | Err(_)) | None => {
            vec![("version".to_owned(), Node::Scalar(1.into()))]
        }
    };
    let mut object = known;
    for (name, set) in members {
        let node = match set {
            Set::Absent => None,
            Set::Text(text) => Some(Node::Scalar(text.into())),
            Set::Texts(texts) => Some(Node::texts(&texts)),
        };
        let place = object.iter().position(|(known, _)| known == name);
        match (place, node) {
            (Some(place), Some(node)) => object[place].1 = node,
            (Some(place), None) => {
                object.remove(place);
            }
            (None, Some(node)) => object.push((name.to_owned(), node)),
            (None, None) => {}
        }
    }
    Node::Object(object).to_text()
}

#[cfg(test)]
mod tests {
    use super::{Set, with_members};

    #[test]
    fn what_is_not_named_stays_as_it_is() {
        let before = r#"{"version": 1, "issuer": "https://a", "context": ["sub"], "tokenUrl": "https://b"}"#;
        let set = vec![("issuer", Set::Text("https://c".into())), ("tokenUrl", Set::Absent)];
        let after: serde_json::Value = serde_json::from_str(&with_members(Some(before), set)).expect("JSON");
        assert_eq!(after, serde_json::json!({"version": 1, "issuer": "https://c", "context": ["sub"]}));
    }

    #[test]
    fn a_new_document_has_a_version_and_what_is_set() {
        let text = with_members(None, vec![("apis", Set::Texts(vec!["a1/prod".into()])), ("type", Set::Absent)]);
        let after: serde_json::Value = serde_json::from_str(&text).expect("JSON");
        assert_eq!(after, serde_json::json!({"version": 1, "apis": ["a1/prod"]}));
    }
}
