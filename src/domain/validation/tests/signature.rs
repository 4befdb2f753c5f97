//! The header, the key and the signature: what proves a token, and everything that only looks like it.

use aws_lc_rs::hmac;
use serde_json::{Value, json};

use super::{candidate_error, parse_error, verify};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::domain::jose::claims::{ClaimError, ClaimProblem};
use crate::domain::jose::header::HeaderError;
use crate::domain::jose::jwt::JwtError;
use crate::domain::validation::error::{Rung, TokenError};
use crate::testing::{
    FOREIGN_KEY, OKTA_KEY, SigningKey, claims, profile, profile_document, signing_input, with, without,
};

/// The order of the group of P-256 (SEC 2 version 2, section 2.4.2).
const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn document_with_algorithms(names: &[&str]) -> Value {
    with(profile_document(), "algorithms", json!(names))
}

fn every_algorithm() -> Value {
    document_with_algorithms(&Algorithm::ALL.map(Algorithm::name))
}

/// A well-formed token with any bytes for its signature.
fn token_with_signature(header: &Value, signature: &[u8]) -> String {
    format!("{}.{}", signing_input(header, &claims()), base64url::encode(signature))
}

#[test]
fn a_good_signature_of_every_algorithm_is_accepted_and_proves_the_claims() {
    let (p256, p384, ed25519) = (SigningKey::p256("p256"), SigningKey::p384("p384"), SigningKey::ed25519("ed25519"));
    for algorithm in Algorithm::ALL {
        let key = match algorithm {
            Algorithm::Rs256
            | Algorithm::Rs384
            | Algorithm::Rs512
            | Algorithm::Ps256
            | Algorithm::Ps384
            | Algorithm::Ps512 => &*OKTA_KEY,
            Algorithm::Es256 => &p256,
            Algorithm::Es384 => &p384,
            Algorithm::EdDsa => &ed25519,
        };
        let token = key.token(&key.header(algorithm), algorithm, &claims());
        let bound = with(key.jwk(), "alg", json!(algorithm.name()));
        let only = profile(&document_with_algorithms(&[algorithm.name()]));
        for jwk in [key.jwk(), bound] {
            let verified = verify(&token, &only, &jwk).expect("accepted");
            assert_eq!(
                (verified.key_id().expect("a key").as_str(), verified.claims().client_id.as_str()),
                (key.key_id, "0oa1")
            );
            assert_eq!(verified.profile().name().as_str(), "orders");
        }
    }
}

#[test]
fn a_token_changed_after_signing_or_signed_by_another_key_is_refused() {
    let profile = profile(&profile_document());
    let token = OKTA_KEY.access_token(&claims());
    let (signed, signature) = token.rsplit_once('.').expect("three parts");
    let richer =
        signing_input(&OKTA_KEY.header(Algorithm::Rs256), &with(claims(), "scp", json!(["CustomScope", "Admin"])));
    let other_header = signing_input(&with(OKTA_KEY.header(Algorithm::Rs256), "typ", json!("JWT")), &claims());
    let mut flipped = base64url::decode(signature).expect("base64url");
    flipped[100] ^= 1;
    for forged in [
        format!("{richer}.{signature}"),
        format!("{other_header}.{signature}"),
        format!("{signed}.{}", base64url::encode(flipped)),
        format!("{signed}."),
        FOREIGN_KEY.token(&OKTA_KEY.header(Algorithm::Rs256), Algorithm::Rs256, &claims()),
    ] {
        let error = verify(&forged, &profile, &OKTA_KEY.jwk()).expect_err("refused");
        assert_eq!(error, TokenError::SignatureInvalid);
        assert_eq!((error.reason(), error.rung()), ("signature_invalid", Rung::Signature));
    }
}

/// Threat 6.
#[test]
fn alg_none_in_any_case_or_missing_is_refused_with_and_without_a_signature() {
    let good = OKTA_KEY.header(Algorithm::Rs256);
    for header in [
        with(good.clone(), "alg", json!("none")),
        with(good.clone(), "alg", json!("None")),
        with(good.clone(), "alg", json!("nOnE")),
        with(good.clone(), "alg", json!("rs256")),
        with(good.clone(), "alg", json!("")),
        with(good.clone(), "alg", json!(null)),
        without(good, "alg"),
    ] {
        for token in [token_with_signature(&header, b""), OKTA_KEY.token(&header, Algorithm::Rs256, &claims())] {
            let error = parse_error(&token);
            assert_eq!((error, error.reason()), (JwtError::Header(HeaderError::Algorithm), "algorithm_not_allowed"));
        }
    }
}

