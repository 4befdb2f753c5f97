//! The examples of RFC 7515 appendix A: tokens and keys that somebody else made.

use serde_json::{Value, json};

use super::{SignatureError, UnverifiedJwt};
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::base64url;
use crate::domain::jose::claims::Claims;
use crate::domain::jose::header::{Header, HeaderError, KeyId};
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::jwt::JwtError;
use crate::testing::claims;

/// The payload of A.1 to A.3 and A.5.
const PAYLOAD: &str = "eyJpc3MiOiJqb2UiLA0KICJleHAiOjEzMDA4MTkzODAsDQogImh0dHA6Ly9leGFtcGxlLmNvbS9pc19yb290Ijp0cnVlfQ";
const A1_HEADER: &str = "eyJ0eXAiOiJKV1QiLA0KICJhbGciOiJIUzI1NiJ9";
const A1_SIGNATURE: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
const A2_HEADER: &str = "eyJhbGciOiJSUzI1NiJ9";
const A2_SIGNATURE: &str = "cC4hiUPoj9Eetdgtv3hF80EGrhuB__dzERat0XF9g2VtQgr9PJbu3XOiZj5RZmh7AAuHIm4Bh-0Qc_lF5YKt_O8W2Fp5jujGbds9uJdbF9CUAr7t1dnZcAcQjbKBYNX4BAynRFdiuB--f_nZLgrnbyTyWzO75vRK5h6xBArLIARNPvkSjtQBMHlb1L07Qe7K0GarZRmB_eSN9383LcOLn6_dO--xi12jzDwusC-eOkHWEsqtFZESc6BfI7noOPqvhJ1phCnvWh6IeYI2w9QOYEUipUTI8np6LbgGY9Fs98rqVt5AXLIhWkWywlVmtVrBp0igcN_IoypGlUPQGe77Rw";
const A2_MODULUS: &str = "ofgWCuLjybRlzo0tZWJjNiuSfb4p4fAkd_wWJcyQoTbji9k0l8W26mPddxHmfHQp-Vaw-4qPCJrcS2mJPMEzP1Pt0Bm4d4QlL-yRT-SFd2lZS-pCgNMsD1W_YpRPEwOWvG6b32690r2jZ47soMZo9wGzjb_7OMg0LOL-bSf63kpaSHSXndS5z5rexMdbBYUsLA9e-KXBdQOS-UTo7WTBEMa2R2CapHg665xsmtdVMTBQY4uDZlxvb3qCo5ZwKh9kG4LT6_I5IhlJH7aGhyxXFvUK-DWNmoudF8NAco9_h9iaGNj8q2ethFkMLs91kzk2PAcDTW9gb54h4FRWyuXpoQ";
const A3_HEADER: &str = "eyJhbGciOiJFUzI1NiJ9";
const A3_SIGNATURE: &str = "DtEhU3ljbEg8L38VWAfUAqOyKAM6-Xx-F4GawxaepmXFCgfTjDxw5djxLa8ISlSApmWQxfKTUJqPP3-Kg6NU1Q";
const A4_TOKEN: &str = "eyJhbGciOiJFUzUxMiJ9.UGF5bG9hZA.AdwMgeerwtHoh-l192l60hp9wAHZFVJbLfD_UxMi70cwnZOYaRI1bKPWROc-mZZqwqT2SI-KGDKB34XO0aw_7XdtAG8GaSwFKdCAPZgoXD2YBJZCPEX3xKpRwcdOO8KpEHwJjyqOgzDO7iKvU8vcnwNrmxYbSW9ERBXukOXolLzeO_Jn";
const A5_HEADER: &str = "eyJhbGciOiJub25lIn0";

fn a2_key() -> VerificationKey {
    let jwk = json!({"kty": "RSA", "kid": "A.2", "n": A2_MODULUS, "e": "AQAB"});
    VerificationKey::from_jwk(&jwk).expect("the key of A.2")
}

