//! Tokens that are bound (RFC 7800, RFC 8705, RFC 9449) and come as plain bearer tokens, and bindings that nobody can check.

use serde_json::json;

use crate::corpus::Corpus;
use crate::world::{Rules, World};

/// A SHA-256 hash, as base64url.
const HASH: &str = "NzbLsXh8uDCcd-6MNwXF4W_7noWXFZAfHkxZsRGC9Xs";

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    for confirmation in [json!({"jkt": HASH}), json!({"x5t#S256": HASH}), json!({"jkt": HASH, "x5t#S256": HASH})] {
        let name = format!("bound: cnf {confirmation}");
        corpus.refused("binding_not_enabled", name, world.with_claim("cnf", confirmation));
    }
    let values = [json!(null), json!(true), json!(0), json!(""), json!([]), json!({}), json!(HASH), json!([HASH])];
    for value in &values {
        corpus.refused("claims_malformed", format!("cnf {value}"), world.with_claim("cnf", value.clone()));
        for member in ["jkt", "x5t#S256"] {
            if value == HASH {
                continue;
            }
            let name = format!("cnf {member} {value}");
            corpus.refused("claims_malformed", name, world.with_claim("cnf", json!({member: value})));
        }
    }
    for member in ["JKT", "jkt ", "x5t", "x5t#s256", "jwk", "jwe", "jku", "kid", "osc"] {
        for confirmation in [json!({member: HASH}), json!({"jkt": HASH, member: HASH})] {
            let name = format!("cnf {confirmation}");
            corpus.refused("claims_malformed", name, world.with_claim("cnf", confirmation));
        }
    }
    for hash in [&HASH[1..], &HASH[..42], "AA", &format!("{HASH}="), &format!("{HASH}AA"), &HASH.replace('-', "+")] {
        corpus.refused("claims_malformed", format!("cnf jkt {hash:?}"), world.with_claim("cnf", json!({"jkt": hash})));
    }
}
