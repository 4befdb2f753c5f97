//! What to do where an authorization server could not be asked about a token.

use super::introspector::IntrospectError;
use super::remedies::Remedy;
use super::stored_clients::StoredClientError;
use crate::domain::oauth::introspection::IntrospectionRefusal;
use crate::ports::introspection_endpoint::IntrospectionEndpointError;

const CHECK_THE_URL: &str = "Correct `introspection.url`, or remove it from the profile so that it follows from the issuer ({issuer}/v1/introspect).";
const TRY_AGAIN: &str = "Try again later, and look at Okta's own status page.";

impl Remedy for StoredClientError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Missing(_) => "Store the profile's client, its id and its secret.",
            Self::Unreadable(_) => "Check the permissions (ssm:GetParameter, kms:Decrypt), or store the client again.",
        }
    }
}

impl Remedy for IntrospectError {
    fn remedy(&self) -> &'static str {
        match self {
            Self::Endpoint(IntrospectionEndpointError::Unreachable { .. }) | Self::LeftAlone => TRY_AGAIN,
            Self::Endpoint(IntrospectionEndpointError::TooLarge { .. }) => CHECK_THE_URL,
            Self::Client(error) => error.remedy(),
            Self::Refused(refusal) => match refusal {
                IntrospectionRefusal::Client { .. } => {
                    "Store the right id and secret beside the profile: `profiles put NAME --client-id ID`."
                }
                IntrospectionRefusal::RateLimited { .. } => "Raise `introspection.cacheSeconds`, or Okta's rate limit.",
                IntrospectionRefusal::Unavailable { .. } => TRY_AGAIN,
                IntrospectionRefusal::Malformed { .. } => CHECK_THE_URL,
            },
        }
    }
}
