//! Client authentication by a signed JWT (RFC 7523 section 2.2), with Okta's rules: `client_secret_jwt`, `private_key_jwt`.
//!
//! Source: Okta developer guide, "Build a JWT for Client Authentication".

use jsonwebtoken::AlgorithmFamily;
use secrecy::ExposeSecret as _;

use super::StandInOkta;
use super::jwt::{Jwt, PublicKey};
use super::refusal::TokenRefusal;
use super::settings::StandInClient;

/// The one `client_assertion_type` (RFC 7523 section 2.2).
const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
/// As far ahead as `exp` may be, in seconds.
const MAX_LIFETIME_SECONDS: u64 = 3600;

/// What is wrong with an assertion.
#[derive(Debug, Clone, Copy)]
pub(super) enum AssertionFault {
    Type,
    Malformed,
    ClientId,
    Issuer,
    Audience,
    KeyId,
    Signature,
    Expired,
    TooFarAhead,
    NotYetIssued,
    UsedBefore,
}

impl StandInOkta {
    /// The client that signed the assertion. It counts as used from here on, whatever becomes of the request.
    pub(super) fn authenticate_by_assertion(
        &self,
        client_id: Option<&str>,
        assertion_type: Option<&str>,
        assertion: Option<&str>,
    ) -> Result<&StandInClient, TokenRefusal> {
        if assertion_type != Some(ASSERTION_TYPE) {
            return Err(AssertionFault::Type.into());
        }
        let jwt = assertion.and_then(Jwt::parse).ok_or(AssertionFault::Malformed)?;
        let subject = jwt.text("sub").ok_or(AssertionFault::Malformed)?;
        let client = self.settings.client(client_id.unwrap_or(subject)).ok_or(TokenRefusal::UnknownClient)?;
        if subject != client.client_id {
            return Err(AssertionFault::ClientId.into());
        }
        if jwt.text("iss") != Some(subject) {
            return Err(AssertionFault::Issuer.into());
        }
        if !jwt.is_for(&self.token_url()) {
            return Err(AssertionFault::Audience.into());
        }
        check_signature(&jwt, client)?;
        self.check_times(&jwt)?;
        Ok(client)
    }

    fn check_times(&self, jwt: &Jwt<'_>) -> Result<(), AssertionFault> {
        let now = (self.clock)();
        let expires = jwt.seconds("exp").ok_or(AssertionFault::Malformed)?;
        if expires <= now {
            return Err(AssertionFault::Expired);
        }
        if expires - now > MAX_LIFETIME_SECONDS {
            return Err(AssertionFault::TooFarAhead);
        }
        if jwt.seconds("iat").is_some_and(|issued_at| issued_at > now) {
            return Err(AssertionFault::NotYetIssued);
        }
        let (Some(id), Some(client)) = (jwt.text("jti"), jwt.text("sub")) else { return Ok(()) };
        let name = (client.to_owned(), id.to_owned());
        if self.memory().assertions.take(name, now, expires) { Ok(()) } else { Err(AssertionFault::UsedBefore) }
    }
}

fn check_signature(jwt: &Jwt<'_>, client: &StandInClient) -> Result<(), AssertionFault> {
    let is_good = if jwt.algorithm.family() == AlgorithmFamily::Hmac {
        jwt.is_signed_with_secret(client.secret.expose_secret().as_bytes())
    } else {
        jwt.is_signed_by(&registered_key(jwt, client).ok_or(AssertionFault::KeyId)?)
    };
    if is_good { Ok(()) } else { Err(AssertionFault::Signature) }
}

/// The client's key with the assertion's `kid`. Without a `kid` it must be the client's only one.
fn registered_key(jwt: &Jwt<'_>, client: &StandInClient) -> Option<PublicKey> {
    let jwk = match (jwt.header("kid"), &*client.public_keys) {
        (Some(kid), keys) => keys.iter().find(|key| key.get("kid") == Some(kid))?,
        (None, [only]) => only,
        (None, _) => return None,
    };
    PublicKey::from_jwk(jwk)
}

impl AssertionFault {
    /// Okta's own words wherever a public source shows them.
    #[rustfmt::skip] // a table: one fault, one line
    pub(super) fn text(self) -> &'static str {
        match self {
            Self::Type => "The client_assertion_type is invalid.",
            Self::Malformed => "The parsing of the client_assertion failed.",
            Self::ClientId => "The client_id does not match the subject of the client_assertion.",
            Self::Issuer => "The issuer and the subject of the client_assertion must be the client_id.",
            Self::Audience => "The audience claim for client_assertion must be the endpoint invoked for the request.",
            Self::KeyId => "The client_assertion JWT kid is invalid.",
            Self::Signature => "The client_assertion signature is invalid.",
            Self::Expired => "The client_assertion token is expired.",
            Self::TooFarAhead => "The client_assertion token has an expiration too far into the future.",
            Self::NotYetIssued => "The client_assertion token was issued in the future.",
            Self::UsedBefore => "The client_assertion token has already been used.",
        }
    }
}
