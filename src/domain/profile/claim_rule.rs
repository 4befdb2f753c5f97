//! Further rules on a token's claims: `equals`, `oneOf`, `contains`.

use serde_json::{Map, Value};

/// One rule of a profile's `claims`.
#[derive(Debug, Clone, PartialEq)]
pub struct ClaimRule {
    /// The claim's name.
    pub claim: String,
    /// What it must be.
    pub comparison: Comparison,
}

/// What a claim must be. A claim that is absent satisfies none.
#[derive(Debug, Clone, PartialEq)]
pub enum Comparison {
    /// Exactly this string, number or boolean, of the same JSON type.
    Equals(Value),
    /// Exactly one of these.
    OneOf(Vec<Value>),
    /// An array that holds exactly this.
    Contains(Value),
}

impl ClaimRule {
    /// Whether the claims satisfy the rule.
    #[must_use]
    pub fn is_satisfied_by(&self, claims: &Map<String, Value>) -> bool {
        let Some(actual) = claims.get(&self.claim) else { return false };
        match &self.comparison {
            Comparison::Equals(expected) => actual == expected,
            Comparison::OneOf(expected) => expected.contains(actual),
            Comparison::Contains(expected) => actual.as_array().is_some_and(|items| items.contains(expected)),
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClaimRule, Comparison};

    fn holds(comparison: Comparison, actual: &Value) -> bool {
        let claims = json!({"tenant": actual});
        let rule = ClaimRule { claim: "tenant".to_owned(), comparison };
        rule.is_satisfied_by(claims.as_object().expect("an object"))
    }

    #[test]
    fn equals_compares_value_and_type() {
        assert!(holds(Comparison::Equals(json!("acme")), &json!("acme")));
        for other in [json!("Acme"), json!("acme "), json!(["acme"]), json!(null), json!(1)] {
            assert!(!holds(Comparison::Equals(json!("acme")), &other), "{other}");
        }
        assert!(!holds(Comparison::Equals(json!(1)), &json!("1")));
    }

    #[test]
    fn one_of_takes_any_listed_value() {
        let rule = || Comparison::OneOf(vec![json!("a"), json!(2)]);
        assert!(holds(rule(), &json!("a")) && holds(rule(), &json!(2)));
        assert!(!holds(rule(), &json!("b")) && !holds(rule(), &json!(["a"])));
    }

    #[test]
    fn contains_looks_into_arrays_only() {
        let rule = || Comparison::Contains(json!("admin"));
        assert!(holds(rule(), &json!(["user", "admin"])));
        assert!(
            !holds(rule(), &json!("admin"))
                && !holds(rule(), &json!("superadmin"))
                && !holds(rule(), &json!([["admin"]]))
        );
    }

    #[test]
    fn an_absent_claim_satisfies_no_rule() {
        let rule = ClaimRule { claim: "tenant".to_owned(), comparison: Comparison::Equals(json!(null)) };
        assert!(!rule.is_satisfied_by(&serde_json::Map::new()));
    }
}
