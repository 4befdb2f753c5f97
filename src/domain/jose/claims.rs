//! The claims of an Okta access token (RFC 7519 section 4, RFC 9068 section 2.2), each of exactly the type it must have.

use std::fmt;

use serde_json::{Map, Value};

use crate::domain::binding::confirmation::Confirmation;
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};
use crate::domain::time::UnixTime;

/// The largest integer that every JSON implementation reads alike (RFC 8259 section 6).
const MAX_SAFE_INTEGER: f64 = 9_007_199_254_740_992.0;

/// Claims of the right shape. Whether they are true and acceptable is for the profile and the signature to say.
#[derive(Clone, PartialEq)]
pub struct Claims {
    /// `iss`.
    pub issuer: String,
    /// `aud`, a string read as a list of one.
    pub audiences: Vec<String>,
    /// `exp`, rounded down.
    pub expires_at: UnixTime,
    /// `nbf`, rounded up.
    pub not_before: Option<UnixTime>,
    /// `iat`, rounded up.
    pub issued_at: UnixTime,
    /// `cid`, Okta's name for the client id.
    pub client_id: String,
    /// `sub`, if present and not empty.
    pub subject: Option<String>,
    /// `jti`.
    pub token_id: Option<String>,
    /// `scp`, Okta's array of granted scopes; none where absent.
    pub scopes: ScopeSet,
    /// `cnf`: what the token is bound to.
    pub confirmation: Option<Confirmation>,
    /// Every member of the payload, the ones above included.
    pub members: Map<String, Value>,
}

/// Shows no claim but the client id: a whole claim set belongs in no log.
impl fmt::Debug for Claims {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Claims").field("client_id", &self.client_id).finish_non_exhaustive()
    }
}

/// A claim is missing or has a type or value that it may not have. Holds the claim's name, never its value.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("the claim {claim} {problem}")]
pub struct ClaimError {
    /// The claim's name.
    pub claim: &'static str,
    /// What is wrong with it.
    pub problem: ClaimProblem,
}

/// What can be wrong with a claim.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum ClaimProblem {
    /// Not in the payload.
    #[error("is missing")]
    Missing,
    /// In the payload, but of another type, empty, or out of range.
    #[error("has a type or value that it may not have")]
    Malformed,
}

impl TryFrom<Map<String, Value>> for Claims {
    type Error = ClaimError;

    fn try_from(members: Map<String, Value>) -> Result<Self, ClaimError> {
        Ok(Self {
            issuer: required("iss", text(&members, "iss")?)?,
            audiences: audiences(&members)?,
            expires_at: UnixTime::from_seconds(required("exp", numeric_date(&members, "exp")?)?.floor() as u64),
            not_before: numeric_date(&members, "nbf")?.map(|date| UnixTime::from_seconds(date.ceil() as u64)),
            issued_at: UnixTime::from_seconds(required("iat", numeric_date(&members, "iat")?)?.ceil() as u64),
            client_id: required("cid", text(&members, "cid")?)?,
            subject: text(&members, "sub")?,
            token_id: text(&members, "jti")?,
            scopes: scopes(&members)?,
            confirmation: confirmation(&members)?,
            members,
        })
    }
}

/// One that nobody here can check makes the token one that nobody here may accept.
fn confirmation(members: &Map<String, Value>) -> Result<Option<Confirmation>, ClaimError> {
    let Some(claim) = members.get("cnf") else { return Ok(None) };
    Confirmation::from_claim(claim).map(Some).ok_or(malformed("cnf"))
}

fn required<T>(claim: &'static str, value: Option<T>) -> Result<T, ClaimError> {
    value.ok_or(ClaimError { claim, problem: ClaimProblem::Missing })
}

fn malformed(claim: &'static str) -> ClaimError {
    ClaimError { claim, problem: ClaimProblem::Malformed }
}

/// A string that is not empty, where the claim is present.
fn text(members: &Map<String, Value>, claim: &'static str) -> Result<Option<String>, ClaimError> {
    match members.get(claim) {
        None => Ok(None),
        Some(Value::String(value)) if !value.is_empty() => Ok(Some(value.clone())),
        Some(_) => Err(malformed(claim)),
    }
}

/// `aud`: a string, or an array of one or more strings (RFC 7519 section 4.1.3).
fn audiences(members: &Map<String, Value>) -> Result<Vec<String>, ClaimError> {
    let strings =
        |items: &[Value]| items.iter().map(|item| item.as_str().map(str::to_owned)).collect::<Option<Vec<_>>>();
    let audiences = match required("aud", members.get("aud"))? {
        Value::String(audience) => Some(vec![audience.clone()]),
        Value::Array(items) if !items.is_empty() => strings(items),
        Value::Array(_) | Value::Null | Value::Bool(_) | Value::Number(_) | Value::Object(_) => None,
    };
    audiences.ok_or(malformed("aud"))
}

