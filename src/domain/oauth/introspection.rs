//! The introspection endpoint's answer (RFC 7662 section 2.2), judged: whether a token is active, and what it says.

use std::time::Duration;

use serde_json::{Map, Value};

use crate::domain::jose::claims::{ClaimError, Claims};
use crate::domain::jose::strict_json::parse_object;

/// What the authorization server says of a token.
#[derive(Debug, Clone, PartialEq)]
pub enum Introspected {
    /// It is active; the members of the answer are the server's word about it.
    Active(Map<String, Value>),
    /// It is not, for whatever reason (RFC 7662 section 2.2).
    Inactive,
}

/// Why an answer says nothing of a token. Never holds a part of it.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum IntrospectionRefusal {
    /// 401 or 403: the client that asks is not taken.
    #[error("the introspection URL answered {status}: it does not take the profile's client")]
    Client {
        /// The HTTP status.
        status: u16,
    },
    /// 429.
    #[error("the introspection URL answered 429, too many requests")]
    RateLimited {
        /// How long to wait, where the server said.
        retry_after: Option<Duration>,
    },
    /// 5xx.
    #[error("the introspection URL answered {status}, it is not available")]
    Unavailable {
        /// The HTTP status.
        status: u16,
    },
    /// Anything else: another status, a redirect, which is never followed, or no JSON object with `active`.
    #[error("the introspection URL answered {status} with {problem}; correct `introspection.url`")]
    Malformed {
        /// The HTTP status.
        status: u16,
        /// What was found.
        problem: &'static str,
    },
}

impl Introspected {
    /// Judges an answer. `is_json` is what its `Content-Type` says.
    ///
    /// # Errors
    /// [`IntrospectionRefusal`]: whether the token is active is not known.
    pub fn from_answer(
        status: u16,
        is_json: bool,
        retry_after: Option<Duration>,
        body: &[u8],
    ) -> Result<Self, IntrospectionRefusal> {
        let malformed = |problem| IntrospectionRefusal::Malformed { status, problem };
        match status {
            200 if !is_json => return Err(malformed("something other than JSON")),
            200 => {}
            401 | 403 => return Err(IntrospectionRefusal::Client { status }),
            429 => return Err(IntrospectionRefusal::RateLimited { retry_after }),
            300..=399 => return Err(malformed("a redirect")),
            500..=599 => return Err(IntrospectionRefusal::Unavailable { status }),
            _ => return Err(malformed("no answer of an introspection endpoint")),
        }
        let members = parse_object(body).map_err(|_| malformed("no unambiguous JSON object"))?;
        match members.get("active") {
            Some(Value::Bool(true)) => Ok(Self::Active(members)),
            Some(Value::Bool(false)) => Ok(Self::Inactive),
            Some(_) | None => Err(malformed("no boolean `active`")),
        }
    }
}

/// The answer's members as the claims of an access token: `client_id` is Okta's `cid`, and `scope`, a text with spaces, its `scp`
/// (RFC 7662 section 2.2). A member that an access token must have must be here as well.
///
/// # Errors
/// [`ClaimError`] with the claim that is missing or malformed.
pub fn claims(answer: &Map<String, Value>) -> Result<Claims, ClaimError> {
    let mut members = answer.clone();
    members.remove("active");
    members.remove("cid");
    members.remove("scp");
    if let Some(client_id) = members.remove("client_id") {
        members.insert("cid".to_owned(), client_id);
    }
    match members.remove("scope") {
        None => {}
        Some(Value::String(scope)) => {
            let scopes = scope.split(' ').filter(|name| !name.is_empty()).map(Value::from).collect();
            members.insert("scp".to_owned(), Value::Array(scopes));
        }
        Some(other @ (Value::Null | Value::Bool(_) | Value::Number(_) | Value::Array(_) | Value::Object(_))) => {
            // Of a wrong type under either name.
            members.insert("scp".to_owned(), Value::Array(vec![other]));
        }
    }
    Claims::try_from(members)
}

impl IntrospectionRefusal {
    /// The word for logs and metrics.
    #[must_use]
    pub const fn reason(&self) -> &'static str {
        match self {
            Self::Client { .. } => "introspection_client_refused",
            Self::RateLimited { .. } => "introspection_rate_limited",
            Self::Unavailable { .. } => "introspection_unavailable",
            Self::Malformed { .. } => "introspection_malformed",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use serde_json::{Value, json};

    use super::{Introspected, IntrospectionRefusal, claims};

    fn judge(status: u16, body: &str) -> Result<Introspected, IntrospectionRefusal> {
        Introspected::from_answer(status, true, None, body.as_bytes())
    }

    fn reason(status: u16, body: &str) -> &'static str {
        judge(status, body).expect_err("refused").reason()
    }

    #[test]
    fn a_token_is_active_inactive_or_unknown() {
        assert!(matches!(judge(200, r#"{"active":true,"scope":"a"}"#), Ok(Introspected::Active(_))));
        assert_eq!(judge(200, r#"{"active":false}"#), Ok(Introspected::Inactive));
        for body in [
            "",
            "{}",
            "[]",
            "null",
            r#"{"active":"true"}"#,
            r#"{"active":1}"#,
            r#"{"active":null}"#,
            r#"{"active":false,"active":true}"#,
            "<html>",
            r#"{"active":true} x"#,
        ] {
            assert_eq!(reason(200, body), "introspection_malformed", "{body}");
        }
        let html = Introspected::from_answer(200, false, None, br#"{"active":true}"#);
        assert_eq!(html.expect_err("refused").reason(), "introspection_malformed");
    }

    #[test]
    fn every_other_status_says_nothing_of_the_token() {
        for (status, expected) in [
            (201, "introspection_malformed"),
            (302, "introspection_malformed"),
            (400, "introspection_malformed"),
            (401, "introspection_client_refused"),
            (403, "introspection_client_refused"),
            (404, "introspection_malformed"),
            (500, "introspection_unavailable"),
            (503, "introspection_unavailable"),
        ] {
            assert_eq!(reason(status, r#"{"active":true}"#), expected, "{status}");
        }
        let pause = Some(Duration::from_secs(7));
        let limited = Introspected::from_answer(429, true, pause, b"").expect_err("refused");
        assert_eq!(limited, IntrospectionRefusal::RateLimited { retry_after: pause });
    }

    fn answer() -> Value {
        json!({
            "active": true, "token_type": "Bearer", "scope": "CustomScope other", "client_id": "0oa1", "iat": 1, "exp": 2,
            "sub": "orders-client", "aud": "api://orders", "iss": "https://acme.okta.com", "jti": "AT.1", "cid": "0oa2",
            "scp": ["admin"],
        })
    }

    #[test]
    fn the_members_become_the_claims_of_an_access_token() {
        let claims = claims(answer().as_object().expect("an object")).expect("claims");
        assert_eq!((claims.client_id.as_str(), claims.scopes.to_string().as_str()), ("0oa1", "CustomScope other"));
        assert_eq!(claims.issuer, "https://acme.okta.com");
    }

    #[test]
    fn what_an_access_token_must_have_the_answer_must_have_too() {
        for member in ["client_id", "iss", "aud", "exp", "iat"] {
            let mut answer = answer();
            answer.as_object_mut().expect("an object").remove(member);
            assert!(claims(answer.as_object().expect("an object")).is_err(), "{member}");
        }
        let mut answer = answer();
        answer["scope"] = json!(["CustomScope"]);
        assert!(claims(answer.as_object().expect("an object")).is_err());
    }
}
