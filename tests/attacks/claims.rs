//! Threats 22, 23, 28 to 30: claims that are missing, of another type, or by one character not what the profile asks for.

use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::world::{AUDIENCE, CLIENTS, ISSUER, Rules, SCOPE, World, with, without};

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    types(world, corpus);
    bound(world, corpus);
    clients(world, corpus);
    scopes(world, corpus);
    rules(world, corpus);
}

fn types(world: &World, corpus: &mut Corpus) {
    let scalars = [json!(null), json!(true), json!(false), json!(0), json!(1.5), json!({}), json!({"a": "b"})];
    for claim in ["iss", "aud", "cid", "sub", "jti", "scp"] {
        let reason = if claim == "cid" { "client_missing" } else { "claims_malformed" };
        for value in &scalars {
            corpus.refused(reason, format!("{claim} {value}"), world.with_claim(claim, value.clone()));
        }
    }
    for claim in ["iss", "cid", "sub", "jti"] {
        let reason = if claim == "cid" { "client_missing" } else { "claims_malformed" };
        for value in [json!([]), json!(""), json!([ISSUER]), json!([CLIENTS[0]]), json!([null])] {
            corpus.refused(reason, format!("{claim} {value}"), world.with_claim(claim, value));
        }
    }
    for value in [
        json!([]),
        json!([1]),
        json!([null]),
        json!([AUDIENCE, 1]),
        json!([AUDIENCE, null]),
        json!([null, AUDIENCE]),
        json!([AUDIENCE, [AUDIENCE]]),
        json!([[AUDIENCE]]),
        json!([{"aud": AUDIENCE}]),
        json!([AUDIENCE, {}]),
        json!([true, AUDIENCE]),
    ] {
        corpus.refused("claims_malformed", format!("aud {value}"), world.with_claim("aud", value));
    }
    for value in [
        json!(SCOPE),
        json!("CustomScope OtherScope"),
        json!(""),
        json!([null]),
        json!([1]),
        json!([SCOPE, 1]),
        json!([SCOPE, null]),
        json!([[SCOPE]]),
        json!([{"scp": SCOPE}]),
        json!([""]),
        json!([SCOPE, ""]),
        json!(["CustomScope OtherScope"]),
        json!(["CustomScope\n"]),
        json!(["Custom\"Scope"]),
        json!(["Custom\\Scope"]),
        json!(["CustomScopé"]),
        json!(["CustomScope\u{0}"]),
        json!(["CustomScope\u{7f}"]),
        json!([SCOPE, "\u{200b}"]),
    ] {
        corpus.refused("claims_malformed", format!("scp {value}"), world.with_claim("scp", value));
    }
    for (claim, reason) in [("iss", "claims_malformed"), ("aud", "claims_malformed"), ("cid", "client_missing")] {
        let claims = without(world.claims(), claim).to_string();
        corpus.refused(reason, format!("{claim} missing"), world.sign(world.header().to_string(), claims));
    }
    // An ID token names no client; a token of another kind may name it by another claim.
    for claim in ["client_id", "azp", "appid", "CID"] {
        let claims = with(without(world.claims(), "cid"), claim, json!(CLIENTS[0])).to_string();
        corpus.refused("client_missing", format!("{claim} for cid"), world.sign(world.header().to_string(), claims));
    }
    corpus.refused("claims_malformed", "no claims", world.sign(world.header().to_string(), "{}"));
}

/// What a token is bound to has to be proven; a binding that nobody can read is none that may be overlooked.
fn bound(world: &World, corpus: &mut Corpus) {
    // The thumbprint of RFC 7638 section 3.1.
    let hash = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";
    for cnf in [json!({"jkt": hash}), json!({"x5t#S256": hash}), json!({"jkt": hash, "x5t#S256": hash})] {
        corpus.refused("binding_not_enabled", format!("cnf {cnf}"), world.with_claim("cnf", cnf));
    }
    for cnf in [
        json!(null),
        json!(true),
        json!(0),
        json!(""),
        json!(hash),
        json!([]),
        json!([{"jkt": hash}]),
        json!({}),
        json!({"jkt": null}),
        json!({"jkt": ""}),
        json!({"jkt": 1}),
        json!({"jkt": [hash]}),
        json!({"jkt": hash[1..]}),
        json!({"jkt": format!("{hash}A")}),
        json!({"jkt": format!("{hash}=")}),
        json!({"jkt": hash.replace("9Xs", "9Xt")}),
        json!({"JKT": hash}),
        json!({"x5t": hash}),
        json!({"x5t#s256": hash}),
        json!({"x5t#S256": "AAAA"}),
        json!({"jwk": world.okta.jwk()}),
        json!({"kid": "okta-key"}),
        json!({"jku": "https://evil.example/keys"}),
        json!({"jkt": hash, "jwk": {}}),
    ] {
        corpus.refused("claims_malformed", format!("cnf {cnf}"), world.with_claim("cnf", cnf));
    }
}

