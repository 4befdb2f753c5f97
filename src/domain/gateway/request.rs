//! One authorizer request, whichever form of event it came in.

use std::net::IpAddr;

use super::method_arn::MethodArn;
use crate::domain::binding::possession::Possession;
use crate::domain::oauth::bearer::{Credential, CredentialError};

/// The forms in which API Gateway asks a Lambda authorizer (API Gateway developer guide, "Input to an API Gateway
/// Lambda authorizer").
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum EventForm {
    /// REST API, `TOKEN`: the header's value and the ARN, nothing else.
    RestToken,
    /// REST API, `REQUEST`.
    RestRequest,
    /// HTTP API, payload format 1.0.
    HttpApiV1,
    /// HTTP API, payload format 2.0.
    HttpApiV2,
    /// WebSocket API, `$connect`.
    WebSocket,
}

impl EventForm {
    /// The form's name in logs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::RestToken => "rest-token",
            Self::RestRequest => "rest-request",
            Self::HttpApiV1 => "http-1.0",
            Self::HttpApiV2 => "http-2.0",
            Self::WebSocket => "websocket",
        }
    }

    /// Whether events of this form hold the request: where it comes from, what was called, and its headers.
    #[must_use]
    pub const fn carries_request(self) -> bool {
        match self {
            Self::RestToken => false,
            Self::RestRequest | Self::HttpApiV1 | Self::HttpApiV2 | Self::WebSocket => true,
        }
    }

    /// Whether the API is an HTTP API, which documents no 401 for an authorizer's error and caches a Deny instead.
    #[must_use]
    pub const fn is_http_api(self) -> bool {
        match self {
            Self::HttpApiV1 | Self::HttpApiV2 => true,
            Self::RestToken | Self::RestRequest | Self::WebSocket => false,
        }
    }

    /// Whether the API is a REST API, which resolves the resource before the method.
    #[must_use]
    pub const fn is_rest(self) -> bool {
        match self {
            Self::RestToken | Self::RestRequest => true,
            Self::HttpApiV1 | Self::HttpApiV2 | Self::WebSocket => false,
        }
    }
}

/// What the authorizer is asked.
#[derive(Debug)]
pub struct AuthorizationRequest {
    /// The form of the event.
    pub form: EventForm,
    /// What is called.
    pub method_arn: MethodArn,
    /// The one credential, or why there is none.
    pub credential: Result<Credential, CredentialError>,
    /// Where the call comes from; `None` where the event does not say, or says no address.
    pub source_ip: Option<IpAddr>,
    /// What is shown besides the credential.
    pub possession: Possession,
}