/// Threat 7.
#[test]
fn an_hmac_made_with_the_public_key_is_refused() {
    let jwk = OKTA_KEY.jwk();
    let secrets = [OKTA_KEY.public_bytes(), jwk.to_string().into_bytes(), jwk["n"].to_string().into_bytes()];
    for (name, hash) in [("HS256", hmac::HMAC_SHA256), ("HS384", hmac::HMAC_SHA384), ("HS512", hmac::HMAC_SHA512)] {
        for secret in &secrets {
            let sign = |header: &Value| {
                let message = signing_input(header, &claims());
                let mac = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
                token_with_signature(header, mac.as_ref())
            };
            let confused = sign(&with(OKTA_KEY.header(Algorithm::Rs256), "alg", json!(name)));
            assert_eq!(parse_error(&confused), JwtError::Header(HeaderError::Algorithm));
            let disguised = sign(&OKTA_KEY.header(Algorithm::Rs256));
            let error = verify(&disguised, &profile(&profile_document()), &jwk).expect_err("refused");
            assert_eq!(error, TokenError::SignatureInvalid);
        }
    }
}

/// Threat 8.
#[test]
fn for_a_key_without_alg_the_profiles_list_decides_and_never_the_header() {
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256, Algorithm::Ps384, Algorithm::Ps512] {
        let token = OKTA_KEY.token(&OKTA_KEY.header(algorithm), algorithm, &claims());
        let error = candidate_error(&token, &profile(&profile_document()));
        assert_eq!(error, TokenError::AlgorithmNotAllowed { algorithm });
        assert_eq!((error.reason(), error.rung()), ("algorithm_not_allowed", Rung::Algorithm));
        assert!(error.to_string().contains(algorithm.name()), "{error}");
        assert!(verify(&token, &profile(&every_algorithm()), &OKTA_KEY.jwk()).is_ok(), "the signature itself is good");
    }
}

/// Threat 8.
#[test]
fn a_keys_own_alg_or_type_that_is_not_the_headers_is_refused() {
    let p256 = SigningKey::p256("p256");
    let accepting = profile(&every_algorithm());
    for (signed_by, algorithm, jwk) in [
        (&*OKTA_KEY, Algorithm::Ps256, with(OKTA_KEY.jwk(), "alg", json!("RS256"))),
        (&*OKTA_KEY, Algorithm::Rs512, with(OKTA_KEY.jwk(), "alg", json!("RS256"))),
        (&*OKTA_KEY, Algorithm::Rs256, p256.jwk()),
        (&p256, Algorithm::Es256, OKTA_KEY.jwk()),
        (&p256, Algorithm::Es256, SigningKey::p384("p384").jwk()),
        (&p256, Algorithm::Es256, SigningKey::ed25519("ed25519").jwk()),
    ] {
        let token = signed_by.token(&signed_by.header(algorithm), algorithm, &claims());
        let error = verify(&token, &accepting, &jwk).expect_err("refused");
        assert_eq!(error, TokenError::KeyUnfit { algorithm });
        assert_eq!((error.reason(), error.rung()), ("key_unfit", Rung::Key));
    }
}

/// Threat 8.
#[test]
fn a_signature_of_another_algorithm_than_the_headers_is_refused() {
    let accepting = profile(&every_algorithm());
    for (said, used) in [
        (Algorithm::Rs256, Algorithm::Rs384),
        (Algorithm::Rs256, Algorithm::Ps256),
        (Algorithm::Ps256, Algorithm::Rs256),
        (Algorithm::Ps256, Algorithm::Ps512),
    ] {
        let token = OKTA_KEY.token(&OKTA_KEY.header(said), used, &claims());
        assert_eq!(
            verify(&token, &accepting, &OKTA_KEY.jwk()).err(),
            Some(TokenError::SignatureInvalid),
            "{said} {used}"
        );
    }
}

