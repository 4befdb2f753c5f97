//! The token endpoint: client credentials in, an access token or one of Okta's errors out (RFC 6749 sections 4.4 and 5.1).

use axum::http::HeaderMap;
use serde_json::{Value, json};

use super::StandInOkta;
use super::dpop::KeyThumbprint;
use super::form::Form;
use super::refusal::TokenRefusal;
use super::settings::StandInClient;

impl StandInOkta {
    /// The answer of RFC 6749 section 5.1, or why there is none.
    pub(super) fn grant_token(&self, headers: &HeaderMap, body: &[u8]) -> Result<Value, TokenRefusal> {
        let form = Form::parse(headers, body)?;
        match form.parameter("grant_type") {
            None => return Err(TokenRefusal::NoGrantType),
            Some("client_credentials") => {}
            Some(_) => return Err(TokenRefusal::UnsupportedGrantType),
        }
        let client = self.authenticate(headers, &form)?;
        let bound_key = self.bound_key(headers, client)?;
        let scopes = self.granted_scopes(client, form.parameter("scope"))?;
        let mut claims = self.claims(&client.client_id, &scopes);
        let token_type = match bound_key {
            Some(KeyThumbprint(thumbprint)) => {
                claims["cnf"] = json!({"jkt": thumbprint});
                "DPoP"
            }
            None => "Bearer",
        };
        Ok(json!({
            "token_type": token_type,
            "expires_in": self.settings.token_lifetime_seconds,
            "access_token": self.sign(&claims),
            "scope": scopes.join(" "),
        }))
    }

    /// Okta grants what was asked or nothing: it never narrows a request.
    fn granted_scopes<'a>(
        &'a self,
        client: &StandInClient,
        requested: Option<&'a str>,
    ) -> Result<Vec<&'a str>, TokenRefusal> {
        let mut scopes: Vec<&str> = Vec::new();
        for scope in requested.unwrap_or_default().split_ascii_whitespace() {
            if !scopes.contains(&scope) {
                scopes.push(scope);
            }
        }
        if scopes.is_empty() {
            scopes.extend(self.settings.default_scopes.iter().map(String::as_str));
        }
        if scopes.is_empty() {
            return Err(TokenRefusal::NoDefaultScopes);
        }
        let all_in = |known: &[String]| scopes.iter().all(|scope| known.iter().any(|name| name == scope));
        if !all_in(&self.settings.scopes) {
            return Err(TokenRefusal::UnknownScope);
        }
        if !all_in(&client.scopes) {
            return Err(TokenRefusal::NotAllowedByPolicy);
        }
        Ok(scopes)
    }
}
