//! The signature of a token or a proof (RFC 7515 section 5.2): the one place that calls `jsonwebtoken`, and all that is used of it.

use super::algorithm::Algorithm;
use super::jwk::VerificationKey;
use super::jwt::UnverifiedJwt;

/// Why a signature does not prove a token.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SignatureError {
    /// The key's type or its own `alg` is not the header's `alg`.
    #[error("the key with this kid cannot verify {algorithm}")]
    KeyUnfit {
        /// The header's `alg`.
        algorithm: Algorithm,
    },
    /// The signature is not this key's signature of this token.
    #[error("the signature is not valid")]
    Invalid,
}

impl UnverifiedJwt<'_> {
    /// Verifies the signature over header and payload as received.
    ///
    /// # Errors
    /// [`SignatureError`] where key and algorithm do not fit, or the signature is not valid.
    pub fn check_signature(&self, key: &VerificationKey) -> Result<(), SignatureError> {
        verify(self.header.algorithm, key, self.signing_input, self.signature)
    }
}

/// Verifies a signature (base64url) over a signing input: header, dot, payload, as received.
///
/// # Errors
/// [`SignatureError`] where key and algorithm do not fit, or the signature is not valid.
pub fn verify(
    algorithm: Algorithm,
    key: &VerificationKey,
    signing_input: &str,
    signature: &str,
) -> Result<(), SignatureError> {
    if !key.fits(algorithm) {
        return Err(SignatureError::KeyUnfit { algorithm });
    }
    let message = signing_input.as_bytes();
    match jsonwebtoken::crypto::verify(signature, message, key.decoding_key(), wire_algorithm(algorithm)) {
        Ok(true) => Ok(()),
        Ok(false) | Err(_) => Err(SignatureError::Invalid),
    }
}

fn wire_algorithm(algorithm: Algorithm) -> jsonwebtoken::Algorithm {
    match algorithm {
        Algorithm::Rs256 => jsonwebtoken::Algorithm::RS256,
        Algorithm::Rs384 => jsonwebtoken::Algorithm::RS384,
        Algorithm::Rs512 => jsonwebtoken::Algorithm::RS512,
        Algorithm::Ps256 => jsonwebtoken::Algorithm::PS256,
        Algorithm::Ps384 => jsonwebtoken::Algorithm::PS384,
        Algorithm::Ps512 => jsonwebtoken::Algorithm::PS512,
        Algorithm::Es256 => jsonwebtoken::Algorithm::ES256,
        Algorithm::Es384 => jsonwebtoken::Algorithm::ES384,
        Algorithm::EdDsa => jsonwebtoken::Algorithm::EdDSA,
    }
}

#[cfg(test)]
#[path = "signature_tests.rs"]
mod tests;
