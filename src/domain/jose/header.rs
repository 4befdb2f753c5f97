//! The JOSE header of an access token (RFC 7515 section 4), reduced to what may influence verification.

use std::fmt;

use serde_json::{Map, Value};

use super::algorithm::Algorithm;

/// The longest `kid` that is looked up, in bytes. Okta's have 43.
const MAX_KEY_ID_BYTES: usize = 256;

/// Members that carry or point to a key (RFC 7515 section 4.1.2 to 4.1.6). A verifier that honours them can be told
/// which key to trust, so a token that has one is refused.
const KEY_MEMBERS: [&str; 4] = ["jku", "jwk", "x5u", "x5c"];

/// Members that change what the signature covers or what the payload is (RFC 7797, RFC 7516).
const ENCODING_MEMBERS: [&str; 3] = ["b64", "zip", "enc"];

/// A `kid`: an opaque name, compared byte for byte, never a path, a query or a URL (RFC 7515 section 4.1.4).
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct KeyId(String);

impl KeyId {
    /// The key id with this value, or nothing if it is empty or over 256 bytes.
    #[must_use]
    pub fn new(value: &str) -> Option<Self> {
        (!value.is_empty() && value.len() <= MAX_KEY_ID_BYTES).then(|| Self(value.to_owned()))
    }

    /// The value as it stands in the token and in the key set.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for KeyId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A header whose every member has been looked at. Nothing in it has been proven yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Header {
    /// `alg`: what the token says it was signed with. The profile decides whether that is accepted.
    pub algorithm: Algorithm,
    /// `kid`: which of the issuer's keys to verify with.
    pub key_id: KeyId,
    /// `typ`, if present, as it was written.
    pub media_type: Option<String>,
}

/// Why a header is refused. Operands are fixed names, never text of the token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum HeaderError {
    /// `alg` is missing, no string, `none`, HMAC, or unknown.
    #[error("the header's alg is missing or is no asymmetric signature algorithm")]
    Algorithm,
    /// `kid` is missing, no string, empty or over 256 bytes.
    #[error("the header's kid is missing, empty, no string or over {MAX_KEY_ID_BYTES} bytes")]
    KeyId,
    /// `typ` is no string.
    #[error("the header's typ is no string")]
    MediaType,
    /// A member that brings its own key.
    #[error("the header has {member}, which would bring its own key")]
    KeyMember {
        /// `jku`, `jwk`, `x5u` or `x5c`.
        member: &'static str,
    },
    /// A member that changes how the token is encoded, or a nested token.
    #[error("the header has {member}, which no Okta access token has")]
    EncodingMember {
        /// `b64`, `zip`, `enc` or `cty`.
        member: &'static str,
    },
    /// `crit`: extensions that must be understood; none are (RFC 7515 section 4.1.11).
    #[error("the header has crit")]
    Critical,
}

impl TryFrom<&Map<String, Value>> for Header {
    type Error = HeaderError;

    fn try_from(members: &Map<String, Value>) -> Result<Self, HeaderError> {
        if let Some(member) = KEY_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(HeaderError::KeyMember { member });
        }
        if let Some(member) = ENCODING_MEMBERS.into_iter().find(|name| members.contains_key(*name)) {
            return Err(HeaderError::EncodingMember { member });
        }
        if members.contains_key("crit") {
            return Err(HeaderError::Critical);
        }
        if members.contains_key("cty") {
            return Err(HeaderError::EncodingMember { member: "cty" });
        }
        let algorithm = members.get("alg").and_then(Value::as_str).and_then(Algorithm::from_name);
        let key_id = members.get("kid").and_then(Value::as_str).and_then(KeyId::new);
        let media_type = match members.get("typ") {
            None => None,
            Some(value) => Some(value.as_str().ok_or(HeaderError::MediaType)?.to_owned()),
        };
        Ok(Self {
            algorithm: algorithm.ok_or(HeaderError::Algorithm)?,
            key_id: key_id.ok_or(HeaderError::KeyId)?,
            media_type,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::{Header, HeaderError};

    fn parse(header: &Value) -> Result<Header, HeaderError> {
        Header::try_from(header.as_object().expect("an object"))
    }

    #[test]
    fn an_okta_header_is_read() {
        let header = parse(&json!({"kid": "k1", "alg": "RS256"})).expect("valid");
        assert_eq!((header.key_id.as_str(), header.algorithm.name()), ("k1", "RS256"));
        assert_eq!(header.media_type, None);
    }

    /// Threats 6 and 7.
    #[test]
    fn alg_none_hmac_wrong_case_or_missing_is_refused() {
        for header in [
            json!({"kid": "k"}),
            json!({"kid": "k", "alg": null}),
            json!({"kid": "k", "alg": ["RS256"]}),
            json!({"kid": "k", "alg": "none"}),
            json!({"kid": "k", "alg": "None"}),
            json!({"kid": "k", "alg": "rs256"}),
            json!({"kid": "k", "alg": "RS256 "}),
            json!({"kid": "k", "alg": "HS256"}),
            json!({"kid": "k", "alg": "HS512"}),
            json!({"kid": "k", "alg": "ES256K"}),
            json!({"kid": "k", "alg": ""}),
        ] {
            assert_eq!(parse(&header), Err(HeaderError::Algorithm), "{header}");
        }
    }

    /// Threat 9.
    #[test]
    fn a_header_that_brings_its_own_key_is_refused() {
        for member in ["jwk", "jku", "x5u", "x5c"] {
            let mut header = json!({"kid": "k", "alg": "RS256"});
            header[member] = json!("https://evil.example/keys");
            assert_eq!(parse(&header), Err(HeaderError::KeyMember { member }));
        }
    }

    /// Threat 10.
    #[test]
    fn any_crit_is_refused() {
        for crit in [json!([]), json!(["exp"]), json!(null), json!("b64")] {
            assert_eq!(parse(&json!({"kid": "k", "alg": "RS256", "crit": crit})), Err(HeaderError::Critical));
        }
    }

    /// Threat 11.
    #[test]
    fn b64_zip_enc_and_nested_tokens_are_refused() {
        for member in ["b64", "zip", "enc", "cty"] {
            let mut header = json!({"kid": "k", "alg": "RS256"});
            header[member] = json!(false);
            assert_eq!(parse(&header), Err(HeaderError::EncodingMember { member }));
        }
    }

    /// Threat 19.
    #[test]
    fn kid_absent_no_string_empty_or_over_256_bytes_is_refused() {
        for kid in [json!(null), json!(7), json!(["k"]), json!(""), json!("k".repeat(257))] {
            assert_eq!(parse(&json!({"alg": "RS256", "kid": kid})), Err(HeaderError::KeyId));
        }
        assert_eq!(parse(&json!({"alg": "RS256"})), Err(HeaderError::KeyId));
        assert!(parse(&json!({"alg": "RS256", "kid": "k".repeat(256)})).is_ok());
    }

    /// Threat 17.
    #[test]
    fn typ_must_be_a_string_where_present() {
        assert_eq!(parse(&json!({"alg": "RS256", "kid": "k", "typ": 1})), Err(HeaderError::MediaType));
    }
}
