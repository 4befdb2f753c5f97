//! What can be read of a token without believing any of it, for the one who holds it and asks what is in it.

use serde_json::{Map, Value};

use super::base64url;
use super::jwt::MAX_TOKEN_BYTES;

/// The parts of a token that are JSON objects. Nothing in them was checked: use [`super::jwt::UnverifiedJwt`] to decide.
#[derive(Clone, Default, PartialEq)]
pub struct Peek {
    /// The header.
    pub header: Option<Map<String, Value>>,
    /// The claims.
    pub claims: Option<Map<String, Value>>,
}

impl Peek {
    /// Reads as much of a text as there is to be read.
    #[must_use]
    pub fn at(token: &str) -> Self {
        if token.len() > MAX_TOKEN_BYTES {
            return Self::default();
        }
        let mut parts = token.split('.').map(object);
        Self { header: parts.next().flatten(), claims: parts.next().flatten() }
    }
}

/// Shows nothing: a whole claim set belongs in no log.
impl std::fmt::Debug for Peek {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Peek").finish_non_exhaustive()
    }
}

fn object(part: &str) -> Option<Map<String, Value>> {
    serde_json::from_slice(&base64url::decode(part).ok()?).ok()
}

#[cfg(test)]
mod tests {
    use super::{MAX_TOKEN_BYTES, Peek, base64url};

    #[test]
    fn each_part_is_read_as_far_as_it_can_be() {
        let header = base64url::encode(r#"{"alg":"none"}"#);
        let peek = Peek::at(&format!("{header}.!"));
        assert_eq!(peek.header.expect("a header")["alg"], "none");
        assert!(peek.claims.is_none());
        assert_eq!(Peek::at("nothing"), Peek::default());
        assert_eq!(Peek::at(&"e30.".repeat(MAX_TOKEN_BYTES)), Peek::default(), "it is too large to be looked at");
    }

    /// Threat 60.
    #[test]
    fn debug_shows_no_claim() {
        let peek = Peek::at(&format!("e30.{}.c2ln", base64url::encode(r#"{"sub":"canary"}"#)));
        assert!(peek.claims.is_some() && !format!("{peek:?}").contains("canary"));
    }
}
