//! One JSON Web Key (RFC 7517) that is fit to verify an access token with, or the reason why it is not.

use aws_lc_rs::digest;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, ECDSA_P384_SHA384_FIXED, ParsedPublicKey, VerificationAlgorithm};
use jsonwebtoken::DecodingKey;
use serde_json::{Map, Value};

use super::algorithm::{Algorithm, KeyType};
use super::base64url;
use super::header::KeyId;

/// RSA moduli that are accepted, in bits. Below is breakable (NIST SP 800-131A), above is a denial of service.
const RSA_MODULUS_BITS: std::ops::RangeInclusive<usize> = 2_048..=8_192;

/// The longest RSA exponent, in bytes: every key in the field has 65537.
const MAX_RSA_EXPONENT_BYTES: usize = 4;

/// Members of private keys (RFC 7518 section 6.2.2 and 6.3.2, RFC 8037 section 2) and of shared ones (section 6.4.1).
const PRIVATE_MEMBERS: [&str; 8] = ["d", "p", "q", "dp", "dq", "qi", "oth", "k"];

/// A public key that passed every check of [`VerificationKey::from_jwk`].
#[derive(Clone)]
pub struct VerificationKey {
    key_id: KeyId,
    key_type: KeyType,
    algorithm: Option<Algorithm>,
    decoding_key: DecodingKey,
    thumbprint: [u8; 32],
}

/// Why a key is left out of its set. Never holds key material.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum JwkError {
    /// A member of a private or a shared key, in what a DPoP proof carries (RFC 9449 section 4.3, check 7).
    #[error("it is a private key")]
    Private,
    /// Not a JSON object.
    #[error("it is no JSON object")]
    NotAnObject,
    /// `kid` is missing, no string, empty or over 256 bytes, so no token can name it.
    #[error("its kid is missing or malformed")]
    KeyId,
    /// `kty` is missing or is not RSA, EC or OKP; `oct` is a shared secret.
    #[error("its kty is not RSA, EC or OKP")]
    KeyType,
    /// `use` is present and not `sig`, or `key_ops` is present without `verify` (RFC 7517 section 4.2, 4.3).
    #[error("it is not meant for verifying signatures")]
    NotForSignatures,
    /// `alg` is present and not an algorithm for this type of key.
    #[error("its alg does not fit its type")]
    Algorithm,
    /// A parameter is missing or is not unpadded base64url.
    #[error("its parameter {parameter} is missing or malformed")]
    Parameter {
        /// `n`, `e`, `x` or `y`.
        parameter: &'static str,
    },
    /// An RSA modulus outside 2,048 to 8,192 bits, or even.
    #[error("its modulus is even or has {bits} bits, not 2048 to 8192")]
    Modulus {
        /// Its length in bits.
        bits: usize,
    },
    /// An RSA exponent that is even, below 3 or over 4 bytes.
    #[error("its exponent is even, below 3 or over 4 bytes")]
    Exponent,
    /// `crv` is missing or not P-256, P-384 or Ed25519, or does not go with `kty`.
    #[error("its crv is not P-256, P-384 or Ed25519, or does not go with its kty")]
    Curve,
    /// A point that is not on the curve, or of the wrong length.
    #[error("its point is not on the curve")]
    Point,
}

impl VerificationKey {
    /// Checks one member of a key set's `keys`.
    ///
    /// # Errors
    /// [`JwkError`]: the key must be left out; the others of the set are not affected.
    pub fn from_jwk(jwk: &Value) -> Result<Self, JwkError> {
        let members = jwk.as_object().ok_or(JwkError::NotAnObject)?;
        let key_id = members.get("kid").and_then(Value::as_str).and_then(KeyId::new).ok_or(JwkError::KeyId)?;
        Self::read(members, key_id)
    }

    /// Checks the key that a DPoP proof carries: public, and as strong as an issuer's. Its name is its thumbprint.
    ///
    /// # Errors
    /// [`JwkError`]: the proof proves nothing.
    pub fn of_proof(jwk: &Value) -> Result<Self, JwkError> {
        let members = jwk.as_object().ok_or(JwkError::NotAnObject)?;
        if PRIVATE_MEMBERS.into_iter().any(|member| members.contains_key(member)) {
            return Err(JwkError::Private);
        }
        let key_id = KeyId::new(&base64url::encode(thumbprint(members))).ok_or(JwkError::KeyId)?;
        Self::read(members, key_id)
    }

    fn read(members: &Map<String, Value>, key_id: KeyId) -> Result<Self, JwkError> {
        check_purpose(members)?;
        let (key_type, decoding_key) = match text(members, "kty") {
            Some("RSA") => (KeyType::Rsa, rsa(members)?),
            Some("EC") => elliptic(members)?,
            Some("OKP") => (KeyType::Ed25519, edwards(members)?),
            Some(_) | None => return Err(JwkError::KeyType),
        };
        let algorithm = match members.get("alg") {
            None => None,
            Some(alg) => Some(
                alg.as_str()
                    .and_then(Algorithm::from_name)
                    .filter(|algorithm| algorithm.key_type() == key_type)
                    .ok_or(JwkError::Algorithm)?,
            ),
        };
        Ok(Self { key_id, key_type, algorithm, decoding_key, thumbprint: thumbprint(members) })
    }

    /// The key's `kid`.
    #[must_use]
    pub fn key_id(&self) -> &KeyId {
        &self.key_id
    }

