//! Threat 5: at every bound, one byte less, the bound itself, and one byte more.

use okta_security_profiles::domain::jose::jwt::MAX_TOKEN_BYTES;
use serde_json::json;

use crate::corpus::Corpus;
use crate::world::{Rules, World, with};

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    for bytes in MAX_TOKEN_BYTES - 16..=MAX_TOKEN_BYTES {
        corpus.allowed(format!("good: {bytes} bytes"), of_length(world, bytes));
    }
    for bytes in (MAX_TOKEN_BYTES + 1..=MAX_TOKEN_BYTES + 16).chain([9_000, 10_240, 16_384, 65_536, 1_000_000]) {
        corpus.refused("token_too_large", format!("{bytes} bytes"), of_length(world, bytes));
    }
    for (what, filling) in [("letters", "A"), ("dots", "."), ("token characters", "~"), ("zeros", "0")] {
        let name = |bytes: usize| format!("{bytes} {what}");
        corpus.refused("token_malformed", name(MAX_TOKEN_BYTES), filling.repeat(MAX_TOKEN_BYTES));
        corpus.refused("token_too_large", name(MAX_TOKEN_BYTES + 1), filling.repeat(MAX_TOKEN_BYTES + 1));
    }
    // As much work as fits: many members, many items, one long name.
    let many = (0..400).map(|at| format!("\"m{at}\":{at}")).collect::<Vec<_>>().join(",");
    corpus.allowed("good: 400 members", world.with_raw_claim("many", &format!("{{{many}}}")));
    corpus.allowed("good: 2,000 items", world.with_raw_claim("many", &format!("[{}]", vec!["0"; 2_000].join(","))));
    corpus.allowed("good: a name of 4,000 bytes", world.with_claim(&"n".repeat(4_000), json!(1)));
    corpus.allowed("good: a number of 4,000 digits", world.with_raw_claim("many", &format!("0.{}", "1".repeat(4_000))));
    corpus.refused(
        "token_malformed",
        "400 members and one twice",
        world.with_raw_claim("many", &format!("{{{many},\"m0\":0}}")),
    );
    corpus.refused("token_malformed", "4,000 digits", world.with_raw_claim("many", &"1".repeat(4_000)));
    corpus.allowed(
        "good: 500 scopes",
        world.with_claim("scp", {
            let others = (0..500).map(|at| format!("s{at}"));
            json!(others.chain(["CustomScope".to_owned()]).collect::<Vec<_>>())
        }),
    );
    corpus.denied(
        "scope_missing",
        "500 scopes",
        world.with_claim("scp", json!((0..500).map(|at| format!("s{at}")).collect::<Vec<_>>())),
    );
    corpus.refused(
        "audience_mismatch",
        "500 audiences",
        world.with_claim("aud", json!((0..500).map(|at| format!("a{at}")).collect::<Vec<_>>())),
    );
}

/// A good token of exactly so many bytes.
fn of_length(world: &World, bytes: usize) -> String {
    let encoded = |length: usize| (length * 4).div_ceil(3);
    let claims = |pad: usize| with(world.claims(), "pad", json!("p".repeat(pad))).to_string();
    let header = |pad: usize| with(world.header(), "pad", json!("p".repeat(pad))).to_string();
    let signature = encoded(256);
    for header_pad in 0..4 {
        let header = header(header_pad);
        let left = bytes - encoded(header.len()) - signature - 2;
        let shortest = claims(0).len();
        let pad = (left * 3 / 4).saturating_sub(shortest);
        for pad in pad.saturating_sub(2)..=pad + 2 {
            if encoded(shortest + pad) == left {
                let token = world.sign(&header, claims(pad));
                assert_eq!(token.len(), bytes);
                return token;
            }
        }
    }
    panic!("no token has {bytes} bytes")
}