fn a3_key() -> VerificationKey {
    let (x, y) = ("f83OJ3D2xF1Bg8vub9tLe1gHMzV76e8Tus9uPHvRVEU", "x_FEzRu9m36HLN_tue659LNpXW6pCyStikYjKIWI5a0");
    let jwk = json!({"kty": "EC", "kid": "A.3", "crv": "P-256", "x": x, "y": y});
    VerificationKey::from_jwk(&jwk).expect("the key of A.3")
}

/// The signature layer alone: these tokens name no key and no client, and would go no further.
fn check(algorithm: Algorithm, message: &str, signature: &str, key: &VerificationKey) -> Result<(), SignatureError> {
    let header = Header { algorithm, key_id: KeyId::new("k").expect("a kid"), media_type: None };
    let Value::Object(members) = claims() else { panic!("claims are an object") };
    let claims = Claims::try_from(members).expect("claims");
    UnverifiedJwt { header, claims, signing_input: message, signature }.check_signature(key)
}

#[test]
fn the_rs256_and_es256_examples_of_rfc_7515_are_verified_and_only_as_they_are() {
    for (algorithm, header, signature, key) in
        [(Algorithm::Rs256, A2_HEADER, A2_SIGNATURE, a2_key()), (Algorithm::Es256, A3_HEADER, A3_SIGNATURE, a3_key())]
    {
        let message = format!("{header}.{PAYLOAD}");
        assert_eq!(check(algorithm, &message, signature, &key), Ok(()));
        assert_eq!(check(algorithm, &format!("{message}Q"), signature, &key), Err(SignatureError::Invalid));
        let mut other = base64url::decode(signature).expect("base64url");
        other[0] ^= 1;
        assert_eq!(check(algorithm, &message, &base64url::encode(other), &key), Err(SignatureError::Invalid));
    }
}

#[test]
fn the_examples_of_rfc_7515_are_not_verified_with_each_others_keys_or_algorithms() {
    let message = format!("{A2_HEADER}.{PAYLOAD}");
    let check = |algorithm, key: &VerificationKey| check(algorithm, &message, A2_SIGNATURE, key);
    assert_eq!(check(Algorithm::Rs256, &a3_key()), Err(SignatureError::KeyUnfit { algorithm: Algorithm::Rs256 }));
    assert_eq!(check(Algorithm::Es256, &a2_key()), Err(SignatureError::KeyUnfit { algorithm: Algorithm::Es256 }));
    for algorithm in [Algorithm::Rs384, Algorithm::Rs512, Algorithm::Ps256] {
        assert_eq!(check(algorithm, &a2_key()), Err(SignatureError::Invalid));
    }
}

/// Threats 6, 7 and 12.
#[test]
fn the_hs256_es512_unsecured_and_json_examples_of_rfc_7515_are_no_candidates() {
    let error = |token: &str| UnverifiedJwt::parse(token).expect_err("refused");
    let algorithm = JwtError::Header(HeaderError::Algorithm);
    assert_eq!(error(&format!("{A1_HEADER}.{PAYLOAD}.{A1_SIGNATURE}")), algorithm);
    assert_eq!(error(A4_TOKEN), algorithm);
    assert_eq!(error(&format!("{A5_HEADER}.{PAYLOAD}.")), algorithm);
    let general = json!({"payload": PAYLOAD, "signatures": [
        {"protected": A2_HEADER, "header": {"kid": "2010-12-29"}, "signature": A2_SIGNATURE},
        {"protected": A3_HEADER, "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"}, "signature": A3_SIGNATURE},
    ]});
    let flattened = json!({"payload": PAYLOAD, "protected": A3_HEADER, "signature": A3_SIGNATURE,
        "header": {"kid": "e9bc097a-ce51-4036-9562-d2ade882db0d"}});
    for serialised in [general, flattened] {
        assert_eq!(error(&serialised.to_string()), JwtError::Parts { dots: 0 });
    }
    // Those that are signed as a profile may accept name no key.
    for (header, signature) in [(A2_HEADER, A2_SIGNATURE), (A3_HEADER, A3_SIGNATURE)] {
        assert_eq!(error(&format!("{header}.{PAYLOAD}.{signature}")), JwtError::Header(HeaderError::KeyId));
    }
}