/// Each text one character away: longer, shorter, of another case.
pub(crate) fn neighbours(text: &str) -> Vec<String> {
    let appended = (0x20..0x7f_u8).map(|byte| format!("{text}{}", char::from(byte)));
    let control = (0..0x20_u8).map(|byte| format!("{text}{}", char::from(byte)));
    let prefixed = [" ", "\t", "\u{0}", "\u{feff}", "/", "*", "."].map(|before| format!("{before}{text}"));
    let cut = (1..text.len()).map(|at| text[..at].to_owned());
    let behind = (1..text.len()).map(|at| text[at..].to_owned());
    let flipped = (0..text.len()).filter(|at| text.as_bytes()[*at].is_ascii_alphabetic()).map(|at| {
        let mut bytes = text.as_bytes().to_vec();
        bytes[at] ^= 0x20;
        String::from_utf8_lossy(&bytes).into_owned()
    });
    let widened = ["\u{301}", "\u{200b}", "\u{ad}", "\u{202e}"].map(|mark| format!("{text}{mark}"));
    appended.chain(control).chain(prefixed).chain(cut).chain(behind).chain(flipped).chain(widened).collect()
}

fn clients(world: &World, corpus: &mut Corpus) {
    let others =
        ["*", "0oa3orders", "0oa1orders,0oa2orders", "0oa1orders 0oa2orders", "null", "okta"].map(str::to_owned);
    for cid in neighbours(CLIENTS[0]).into_iter().chain(others) {
        corpus.denied("client_not_allowed", format!("cid {cid:?}"), world.with_claim("cid", json!(cid)));
    }
}

fn scopes(world: &World, corpus: &mut Corpus) {
    let claims = without(world.claims(), "scp");
    corpus.denied("scope_missing", "scp missing", world.sign(world.header().to_string(), claims.to_string()));
    for value in [json!([]), json!(["Other"]), json!(["*"]), json!(["Custom", "Scope"]), json!(["CustomScope,Other"])] {
        corpus.denied("scope_missing", format!("scp {value}"), world.with_claim("scp", value));
    }
    for claim in ["scope", "scopes", "SCP", "roles"] {
        let value: Value = with(claims.clone(), claim, json!([SCOPE]));
        let token = world.sign(world.header().to_string(), value.to_string());
        corpus.denied("scope_missing", format!("{claim} for scp"), token);
    }
    let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
    for scope in neighbours(SCOPE) {
        let name = format!("scp [{scope:?}]");
        let token = world.with_claim("scp", json!([scope]));
        if scope.bytes().all(allowed) {
            corpus.denied("scope_missing", name, token);
        } else if scope.len() > SCOPE.len() + 1 || scope.trim_end_matches(['\n', '\0']).len() > SCOPE.len() {
            // The others are among the types above.
            corpus.refused("claims_malformed", name, token);
        }
    }
}

fn rules(world: &World, corpus: &mut Corpus) {
    let claims = without(world.claims(), "tenant").to_string();
    corpus.denied("claim_mismatch", "tenant missing", world.sign(world.header().to_string(), claims));
    for value in
        [json!(null), json!(true), json!(0), json!([]), json!(["acme"]), json!({}), json!({"acme": true}), json!("")]
    {
        corpus.denied("claim_mismatch", format!("tenant {value}"), world.with_claim("tenant", value));
    }
    for tenant in neighbours("acme") {
        corpus.denied("claim_mismatch", format!("tenant {tenant:?}"), world.with_claim("tenant", json!(tenant)));
    }
}
