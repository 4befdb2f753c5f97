//! What to do about each reason: the one table from a refusal to a sentence, in plain words. A new reason stops it.

use super::authorize_request::AuthorizeError;
use super::climb::ClimbRefusal;
use super::key_ring::KeyRingError;
use super::obtain_error::{ObtainError, WhyNotAccepted};
use crate::domain::jose::header::HeaderError;
use crate::domain::jose::jwt::JwtError;
use crate::domain::oauth::bearer::CredentialError;
use crate::domain::oauth::error_code::ErrorCode;
use crate::domain::oauth::token_response::TokenEndpointRefusal;
use crate::domain::validation::error::{Denial, TokenError};
use crate::ports::discovery::DiscoveryError;
use crate::ports::key_set_source::KeySetSourceError;
use crate::ports::token_endpoint::TokenEndpointError;

const USE_AN_ISSUED_TOKEN: &str = "Use a token exactly as Okta issued it.";
const CHECK_THE_NETWORK: &str = "Check the network, the host name and any proxy (OKTA_PROXY, SSL_CERT_FILE) between this \
                                 machine and Okta, and Okta's own status page.";
const CHECK_THE_ISSUER: &str = "Check `issuer` against the Issuer URI of the authorization server in Okta's admin console \
                                (Security > API > Authorization Servers).";
const CHECK_THE_TOKEN_URL: &str =
    "Correct `tokenUrl`, or remove it from the profile so that it follows from the issuer ({issuer}/v1/token).";
const CHECK_THE_KEYS_URL: &str =
    "Correct `keysUrl`, or remove it from the profile so that it follows from the issuer ({issuer}/v1/keys).";
const CHECK_WHO_ANSWERED: &str = "Check `tokenUrl`: it issued a token for another client than the one that asked.";
const USE_A_REQUEST_AUTHORIZER: &str = "Use a REQUEST authorizer, whose events hold the whole request.";
const WAIT: &str = "Wait until Okta's rate limit is over, and try again.";
const TRY_AGAIN: &str = "Try again later, and look at Okta's own status page.";

/// What to do where the deny list keeps a token out.
const DENY_LISTED: &str = "Nothing, where that is meant. `profiles deny remove` takes the entry off the list.";
/// What to do where the deny list cannot be read.
const MEND_THE_DENY_LIST: &str =
    "Correct the document `deny` under the root, or delete it and make it anew with `profiles deny add`.";

/// A refusal that comes with advice.
pub trait Remedy {
    /// What to do, as whole sentences.
    fn remedy(&self) -> &'static str;
}

impl Remedy for CredentialError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Missing => "Send one header `Authorization: Bearer TOKEN`.",
            Self::Multiple => "Send one Authorization header with one value.",
            Self::NotBearer => {
                "Write `Bearer` (or `DPoP`, for a token that is bound to a key), one space and the token."
            }
            Self::Malformed => "Remove spaces, quotes, commas and line breaks around and inside the token.",
        }
    }
}

impl Remedy for JwtError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::TooLarge { .. } => "Have Okta put fewer claims or groups into the access token.",
            Self::Encrypted => "Turn access token encryption off at the authorization server in Okta.",
            Self::Parts { .. } | Self::Encoding { .. } | Self::Json { .. } => {
                "Send the token whole and unchanged, as Okta issued it: three parts with two dots. An opaque token was not \
                 issued by a custom authorization server."
            }
            Self::Header(error) => error.remedy(),
            Self::Claim(error) => match error.claim {
                "cid" => "Send the access token. An ID token has no `cid`.",
                _ => USE_AN_ISSUED_TOKEN,
            },
        }
    }
}

impl Remedy for HeaderError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Algorithm => {
                "Use a token that is signed with an asymmetric algorithm, which Okta's access tokens always are."
            }
            Self::KeyId | Self::MediaType | Self::KeyMember { .. } | Self::EncodingMember { .. } | Self::Critical => {
                USE_AN_ISSUED_TOKEN
            }
        }
    }
}