/// `NumericDate` (RFC 7519 section 2): a number from 0 to 2^53, fractions allowed.
fn numeric_date(members: &Map<String, Value>, claim: &'static str) -> Result<Option<f64>, ClaimError> {
    match members.get(claim) {
        None => Ok(None),
        Some(value) => match value.as_f64() {
            Some(seconds) if (0.0..=MAX_SAFE_INTEGER).contains(&seconds) => Ok(Some(seconds)),
            Some(_) | None => Err(malformed(claim)),
        },
    }
}

/// `scp`: an array of scopes. A string is not what Okta sends and is refused, not split.
fn scopes(members: &Map<String, Value>) -> Result<ScopeSet, ClaimError> {
    match members.get("scp") {
        None => Ok(ScopeSet::default()),
        Some(Value::Array(items)) => items
            .iter()
            .map(|item| item.as_str().and_then(|name| ScopeToken::new(name).ok()))
            .collect::<Option<ScopeSet>>()
            .ok_or(malformed("scp")),
        Some(_) => Err(malformed("scp")),
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{ClaimError, ClaimProblem, Claims};

    fn good() -> Value {
        json!({
            "ver": 1, "jti": "AT.1", "iss": "https://acme.okta.com/oauth2/default", "aud": "api://orders",
            "iat": 1000, "exp": 4600, "cid": "0oa1", "scp": ["CustomScope"], "sub": "0oa1"
        })
    }

    fn with(claim: &str, value: Value) -> Result<Claims, ClaimError> {
        let mut claims = good();
        claims[claim] = value;
        parse(&claims)
    }

    fn without(claim: &str) -> Result<Claims, ClaimError> {
        let mut claims = good();
        claims.as_object_mut().expect("an object").remove(claim);
        parse(&claims)
    }

    fn parse(claims: &Value) -> Result<Claims, ClaimError> {
        Claims::try_from(claims.as_object().expect("an object").clone())
    }

    fn assert_malformed(claim: &'static str, values: &[Value]) {
        for value in values {
            let expected = Err(ClaimError { claim, problem: ClaimProblem::Malformed });
            assert_eq!(with(claim, value.clone()), expected, "{value}");
        }
    }

    #[test]
    fn an_okta_payload_is_read() {
        let claims = parse(&good()).expect("valid");
        assert_eq!(claims.audiences, ["api://orders"]);
        assert_eq!(claims.expires_at.seconds(), 4600);
        assert_eq!(claims.scopes.to_string(), "CustomScope");
        assert_eq!(claims.members["ver"], json!(1));
    }

    #[test]
    fn iss_aud_exp_iat_and_cid_must_be_present() {
        for claim in ["iss", "aud", "exp", "iat", "cid"] {
            assert_eq!(without(claim), Err(ClaimError { claim, problem: ClaimProblem::Missing }));
        }
        for claim in ["nbf", "sub", "jti", "scp"] {
            assert!(without(claim).is_ok(), "{claim}");
        }
    }

    /// Threat 22, the types; the values are compared in `validation::verify`.
    #[test]
    fn iss_of_another_type_is_refused() {
        assert_malformed("iss", &[json!(null), json!(1), json!(["https://acme.okta.com"]), json!({}), json!("")]);
    }

    /// Threat 23, the types; the values are compared in `validation::verify`.
    #[test]
    fn aud_of_another_type_is_refused() {
        assert_malformed(
            "aud",
            &[json!(null), json!(1), json!({}), json!([]), json!(["api://orders", 1]), json!([["api://orders"]])],
        );
        assert_eq!(with("aud", json!(["a", "b"])).expect("valid").audiences, ["a", "b"]);
    }

    /// Threat 24.
    #[test]
    fn exp_null_string_negative_or_over_two_to_the_53_is_refused() {
        assert_malformed(
            "exp",
            &[
                json!(null),
                json!("4600"),
                json!(-1),
                json!(-0.5),
                json!(9_007_199_254_740_994_u64),
                json!(1e300),
                json!(true),
                json!([4600]),
            ],
        );
    }

    #[test]
    fn fractions_are_rounded_against_the_token() {
        assert_eq!(with("exp", json!(4600.9)).expect("valid").expires_at.seconds(), 4600);
        assert_eq!(with("iat", json!(1000.1)).expect("valid").issued_at.seconds(), 1001);
        assert_eq!(with("nbf", json!(1000.1)).expect("valid").not_before.map(|date| date.seconds()), Some(1001));
    }

    /// Threats 26 and 27, the types.
    #[test]
    fn nbf_and_iat_of_another_type_are_refused() {
        assert_malformed("nbf", &[json!("1000"), json!(null), json!(-1)]);
        assert_malformed("iat", &[json!("1000"), json!(null), json!(-1)]);
    }

    /// Threat 30.
    #[test]
    fn scp_of_another_type_is_refused() {
        assert_malformed(
            "scp",
            &[json!("CustomScope"), json!(null), json!({}), json!([1]), json!(["a b"]), json!([""]), json!([["a"]])],
        );
        assert!(with("scp", json!([])).expect("valid").scopes.is_empty());
    }

    #[test]
    fn cid_sub_and_jti_of_another_type_are_refused() {
        for claim in ["cid", "sub", "jti"] {
            assert_malformed(claim, &[json!(null), json!(1), json!([]), json!("")]);
        }
    }
}
