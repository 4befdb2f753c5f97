//! Tests of the key filter, on keys made for the purpose and on small odd ones written out.

use aws_lc_rs::rsa::{KeyPair as RsaKeyPair, KeySize};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair, RsaPublicKeyComponents};
use serde_json::{Value, json};

use super::{JwkError, VerificationKey};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;

fn rsa_jwk() -> Value {
    let pair = RsaKeyPair::generate(KeySize::Rsa2048).expect("a key pair");
    let public = RsaPublicKeyComponents::<Vec<u8>>::from(pair.public_key());
    json!({"kty": "RSA", "kid": "rsa", "n": base64url::encode(public.n), "e": base64url::encode(public.e)})
}

fn ec_jwk() -> Value {
    let pair = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).expect("a key pair");
    let point = pair.public_key().as_ref();
    json!({
        "kty": "EC", "kid": "ec", "crv": "P-256",
        "x": base64url::encode(&point[1..33]), "y": base64url::encode(&point[33..])
    })
}

fn with(mut jwk: Value, name: &str, value: Value) -> Value {
    jwk[name] = value;
    jwk
}

fn error(jwk: &Value) -> JwkError {
    VerificationKey::from_jwk(jwk).expect_err("refused")
}

#[test]
fn rsa_ec_and_ed25519_keys_are_accepted() {
    let ed = json!({"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": base64url::encode([9; 32])});
    for (jwk, algorithm) in [(rsa_jwk(), Algorithm::Rs256), (ec_jwk(), Algorithm::Es256), (ed, Algorithm::EdDsa)] {
        let key = VerificationKey::from_jwk(&jwk).expect("accepted");
        assert!(key.fits(algorithm));
    }
}

/// Threat 16.
#[test]
fn an_rsa_key_under_2048_bits_is_dropped() {
    let odd = |bytes: usize| {
        let mut number = vec![0xff; bytes];
        number[bytes - 1] = 0x01;
        base64url::encode(number)
    };
    assert_eq!(error(&with(rsa_jwk(), "n", json!(odd(128)))), JwkError::Modulus { bits: 1024 });
    assert_eq!(error(&with(rsa_jwk(), "n", json!(odd(255)))), JwkError::Modulus { bits: 2040 });
    assert_eq!(error(&with(rsa_jwk(), "n", json!(odd(2048)))), JwkError::Modulus { bits: 16_384 });
    assert_eq!(
        error(&with(rsa_jwk(), "n", json!(base64url::encode([0xfe; 256])))),
        JwkError::Modulus { bits: 2048 },
        "an even modulus is no product of two odd primes"
    );
}

/// Threat 16.
#[test]
fn an_rsa_exponent_of_one_or_an_even_one_is_dropped() {
    for exponent in [&[1][..], &[0, 1], &[0], &[2], &[1, 0, 0], &[1, 0, 0, 0, 1]] {
        assert_eq!(
            error(&with(rsa_jwk(), "e", json!(base64url::encode(exponent)))),
            JwkError::Exponent,
            "{exponent:?}"
        );
    }
}

/// Threat 16.
#[test]
fn a_point_off_the_curve_or_of_the_wrong_length_is_dropped() {
    assert_eq!(error(&with(ec_jwk(), "y", json!(base64url::encode([7; 32])))), JwkError::Point);
    assert_eq!(error(&with(ec_jwk(), "x", json!(base64url::encode([7; 31])))), JwkError::Point);
    let short = json!({"kty": "OKP", "kid": "ed", "crv": "Ed25519", "x": base64url::encode([9; 31])});
    assert_eq!(error(&short), JwkError::Point);
}

/// Threat 16.
#[test]
fn a_curve_that_is_unknown_or_of_another_key_type_is_dropped() {
    for curve in [json!("P-384K"), json!("secp256k1"), json!("Ed25519"), json!(null), json!("p-256")] {
        assert_eq!(error(&with(ec_jwk(), "crv", curve)), JwkError::Curve);
    }
    assert_eq!(error(&with(ec_jwk(), "crv", json!("P-384"))), JwkError::Point, "P-256 coordinates under P-384");
    let x25519 = json!({"kty": "OKP", "kid": "x", "crv": "X25519", "x": base64url::encode([9; 32])});
    assert_eq!(error(&x25519), JwkError::Curve);
}

/// Threat 52.
#[test]
fn symmetric_encryption_and_signing_only_keys_are_dropped() {
    assert_eq!(error(&json!({"kty": "oct", "kid": "s", "k": "c2VjcmV0"})), JwkError::KeyType);
    assert_eq!(error(&with(rsa_jwk(), "use", json!("enc"))), JwkError::NotForSignatures);
    assert_eq!(error(&with(rsa_jwk(), "use", json!(null))), JwkError::NotForSignatures);
    assert_eq!(error(&with(rsa_jwk(), "key_ops", json!(["sign"]))), JwkError::NotForSignatures);
    assert_eq!(error(&with(rsa_jwk(), "key_ops", json!("verify"))), JwkError::NotForSignatures);
    assert!(VerificationKey::from_jwk(&with(rsa_jwk(), "key_ops", json!(["verify"]))).is_ok());
}

/// Threat 51.
#[test]
fn a_malformed_key_says_what_is_missing() {
    assert_eq!(error(&json!("key")), JwkError::NotAnObject);
    assert_eq!(error(&with(rsa_jwk(), "kid", json!(7))), JwkError::KeyId);
    assert_eq!(error(&with(rsa_jwk(), "kty", json!("rsa"))), JwkError::KeyType);
    assert_eq!(error(&with(rsa_jwk(), "n", json!("a="))), JwkError::Parameter { parameter: "n" });
    assert_eq!(error(&with(rsa_jwk(), "e", json!(65537))), JwkError::Parameter { parameter: "e" });
}

/// Threat 8.
#[test]
fn a_keys_own_alg_binds_it_and_must_fit_its_type() {
    assert_eq!(error(&with(rsa_jwk(), "alg", json!("ES256"))), JwkError::Algorithm);
    assert_eq!(error(&with(rsa_jwk(), "alg", json!("HS256"))), JwkError::Algorithm);
    let bound = VerificationKey::from_jwk(&with(rsa_jwk(), "alg", json!("RS256"))).expect("accepted");
    assert!(bound.fits(Algorithm::Rs256) && !bound.fits(Algorithm::Ps256) && !bound.fits(Algorithm::Rs512));
    let free = VerificationKey::from_jwk(&rsa_jwk()).expect("accepted");
    assert!(free.fits(Algorithm::Ps256) && !free.fits(Algorithm::Es256));
}

#[test]
fn debug_shows_no_key_material() {
    let jwk = rsa_jwk();
    let shown = format!("{:?}", VerificationKey::from_jwk(&jwk).expect("accepted"));
    assert!(!shown.contains(jwk["n"].as_str().expect("text")), "{shown}");
}
