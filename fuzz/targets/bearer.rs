//! Every `Authorization` value of a request.

use okta_security_profiles::domain::oauth::bearer::{Credential, Scheme};

/// The values, with line feeds between them.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let values: Vec<&str> = if text.is_empty() { Vec::new() } else { text.split('\n').collect() };
    match Credential::from_authorization_values(values.iter().copied()) {
        Ok(Credential::Token(presented, token)) => {
            let token = token.expose();
            let (scheme, rest) = values[0].split_once(' ').expect("a scheme and a token");
            let name = match presented {
                Scheme::Bearer => "bearer",
                Scheme::Dpop => "dpop",
            };
            assert!(values.len() == 1 && scheme.eq_ignore_ascii_case(name) && rest == token);
            assert!(token.bytes().all(|byte| byte.is_ascii_graphic() && byte != b','), "{token:?}");
        }
        Ok(Credential::Basic(client)) => {
            assert_eq!(values.len(), 1);
            assert!(values[0].get(..6).is_some_and(|scheme| scheme.eq_ignore_ascii_case("basic ")));
            let client_id = client.client_id.to_string();
            assert!(!client_id.is_empty() && !client_id.contains(|character: char| character.is_ascii_control()));
        }
        Err(error) => {
            // Fixed texts: nothing of the header can be in them.
            assert!(error.to_string().len() < 80, "{error}");
        }
    }
}
