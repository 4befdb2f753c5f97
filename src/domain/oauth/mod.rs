//! OAuth 2.0 (RFC 6749) and bearer tokens (RFC 6750), as pure types.

pub mod bearer;
pub mod client_assertion;
pub mod client_credentials;
pub mod error_code;
pub mod introspection;
pub mod scope;
pub mod secret;
pub mod token_response;
