//! base64url without padding, one spelling per value (RFC 7515 section 2, RFC 4648 section 3.5).

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;

/// The text is not the one base64url spelling of any bytes: padding, white space, a foreign character or spare bits.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("not unpadded base64url")]
pub struct NotBase64Url;

/// Decodes unpadded base64url.
///
/// # Errors
/// [`NotBase64Url`] for padding, white space, characters of another alphabet, and non-zero spare bits: what is
/// accepted can be spelled in one way only, so that a token has exactly one form.
pub fn decode(text: &str) -> Result<Vec<u8>, NotBase64Url> {
    URL_SAFE_NO_PAD.decode(text).map_err(|_| NotBase64Url)
}

/// Encodes without padding.
#[must_use]
pub fn encode(bytes: impl AsRef<[u8]>) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

#[cfg(test)]
mod tests {
    use super::{NotBase64Url, decode, encode};

    #[test]
    fn bytes_survive_the_round_trip() {
        assert_eq!(decode(&encode([0, 255, 16])), Ok(vec![0, 255, 16]));
    }

    /// Threat 14.
    #[test]
    fn padding_white_space_foreign_characters_and_spare_bits_are_refused() {
        for text in ["QQ==", "QQ ", " QQ", "Q\nQ", "Q+Q/", "QR", "Q", "QQ.", "Qé"] {
            assert_eq!(decode(text), Err(NotBase64Url), "{text:?}");
        }
    }
}
