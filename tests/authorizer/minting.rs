//! The tokens that `events/README.md` names by one word each, and what odd ones are made of.

use std::sync::LazyLock;

use aws_lc_rs::encoding::{AsDer, PublicKeyX509Der};
use aws_lc_rs::hmac;
use aws_lc_rs::rsa::PublicKeyComponents;
use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use okta_security_profiles::local::okta::StandInOkta;
use serde_json::{Value, json};

use crate::support::{CLIENT_ID, DpopProof, OTHER_SCOPE, SCOPE, SigningKey, impostor};

/// Longer than any leeway, in seconds.
const BEYOND_LEEWAY: u64 = 600;

/// The key that the client's tokens are bound to and that signs its proofs.
pub(crate) static CLIENT_KEY: LazyLock<SigningKey> = LazyLock::new(SigningKey::es256);
/// SHA-256 of the certificate in the events.
pub(crate) const CERTIFICATE: &str = "MypFOnY31w6YK1a0zJBKkOuICB6RDihGEefiIAXW1b0";

/// The proof that a file's member `proof` describes, for this token; `None` where there is no such member.
pub(crate) fn prove(description: &Value, token: &str) -> Option<String> {
    let text = |name: &str| description[name].as_str();
    Some(DpopProof::new(text("htm")?, text("htu")?).with_token(token).signed_by(&CLIENT_KEY))
}

/// The token that the word stands for; `None` for `none`.
pub(crate) fn mint(okta: &StandInOkta, word: &str) -> Option<String> {
    let claims = claims(okta);
    let now = claims["iat"].as_u64().expect("a time");
    Some(match word {
        "none" => return None,
        "good" => okta.sign(&claims),
        "expired" => {
            let past = with(&claims, "iat", json!(now - 3_600 - BEYOND_LEEWAY));
            okta.sign(&with(&past, "exp", json!(now - BEYOND_LEEWAY)))
        }
        "not_yet_valid" => okta.sign(&with(&claims, "nbf", json!(now + BEYOND_LEEWAY))),
        "wrong_audience" => okta.sign(&with(&claims, "aud", json!("api://returns"))),
        "wrong_issuer" => {
            let another = okta.issuer().replace("/oauth2/default", "/oauth2/another");
            okta.sign(&with(&claims, "iss", json!(another)))
        }
        "bound_to_key" => okta.sign(&with(&claims, "cnf", json!({"jkt": CLIENT_KEY.thumbprint()}))),
        "bound_to_certificate" => okta.sign(&with(&claims, "cnf", json!({"x5t#S256": CERTIFICATE}))),
        "lacks_scope" => okta.issue(CLIENT_ID, &[OTHER_SCOPE]),
        "unknown_key" => impostor(okta.issuer()).sign(&claims),
        "tampered" => {
            let (signed, other) = (okta.sign(&claims), with(&claims, "scp", json!([SCOPE, OTHER_SCOPE])));
            with_part(&signed, 1, &encode(other.to_string()))
        }
        "alg_none" => format!("{}.{}.", encode(header(okta, "none").to_string()), encode(claims.to_string())),
        "hs256" => signed_with_public_key(okta, &claims),
        "five_parts" => {
            let header = json!({"alg": "RSA-OAEP-256", "enc": "A256GCM", "kid": okta.current_kid()});
            let parts = [[1; 256].as_slice(), &[2; 12], claims.to_string().as_bytes(), &[3; 16]].map(encode);
            format!("{}.{}", encode(header.to_string()), parts.join("."))
        }
        "garbage" => "not-a-token".to_owned(),
        unknown => panic!("`events/README.md` names no token `{unknown}`"),
    })
}

/// The claims of a good token.
pub(crate) fn claims(okta: &StandInOkta) -> Value {
    okta.claims(CLIENT_ID, &[SCOPE])
}

/// A good token's header, but for its `alg`.
pub(crate) fn header(okta: &StandInOkta, algorithm: &str) -> Value {
    json!({"kid": okta.current_kid(), "alg": algorithm})
}

/// `object` with one member set.
pub(crate) fn with(object: &Value, name: &str, value: Value) -> Value {
    let mut object = object.clone();
    object[name] = value;
    object
}

/// `object` without one member.
pub(crate) fn without(object: &Value, name: &str) -> Value {
    let mut object = object.clone();
    object.as_object_mut().expect("an object").remove(name).expect("a member to remove");
    object
}

/// A token with one of its parts replaced.
pub(crate) fn with_part(token: &str, index: usize, part: &str) -> String {
    let mut parts: Vec<&str> = token.split('.').collect();
    parts[index] = part;
    parts.join(".")
}

/// base64url without padding.
pub(crate) fn encode(bytes: impl AsRef<[u8]>) -> String {
    BASE64_URL_SAFE_NO_PAD.encode(bytes)
}

/// HS256 with what everybody knows for a secret: the issuer's public key, as PEM.
fn signed_with_public_key(okta: &StandInOkta, claims: &Value) -> String {
    let keys = okta.key_set();
    let number = |name: &str| {
        let text = keys["keys"][0][name].as_str().expect("a number of the key");
        BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url")
    };
    let components = PublicKeyComponents { n: number("n"), e: number("e") };
    let der: PublicKeyX509Der<'_> = components.as_der().expect("a public key");
    let lines: Vec<String> = BASE64_STANDARD.encode(der.as_ref()).as_bytes().chunks(64).map(line).collect();
    let pem = format!("-----BEGIN PUBLIC KEY-----\n{}\n-----END PUBLIC KEY-----\n", lines.join("\n"));

    let message = format!("{}.{}", encode(header(okta, "HS256").to_string()), encode(claims.to_string()));
    let key = hmac::Key::new(hmac::HMAC_SHA256, pem.as_bytes());
    format!("{message}.{}", encode(hmac::sign(&key, message.as_bytes())))
}

fn line(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}
