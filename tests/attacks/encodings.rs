//! Threats 4, 5, 11, 12 and 14: a token has three parts and each part one spelling.

use okta_security_profiles::domain::jose::algorithm::Algorithm;
use okta_security_profiles::domain::jose::base64url::encode;
use serde_json::json;

use crate::corpus::Corpus;
use crate::world::{Rules, World, seal, with};

const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

/// What looks like a letter, like nothing, or like two characters.
const FOREIGN: [char; 20] = [
    '\u{80}', '\u{85}', '\u{a0}', '\u{ad}', 'é', 'ß', 'а', 'Α', '０', 'Ａ', '．', '。', '\u{200b}', '\u{200d}',
    '\u{2028}', '\u{202e}', '\u{2060}', '\u{feff}', '\u{fffd}', '😀',
];

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    let good = world.sign(world.header().to_string(), world.claims().to_string());
    let parts: Vec<&str> = good.split('.').collect();
    foreign_characters(&parts, corpus);
    padding(world, &parts, corpus);
    spare_bits(world, corpus);
    cut_short(world, &parts, corpus);
    other_alphabets(&parts, corpus);
    shapes(&parts, corpus);
    serialisations(world, &parts, corpus);
}

/// A token with one part changed.
fn with_part(parts: &[&str], index: usize, part: &str) -> String {
    let mut parts = parts.to_vec();
    parts[index] = part;
    parts.join(".")
}

fn foreign_characters(parts: &[&str], corpus: &mut Corpus) {
    let ascii = (0..=0x7f_u8).filter(|byte| !ALPHABET.contains(byte)).map(char::from);
    for character in ascii.chain(FOREIGN) {
        // A `b64token` may have some that base64url has not; a comma joins two headers.
        let reason = match character {
            ',' => "credential_multiple",
            '.' | '~' | '+' | '/' => "token_malformed",
            _ => "credential_malformed",
        };
        for (index, part) in parts.iter().enumerate() {
            for at in [1, part.len() / 2] {
                let (before, after) = part.split_at(at);
                let token = with_part(parts, index, &format!("{before}{character}{after}"));
                corpus.refused(reason, format!("{character:?} at {at} of part {index}"), token);
            }
        }
        if !matches!(character, '.' | '~' | '+' | '/' | '=') {
            corpus.refused(reason, format!("{character:?} behind"), format!("{}{character}", parts.join(".")));
            corpus.refused(reason, format!("{character:?} before"), format!("{character}{}", parts.join(".")));
        }
    }
}

/// Padding is no part of base64url in a JWS (RFC 7515 section 2), whether or not the signature covers it.
fn padding(world: &World, parts: &[&str], corpus: &mut Corpus) {
    for padding in ["=", "==", "===", "====", "%3D", "%3d%3d"] {
        let behind = if padding.starts_with('=') { "token_malformed" } else { "credential_malformed" };
        corpus.refused(behind, format!("{padding} behind"), format!("{}{padding}", parts.join(".")));
        let header = format!("{}{padding}.{}", parts[0], parts[1]);
        let payload = format!("{}.{}{padding}", parts[0], parts[1]);
        for (what, message) in [("header", header), ("payload", payload)] {
            let token = seal(&world.okta, Algorithm::Rs256, &message);
            corpus.refused("credential_malformed", format!("{padding} behind the {what}, signed"), token);
            let token = format!("{message}.{}", parts[2]);
            corpus.refused("credential_malformed", format!("{padding} behind the {what}"), token);
        }
    }
}

