//! Good tokens: the neighbours of everything that is refused. A gate that refuses all fails here.

use okta_security_profiles::domain::jose::algorithm::Algorithm;
use okta_security_profiles::domain::jose::base64url::encode;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::signatures::{P256_ORDER, P384_ORDER, minus};
use crate::world::{
    AUDIENCE, CLIENTS, LONGEST_KID, ODD_KID, OTHER_ISSUER, Rules, SCOPE, World, seal, sign_with, with, without,
};

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    corpus.allowed("good", world.sign(world.header().to_string(), world.claims().to_string()));
    headers(world, corpus);
    claims(world, corpus);
    spellings(world, corpus);
    let claims = with(world.claims(), "iss", json!(OTHER_ISSUER)).to_string();
    let header = with(world.header(), "kid", json!(world.other.kid)).to_string();
    corpus.allowed("good: the other tenant's own", sign_with(&world.other, Algorithm::Rs256, header, claims));
    algorithms(world, corpus);
}

fn headers(world: &World, corpus: &mut Corpus) {
    for typ in [
        "JWT",
        "jwt",
        "at+jwt",
        "AT+JWT",
        "application/at+jwt",
        "application/JWT",
        "APPLICATION/jwt",
        "application/okta-internal-at+jwt",
        "okta-internal-at+jwt",
    ] {
        corpus.allowed(format!("good: typ {typ}"), world.with_header("typ", json!(typ)));
    }
    // What a header may hold besides is to be ignored (RFC 7515 section 4), names of another case included.
    for name in ["x5t", "x5t#S256", "JKU", "Jwk", "CRIT", "Enc", "ALG", "extension", "iss", ""] {
        corpus.allowed(format!("good: header member {name:?}"), world.with_header(name, json!("AAAA")));
    }
    for value in [json!(null), json!(true), json!(-1), json!([]), json!({}), json!(""), json!([{"alg": "none"}])] {
        corpus.allowed(format!("good: extension {value}"), world.with_header("extension", value));
    }
    for kid in [LONGEST_KID, ODD_KID] {
        let header = json!({"kid": kid, "alg": "RS256"}).to_string();
        let token = sign_with(&world.plain, Algorithm::Rs256, header, world.claims().to_string());
        corpus.allowed(format!("good: published kid of {} bytes", kid.len()), token);
    }
}

fn claims(world: &World, corpus: &mut Corpus) {
    let now = world.now;
    for (claim, value) in [
        ("aud", json!([AUDIENCE])),
        ("aud", json!(["api://else", AUDIENCE])),
        ("aud", json!([AUDIENCE, AUDIENCE, ""])),
        ("scp", json!([SCOPE, "Other"])),
        ("scp", json!(["Other", SCOPE, SCOPE])),
        ("cid", json!(CLIENTS[1])),
        ("sub", json!(CLIENTS[0])),
        ("sub", json!("日本語 \u{202e}\u{feff}")),
        ("jti", json!("\u{0}")),
        ("nbf", json!(now)),
        ("nbf", json!(now - 1_000_000)),
        ("nbf", json!(now + 30)),
        ("nbf", json!(0)),
        ("iat", json!(now + 30)),
        ("iat", json!(now)),
        ("iat", json!(now + 3_540 - 86_400)),
        ("exp", json!(now - 29)),
        ("exp", json!(now + 1)),
        ("exp", json!(now - 60 + 86_400)),
        ("ver", json!("1")),
        ("scope", json!("nothing")),
        ("client_id", json!(7)),
    ] {
        corpus.allowed(format!("good: {claim} {value}"), world.with_claim(claim, value));
    }
    for claim in ["sub", "jti", "ver"] {
        let claims = without(world.claims(), claim).to_string();
        corpus.allowed(format!("good: no {claim}"), world.sign(world.header().to_string(), claims));
    }
    for text in [
        "null",
        "true",
        "-0",
        "0.1",
        "1e308",
        "-1e308",
        "1e-400",
        "18446744073709551616",
        "9223372036854775808",
        "\"\"",
        "[]",
        "{}",
        "[{},[],null]",
        r#""\u0000""#,
        r#""\ud83d\ude00""#,
        "\"😀\"",
        "\"\u{feff}\"",
        "\"\u{7f}\"",
    ] {
        corpus.allowed(format!("good: a further claim {text}"), world.with_raw_claim("further", text));
    }
    for (claim, text) in [
        ("exp", format!("{}.0", now + 3_540)),
        ("exp", format!("{}.9", now + 3_540)),
        ("exp", format!("{}0e-1", now + 3_540)),
        ("iat", format!("{}.5", now - 60)),
        ("nbf", format!("{}.5", now - 60)),
        ("nbf", "-0".to_owned()),
        ("nbf", "-0.0".to_owned()),
        ("nbf", "1e-400".to_owned()),
        ("nbf", "1E3".to_owned()),
    ] {
        corpus.allowed(format!("good: {claim} {text}"), world.with_raw_claim(claim, &text));
    }
    for depth in 1..=15 {
        let arrays = "[".repeat(depth) + &"]".repeat(depth);
        corpus.allowed(format!("good: {depth} arrays deep"), world.with_raw_claim("deep", &arrays));
        let objects = "{\"a\":".repeat(depth - 1) + "{}" + &"}".repeat(depth - 1);
        corpus.allowed(format!("good: {depth} objects deep"), world.with_raw_claim("deep", &objects));
    }
}

