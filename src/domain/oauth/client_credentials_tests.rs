//! Tests of the token request: each way to authenticate, and each refusal with its reason.

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use super::{ASSERTION_TYPE, ClientAuthentication, IncomingForm, MAX_BODY_BYTES, TokenRequest, TokenRequestError};
use crate::domain::jose::base64url;
use crate::domain::oauth::error_code::ErrorCode;

const FORM: Option<&str> = Some("application/x-www-form-urlencoded");
const GRANT: &str = "grant_type=client_credentials";

fn basic(id: &str, secret: &str) -> String {
    format!("Basic {}", STANDARD.encode(format!("{id}:{secret}")))
}

fn parse(authorization: &[&str], body: &str) -> Result<TokenRequest, TokenRequestError> {
    TokenRequest::parse(IncomingForm { content_type: FORM, authorization, dpop: &[], body: body.as_bytes() })
}

fn error(authorization: &[&str], body: &str) -> TokenRequestError {
    parse(authorization, body).expect_err("refused")
}

fn of_type(content_type: Option<&str>, basic: &str) -> Result<TokenRequest, TokenRequestError> {
    TokenRequest::parse(IncomingForm { content_type, authorization: &[basic], dpop: &[], body: GRANT.as_bytes() })
}

#[test]
fn basic_credentials_are_form_decoded() {
    let request = parse(&[&basic("0oa%3A1", "a%2Bb+c")], GRANT).expect("valid");
    assert_eq!(request.client.client_id.as_str(), "0oa:1");
    assert!(
        matches!(&request.client.authentication, ClientAuthentication::Basic(secret) if secret.expose() == "a+b c")
    );
    assert!(request.scopes.is_none());
}

#[test]
fn body_credentials_and_a_scope_are_read() {
    let request =
        parse(&[], "grant_type=client_credentials&client_id=0oa1&client_secret=s%26t&scope=b+a").expect("valid");
    assert_eq!(request.client.client_id.as_str(), "0oa1");
    assert!(matches!(&request.client.authentication, ClientAuthentication::Body(secret) if secret.expose() == "s&t"));
    assert_eq!(request.scopes.expect("scopes").to_string(), "a b");
}

#[test]
fn an_empty_parameter_counts_as_omitted_and_unknown_ones_are_ignored() {
    let request =
        parse(&[&basic("a", "b")], "grant_type=client_credentials&scope=&resource=x&resource=y").expect("valid");
    assert!(request.scopes.is_none());
}

/// Threat 65.
#[test]
fn a_bad_grant_content_type_repeated_parameter_or_large_body_is_refused() {
    let client = basic("a", "b");
    for content_type in [None, Some(""), Some("application/json"), Some("multipart/form-data"), Some("text/plain")] {
        let refused = of_type(content_type, &client).expect_err("refused");
        assert_eq!(refused, TokenRequestError::ContentType);
    }
    assert!(of_type(Some("Application/X-WWW-Form-Urlencoded; charset=utf-8"), &client).is_ok());
    assert_eq!(error(&[&client], ""), TokenRequestError::GrantTypeMissing);
    assert_eq!(error(&[&client], "grant_type=password"), TokenRequestError::GrantTypeUnsupported);
    assert_eq!(error(&[&client], "grant_type=password").code(), ErrorCode::UnsupportedGrantType);
    for parameter in super::PARAMETERS {
        let twice = format!("{GRANT}&{parameter}=client_credentials&{parameter}=x");
        let expected = if parameter == "grant_type" { "grant_type" } else { parameter };
        assert_eq!(error(&[&client], &twice), TokenRequestError::Repeated { parameter: expected });
    }
    let large = format!("{GRANT}&x={}", "a".repeat(MAX_BODY_BYTES));
    assert_eq!(error(&[&client], &large), TokenRequestError::TooLarge);
}

/// Threat 66.
#[test]
fn credentials_in_more_than_one_way_are_refused() {
    let client = basic("a", "b");
    for (authorization, body) in [
        (&[client.as_str()][..], "grant_type=client_credentials&client_id=a&client_secret=b"),
        (&[&client], "grant_type=client_credentials&client_secret=b"),
        (&[&client], "grant_type=client_credentials&client_id=other"),
        (&[&client], "grant_type=client_credentials&client_assertion=a.b.c"),
        (&[&client, &client], GRANT),
        (&[], "grant_type=client_credentials&client_id=a&client_secret=b&client_assertion=a.b.c"),
    ] {
        assert_eq!(error(authorization, body), TokenRequestError::SeveralAuthentications, "{body}");
    }
    assert!(
        parse(&[&client], "grant_type=client_credentials&client_id=a").is_ok(),
        "the same id once more is no second way"
    );
}