/// The other spellings of the same bytes: the last character's bits that belong to no byte.
fn respelled(part: &str) -> Vec<String> {
    let spare = match part.len() % 4 {
        2 => 4,
        3 => 2,
        _ => 0,
    };
    let (before, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.iter().position(|letter| *letter == last.as_bytes()[0]).expect("a letter");
    let others = (1..1_usize << spare).map(|bits| char::from(ALPHABET[value | bits]));
    others.map(|letter| format!("{before}{letter}")).collect()
}

fn spare_bits(world: &World, corpus: &mut Corpus) {
    for pad in 0..3 {
        let header = encode(with(world.header(), "pad", json!("p".repeat(pad))).to_string());
        let claims = encode(with(world.claims(), "pad", json!("p".repeat(pad))).to_string());
        for spelling in respelled(&header) {
            let token = seal(&world.okta, Algorithm::Rs256, &format!("{spelling}.{claims}"));
            corpus.refused("token_malformed", format!("spare bits in a header with {pad}"), token);
        }
        for spelling in respelled(&claims) {
            let token = seal(&world.okta, Algorithm::Rs256, &format!("{header}.{spelling}"));
            corpus.refused("token_malformed", format!("spare bits in a payload with {pad}"), token);
        }
    }
    let okta = world.sign(world.header().to_string(), world.claims().to_string());
    let p256 = world.under(&world.p256, Algorithm::Es256, "AT.spare");
    let ed25519 = world.under(&world.ed25519, Algorithm::EdDsa, "AT.spare");
    for (rules, token) in [(Rules::Okta, okta), (Rules::EveryAlgorithm, p256), (Rules::EveryAlgorithm, ed25519)] {
        corpus.under(rules);
        let (message, signature) = token.rsplit_once('.').expect("a signature");
        for spelling in respelled(signature) {
            corpus.refused("token_malformed", "spare bits in a signature", format!("{message}.{spelling}"));
        }
    }
    corpus.under(Rules::Okta);
}

/// Whether a text is the one spelling of some bytes.
fn is_canonical(text: &str) -> bool {
    let Some(last) = text.bytes().last() else { return true };
    let value = ALPHABET.iter().position(|letter| *letter == last).expect("a letter");
    match text.len() % 4 {
        1 => false,
        2 => value % 16 == 0,
        3 => value % 4 == 0,
        _ => true,
    }
}

fn cut_short(world: &World, parts: &[&str], corpus: &mut Corpus) {
    let signature = parts[2];
    for kept in 1..signature.len() {
        let signature = &signature[..kept];
        let reason = if is_canonical(signature) { "signature_invalid" } else { "token_malformed" };
        corpus.refused(reason, format!("{kept} characters of a signature"), with_part(parts, 2, signature));
    }
    // What is left of an object is none.
    for cut in 1..parts[0].len() {
        let message = format!("{}.{}", &parts[0][..parts[0].len() - cut], parts[1]);
        let token = seal(&world.okta, Algorithm::Rs256, &message);
        corpus.refused("token_malformed", format!("a header without its last {cut} characters"), token);
    }
    for cut in (1..parts[1].len()).step_by(3) {
        let message = format!("{}.{}", parts[0], &parts[1][..parts[1].len() - cut]);
        let token = seal(&world.okta, Algorithm::Rs256, &message);
        corpus.refused("token_malformed", format!("a payload without its last {cut} characters"), token);
    }
}

fn other_alphabets(parts: &[&str], corpus: &mut Corpus) {
    let signature = parts[2];
    let bytes = okta_security_profiles::domain::jose::base64url::decode(signature).expect("base64url");
    let hex: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
    corpus.refused("signature_invalid", "a signature in hexadecimal", with_part(parts, 2, &hex));
    corpus.refused("signature_invalid", "a signature encoded twice", with_part(parts, 2, &encode(signature)));
    corpus.refused("signature_invalid", "a signature backwards", {
        let reversed: Vec<u8> = bytes.iter().rev().copied().collect();
        with_part(parts, 2, &encode(reversed))
    });
    for (index, part) in parts.iter().enumerate().take(2) {
        let name = format!("part {index} encoded twice");
        corpus.refused("token_malformed", name, with_part(parts, index, &encode(part)));
    }
    let standard = signature.replace('-', "+").replace('_', "/");
    if standard != signature {
        corpus.refused("token_malformed", "a signature in base64", with_part(parts, 2, &standard));
    }
}

fn shapes(parts: &[&str], corpus: &mut Corpus) {
    let [header, payload, signature] = [parts[0], parts[1], parts[2]];
    let malformed = |corpus: &mut Corpus, token: String| {
        let name = format!("the shape {}", token.replace(header, "h").replace(payload, "p").replace(signature, "s"));
        corpus.refused("token_malformed", name, token);
    };
    for token in [
        header.to_owned(),
        format!("{header}.{payload}"),
        format!("{header}.{payload}.{signature}."),
        format!(".{header}.{payload}.{signature}"),
        format!("{header}..{payload}.{signature}"),
        format!("{header}.{payload}.{signature}.{signature}"),
        format!("{header}.{payload}.{signature}.{header}.{payload}.{signature}"),
        format!("{header}..{signature}"),
        format!(".{payload}.{signature}"),
        format!("..{signature}"),
        format!("{header}.."),
        format!(".{payload}."),
        format!("{signature}.{header}.{payload}"),
        format!("{signature}.{payload}.{header}"),
        format!("{header}.{signature}.{signature}"),
        format!("{header}.{signature}.{payload}"),
        ".".to_owned(),
        "..".to_owned(),
        "...".to_owned(),
        ".....".to_owned(),
        "~".to_owned(),
        "A".to_owned(),
        "null".to_owned(),
        "undefined".to_owned(),
    ] {
        malformed(corpus, token);
    }
    corpus.refused("signature_invalid", "no signature", format!("{header}.{payload}."));
    // Claims in the header's place name no algorithm, and a header in the claims' place no issuer.
    for token in [format!("{payload}.{header}.{signature}"), format!("{payload}.{signature}.{header}")] {
        corpus.refused("algorithm_not_allowed", "claims for a header", token);
    }
    corpus.refused("claims_malformed", "a header for claims", format!("{header}.{header}.{signature}"));
    // Five parts are an encrypted token (JWE), whatever is in them.
    for token in [
        "....".to_owned(),
        "a.b.c.d.e".to_owned(),
        format!("{header}.{payload}.{signature}.."),
        format!("{header}..{payload}.{signature}.AAAAAAAAAAAAAAAAAAAAAA"),
        format!("{}.AAAA.AAAA.AAAA.AAAA", encode(r#"{"alg":"dir","enc":"A256GCM"}"#)),
        format!("{}.AAAA.AAAA.AAAA.AAAA", encode(r#"{"alg":"RSA-OAEP","enc":"A128CBC-HS256","zip":"DEF"}"#)),
        format!("{}.AAAA.AAAA.AAAA.AAAA", encode(r#"{"alg":"PBES2-HS256+A128KW","enc":"A256GCM","p2c":2147483647}"#)),
    ] {
        corpus.refused("token_encrypted", "five parts", token);
    }
}

/// The JSON serialisations of RFC 7515 section 7.2, and a token inside a token.
fn serialisations(world: &World, parts: &[&str], corpus: &mut Corpus) {
    let [header, payload, signature] = [parts[0], parts[1], parts[2]];
    let flattened = json!({"protected": header, "payload": payload, "signature": signature});
    let general = json!({"payload": payload, "signatures": [{"protected": header, "signature": signature}]});
    for (name, token) in [("flattened", flattened), ("general", general)] {
        corpus.refused("credential_multiple", format!("{name} JSON"), token.to_string());
        corpus.refused("token_malformed", format!("{name} JSON, encoded"), encode(token.to_string()));
    }
    corpus.refused("credential_malformed", "a JSON string", json!(parts.join(".")).to_string());
    corpus.refused("token_malformed", "encoded whole", encode(parts.join(".")));
    let nested = world.sign(world.header().to_string(), parts.join("."));
    corpus.refused("token_malformed", "a token for a payload", nested);
    let nested = world.sign(with(world.header(), "cty", json!("JWT")).to_string(), parts.join("."));
    corpus.refused("header_forbidden_member", "a nested token", nested);
    let quoted = world.sign(world.header().to_string(), json!(parts.join(".")).to_string());
    corpus.refused("token_malformed", "a token in quotes for a payload", quoted);
}