impl Remedy for TokenError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::AlgorithmNotAllowed { .. } => {
                "Add the algorithm to the profile's `algorithms`, if the authorization server really signs with it."
            }
            Self::TypeNotAllowed => "Add the token's `typ` to the profile's `tokenType`.",
            Self::IssuerMismatch => {
                "Check the profile's `issuer` against the Issuer URI in Okta, byte for byte, or have the client ask the \
                 token URL of this profile's authorization server."
            }
            Self::OrgAuthorizationServer => {
                "Have the client ask the custom authorization server, whose token URL holds /oauth2/ and the server's id. \
                 Tokens of the org authorization server cannot be verified by anybody but Okta."
            }
            Self::AudienceMismatch => {
                "Set the profile's `audiences` to the Audience of the authorization server in Okta (Security > API > \
                 Authorization Servers), or the other way round."
            }
            Self::Expired { .. } => "Get a new token. If it is new, check this machine's clock.",
            Self::NotYetValid { .. } | Self::IssuedInFuture { .. } => {
                "Check this machine's clock: by it the token comes from the future."
            }
            Self::LifetimeTooLong { .. } => {
                "Shorten the access token lifetime in the authorization server's access policy, or raise the profile's \
                 `maxTokenLifetimeSeconds`."
            }
            Self::UnknownKey { .. } => {
                "Get a new token: the key that signed this one is no longer published. If a new one fails as well, check \
                 `issuer` and `keysUrl`."
            }
            Self::UnknownKeyCoolingDown { .. } => "Try again in 30 seconds, when the keys may be fetched again.",
            Self::KeyUnfit { .. } | Self::SignatureInvalid => {
                "Use a token exactly as this issuer's Okta issued it. This one was changed, or somebody else signed it."
            }
            Self::Inactive => "Get a new token: this one was revoked, or another server issued it.",
            Self::Introspected(_) => {
                "Look at what the authorization server answers: a profile needs `iss`, `aud`, `client_id`, `iat`, `exp` and `scope`."
            }
            Self::Binding(error) => error.remedy(),
        }
    }
}

impl Remedy for Denial {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NoProfile => "Add the API and stage to the `apis` of the profile that should govern it.",
            Self::DenyListed { .. } => DENY_LISTED,
            Self::ClientNotAllowed => "Add the client's id to the profile's `clients.allow`.",
            Self::ClaimMismatch { .. } => {
                "Have Okta put the expected value into this claim (Security > API > Authorization Servers > Claims), or \
                 correct the profile's rule in `claims`."
            }
            Self::PathIrregular => "Write the path plainly, without wildcards, dot segments or encoded dots.",
            Self::RouteUnknown => {
                "Declare the route in the profile's `routes`: with routes, what matches none is denied."
            }
            Self::RouteScopeMissing { .. } => {
                "Have the client ask for the route's scopes, and grant them to it in an access policy in Okta."
            }
            Self::IpNotAllowed => "Add the caller's network to the profile's `allowedIps`.",
            Self::ScopeMissing { .. } => {
                "Have the client ask for this scope, and grant it to the client in an access policy in Okta."
            }
        }
    }
}

impl Remedy for KeyRingError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unknown => "Get a new token: the key that signed this one is no longer published.",
            Self::UnknownCoolingDown => "Try again in 30 seconds, when the keys may be fetched again.",
            Self::Unavailable { source: Some(error), .. } => error.remedy(),
            Self::Unavailable { source: None, .. } => TRY_AGAIN,
        }
    }
}

impl Remedy for KeySetSourceError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => CHECK_THE_NETWORK,
            Self::RateLimited { .. } => WAIT,
            Self::Status { status: 500..=599, .. } => TRY_AGAIN,
            Self::Status { .. } | Self::Malformed { .. } => CHECK_THE_KEYS_URL,
        }
    }
}

impl Remedy for DiscoveryError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => CHECK_THE_NETWORK,
            Self::Status { status: 429, .. } => WAIT,
            Self::Status { status: 500..=599, .. } => TRY_AGAIN,
            Self::Status { .. } | Self::Malformed { .. } => CHECK_THE_ISSUER,
        }
    }
}

impl Remedy for TokenEndpointError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Unreachable { .. } => CHECK_THE_NETWORK,
            Self::TooLarge { .. } => CHECK_THE_TOKEN_URL,
        }
    }
}

