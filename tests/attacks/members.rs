//! Threats 9 to 11 and 17: header members that bring a key, change what is signed, ask for extensions, or name another kind
//! of token.

use okta_security_profiles::domain::jose::algorithm::Algorithm;
use serde_json::{Value, json};

use crate::corpus::Corpus;
use crate::world::{KEYS_URL, Rules, World, sign_with, with};

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    bring_a_key(world, corpus);
    change_the_encoding(world, corpus);
    critical(world, corpus);
    types(world, corpus);
}

fn bring_a_key(world: &World, corpus: &mut Corpus) {
    let reason = "header_forbidden_member";
    let values = [
        json!(null),
        json!(true),
        json!(0),
        json!(""),
        json!("https://evil.example/keys"),
        json!("http://169.254.169.254/latest/meta-data/iam/security-credentials/"),
        json!("http://[fd00:ec2::254]/latest/meta-data/"),
        json!("http://127.0.0.1:9001/2018-06-01/runtime/invocation/next"),
        json!("file:///etc/passwd"),
        json!(KEYS_URL),
        json!([]),
        json!(["MIIB"]),
        json!({}),
        world.attackers.jwk(),
        world.okta.jwk(),
    ];
    for member in ["jku", "jwk", "x5u", "x5c"] {
        for value in &values {
            let header = with(world.header(), member, value.clone());
            corpus.refused(
                reason,
                format!("{member} {value}"),
                world.sign(header.to_string(), world.claims().to_string()),
            );
            let claims = with(world.claims(), "jti", json!("AT.attackers")).to_string();
            let token = sign_with(&world.attackers, Algorithm::Rs256, header.to_string(), claims);
            corpus.refused(reason, format!("{member} {value}, by the attacker"), token);
        }
        let (first, rest) = member.split_at(1);
        let escaped = format!("\\u{:04x}{rest}", u32::from(first.as_bytes()[0]));
        let header = world.header().to_string().replacen('{', &format!("{{\"{escaped}\":\"https://evil.example\","), 1);
        corpus.refused(reason, format!("{member}, escaped"), world.sign(header, world.claims().to_string()));
    }
}

fn change_the_encoding(world: &World, corpus: &mut Corpus) {
    for member in ["b64", "zip", "enc", "cty"] {
        for value in [
            json!(null),
            json!(true),
            json!(false),
            json!(0),
            json!(""),
            json!("DEF"),
            json!("A256GCM"),
            json!("JWT"),
            json!("application/jwt"),
            json!([]),
            json!({}),
        ] {
            let name = format!("{member} {value}");
            corpus.refused("header_forbidden_member", name, world.with_header(member, value));
        }
    }
    let header = with(with(world.header(), "b64", json!(false)), "crit", json!(["b64"])).to_string();
    let claims = world.claims().to_string();
    corpus.refused("header_forbidden_member", "b64 and crit", world.sign(&header, &claims));
    // RFC 7797: the payload as it is, and the signature over that.
    let message = format!("{}.{}", okta_security_profiles::domain::jose::base64url::encode(&header), "AT.1");
    let token = crate::world::seal(&world.okta, Algorithm::Rs256, &message);
    corpus.refused("token_malformed", "b64 false, not encoded", token);
}

fn critical(world: &World, corpus: &mut Corpus) {
    for value in [
        json!(null),
        json!(true),
        json!(0),
        json!(""),
        json!("b64"),
        json!([]),
        json!(["exp"]),
        json!(["b64"]),
        json!(["alg"]),
        json!(["crit"]),
        json!(["exp", "exp"]),
        json!(["http://example.com/extension"]),
        json!([1]),
        json!([[]]),
        json!([""]),
        json!({}),
    ] {
        let with_member =
            with(with(world.header(), "crit", value.clone()), "http://example.com/extension", json!(true));
        corpus.refused("header_critical", format!("crit {value}"), world.with_header("crit", value.clone()));
        let token = world.sign(with_member.to_string(), world.claims().to_string());
        corpus.refused("header_critical", format!("crit {value} and an extension"), token);
    }
}

fn types(world: &World, corpus: &mut Corpus) {
    for typ in [
        "",
        " ",
        "none",
        "JWT ",
        " JWT",
        "JWT\u{0}",
        "JWT;charset=utf-8",
        "JWS",
        "JWE",
        "JOSE",
        "JOSE+JSON",
        "application/jose+json",
        "ID",
        "id_token",
        "it+jwt",
        "rt+jwt",
        "at-jwt",
        "at+jw",
        "at+jwtt",
        "at jwt",
        "application/",
        "application/application/jwt",
        "application\\jwt",
        "text/jwt",
        "application/x-jwt",
        "dpop+jwt",
        "logout+jwt",
        "secevent+jwt",
        "token-introspection+jwt",
        "oauth-authz-req+jwt",
        "kb+jwt",
        "okta-internal-at",
        "application/okta-internal-rt+jwt",
        "application/okta-internal-at+jwt ",
        "ＪＷＴ",
        "ＡＴ+jwt",
        "null",
    ] {
        corpus.refused("type_not_allowed", format!("typ {typ:?}"), world.with_header("typ", json!(typ)));
    }
    for typ in [json!(null), json!(true), json!(0), json!([]), json!(["JWT"]), json!({}), json!({"typ": "JWT"})] {
        corpus.refused("header_malformed", format!("typ {typ}"), world.with_header("typ", typ));
    }
    // Two faults: the earlier check speaks.
    let both: Value = with(with(world.header(), "jku", json!("")), "crit", json!([]));
    corpus.refused("header_forbidden_member", "jku and crit", world.sign(both.to_string(), world.claims().to_string()));
}
