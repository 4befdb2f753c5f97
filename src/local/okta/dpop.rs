//! DPoP at the token endpoint (RFC 9449 section 5), with Okta's nonce (section 8): which key a token is bound to, if any.
//!
//! Source: Okta developer guide, "Configure OAuth 2.0 Demonstrating Proof-of-Possession".

use axum::http::HeaderMap;
use url::Url;

use super::StandInOkta;
use super::jwt::{Jwt, PublicKey, is_asymmetric};
use super::refusal::TokenRefusal;
use super::settings::StandInClient;

/// As far as `iat` may be from now, either way, in seconds.
const MAX_AGE_SECONDS: u64 = 300;

/// What is wrong with a proof.
#[derive(Debug, Clone, Copy)]
pub(super) enum ProofFault {
    Missing,
    Repeated,
    Malformed,
    Type,
    Algorithm,
    Key,
    Signature,
    Method,
    Url,
    IssuedAt,
    Id,
    UsedBefore,
}

/// The SHA-256 thumbprint (RFC 7638) of the key that a token is bound to: the member `jkt` of its claim `cnf`.
pub(super) struct KeyThumbprint(pub(super) String);

impl StandInOkta {
    /// The key that the request proves to hold; `None` where it has no proof and the client needs none.
    pub(super) fn bound_key(
        &self,
        headers: &HeaderMap,
        client: &StandInClient,
    ) -> Result<Option<KeyThumbprint>, TokenRefusal> {
        let mut proofs = headers.get_all("dpop").iter();
        let Some(proof) = proofs.next() else {
            return if client.dpop { Err(ProofFault::Missing.into()) } else { Ok(None) };
        };
        if proofs.next().is_some() {
            return Err(ProofFault::Repeated.into());
        }
        let jwt = proof.to_str().ok().and_then(Jwt::parse).ok_or(ProofFault::Malformed)?;
        let key = signer(&jwt)?;
        self.check_proof(&jwt)?;
        Ok(Some(KeyThumbprint(key.thumbprint().ok_or(ProofFault::Key)?)))
    }

    fn check_proof(&self, jwt: &Jwt<'_>) -> Result<(), TokenRefusal> {
        if jwt.text("htm") != Some("POST") {
            return Err(ProofFault::Method.into());
        }
        if !jwt.text("htu").is_some_and(|url| is_same_page(url, &self.token_url())) {
            return Err(ProofFault::Url.into());
        }
        let now = (self.clock)();
        let issued_at = jwt.seconds("iat").filter(|issued_at| issued_at.abs_diff(now) <= MAX_AGE_SECONDS);
        let issued_at = issued_at.ok_or(ProofFault::IssuedAt)?;
        let id = jwt.text("jti").ok_or(ProofFault::Id)?;
        let mut memory = self.memory();
        if jwt.text("nonce") != Some(&*memory.dpop_nonce) {
            return Err(TokenRefusal::NoDpopNonce { nonce: memory.dpop_nonce.clone() });
        }
        if !memory.proofs.take(id.to_owned(), now, issued_at.saturating_add(MAX_AGE_SECONDS)) {
            return Err(ProofFault::UsedBefore.into());
        }
        Ok(())
    }
}

/// The key in the header, if it is the one that signed.
fn signer(jwt: &Jwt<'_>) -> Result<PublicKey, ProofFault> {
    if jwt.header("typ").is_none_or(|typ| typ != "dpop+jwt") {
        return Err(ProofFault::Type);
    }
    if !is_asymmetric(jwt.algorithm) {
        return Err(ProofFault::Algorithm);
    }
    let key = jwt.header("jwk").and_then(PublicKey::from_jwk).ok_or(ProofFault::Key)?;
    if jwt.is_signed_by(&key) { Ok(key) } else { Err(ProofFault::Signature) }
}

/// Whether two URLs are one, up to their spelling (RFC 3986 section 6) and to query and fragment (RFC 9449 section 4.3).
fn is_same_page(one: &str, other: &str) -> bool {
    let page = |url: &str| {
        let mut url = Url::parse(url).ok()?;
        url.set_query(None);
        url.set_fragment(None);
        Some(url)
    };
    page(one).is_some_and(|url| page(other) == Some(url))
}

impl ProofFault {
    /// Okta's own words wherever a public source shows them.
    #[rustfmt::skip] // a table: one fault, one line
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Missing => "The DPoP proof JWT header is missing.",
            Self::Repeated => "There must be one DPoP proof JWT header.",
            Self::Malformed => "The DPoP proof JWT is malformed.",
            Self::Type => "'typ' in the DPoP proof JWT header is invalid.",
            Self::Algorithm => "'alg' in the DPoP proof JWT header is invalid.",
            Self::Key => "'jwk' in the DPoP proof JWT header is invalid.",
            Self::Signature => "The DPoP proof JWT signature is invalid.",
            Self::Method => "'htm' claim in the DPoP proof JWT is invalid.",
            Self::Url => "'htu' claim in the DPoP proof JWT is invalid.",
            Self::IssuedAt => "'iat' claim in the DPoP proof JWT is invalid.",
            Self::Id => "'jti' claim in the DPoP proof JWT is invalid.",
            Self::UsedBefore => "The DPoP proof JWT has already been used.",
        }
    }
}
