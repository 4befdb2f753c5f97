//! JSON objects in which nothing is ambiguous: no member twice, no depth without end (RFC 8725 section 2.4).

use std::cell::Cell;
use std::fmt;

use serde::de::{DeserializeSeed, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Number, Value};

/// How deep arrays and objects may nest. Okta's claims nest two or three levels.
const MAX_DEPTH: u8 = 16;

/// Why bytes are not an unambiguous JSON object. Never holds a part of the input.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum StrictJsonError {
    /// Not JSON: syntax, UTF-8, a byte order mark, a number out of range, or bytes after the end.
    #[error("not valid JSON")]
    Syntax,
    /// JSON, but an array or a scalar.
    #[error("not a JSON object")]
    NotAnObject,
    /// Two members with the same name, after escapes are resolved, at any level.
    #[error("a member name occurs twice")]
    DuplicateMember,
    /// More than 16 levels.
    #[error("nested deeper than {MAX_DEPTH} levels")]
    TooDeep,
}

/// Parses one JSON object.
///
/// # Errors
/// [`StrictJsonError`] for anything that two parsers could read differently.
pub fn parse_object(bytes: &[u8]) -> Result<Map<String, Value>, StrictJsonError> {
    let failure = Cell::new(StrictJsonError::Syntax);
    let mut deserializer = serde_json::Deserializer::from_slice(bytes);
    let value =
        StrictValue { depth: 0, failure: &failure }.deserialize(&mut deserializer).map_err(|_| failure.get())?;
    deserializer.end().map_err(|_| StrictJsonError::Syntax)?;
    match value {
        Value::Object(members) => Ok(members),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) | Value::Array(_) => {
            Err(StrictJsonError::NotAnObject)
        }
    }
}

/// Builds a [`Value`], refusing duplicate members and deep nesting on the way.
#[derive(Clone, Copy)]
struct StrictValue<'f> {
    depth: u8,
    /// Carries the reason past `serde_json::Error`, which only has text.
    failure: &'f Cell<StrictJsonError>,
}

impl StrictValue<'_> {
    fn nested<E: serde::de::Error>(self) -> Result<Self, E> {
        if self.depth == MAX_DEPTH {
            return Err(self.fail(StrictJsonError::TooDeep));
        }
        Ok(Self { depth: self.depth + 1, ..self })
    }

    fn fail<E: serde::de::Error>(self, reason: StrictJsonError) -> E {
        self.failure.set(reason);
        E::custom(reason)
    }
}

impl<'de> DeserializeSeed<'de> for StrictValue<'_> {
    type Value = Value;

    fn deserialize<D: serde::Deserializer<'de>>(self, deserializer: D) -> Result<Value, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for StrictValue<'_> {
    type Value = Value;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a JSON value")
    }

    fn visit_unit<E>(self) -> Result<Value, E> {
        Ok(Value::Null)
    }

    fn visit_bool<E>(self, value: bool) -> Result<Value, E> {
        Ok(Value::Bool(value))
    }

    fn visit_u64<E>(self, value: u64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_i64<E>(self, value: i64) -> Result<Value, E> {
        Ok(Value::Number(value.into()))
    }

    fn visit_f64<E: serde::de::Error>(self, value: f64) -> Result<Value, E> {
        Number::from_f64(value).map(Value::Number).ok_or_else(|| E::custom("number out of range"))
    }

    fn visit_str<E>(self, value: &str) -> Result<Value, E> {
        Ok(Value::String(value.to_owned()))
    }

    fn visit_string<E>(self, value: String) -> Result<Value, E> {
        Ok(Value::String(value))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Value, A::Error> {
        let seed = self.nested()?;
        let mut array = Vec::new();
        while let Some(item) = items.next_element_seed(seed)? {
            array.push(item);
        }
        Ok(Value::Array(array))
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<Value, A::Error> {
        let seed = self.nested()?;
        let mut object = Map::new();
        while let Some(name) = members.next_key::<String>()? {
            let value = members.next_value_seed(seed)?;
            if object.insert(name, value).is_some() {
                return Err(self.fail(StrictJsonError::DuplicateMember));
            }
        }
        Ok(Value::Object(object))
    }
}

#[cfg(test)]
mod tests {
    use super::{StrictJsonError, parse_object};

    /// Threat 13.
    #[test]
    fn a_member_twice_is_refused_at_any_level_and_when_escaped() {
        for text in
            [r#"{"a":1,"a":1}"#, r#"{"a":1,"\u0061":2}"#, r#"{"x":{"a":1,"a":2}}"#, r#"{"x":[{"a":1,"b":2,"a":3}]}"#]
        {
            assert_eq!(parse_object(text.as_bytes()), Err(StrictJsonError::DuplicateMember), "{text}");
        }
    }

    /// Threat 18.
    #[test]
    fn what_is_not_exactly_one_object_is_refused() {
        for (bytes, reason) in [
            (&b"[1]"[..], StrictJsonError::NotAnObject),
            (b"\"a\"", StrictJsonError::NotAnObject),
            (b"null", StrictJsonError::NotAnObject),
            (b"", StrictJsonError::Syntax),
            (b"{", StrictJsonError::Syntax),
            (b"{} {}", StrictJsonError::Syntax),
            (b"{}x", StrictJsonError::Syntax),
            (b"{\"a\":1,}", StrictJsonError::Syntax),
            (b"\xef\xbb\xbf{}", StrictJsonError::Syntax),
            (b"{\"a\":\"\xff\"}", StrictJsonError::Syntax),
            (b"{\"a\":\"\\ud800\"}", StrictJsonError::Syntax),
            (b"{\"a\":1e400}", StrictJsonError::Syntax),
            (b"{\"a\":NaN}", StrictJsonError::Syntax),
        ] {
            assert_eq!(parse_object(bytes), Err(reason), "{}", String::from_utf8_lossy(bytes));
        }
    }

    /// Threat 18.
    #[test]
    fn nesting_is_bounded() {
        let nested = |depth: usize| format!("{{\"a\":{}{}}}", "[".repeat(depth), "]".repeat(depth));
        assert!(parse_object(nested(15).as_bytes()).is_ok());
        assert_eq!(parse_object(nested(16).as_bytes()), Err(StrictJsonError::TooDeep));
        assert_eq!(parse_object(nested(4_000).as_bytes()), Err(StrictJsonError::TooDeep));
    }

    #[test]
    fn an_object_keeps_its_members() {
        let members = parse_object(br#"{"a":[1,-2,1.5,"x",true,null,{"b":"c"}]}"#).expect("valid");
        assert_eq!(serde_json::json!({"a":[1,-2,1.5,"x",true,null,{"b":"c"}]}), serde_json::Value::Object(members));
    }
}
