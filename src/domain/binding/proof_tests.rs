//! Proofs that fail one check each, and the examples of RFC 9449.

use std::sync::LazyLock;

use serde_json::{Value, json};

use super::{CheckedProof, MAX_PROOF_AGE_SECONDS, MAX_PROOF_BYTES, ProofDemand, ProofError, check};
use crate::domain::binding::confirmation::sha256;
use crate::domain::binding::target::TargetUri;
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::domain::oauth::secret::{BearerToken, DpopProof};
use crate::domain::time::UnixTime;
use crate::domain::verified_tokens::TokenDigest;
use crate::testing::{FOREIGN_KEY, NOW, OKTA_KEY, SigningKey, with, without};

/// The client's key.
static CLIENT_KEY: LazyLock<SigningKey> = LazyLock::new(|| SigningKey::p256("client-key"));

const URL: &str = "https://api.example.com/prod/orders";
const TOKEN: &str = "header.payload.signature";

fn hash(token: &str) -> [u8; 32] {
    TokenDigest::from(&BearerToken::new(token.to_owned())).bytes()
}

fn header() -> Value {
    json!({"typ": "dpop+jwt", "alg": "ES256", "jwk": without(CLIENT_KEY.jwk(), "kid")})
}

fn claims() -> Value {
    let ath = base64url::encode(hash(TOKEN));
    json!({"htm": "GET", "htu": URL, "iat": NOW.seconds(), "jti": "one", "ath": ath})
}

fn check_at(proof: &str, now: UnixTime) -> Result<CheckedProof, ProofError> {
    let uris = [TargetUri::parse(URL).expect("a URI")];
    let demand = ProofDemand { method: "GET", uris: &uris, token_hash: hash(TOKEN), leeway_seconds: 30, now };
    check(&DpopProof::new(proof.to_owned()), &demand)
}

fn checked(header: &Value, claims: &Value) -> Result<CheckedProof, ProofError> {
    check_at(&CLIENT_KEY.token(header, Algorithm::Es256, claims), NOW)
}

fn of_claims(claims: &Value) -> Result<CheckedProof, ProofError> {
    checked(&header(), claims)
}

fn of_header(header: &Value) -> Result<CheckedProof, ProofError> {
    checked(header, &claims())
}

#[test]
fn a_good_proof_names_its_key_its_id_and_its_time() {
    let proof = of_claims(&claims()).expect("good");
    assert_eq!((proof.id.as_str(), proof.issued_at), ("one", NOW));
    let again = of_claims(&with(claims(), "jti", json!("two"))).expect("good");
    assert_eq!(proof.key, again.key);
}

#[test]
fn every_algorithm_that_okta_lists_is_taken_but_es512() {
    let p384 = SigningKey::p384("p384");
    for (key, algorithm, name) in [
        (&*OKTA_KEY, Algorithm::Rs256, "RS256"),
        (&*OKTA_KEY, Algorithm::Rs384, "RS384"),
        (&*OKTA_KEY, Algorithm::Rs512, "RS512"),
        (&*CLIENT_KEY, Algorithm::Es256, "ES256"),
        (&p384, Algorithm::Es384, "ES384"),
    ] {
        let header = json!({"typ": "dpop+jwt", "alg": name, "jwk": key.jwk()});
        assert!(check_at(&key.token(&header, algorithm, &claims()), NOW).is_ok(), "{name}");
    }
}