/// The same values in other spellings of JSON.
fn spellings(world: &World, corpus: &mut Corpus) {
    let (header, claims) = (world.header().to_string(), world.claims().to_string());
    for (name, from, to) in [
        ("name", "\"iss\"", "\"\\u0069ss\""),
        ("name in capitals", "\"exp\"", "\"\\u0065\\u0078\\u0070\""),
        ("slashes", "api://orders", "api:\\/\\/orders"),
        ("letters", "acme.okta", "acm\\u0065.okta"),
    ] {
        corpus.allowed(format!("good: escaped {name}"), world.sign(&header, claims.replace(from, to)));
    }
    corpus.allowed("good: escaped alg", world.sign(header.replace("\"alg\"", "\"\\u0061lg\""), &claims));
    corpus.allowed("good: escaped RS256", world.sign(header.replace("RS256", "\\u0052S256"), &claims));
    for space in [" ", "\t", "\r\n", "    "] {
        let spaced = |text: &str| format!("{space}{}{space}", text.replace(':', &format!(":{space}")));
        // A colon inside a string must not be moved.
        let claims = claims.replace("\":", &format!("\"{space}:{space}"));
        corpus.allowed(
            format!("good: white space {space:?}"),
            world.sign(spaced(&header), format!("{space}{claims}{space}")),
        );
    }
    let pretty = serde_json::to_string_pretty(&world.claims()).expect("JSON");
    corpus.allowed("good: printed prettily", world.sign(&header, pretty));
}

fn algorithms(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::EveryAlgorithm);
    for key in world.published() {
        for algorithm in Algorithm::ALL.into_iter().filter(|algorithm| key.is_for(*algorithm)) {
            let name = format!("good: {} with {algorithm}", key.kid);
            corpus.allowed(name, world.under(key, algorithm, "AT.algorithms"));
        }
    }
    // ECDSA has two signatures for each: (r, s) and (r, n - s). RFC 7518 section 3.4 asks for neither of them.
    for (key, algorithm, order) in
        [(&world.p256, Algorithm::Es256, &P256_ORDER[..]), (&world.p384, Algorithm::Es384, &P384_ORDER[..])]
    {
        let header: Value = json!({"kid": key.kid, "alg": algorithm.name()});
        let message = format!("{}.{}", encode(header.to_string()), encode(world.claims().to_string()));
        let signature = key.signature(algorithm, message.as_bytes());
        let (r, s) = signature.split_at(order.len());
        let twin = [r, &minus(order, s)].concat();
        corpus.allowed(format!("good: {algorithm} with n - s"), format!("{message}.{}", encode(twin)));
        corpus.allowed(format!("good: {algorithm} with s"), seal(key, algorithm, &message));
    }
}