/// Threat 15.
#[test]
fn ecdsa_signatures_with_a_zero_or_the_order_for_a_number_are_refused() {
    let key = SigningKey::p256("p256");
    let accepting = profile(&every_algorithm());
    let header = key.header(Algorithm::Es256);
    let good = key.signature(Algorithm::Es256, signing_input(&header, &claims()).as_bytes());
    assert!(verify(&token_with_signature(&header, &good), &accepting, &key.jwk()).is_ok());
    let (r, s) = good.split_at(32);
    let (zero, order) = (&[0; 32][..], &P256_ORDER[..]);
    for (r, s) in [(zero, zero), (zero, s), (r, zero), (order, s), (r, order), (order, order), (s, r)] {
        let error = verify(&token_with_signature(&header, &[r, s].concat()), &accepting, &key.jwk());
        assert_eq!(error.err(), Some(TokenError::SignatureInvalid), "{r:?} {s:?}");
    }
}

/// Threat 15.
#[test]
fn a_signature_that_is_too_long_too_short_or_in_der_is_refused() {
    let (p256, ed25519) = (SigningKey::p256("p256"), SigningKey::ed25519("ed25519"));
    let accepting = profile(&every_algorithm());
    for (key, algorithm) in [
        (&*OKTA_KEY, Algorithm::Rs256),
        (&*OKTA_KEY, Algorithm::Ps256),
        (&p256, Algorithm::Es256),
        (&ed25519, Algorithm::EdDsa),
    ] {
        let header = key.header(algorithm);
        let good = key.signature(algorithm, signing_input(&header, &claims()).as_bytes());
        for wrong in [
            good[..good.len() - 1].to_vec(),
            good[1..].to_vec(),
            [&good[..], &[0]].concat(),
            [&[0], &good[..]].concat(),
            [&good[..], &good[..]].concat(),
            Vec::new(),
        ] {
            let error = verify(&token_with_signature(&header, &wrong), &accepting, &key.jwk());
            assert_eq!(error.err(), Some(TokenError::SignatureInvalid), "{algorithm}, {} bytes", wrong.len());
        }
    }
    let header = p256.header(Algorithm::Es256);
    let good = p256.signature(Algorithm::Es256, signing_input(&header, &claims()).as_bytes());
    let integer = |number: &[u8]| [&[0x02, 33, 0], number].concat();
    let pair = [integer(&good[..32]), integer(&good[32..])].concat();
    let in_der = [&[0x30, 70], &pair[..]].concat();
    let error = verify(&token_with_signature(&header, &in_der), &accepting, &p256.jwk());
    assert_eq!(error.err(), Some(TokenError::SignatureInvalid));
}

/// Threat 17.
#[test]
fn a_typ_that_the_profile_does_not_list_is_refused() {
    let typed = |typ: &str| {
        let header = with(OKTA_KEY.header(Algorithm::Rs256), "typ", json!(typ));
        OKTA_KEY.token(&header, Algorithm::Rs256, &claims())
    };
    let lenient = profile(&profile_document());
    for typ in ["dpop+jwt", "secevent+jwt", "logout+jwt", "id_token", "JWT ", "none", ""] {
        let error = candidate_error(&typed(typ), &lenient);
        assert_eq!(error, TokenError::TypeNotAllowed, "{typ:?}");
        assert_eq!((error.reason(), error.rung()), ("type_not_allowed", Rung::Type));
    }
    for typ in ["JWT", "at+jwt", "application/at+JWT", "application/okta-internal-at+jwt"] {
        assert!(verify(&typed(typ), &lenient, &OKTA_KEY.jwk()).is_ok(), "{typ:?}");
    }
    let strict = profile(&with(profile_document(), "tokenType", json!("at+jwt")));
    assert_eq!(candidate_error(&typed("JWT"), &strict), TokenError::TypeNotAllowed);
    assert_eq!(candidate_error(&OKTA_KEY.access_token(&claims()), &strict), TokenError::TypeNotAllowed);
}

/// Threat 17.
#[test]
fn an_id_token_is_refused_because_it_names_no_client() {
    let id_token = json!({
        "ver": 1, "iss": claims()["iss"], "aud": "api://orders", "iat": claims()["iat"], "exp": claims()["exp"],
        "sub": "00u1", "amr": ["pwd"], "auth_time": 1, "nonce": "n", "idp": "00o1"
    });
    let error = parse_error(&OKTA_KEY.access_token(&id_token));
    assert_eq!(error, JwtError::Claim(ClaimError { claim: "cid", problem: ClaimProblem::Missing }));
    assert_eq!(error.reason(), "client_missing");
}
