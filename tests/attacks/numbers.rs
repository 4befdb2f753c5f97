//! Threats 24 to 27: `exp`, `nbf` and `iat` as every kind of number, and as what is none.

use serde_json::json;

use crate::corpus::Corpus;
use crate::world::{LEEWAY, Rules, World, without};

/// JSON, and no time from 0 to 2^53.
const NO_TIME: [&str; 30] = [
    "null",
    "true",
    "false",
    "\"\"",
    "\"0\"",
    "\"1800003540\"",
    "\"2027-01-15T08:59:00Z\"",
    "\"now\"",
    "[]",
    "[0]",
    "[1800003540]",
    "{}",
    "{\"seconds\":1800003540}",
    "-1",
    "-0.5",
    "-1e-300",
    "-1800003540",
    "-1e9",
    "-1e300",
    "-9223372036854775808",
    "-9223372036854775809",
    "9007199254740994",
    "9007199254740994.0",
    "1e16",
    "9223372036854775807",
    "9223372036854775808",
    "18446744073709551615",
    "18446744073709551616",
    "1e300",
    "1.7976931348623157e308",
];

/// No number of JSON, or none that fits.
const NO_NUMBER: [&str; 22] = [
    "1e400",
    "-1e400",
    "1e999999999",
    "1E+400",
    "NaN",
    "-NaN",
    "Infinity",
    "-Infinity",
    "inf",
    "0x6b49d200",
    "0b1",
    "0o7",
    "01800003540",
    "+1800003540",
    "1_800_003_540",
    "1800003540n",
    "1800003540L",
    ".5",
    "1800003540.",
    "1e",
    "1.e3",
    "१८०",
];

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    for claim in ["exp", "nbf", "iat"] {
        for text in NO_TIME {
            corpus.refused("claims_malformed", format!("{claim} {text}"), world.with_raw_claim(claim, text));
        }
        for text in NO_NUMBER {
            corpus.refused("token_malformed", format!("{claim} {text}"), world.with_raw_claim(claim, text));
        }
    }
    for claim in ["exp", "iat"] {
        let claims = without(world.claims(), claim).to_string();
        corpus.refused("claims_malformed", format!("{claim} missing"), world.sign(world.header().to_string(), claims));
    }
    expiry(world, corpus);
    beginning(world, corpus);
}

fn expiry(world: &World, corpus: &mut Corpus) {
    let now = world.now;
    for text in ["0", "-0", "-0.0", "0.0", "0e0", "0e400", "1", "0.9", "1e-400", "1e9"] {
        corpus.refused("token_expired", format!("exp {text}"), world.with_raw_claim("exp", text));
    }
    for ago in [LEEWAY, LEEWAY + 1, LEEWAY + 2, 60, 61, 300, 3_600, 86_400, 1_000_000] {
        corpus.refused("token_expired", format!("exp {ago} s ago"), world.with_claim("exp", json!(now - ago)));
    }
    // Fractions count against the token.
    let text = format!("{}.999", now - LEEWAY);
    corpus.refused("token_expired", "exp a fraction more than the leeway ago", world.with_raw_claim("exp", &text));
    let issued = now - 60;
    for lifetime in [86_401, 86_402, 90_000, 604_800, 31_536_000] {
        let name = format!("a lifetime of {lifetime} s");
        corpus.refused("token_lifetime_too_long", name, world.with_claim("exp", json!(issued + lifetime)));
    }
    let milliseconds = (now * 1_000).to_string();
    for text in
        [&milliseconds, "9007199254740991", "9007199254740992", "9007199254740993", "9.007199254740992e15", "1e15"]
    {
        corpus.refused("token_lifetime_too_long", format!("exp {text}"), world.with_raw_claim("exp", text));
    }
}

fn beginning(world: &World, corpus: &mut Corpus) {
    let now = world.now;
    for (claim, reason) in [("nbf", "token_not_yet_valid"), ("iat", "token_issued_in_future")] {
        for ahead in [LEEWAY + 1, LEEWAY + 2, 60, 61, 300, 3_600, 86_400, 31_536_000] {
            corpus.refused(reason, format!("{claim} in {ahead} s"), world.with_claim(claim, json!(now + ahead)));
        }
        let text = format!("{}.001", now + LEEWAY);
        corpus.refused(reason, format!("{claim} a fraction beyond the leeway"), world.with_raw_claim(claim, &text));
        let milliseconds = (now * 1_000).to_string();
        for text in [&milliseconds, "9007199254740991", "9007199254740992", "9007199254740993", "1e15"] {
            corpus.refused(reason, format!("{claim} {text}"), world.with_raw_claim(claim, text));
        }
    }
    for text in ["0", "-0", "0.5", "1", "1e-400", "1e9"] {
        corpus.refused("token_lifetime_too_long", format!("iat {text}"), world.with_raw_claim("iat", text));
    }
    let too_early = now + 3_540 - 86_401;
    corpus.refused("token_lifetime_too_long", "iat a second too early", world.with_claim("iat", json!(too_early)));
}
