//! The claim `cnf`: what a token is bound to (RFC 7800 section 3.1, RFC 9449 section 6.1, RFC 8705 section 3.1).

use serde_json::Value;

use crate::domain::jose::base64url;

/// A SHA-256 hash.
pub type Sha256 = [u8; 32];

/// What a token is bound to: at least one of the two.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Confirmation {
    /// `jkt`: the thumbprint (RFC 7638) of the key that signs DPoP proofs.
    pub key: Option<Sha256>,
    /// `x5t#S256`: the hash of the certificate that the caller shows in TLS.
    pub certificate: Option<Sha256>,
}

impl Confirmation {
    /// Reads the claim. `None` where it is malformed, or names a method that nobody here can check: a token is bound in ways
    /// that are all checked, or not accepted.
    #[must_use]
    pub fn from_claim(claim: &Value) -> Option<Self> {
        let members = claim.as_object().filter(|members| !members.is_empty())?;
        let mut confirmation = Self { key: None, certificate: None };
        for (name, value) in members {
            let hash = value.as_str().and_then(sha256)?;
            match name.as_str() {
                "jkt" => confirmation.key = Some(hash),
                "x5t#S256" => confirmation.certificate = Some(hash),
                _ => return None,
            }
        }
        Some(confirmation)
    }
}

/// A SHA-256 hash as unpadded base64url.
#[must_use]
pub fn sha256(text: &str) -> Option<Sha256> {
    base64url::decode(text).ok()?.try_into().ok()
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};

    use super::Confirmation;

    /// The thumbprint of RFC 7638 section 3.1.
    const THUMBPRINT: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    /// The certificate's hash in RFC 8705 section 3.1.
    const CERTIFICATE: &str = "bwcK0esc3ACC3DB2Y5_lESsXE8o9ltc05O89jdN-dg2";

    fn read(claim: &Value) -> Option<Confirmation> {
        Confirmation::from_claim(claim)
    }

    #[test]
    fn a_key_a_certificate_or_both_are_read() {
        let key = read(&json!({"jkt": THUMBPRINT})).expect("a key");
        assert!(key.key.is_some() && key.certificate.is_none());
        let both = read(&json!({"jkt": THUMBPRINT, "x5t#S256": THUMBPRINT})).expect("both");
        assert!(both.key.is_some() && both.certificate.is_some());
    }

    /// The last character of the example in RFC 8705 has bits that no hash of 32 bytes leaves set: it is illustrative.
    #[test]
    fn a_hash_with_spare_bits_is_no_hash() {
        assert_eq!(read(&json!({"x5t#S256": CERTIFICATE})), None);
    }

    #[test]
    fn what_cannot_be_checked_is_refused() {
        for claim in [
            json!({}),
            json!(null),
            json!("jkt"),
            json!([THUMBPRINT]),
            json!({"jkt": null}),
            json!({"jkt": 7}),
            json!({"jkt": ""}),
            json!({"jkt": "c2hvcnQ"}),
            json!({"jkt": format!("{THUMBPRINT}=")}),
            json!({"kid": "k1"}),
            json!({"jwk": {}}),
            json!({"jkt": THUMBPRINT, "jku": "https://evil.example/keys"}),
        ] {
            assert_eq!(read(&claim), None, "{claim}");
        }
    }
}
