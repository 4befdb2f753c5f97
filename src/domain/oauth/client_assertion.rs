//! A client's own signed assertion (RFC 7523 section 2.2, RFC 7521 section 4.2), passed on as it came: only the
//! authorization server can verify it, since it alone knows the client's key or secret.

use serde_json::Value;

use super::secret::ClientAssertion;
use crate::domain::jose::base64url;
use crate::domain::profile::ClientId;

/// The one type of assertion that Okta takes.
pub const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";

/// An assertion and the client that it is said to be of.
#[derive(Debug, Clone)]
pub struct UnverifiedAssertion {
    /// The assertion.
    pub assertion: ClientAssertion,
    /// `sub`, which nobody has verified yet.
    pub client_id: ClientId,
}

impl UnverifiedAssertion {
    /// Reads whose assertion it is said to be; nothing where it is not a JWT with equal texts as `iss` and `sub`
    /// (RFC 7523 section 3, as Okta asks for it).
    #[must_use]
    pub fn parse(text: String) -> Option<Self> {
        let mut parts = text.split('.');
        let (Some(_header), Some(payload), Some(_signature), None) =
            (parts.next(), parts.next(), parts.next(), parts.next())
        else {
            return None;
        };
        let claims: Value = serde_json::from_slice(&base64url::decode(payload).ok()?).ok()?;
        let client = |name: &str| claims.get(name).and_then(Value::as_str);
        let subject = client("sub").filter(|subject| client("iss") == Some(subject))?;
        let client_id = ClientId::new(subject)?;
        Some(Self { assertion: ClientAssertion::new(text), client_id })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::UnverifiedAssertion;
    use crate::domain::jose::base64url;

    fn assertion(claims: &Value) -> String {
        format!("e30.{}.c2ln", base64url::encode(claims.to_string()))
    }

    #[test]
    fn the_client_is_the_one_that_signed_for_itself() {
        let parsed = UnverifiedAssertion::parse(assertion(&json!({"iss": "0oa1", "sub": "0oa1"}))).expect("valid");
        assert_eq!(parsed.client_id.as_str(), "0oa1");
        assert!(!format!("{parsed:?}").contains("c2ln"), "threat 60");
    }

    #[test]
    fn what_names_no_client_or_two_is_no_assertion() {
        for claims in [
            json!({"sub": "0oa1"}),
            json!({"iss": "0oa1"}),
            json!({"iss": "0oa1", "sub": "0oa2"}),
            json!({"iss": "", "sub": ""}),
            json!({"iss": 7, "sub": 7}),
            json!({"iss": "a\r\nb", "sub": "a\r\nb"}),
            json!([]),
        ] {
            assert!(UnverifiedAssertion::parse(assertion(&claims)).is_none(), "{claims}");
        }
        for text in ["", "a.b", "a.b.c.d", "e30.!.x", "e30.bm9uZQ.x"] {
            assert!(UnverifiedAssertion::parse(text.to_owned()).is_none(), "{text}");
        }
    }
}
