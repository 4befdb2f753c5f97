//! The emergency deny list: clients, subjects, tokens and keys that are let in nowhere, whatever a profile says.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};

use super::jose::header::KeyId;
use super::validation::verify::VerifiedToken;

/// Who is let in nowhere. Empty: nobody is kept out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DenyList {
    /// Client ids.
    #[serde(default)]
    cid: BTreeSet<String>,
    /// Subjects.
    #[serde(default)]
    sub: BTreeSet<String>,
    /// Token ids.
    #[serde(default)]
    jti: BTreeSet<String>,
    /// Key ids.
    #[serde(default)]
    kid: BTreeSet<String>,
}

/// What an entry of the list is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Listed {
    /// A client, `cid`.
    Client,
    /// A subject, `sub`.
    Subject,
    /// One token, `jti`.
    TokenId,
    /// A key, `kid`, and so every token that it signed.
    KeyId,
}

/// A document that is no deny list.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("the deny list is not an object of the arrays `cid`, `sub`, `jti` and `kid`: {0}")]
pub struct DenyListError(String);

impl DenyList {
    /// A list that keeps nobody out.
    #[must_use]
    pub const fn new() -> Self {
        Self { cid: BTreeSet::new(), sub: BTreeSet::new(), jti: BTreeSet::new(), kid: BTreeSet::new() }
    }

    /// Reads `{"cid": [], "sub": [], "jti": [], "kid": []}`, each of them optional.
    ///
    /// # Errors
    /// [`DenyListError`]: who is kept out cannot be known.
    pub fn from_json(json: &str) -> Result<Self, DenyListError> {
        let refused = |error: serde_json::Error| DenyListError(error.to_string());
        // An object and no array, which would be read by position.
        let members: Map<String, Value> = serde_json::from_str(json).map_err(refused)?;
        serde_json::from_value(Value::Object(members)).map_err(refused)
    }

    /// As it is stored.
    #[must_use]
    pub fn to_json(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Why this token is let in nowhere.
    #[must_use]
    pub fn holds(&self, token: &VerifiedToken) -> Option<Listed> {
        let claims = token.claims();
        let is_in = |values: &BTreeSet<String>, value: Option<&str>| value.is_some_and(|value| values.contains(value));
        [
            (Listed::KeyId, is_in(&self.kid, token.key_id().map(KeyId::as_str))),
            (Listed::TokenId, is_in(&self.jti, claims.token_id.as_deref())),
            (Listed::Client, is_in(&self.cid, Some(&claims.client_id))),
            (Listed::Subject, is_in(&self.sub, claims.subject.as_deref())),
        ]
        .into_iter()
        .find_map(|(listed, is_in)| is_in.then_some(listed))
    }

    /// Whether this client is let in nowhere.
    #[must_use]
    pub fn holds_client(&self, client_id: &str) -> bool {
        self.cid.contains(client_id)
    }

    /// The entries of one kind, in order.
    #[must_use]
    pub const fn entries(&self, kind: Listed) -> &BTreeSet<String> {
        match kind {
            Listed::Client => &self.cid,
            Listed::Subject => &self.sub,
            Listed::TokenId => &self.jti,
            Listed::KeyId => &self.kid,
        }
    }

    /// Adds an entry. Returns whether it is new.
    pub fn add(&mut self, kind: Listed, value: &str) -> bool {
        self.of(kind).insert(value.to_owned())
    }

    /// Removes an entry. Returns whether it was there.
    pub fn remove(&mut self, kind: Listed, value: &str) -> bool {
        self.of(kind).remove(value)
    }

    const fn of(&mut self, kind: Listed) -> &mut BTreeSet<String> {
        match kind {
            Listed::Client => &mut self.cid,
            Listed::Subject => &mut self.sub,
            Listed::TokenId => &mut self.jti,
            Listed::KeyId => &mut self.kid,
        }
    }
}

impl Listed {
    /// Every kind.
    pub const ALL: [Self; 4] = [Self::Client, Self::Subject, Self::TokenId, Self::KeyId];

    /// The claim or header member.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Client => "cid",
            Self::Subject => "sub",
            Self::TokenId => "jti",
            Self::KeyId => "kid",
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::{DenyList, Listed};
    use crate::domain::jose::jwk::VerificationKey;
    use crate::domain::jose::jwt::UnverifiedJwt;
    use crate::domain::validation::verify::{Candidate, VerifiedToken};
    use crate::testing::{NOW, OKTA_KEY, claims, profile, profile_document};

    fn token() -> VerifiedToken {
        let (text, profile) = (OKTA_KEY.access_token(&claims()), profile(&profile_document()));
        let jwt = UnverifiedJwt::parse(&text).expect("a token");
        let key = Arc::new(VerificationKey::from_jwk(&OKTA_KEY.jwk()).expect("a key"));
        Candidate::new(&jwt, &profile, NOW).expect("a candidate").verify(&key).expect("verified")
    }

    #[test]
    fn an_empty_list_keeps_nobody_out() {
        for empty in ["{}", r#"{"cid": [], "sub": [], "jti": [], "kid": []}"#] {
            assert_eq!(DenyList::from_json(empty).expect("valid").holds(&token()), None);
        }
    }

    #[test]
    fn each_kind_of_entry_keeps_out_what_it_names_and_nothing_else() {
        for (kind, value) in [
            (Listed::Client, "0oa1"),
            (Listed::Subject, "orders-client"),
            (Listed::TokenId, "AT.1"),
            (Listed::KeyId, "okta-key"),
        ] {
            let mut list = DenyList::default();
            assert!(list.add(kind, value) && !list.add(kind, value));
            assert_eq!(list.holds(&token()), Some(kind));
            assert_eq!(DenyList::from_json(&list.to_json()), Ok(list.clone()));
            assert!(list.remove(kind, value) && !list.remove(kind, value));
            list.add(kind, &format!("{value}x"));
            list.add(kind, &format!("x{value}"));
            assert_eq!(list.holds(&token()), None, "compared whole");
        }
    }

    #[test]
    fn what_is_no_deny_list_is_refused() {
        for broken in ["", "[]", r#"{"cid": "0oa1"}"#, r#"{"cid": [7]}"#, r#"{"clients": []}"#] {
            assert!(DenyList::from_json(broken).is_err(), "{broken}");
        }
    }
}
