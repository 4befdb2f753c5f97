//! A profile document as an operator writes it.

use okta_security_profiles::domain::profile::{ProfileName, SecurityProfile, Transport};

/// A document.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    let name = ProfileName::new("orders").expect("a name");
    let profile = match SecurityProfile::from_json(&name, text, Transport::Https) {
        Ok(profile) => profile,
        Err(error) => {
            assert!(!error.to_string().trim().is_empty(), "a refusal that says nothing");
            return;
        }
    };
    assert!(!profile.audiences().is_empty() && !profile.apis().is_empty());
    assert!(profile.scopes().iter().count() > 0, "a profile that asks for no scope");
    assert!(profile.scopes().iter().all(|scope| profile.grantable_scopes().contains(scope)));
    assert!(profile.leeway_seconds() <= 60);
    let issuer = profile.issuer().as_str();
    assert!(issuer.starts_with("https://") && !issuer.ends_with('/') && !issuer.contains(['?', '#']), "{issuer}");
    let endpoints = profile.endpoints();
    for url in [&endpoints.keys_url, &endpoints.token_url, &endpoints.discovery_url, &endpoints.user_info_url] {
        assert_eq!(url.scheme(), "https", "{url}");
        assert_eq!(url.origin(), endpoints.authorization_url.origin(), "{url} is somewhere else");
        assert!(url.username().is_empty() && url.password().is_none(), "{url} holds a secret");
    }
    assert!(!issuer[8..].starts_with('/') && !issuer.contains('\\') && !issuer.contains(char::is_control), "{issuer}");
    assert!(!profile.automatic().anonymous || !profile.allowed_ips().is_empty());
    let again = SecurityProfile::from_json(&name, text, Transport::Https).expect("as before");
    assert!(again == profile && again.version() == profile.version());
}