impl Remedy for TokenEndpointRefusal {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Refused { code, .. } => code.remedy(),
            Self::RateLimited { .. } => WAIT,
            Self::Unavailable { .. } => TRY_AGAIN,
            Self::Redirected { .. } | Self::Malformed { .. } => CHECK_THE_TOKEN_URL,
        }
    }
}

impl Remedy for AuthorizeError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.remedy(),
            Self::Jwt(error) => error.remedy(),
            Self::Token(error) => error.remedy(),
            Self::Keys(error) => error.remedy(),
            Self::Profiles(_) => "Check the store, the root, the region and the permissions (ssm:GetParametersByPath).",
            Self::BrokenProfile(_) => "Correct the profile's document, and store it again.",
            Self::BrokenDenyList => MEND_THE_DENY_LIST,
            Self::Automatic { error, .. } => error.remedy(),
            Self::StoredClient(error) => error.remedy(),
            Self::Introspection(error) => error.remedy(),
            Self::Deadline => "Give the function more time, and see what it waited for.",
            Self::FormCannotServe { .. } => USE_A_REQUEST_AUTHORIZER,
        }
    }
}

impl Remedy for ClimbRefusal {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Credential(error) => error.remedy(),
            Self::Jwt(error) => error.remedy(),
            Self::Token(error) => error.remedy(),
            Self::Keys(error) => error.remedy(),
            Self::Introspection(error) => error.remedy(),
            Self::NotAsked => "Leave out --offline, so that the authorization server is asked.",
            Self::BrokenDenyList(_) => MEND_THE_DENY_LIST,
            Self::Denied(denial) => denial.remedy(),
            Self::OtherClient => CHECK_WHO_ANSWERED,
            Self::FormCannotServe { .. } => USE_A_REQUEST_AUTHORIZER,
        }
    }
}

/// What Okta means by each of its errors.
impl Remedy for ErrorCode {
    fn remedy(&self) -> &'static str {
        match self {
            Self::InvalidClient => {
                "Check the client's id and secret against the application in Okta (Applications > the app > General), and \
                 that it is active. A client with a public key cannot be tested with a secret: use --token."
            }
            Self::InvalidScope => {
                "Create the profile's `scopes` at the authorization server in Okta (Security > API > Authorization \
                 Servers > Scopes), or correct their names in the profile."
            }
            Self::AccessDenied => {
                "Add an access policy with a rule that grants this client the scopes for the Client Credentials grant \
                 (Security > API > Authorization Servers > Access Policies)."
            }
            Self::UnauthorizedClient | Self::UnsupportedGrantType => {
                "Turn the Client Credentials grant on, in the application's settings in Okta and in the access policy's \
                 rule. The application must be an API Services app."
            }
            Self::InvalidDpopProof | Self::UseDpopNonce => {
                "The application requires DPoP, which this test has no key for. Turn `Require Demonstrating Proof of \
                 Possession` off in Okta, or fetch a token yourself and test it with --token."
            }
            Self::InvalidRequest | Self::InvalidGrant => {
                "Check how the application authenticates in Okta: it must use a client secret, and one way only."
            }
            Self::TemporarilyUnavailable | Self::ServerError => TRY_AGAIN,
        }
    }
}

impl Remedy for ObtainError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Endpoint(error) => error.remedy(),
            Self::Refused { refusal, .. } => refusal.remedy(),
            Self::LeftAlone { .. } => WAIT,
            Self::CoolingDown { .. } => "Wait, then send the client's right secret.",
            Self::NotAccepted(why) => why.remedy(),
            Self::Keys(error) => error.remedy(),
        }
    }
}

impl Remedy for WhyNotAccepted {
    fn remedy(&self) -> &'static str {
        match self {
            Self::NotAJwt(error) => error.remedy(),
            Self::Token(error) => error.remedy(),
            Self::OtherClient => CHECK_WHO_ANSWERED,
            Self::NotAllowed(denial) => denial.remedy(),
            Self::ScopeNotGranted(_) => "Grant this scope to the client in an access policy in Okta.",
        }
    }
}
