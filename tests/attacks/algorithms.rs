//! Threats 6 to 8: the algorithm is the profile's choice. `none` in every spelling, HMAC with what is public, and keys that
//! are for something else.

use aws_lc_rs::hmac;
use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use okta_security_profiles::domain::jose::algorithm::Algorithm;
use okta_security_profiles::domain::jose::base64url::encode;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::world::{Rules, World, seal, sign_with, with, without};

/// Names that somebody might take for RS256 or for no signature at all.
const ODD_NAMES: [&str; 44] = [
    "",
    " ",
    "RS256 ",
    " RS256",
    "RS256\u{0}",
    "RS256\n",
    "RS256\u{200b}",
    "\u{feff}RS256",
    "ＲＳ256",
    "RS２56",
    "R\u{405}256",
    "RS-256",
    "RS_256",
    "RSA256",
    "RSA-SHA256",
    "SHA256withRSA",
    "RS1",
    "RS224",
    "RS2560",
    "RS025",
    "ES512",
    "ES256K",
    "Ed25519",
    "Ed448",
    "ML-DSA-44",
    "HS1",
    "RSA1_5",
    "RSA-OAEP",
    "RSA-OAEP-256",
    "dir",
    "A128KW",
    "A256GCM",
    "A128CBC-HS256",
    "ECDH-ES",
    "PBES2-HS256+A128KW",
    "null",
    "true",
    "0",
    "*",
    "RS256,none",
    "RS256;none",
    "[\"RS256\"]",
    "http://www.w3.org/2001/04/xmldsig-more#rsa-sha256",
    "urn:ietf:params:jose:RS256",
];

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    let claims = world.claims().to_string();
    for spelling in spellings("none") {
        let header = with(world.header(), "alg", json!(spelling)).to_string();
        let message = format!("{}.{}", encode(&header), encode(&claims));
        let name = |signature| format!("alg {spelling:?} with {signature}");
        corpus.refused("algorithm_not_allowed", name("no signature"), format!("{message}."));
        corpus.refused("algorithm_not_allowed", name("four zero bytes"), format!("{message}.AAAAAA"));
        corpus.refused("algorithm_not_allowed", name("a signature"), seal(&world.okta, Algorithm::Rs256, &message));
    }
    for name in ODD_NAMES {
        corpus.refused("algorithm_not_allowed", format!("alg {name:?}"), world.with_header("alg", json!(name)));
    }
    for good in ["RS256", "ES256", "PS256"] {
        for name in spellings(good).into_iter().filter(|name| name != good) {
            corpus.refused("algorithm_not_allowed", format!("alg {name:?}"), world.with_header("alg", json!(name)));
        }
    }
    for value in [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(256),
        json!([]),
        json!(["RS256"]),
        json!(["none"]),
        json!({}),
        json!({"alg": "RS256"}),
    ] {
        corpus.refused("algorithm_not_allowed", format!("alg {value}"), world.with_header("alg", value));
    }
    let token = world.sign(without(world.header(), "alg").to_string(), &claims);
    corpus.refused("algorithm_not_allowed", "alg missing", token);
    hmac_with_what_is_public(world, corpus);
    not_the_profiles(world, corpus);
    corpus.under(Rules::EveryAlgorithm);
    for name in spellings("EdDSA").into_iter().filter(|name| name != "EdDSA") {
        let header = json!({"kid": world.ed25519.kid, "alg": name}).to_string();
        let token = sign_with(&world.ed25519, Algorithm::EdDsa, header, &claims);
        corpus.refused("algorithm_not_allowed", format!("alg {name:?}"), token);
    }
}

/// Every spelling in small and capital letters.
fn spellings(name: &str) -> Vec<String> {
    name.chars().fold(vec![String::new()], |begun, character| {
        let both = [character.to_ascii_lowercase(), character.to_ascii_uppercase()];
        let kinds = if both[0] == both[1] { 1 } else { 2 };
        begun.iter().flat_map(|text| both[..kinds].iter().map(move |last| format!("{text}{last}"))).collect()
    })
}

/// CVE-2022-29217 and its kin: the public key taken for a shared secret.
fn hmac_with_what_is_public(world: &World, corpus: &mut Corpus) {
    let jwk = world.okta.jwk();
    let der = world.okta.public_bytes();
    let pem =
        format!("-----BEGIN RSA PUBLIC KEY-----\n{}\n-----END RSA PUBLIC KEY-----\n", BASE64_STANDARD.encode(&der));
    let secrets: [(&str, Vec<u8>); 8] = [
        ("the public key's DER", der),
        ("the public key's PEM", pem.clone().into_bytes()),
        ("the public key's PEM without its last line feed", pem.trim_end().as_bytes().to_vec()),
        ("the JWK", jwk.to_string().into_bytes()),
        ("n", jwk["n"].as_str().expect("a modulus").as_bytes().to_vec()),
        ("the kid", world.okta.kid.as_bytes().to_vec()),
        ("nothing", Vec::new()),
        ("a guess", b"secret".to_vec()),
    ];
    for (hash, alg) in [(hmac::HMAC_SHA256, "HS256"), (hmac::HMAC_SHA384, "HS384"), (hmac::HMAC_SHA512, "HS512")] {
        for (what, secret) in &secrets {
            let token = |alg: &str, id: &str| {
                let header = with(world.header(), "alg", json!(alg)).to_string();
                let claims = with(world.claims(), "jti", json!(id)).to_string();
                let message = format!("{}.{}", encode(header), encode(claims));
                let tag = hmac::sign(&hmac::Key::new(hash, secret), message.as_bytes());
                format!("{message}.{}", encode(tag))
            };
            corpus.refused("algorithm_not_allowed", format!("{alg} with {what}"), token(alg, "AT.1"));
            corpus.refused("signature_invalid", format!("RS256 that is {alg} with {what}"), token("RS256", alg));
        }
    }
}

/// Threat 8: signed well, with published keys, and not the way the profile asks for.
fn not_the_profiles(world: &World, corpus: &mut Corpus) {
    for key in world.published() {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| *algorithm != Algorithm::Rs256) {
            let header: Value = json!({"kid": key.kid, "alg": algorithm.name()});
            let claims = with(world.claims(), "jti", json!("AT.unlisted")).to_string();
            let token = sign_with(key, algorithm, header.to_string(), claims);
            corpus.refused("algorithm_not_allowed", format!("{algorithm}, unlisted, by {}", key.kid), token);
        }
    }
}
