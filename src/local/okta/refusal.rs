//! Why there is no token, and how Okta says so (RFC 6749 section 5.2).

use axum::http::{HeaderMap, HeaderValue, StatusCode};
use serde_json::{Value, json};

use super::client_assertion::AssertionFault;
use super::dpop::ProofFault;
use super::keys::random_name;

/// Why there is no token. The texts that go out are Okta's own wherever a public source shows them.
#[derive(Debug)]
pub(super) enum TokenRefusal {
    NotForm,
    RepeatedParameter,
    NoGrantType,
    UnsupportedGrantType,
    SeveralCredentials,
    NoClient,
    UnknownClient,
    WrongSecret,
    NotAuthenticated,
    Assertion(AssertionFault),
    DpopProof(ProofFault),
    NoDpopNonce { nonce: String },
    NoDefaultScopes,
    UnknownScope,
    NotAllowedByPolicy,
}

impl TokenRefusal {
    pub(super) fn status(&self) -> StatusCode {
        self.answer().0
    }

    /// The headers that only this refusal has.
    pub(super) fn headers(&self) -> HeaderMap {
        let mut headers = HeaderMap::new();
        if let Self::NoDpopNonce { nonce } = self
            && let Ok(nonce) = HeaderValue::try_from(nonce)
        {
            headers.insert("dpop-nonce", nonce);
        }
        headers
    }

    pub(super) fn body(&self) -> Value {
        let (_, code, text) = self.answer();
        match self {
            // Here Okta answers in the shape of its management API, not in OAuth's.
            Self::NotForm | Self::UnknownClient => okta_error(code, text),
            Self::RepeatedParameter
            | Self::NoGrantType
            | Self::UnsupportedGrantType
            | Self::SeveralCredentials
            | Self::NoClient
            | Self::WrongSecret
            | Self::NotAuthenticated
            | Self::Assertion(_)
            | Self::DpopProof(_)
            | Self::NoDpopNonce { .. }
            | Self::NoDefaultScopes
            | Self::UnknownScope
            | Self::NotAllowedByPolicy => json!({ "error": code, "error_description": text }),
        }
    }

    #[rustfmt::skip] // a table: one refusal, one block
    fn answer(&self) -> (StatusCode, &'static str, &'static str) {
        const BAD_REQUEST: StatusCode = StatusCode::BAD_REQUEST;
        const UNAUTHORIZED: StatusCode = StatusCode::UNAUTHORIZED;
        match self {
            Self::NotForm => (StatusCode::UNSUPPORTED_MEDIA_TYPE, "E0000021",
                "Bad request.  Accept and/or Content-Type headers likely do not match supported values."),
            Self::RepeatedParameter => (BAD_REQUEST, "invalid_request",
                "A parameter must not be repeated."),
            Self::NoGrantType => (BAD_REQUEST, "invalid_request",
                "The parameter 'grant_type' must be provided."),
            Self::UnsupportedGrantType => (BAD_REQUEST, "unsupported_grant_type",
                "The authorization grant type is not supported by the authorization server."),
            Self::SeveralCredentials => (UNAUTHORIZED, "invalid_request",
                "Cannot supply multiple client credentials. Use one of the following: credentials in the \
                 Authorization header, credentials in the post body, or a client_assertion in the post body."),
            Self::NoClient => (BAD_REQUEST, "invalid_client",
                "A client_id must be provided in the request."),
            Self::UnknownClient => (UNAUTHORIZED, "invalid_client",
                "Invalid value for 'client_id' parameter."),
            Self::WrongSecret => (UNAUTHORIZED, "invalid_client",
                "The client secret supplied for a confidential client is invalid."),
            Self::NotAuthenticated => (UNAUTHORIZED, "invalid_client",
                "Client authentication failed. Either the client or the client credentials are invalid."),
            Self::Assertion(fault) => (UNAUTHORIZED, "invalid_client", fault.text()),
            Self::DpopProof(fault) => (BAD_REQUEST, "invalid_dpop_proof", fault.text()),
            Self::NoDpopNonce { .. } => (BAD_REQUEST, "use_dpop_nonce",
                "Authorization server requires nonce in DPoP proof."),
            Self::NoDefaultScopes => (BAD_REQUEST, "invalid_scope",
                "The authorization server resource does not have any configured default scopes, 'scope' must be provided."),
            Self::UnknownScope => (BAD_REQUEST, "invalid_scope",
                "One or more scopes are not configured for the authorization server resource."),
            Self::NotAllowedByPolicy => (BAD_REQUEST, "access_denied",
                "Policy evaluation failed for this request, please check the policy configurations."),
        }
    }
}

impl From<AssertionFault> for TokenRefusal {
    fn from(fault: AssertionFault) -> Self {
        Self::Assertion(fault)
    }
}

impl From<ProofFault> for TokenRefusal {
    fn from(fault: ProofFault) -> Self {
        Self::DpopProof(fault)
    }
}

/// The error body of Okta's management API.
pub(super) fn okta_error(code: &str, summary: &str) -> Value {
    json!({
        "errorCode": code,
        "errorSummary": summary,
        "errorLink": code,
        "errorId": format!("oae{}", random_name::<16>()),
        "errorCauses": [],
    })
}