/// RFC 9449 section 4.3, check 2.
#[test]
fn what_is_no_compact_jws_of_two_objects_is_refused() {
    let good = CLIENT_KEY.token(&header(), Algorithm::Es256, &claims());
    let (rest, signature) = good.rsplit_once('.').expect("a signature");
    for proof in [
        String::new(),
        "a.b".to_owned(),
        format!("{good}.x"),
        format!("{good}="),
        format!(" {good}"),
        format!("{rest}.{signature}\n"),
        format!("e30.{}", "A".repeat(MAX_PROOF_BYTES)),
        format!("{}.e30.e30", base64url::encode(r#"{"typ":"dpop+jwt","typ":"dpop+jwt"}"#)),
        format!("{}.e30.e30", base64url::encode("[]")),
    ] {
        assert_eq!(check_at(&proof, NOW), Err(ProofError::Malformed), "{proof}");
    }
}

/// Check 2, and RFC 7515 section 4.1.11.
#[test]
fn members_that_no_proof_has_are_refused() {
    for member in ["jku", "x5u", "x5c", "crit", "b64", "zip", "enc", "cty"] {
        assert_eq!(of_header(&with(header(), member, json!(["x"]))), Err(ProofError::Malformed), "{member}");
    }
}

/// Check 3.
#[test]
fn a_claim_that_is_missing_empty_or_of_another_type_is_refused() {
    for claim in ["htm", "htu", "iat", "jti", "ath"] {
        assert_eq!(of_claims(&without(claims(), claim)), Err(ProofError::Claim { claim }));
        for value in [json!(null), json!(""), json!([]), json!({}), json!(true)] {
            assert_eq!(of_claims(&with(claims(), claim, value.clone())), Err(ProofError::Claim { claim }), "{value}");
        }
    }
    let claim = "jti";
    assert_eq!(of_claims(&with(claims(), claim, json!("j".repeat(257)))), Err(ProofError::Claim { claim }));
    assert!(of_claims(&with(claims(), claim, json!("j".repeat(256)))).is_ok());
    assert_eq!(of_claims(&with(claims(), "htu", json!("/prod/orders"))), Err(ProofError::Claim { claim: "htu" }));
    assert_eq!(of_claims(&with(claims(), "iat", json!(-1))), Err(ProofError::Claim { claim: "iat" }));
    assert_eq!(of_claims(&with(claims(), "ath", json!("c2hvcnQ"))), Err(ProofError::Claim { claim: "ath" }));
}

/// Check 4.
#[test]
fn another_typ_is_refused() {
    for typ in [json!("JWT"), json!("at+jwt"), json!("DPOP+JWT"), json!(null), json!(["dpop+jwt"])] {
        assert_eq!(of_header(&with(header(), "typ", typ)), Err(ProofError::Type));
    }
    assert_eq!(of_header(&without(header(), "typ")), Err(ProofError::Type));
}

/// Check 5.
#[test]
fn none_hmac_and_what_okta_does_not_list_are_refused() {
    for alg in ["none", "HS256", "PS256", "EdDSA", "ES512", "es256", ""] {
        assert_eq!(of_header(&with(header(), "alg", json!(alg))), Err(ProofError::Algorithm), "{alg}");
    }
    assert_eq!(of_header(&without(header(), "alg")), Err(ProofError::Algorithm));
}

/// Check 6.
#[test]
fn a_signature_of_another_key_or_over_something_else_is_refused() {
    let foreign = json!({"typ": "dpop+jwt", "alg": "RS256", "jwk": OKTA_KEY.jwk()});
    let proof = FOREIGN_KEY.token(&foreign, Algorithm::Rs256, &claims());
    assert_eq!(check_at(&proof, NOW), Err(ProofError::Signature));
    let good = CLIENT_KEY.token(&header(), Algorithm::Es256, &claims());
    let other = CLIENT_KEY.token(&header(), Algorithm::Es256, &with(claims(), "jti", json!("two")));
    let (signed, _) = other.rsplit_once('.').expect("a signature");
    let (_, signature) = good.rsplit_once('.').expect("a signature");
    assert_eq!(check_at(&format!("{signed}.{signature}"), NOW), Err(ProofError::Signature));
    assert_eq!(check_at(&format!("{signed}.{}", base64url::encode([0; 64])), NOW), Err(ProofError::Signature));
}

/// Check 7.
#[test]
fn a_key_that_is_missing_private_weak_or_of_another_type_is_refused() {
    assert_eq!(of_header(&without(header(), "jwk")), Err(ProofError::Key));
    let jwk = &header()["jwk"];
    for spoilt in [
        json!(null),
        json!("key"),
        with(jwk.clone(), "d", json!("c2VjcmV0")),
        with(jwk.clone(), "k", json!("c2VjcmV0")),
        with(jwk.clone(), "kty", json!("oct")),
        with(jwk.clone(), "crv", json!("P-384")),
        with(jwk.clone(), "x", json!("AAAA")),
        with(jwk.clone(), "use", json!("enc")),
        with(jwk.clone(), "alg", json!("ES384")),
        OKTA_KEY.jwk(),
        json!({"kty": "RSA", "e": "AQAB", "n": base64url::encode([0xff; 128])}),
    ] {
        assert_eq!(of_header(&with(header(), "jwk", spoilt.clone())), Err(ProofError::Key), "{spoilt}");
    }
}

/// Checks 8 and 9.
#[test]
fn another_method_or_another_url_is_refused() {
    for method in ["POST", "get", "GET "] {
        assert_eq!(of_claims(&with(claims(), "htm", json!(method))), Err(ProofError::Method), "{method}");
    }
    for url in [
        "https://api.example.com/prod/orders/",
        "https://api.example.com/orders",
        "https://evil.example/prod/orders",
        "http://127.0.0.1/prod/orders",
    ] {
        assert_eq!(of_claims(&with(claims(), "htu", json!(url))), Err(ProofError::Url), "{url}");
    }
    for url in ["https://API.example.com:443/prod/orders?page=2", "https://api.example.com/prod/%6Frders#x"] {
        assert!(of_claims(&with(claims(), "htu", json!(url))).is_ok(), "{url}");
    }
}

/// Check 11.
#[test]
fn a_proof_is_good_for_five_minutes_and_a_little_before_its_time() {
    let made = |at: UnixTime| of_claims(&with(claims(), "iat", json!(at.seconds())));
    let ago = |seconds| UnixTime::from_seconds(NOW.seconds() - seconds);
    assert!(made(ago(MAX_PROOF_AGE_SECONDS)).is_ok());
    assert_eq!(made(ago(MAX_PROOF_AGE_SECONDS + 1)), Err(ProofError::TooOld));
    assert!(made(NOW.plus(30)).is_ok());
    assert_eq!(made(NOW.plus(31)), Err(ProofError::InFuture));
    assert!(of_claims(&with(claims(), "iat", json!(NOW.seconds() as f64 + 0.5))).is_ok());
}

/// Check 12.
#[test]
fn the_hash_of_another_token_is_refused() {
    let other = base64url::encode(hash("another.token.altogether"));
    assert_eq!(of_claims(&with(claims(), "ath", json!(other))), Err(ProofError::TokenHash));
}

/// RFC 9449 section 7.1, its access token and its proof; section 6.1 has the thumbprint of the key.
#[test]
fn the_example_of_the_rfc_is_good_at_its_time() {
    const EXAMPLE: &str = "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNo\
        UklDUkRZOXpDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNy\
        diI6IlAtMjU2In19.eyJqdGkiOiJlMWozVl9iS2ljOC1MQUVCIiwiaHRtIjoiR0VUIiwiaHR1IjoiaHR0cHM6Ly9yZXNvdXJjZS5leGFtcGxlLm9\
        yZy9wcm90ZWN0ZWRyZXNvdXJjZSIsImlhdCI6MTU2MjI2MjYxOCwiYXRoIjoiZlVIeU8ycjJaM0RaNTNFc05yV0JiMHhXWG9hTnk1OUlpS0NBcWtz\
        bVFFbyJ9.2oW9RP35yRqzhrtNP86L-Ey71EOptxRimPPToA1plemAgR6pxHF8y6-yqyVnmcw6Fy1dqd-jfxSYoMxhAJpLjA";
    let uris = [TargetUri::parse("https://resource.example.org/protectedresource").expect("a URI")];
    let demand = ProofDemand {
        method: "GET",
        uris: &uris,
        token_hash: hash("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU"),
        leeway_seconds: 0,
        now: UnixTime::from_seconds(1_562_262_618),
    };
    let proof = check(&DpopProof::new(EXAMPLE.to_owned()), &demand).expect("good");
    assert_eq!(Some(proof.key), sha256("0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"));
    assert_eq!(proof.id, "e1j3V_bKic8-LAEB");
}

/// Threat 60.
#[test]
fn an_error_holds_nothing_of_the_proof() {
    let error = of_claims(&with(claims(), "htu", json!("https://canary.example/"))).expect_err("refused");
    assert!(!format!("{error} {error:?}").contains("canary"));
}
