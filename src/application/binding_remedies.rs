//! What to do where a token's binding is not proven.

use super::remedies::Remedy;
use crate::domain::binding::possession::BindingError;
use crate::domain::binding::proof::ProofError;

const RENEW_THE_PROOF: &str =
    "Make a new DPoP proof for every request, with a `jti` of its own, right before it is sent.";

impl Remedy for BindingError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NotBound => {
                "Have the client ask for a token with a DPoP proof (`binding` is `dpop`) or over mutual TLS (`mtls`), or set \
                 `binding` to what the tokens are."
            }
            Self::NotEnabled => {
                "Set the profile's `binding` to `dpop`, `mtls` or `any-bound`, or have the client ask for tokens without a proof."
            }
            Self::BearerScheme => "Send `Authorization: DPoP TOKEN` and a header `DPoP` with a proof.",
            Self::DpopScheme => "Send `Authorization: Bearer TOKEN`, or get a token with a DPoP proof.",
            Self::Proof(error) => error.remedy(),
            Self::NoCertificate => {
                "Call the API over mutual TLS with the certificate that the token was got with; the API's domain name needs \
                 mutual TLS turned on."
            }
            Self::UnreadableCertificate => "Look at the certificate of the connection: the event's PEM holds none.",
            Self::OtherCertificate => "Call the API with the certificate that the token was got with.",
        }
    }
}

impl Remedy for ProofError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Missing | Self::Multiple => "Send one header `DPoP` with one proof.",
            Self::Malformed | Self::Claim { .. } => {
                "Make the proof as RFC 9449 section 4.2 says: a JWT with `typ`, `alg` and `jwk` in its header and `htm`, `htu`, \
                 `iat`, `jti` and `ath` as claims."
            }
            Self::Type => "Set the proof's `typ` to `dpop+jwt`.",
            Self::Algorithm => "Sign the proof with RS256, RS384, RS512, ES256 or ES384.",
            Self::Key => {
                "Put the public key alone into the proof's `jwk`: RSA of at least 2048 bits, or a point on P-256 or P-384."
            }
            Self::Signature => "Sign the proof with the private key of the key in its `jwk`.",
            Self::Method => "Set `htm` to the request's method; for a WebSocket that is GET.",
            Self::Url => {
                "Set `htu` to the URL that is called, without query and fragment. Where the API cannot know it (a CDN, or a base \
                 path at an HTTP API with payload 2.0), name its beginning in the profile's `dpop.urls`."
            }
            Self::TooOld | Self::Replayed => RENEW_THE_PROOF,
            Self::InFuture => "Set the client's clock.",
            Self::TokenHash => "Set `ath` to the base64url of SHA-256 of the very token that is sent.",
            Self::OtherKey => "Sign the proof with the key that the token was got with.",
        }
    }
}
