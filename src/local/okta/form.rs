//! The form of a token request, each parameter once (RFC 6749 sections 3.2 and 4.4.2).

use axum::http::HeaderMap;
use axum::http::header::CONTENT_TYPE;
use url::form_urlencoded;

use super::refusal::TokenRefusal;

/// The parameters of a form body, each of them once.
pub(super) struct Form(Vec<(String, String)>);

impl Form {
    /// A parameter that is there twice is refused (RFC 6749 section 3.2), an empty one counts as missing.
    pub(super) fn parse(headers: &HeaderMap, body: &[u8]) -> Result<Self, TokenRefusal> {
        let content_type = headers.get(CONTENT_TYPE).and_then(|value| value.to_str().ok());
        let media_type = content_type.and_then(|value| value.split(';').next());
        if !media_type
            .is_some_and(|media_type| media_type.trim().eq_ignore_ascii_case("application/x-www-form-urlencoded"))
        {
            return Err(TokenRefusal::NotForm);
        }
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(body) {
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(TokenRefusal::RepeatedParameter);
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        Ok(Self(parameters))
    }

    pub(super) fn parameter(&self, name: &str) -> Option<&str> {
        self.0.iter().find(|(known, value)| known == name && !value.is_empty()).map(|(_, value)| value.as_str())
    }
}
