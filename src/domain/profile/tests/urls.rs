//! How a URL in a profile must be written.

use serde_json::json;

use super::finding;

/// Found by fuzzing: all of these are read as `https://acme.okta.com/oauth2/default` or as another host than they seem to name.
#[test]
fn a_url_that_is_not_written_as_one_is_refused() {
    for issuer in [
        "https:acme.okta.com/oauth2/default",
        "https:/acme.okta.com/oauth2/default",
        "https:z//acme.okta.com/oauth2/default",
        "https:///acme.okta.com/oauth2/default",
        "https:\\\\acme.okta.com\\oauth2\\default",
        "https://acme.okta.com\\oauth2/default",
        "https://acme.ok\nta.com/oauth2/default",
        "\thttps://acme.okta.com/oauth2/default",
        "https://acme.okta.com/oauth2/default\r\n",
        "HTTPS://acme.okta.com/oauth2/default",
    ] {
        let (field, problem) = finding("issuer", json!(issuer));
        assert_eq!(field, "issuer");
        assert!(problem.contains("is not a URL; expected `https://host/path`"), "{problem}");
        assert!(!problem.contains(char::is_control), "{problem:?}");
    }
    assert!(finding("keysUrl", json!("https:/acme.okta.com/oauth2/default/v1/keys")).1.contains("is not a URL"));
}
