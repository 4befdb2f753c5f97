//! A token as it was presented, and the same with the two JSON texts given: taken apart, peeked into, held against a key.

use std::sync::LazyLock;

use okta_security_profiles::domain::jose::base64url;
use okta_security_profiles::domain::jose::jwk::VerificationKey;
use okta_security_profiles::domain::jose::jwt::{MAX_TOKEN_BYTES, UnverifiedJwt};
use okta_security_profiles::domain::jose::strict_json::parse_object;
use serde_json::{Value, json};

/// The key of RFC 7515 appendix A.3: whoever forges its signature here has earned the crash.
static KEY: LazyLock<VerificationKey> = LazyLock::new(|| {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    VerificationKey::from_jwk(&json!({"kty": "EC", "kid": "k", "crv": "P-256", "x": x, "y": y})).expect("a key")
});

/// `T` and a token, or a header and a payload as JSON, with a line feed between them.
pub(crate) fn run(input: &[u8]) {
    let Some((kind, rest)) = input.split_first() else { return };
    if *kind == b'T' {
        let Ok(token) = std::str::from_utf8(rest) else { return };
        check(token);
    } else {
        let at = input.iter().position(|byte| *byte == b'\n').unwrap_or(input.len());
        let (header, payload) = (&input[..at], input.get(at + 1..).unwrap_or_default());
        strict_json_is_plain_json(header);
        strict_json_is_plain_json(payload);
        check(&format!("{}.{}.c2ln", base64url::encode(header), base64url::encode(payload)));
    }
}

fn check(token: &str) {
    let Ok(jwt) = UnverifiedJwt::parse(token) else { return };
    assert!(token.len() <= MAX_TOKEN_BYTES && token.matches('.').count() == 2);
    for part in token.split('.') {
        let bytes = base64url::decode(part).expect("an accepted part");
        assert_eq!(base64url::encode(bytes), part, "a part with two spellings");
    }
    assert!(
        !jwt.header.key_id.as_str().is_empty() && !jwt.claims.client_id.is_empty() && !jwt.claims.issuer.is_empty()
    );
    assert!(!jwt.claims.audiences.is_empty());
    assert_eq!(jwt.claims.members["iss"], Value::String(jwt.claims.issuer.clone()));
    assert!(jwt.check_signature(&KEY).is_err(), "a forged signature");
}

/// What the strict parser accepts, any other parser reads alike.
fn strict_json_is_plain_json(bytes: &[u8]) {
    let Ok(members) = parse_object(bytes) else { return };
    let plain: Value = serde_json::from_slice(bytes).expect("JSON");
    assert_eq!(plain, Value::Object(members.clone()));
    // Written and read again it is the same, but for the last digit of fractions.
    let mut whole = Value::Object(members);
    leave_out_fractions(&mut whole);
    let again = parse_object(whole.to_string().as_bytes()).expect("its own text");
    assert_eq!(Value::Object(again), whole);
}

fn leave_out_fractions(value: &mut Value) {
    match value {
        Value::Number(number) if number.is_f64() => *value = Value::Null,
        Value::Array(items) => items.iter_mut().for_each(leave_out_fractions),
        Value::Object(members) => members.values_mut().for_each(leave_out_fractions),
        Value::Null | Value::Bool(_) | Value::Number(_) | Value::String(_) => {}
    }
}