#[test]
fn missing_or_malformed_credentials_are_invalid_client() {
    for body in [GRANT, "grant_type=client_credentials&client_id=a", "grant_type=client_credentials&client_secret=a"] {
        assert_eq!(error(&[], body), TokenRequestError::CredentialsMissing);
    }
    assert_eq!(error(&[&basic("", "b")], GRANT), TokenRequestError::CredentialsMissing);
    assert_eq!(error(&[&basic("a", "")], GRANT), TokenRequestError::CredentialsMissing);
    for value in
        ["Bearer abc", "Basic", "Basic !", "Basic YQ==", &format!("Basic {}", STANDARD.encode([0xff, b':', b'a']))]
    {
        assert_eq!(error(&[value], GRANT), TokenRequestError::BasicMalformed, "{value}");
    }
    assert_eq!(error(&[], GRANT).code(), ErrorCode::InvalidClient);
    assert_eq!(error(&["Basic !"], GRANT).code(), ErrorCode::InvalidClient);
}

/// Threat 71.
#[test]
fn line_breaks_in_credentials_are_refused() {
    for body in [
        "client_id=a%0D%0Ab&client_secret=s",
        "client_id=a&client_secret=s%0A",
        "client_id=a%00&client_secret=s",
        "client_id=%C3%A9&client_secret=s",
    ] {
        assert_eq!(error(&[], &format!("{GRANT}&{body}")), TokenRequestError::CredentialCharacters, "{body}");
    }
    assert_eq!(error(&[&basic("a%0D%0Ab", "s")], GRANT), TokenRequestError::CredentialCharacters);
    let ampersand = parse(&[], &format!("{GRANT}&client_id=a%26b&client_secret=s")).expect("legal in a client id");
    assert_eq!(ampersand.client.client_id.as_str(), "a&b");
}

/// Threat 67, the syntax.
#[test]
fn a_malformed_scope_is_invalid_scope() {
    for scope in ["a++b", "+a", "%22", "a%5Cb", "%C3%A9"] {
        assert_eq!(error(&[&basic("a", "b")], &format!("{GRANT}&scope={scope}")).code(), ErrorCode::InvalidScope);
    }
}

/// Threat 60.
#[test]
fn debug_shows_no_secret() {
    let request = parse(&[&basic("a", "canary")], GRANT).expect("valid");
    assert!(!format!("{request:?}").contains("canary"));
}

/// `iss` and `sub` are `0oa1`.
fn assertion() -> String {
    format!("e30.{}.c2ln", base64url::encode(r#"{"iss":"0oa1","sub":"0oa1"}"#))
}

#[test]
fn an_assertion_is_taken_as_it_is_and_names_its_client() {
    let typed = format!("{GRANT}&client_assertion_type={}", ASSERTION_TYPE.replace(':', "%3A"));
    for id in ["", "&client_id=0oa1"] {
        let request = parse(&[], &format!("{typed}&client_assertion={}{id}", assertion())).expect("valid");
        assert_eq!(request.client.client_id.as_str(), "0oa1");
        assert!(request.client.secret().is_none());
        let ClientAuthentication::Assertion(given) = &request.client.authentication else { panic!("an assertion") };
        assert_eq!(given.expose(), assertion());
        assert!(!format!("{request:?}").contains(&assertion()), "threat 60");
    }
    for body in [
        format!("{typed}&client_assertion=opaque"),
        typed.clone(),
        format!("{GRANT}&client_assertion={}", assertion()),
        format!("{GRANT}&client_assertion={}&client_assertion_type=saml2-bearer", assertion()),
        format!("{typed}&client_assertion={}&client_id=0oa2", assertion()),
    ] {
        assert_eq!(error(&[], &body), TokenRequestError::AssertionMalformed, "{body}");
    }
    assert_eq!(TokenRequestError::AssertionMalformed.code(), ErrorCode::InvalidClient);
}

#[test]
fn a_dpop_header_is_one_jwt_or_refused() {
    let client = basic("a", "b");
    let with = |dpop: &[&str]| {
        TokenRequest::parse(IncomingForm {
            content_type: FORM,
            authorization: &[&client],
            dpop,
            body: GRANT.as_bytes(),
        })
    };
    assert!(with(&[]).expect("valid").dpop.is_none());
    assert_eq!(with(&["a.b.c"]).expect("valid").dpop.expect("a proof").expose(), "a.b.c");
    for values in [&["a.b.c", "a.b.c"][..], &["a.b.c,a.b.c"], &[""], &["a.b"], &["a b.c.d"], &[&"a".repeat(9_000)]] {
        assert_eq!(with(values).expect_err("refused"), TokenRequestError::DpopMalformed, "{values:?}");
    }
    assert_eq!(TokenRequestError::DpopMalformed.code(), ErrorCode::InvalidDpopProof);
}