    /// Whether a signature of this algorithm can be verified with this key: the type must fit, and the key's own
    /// `alg`, where it has one, must be the same.
    #[must_use]
    pub fn fits(&self, algorithm: Algorithm) -> bool {
        algorithm.key_type() == self.key_type && self.algorithm.is_none_or(|own| own == algorithm)
    }

    /// Whether both are the same key for the same purpose, however often it was read.
    #[must_use]
    pub fn is_same_as(&self, other: &Self) -> bool {
        self.key_id == other.key_id && self.algorithm == other.algorithm && self.thumbprint == other.thumbprint
    }

    /// Its thumbprint (RFC 7638).
    #[must_use]
    pub const fn thumbprint(&self) -> [u8; 32] {
        self.thumbprint
    }

    pub(super) fn decoding_key(&self) -> &DecodingKey {
        &self.decoding_key
    }
}

impl std::fmt::Debug for VerificationKey {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("VerificationKey")
            .field("key_id", &self.key_id)
            .field("key_type", &self.key_type)
            .finish_non_exhaustive()
    }
}

/// SHA-256 of the members that make the key, in the order of their names, as JSON without spaces (RFC 7638 section 3). An OKP
/// key has no `y` (RFC 8037 section 2); whatever else is there is read nowhere.
fn thumbprint(members: &Map<String, Value>) -> [u8; 32] {
    let required: &[&str] = match text(members, "kty") {
        Some("RSA") => &["e", "kty", "n"],
        Some("EC") => &["crv", "kty", "x", "y"],
        Some(_) | None => &["crv", "kty", "x"],
    };
    let mut hash = digest::Context::new(&digest::SHA256);
    for (index, name) in required.iter().enumerate() {
        hash.update(if index == 0 { b"{" } else { b"," });
        let value = Value::from(text(members, name).unwrap_or_default());
        hash.update(format!("\"{name}\":{value}").as_bytes());
    }
    hash.update(b"}");
    let mut bytes = [0; 32];
    bytes.copy_from_slice(hash.finish().as_ref());
    bytes
}

fn text<'m>(members: &'m Map<String, Value>, name: &str) -> Option<&'m str> {
    members.get(name).and_then(Value::as_str)
}

fn check_purpose(members: &Map<String, Value>) -> Result<(), JwkError> {
    let for_signatures = members.get("use").is_none_or(|purpose| purpose == "sig");
    let may_verify = members.get("key_ops").is_none_or(|operations| {
        operations.as_array().is_some_and(|operations| operations.iter().any(|operation| operation == "verify"))
    });
    if for_signatures && may_verify { Ok(()) } else { Err(JwkError::NotForSignatures) }
}

fn parameter(members: &Map<String, Value>, parameter: &'static str) -> Result<Vec<u8>, JwkError> {
    text(members, parameter)
        .and_then(|value| base64url::decode(value).ok())
        .filter(|bytes| !bytes.is_empty())
        .ok_or(JwkError::Parameter { parameter })
}

/// RFC 7518 section 6.3.1: big-endian unsigned integers; zero octets in front carry nothing.
fn rsa(members: &Map<String, Value>) -> Result<DecodingKey, JwkError> {
    let modulus = without_leading_zeros(parameter(members, "n")?);
    let exponent = without_leading_zeros(parameter(members, "e")?);
    let bits = modulus.first().map_or(0, |first| modulus.len() * 8 - first.leading_zeros() as usize);
    if !RSA_MODULUS_BITS.contains(&bits) || is_even(&modulus) {
        return Err(JwkError::Modulus { bits });
    }
    if exponent.len() > MAX_RSA_EXPONENT_BYTES || is_even(&exponent) || exponent == [1] {
        return Err(JwkError::Exponent);
    }
    Ok(DecodingKey::from_rsa_raw_components(&modulus, &exponent))
}

fn without_leading_zeros(bytes: Vec<u8>) -> Vec<u8> {
    bytes.into_iter().skip_while(|byte| *byte == 0).collect()
}

fn is_even(number: &[u8]) -> bool {
    number.last().is_none_or(|last| last % 2 == 0)
}

/// RFC 7518 section 6.2.1: coordinates of the curve's full length.
fn elliptic(members: &Map<String, Value>) -> Result<(KeyType, DecodingKey), JwkError> {
    let (key_type, length, curve): (_, _, &'static dyn VerificationAlgorithm) = match text(members, "crv") {
        Some("P-256") => (KeyType::EcP256, 32, &ECDSA_P256_SHA256_FIXED),
        Some("P-384") => (KeyType::EcP384, 48, &ECDSA_P384_SHA384_FIXED),
        Some(_) | None => return Err(JwkError::Curve),
    };
    let (x, y) = (parameter(members, "x")?, parameter(members, "y")?);
    if x.len() != length || y.len() != length {
        return Err(JwkError::Point);
    }
    let mut point = Vec::with_capacity(1 + 2 * length);
    point.push(0x04);
    point.extend_from_slice(&x);
    point.extend_from_slice(&y);
    ParsedPublicKey::new(curve, &point).map_err(|_| JwkError::Point)?;
    Ok((key_type, DecodingKey::from_ec_der(&point)))
}

/// RFC 8037 section 2.
fn edwards(members: &Map<String, Value>) -> Result<DecodingKey, JwkError> {
    if text(members, "crv") != Some("Ed25519") {
        return Err(JwkError::Curve);
    }
    let x = parameter(members, "x")?;
    if x.len() != 32 {
        return Err(JwkError::Point);
    }
    Ok(DecodingKey::from_ed_der(&x))
}

#[cfg(test)]
#[path = "jwk_tests.rs"]
mod tests;
