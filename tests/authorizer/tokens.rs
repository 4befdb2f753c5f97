//! Threats 6 to 30 over the wire: headers, encodings, claims and signatures that no access token of the issuer has.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};

use axum::Router;
use serde_json::{Value, json};

use crate::minting::{claims, encode, header, mint, with, with_part, without};
use crate::refusals::Refusals;
use crate::support::{CLIENT_ID, SCOPE, Scenario, TlsServer, seconds_since_epoch};

/// Threats 6, 7 and 8.
#[tokio::test]
async fn the_algorithm_is_the_profiles_choice_and_never_the_tokens() {
    let scenario = Scenario::new().await;
    let document = with(&scenario.profile(), "algorithms", json!(["RS256", "RS384"]));
    scenario.put("orders", &document.to_string()).await;
    let mut refusals = Refusals::of(scenario).await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let claims = claims(&okta).to_string();
    for word in ["alg_none", "hs256"] {
        refusals.refuses_token(&mint(&okta, word).expect("a token"), "algorithm_not_allowed").await;
    }
    for algorithm in ["none", "None", "rs256", "HS384", "PS256", "ES256", ""] {
        let token = okta.sign_raw(&header(&okta, algorithm).to_string(), &claims);
        refusals.refuses_token(&token, "algorithm_not_allowed").await;
    }
    let without_alg = without(&header(&okta, "RS256"), "alg").to_string();
    refusals.refuses_token(&okta.sign_raw(&without_alg, &claims), "algorithm_not_allowed").await;
    // The profile lists RS384, but the key is for RS256.
    let token = okta.sign_raw(&header(&okta, "RS384").to_string(), &claims);
    refusals.refuses_token(&token, "key_unfit").await;
    refusals.end().await;
}

/// Threat 9.
#[tokio::test]
async fn a_header_that_brings_or_points_to_its_own_key_is_unauthorized_and_nobody_is_called() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let calls = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&calls);
    let evil = TlsServer::serve(refusals.scenario.ca(), |_url| {
        Router::new().fallback(move || {
            counted.fetch_add(1, Ordering::SeqCst);
            async { "{}" }
        })
    });
    for (member, value) in [
        ("jku", json!(format!("{}/keys", evil.localhost_url()))),
        ("x5u", json!(format!("{}/chain", evil.localhost_url()))),
        ("jwk", okta.key_set()["keys"][0].clone()),
        ("x5c", json!(["MIIB"])),
    ] {
        let token =
            okta.sign_raw(&with(&header(&okta, "RS256"), member, value).to_string(), &claims(&okta).to_string());
        refusals.refuses_token(&token, "header_forbidden_member").await;
    }
    // Threat 53: nothing is fetched from the token's own issuer either.
    let elsewhere = with(&claims(&okta), "iss", json!(format!("{}/oauth2/default", evil.localhost_url())));
    refusals.refuses_token(&okta.sign(&elsewhere), "issuer_mismatch").await;
    assert_eq!(calls.load(Ordering::SeqCst), 0);
    refusals.end().await;
}

/// Threats 10, 11 and 12.
#[tokio::test]
async fn extensions_nested_encrypted_and_json_tokens_are_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let claims = claims(&okta);
    for (member, value, reason) in [
        ("crit", json!(["exp"]), "header_critical"),
        ("crit", json!([]), "header_critical"),
        ("b64", json!(false), "header_forbidden_member"),
        ("zip", json!("DEF"), "header_forbidden_member"),
        ("enc", json!("A256GCM"), "header_forbidden_member"),
        ("cty", json!("JWT"), "header_forbidden_member"),
    ] {
        let header = with(&header(&okta, "RS256"), member, value);
        refusals.refuses_token(&okta.sign_raw(&header.to_string(), &claims.to_string()), reason).await;
    }
    refusals.refuses_token(&mint(&okta, "five_parts").expect("a token"), "token_encrypted").await;
    let nested = okta.sign_raw(&header(&okta, "RS256").to_string(), &okta.sign(&claims));
    refusals.refuses_token(&nested, "token_malformed").await;

    let token = okta.sign(&claims);
    let parts: Vec<&str> = token.split('.').collect();
    let flattened = json!({"protected": parts[0], "payload": parts[1], "signature": parts[2]}).to_string();
    refusals.refuses(&format!("Bearer {flattened}"), "credential_multiple").await;
    refusals.refuses_token(&encode(flattened), "token_malformed").await;
    refusals.end().await;
}

/// Threats 13, 14 and 18.
#[tokio::test]
async fn ambiguous_json_and_loose_base64_are_unauthorized_although_the_signature_is_good() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let (good_header, good) = (header(&okta, "RS256").to_string(), claims(&okta).to_string());
    let kid = okta.current_kid();
    for twice in [
        format!(r#"{{"kid":"{kid}","alg":"RS256","alg":"RS256"}}"#),
        format!(r#"{{"kid":"{kid}","alg":"RS256","\u0061lg":"RS256"}}"#),
    ] {
        refusals.refuses_token(&okta.sign_raw(&twice, &good), "token_malformed").await;
    }
    let open = good.strip_suffix('}').expect("an object");
    let deep = format!("{}{}", "[".repeat(40), "]".repeat(40));
    for payload in [
        format!(r#"{open},"cid":"{CLIENT_ID}"}}"#),
        format!(r#"{open},"s\u0063p":["{SCOPE}"]}}"#),
        format!(r#"{open},"deep":{deep}}}"#),
        format!("[{good}]"),
        format!("\u{feff}{good}"),
        format!("{good}{{}}"),
        open.to_owned(),
        "null".to_owned(),
        String::new(),
    ] {
        refusals.refuses_token(&okta.sign_raw(&good_header, &payload), "token_malformed").await;
    }
    let token = okta.sign_raw(&good_header, &good);
    for index in 0..3 {
        let part = token.split('.').nth(index).expect("three parts");
        refusals.refuses_token(&with_part(&token, index, &format!("{part}+")), "token_malformed").await;
        refusals.refuses_token(&with_part(&token, index, &with_spare_bits(part)), "token_malformed").await;
    }
    // A `=` may end a bearer credential, but no part of a token.
    refusals.refuses_token(&format!("{token}=="), "token_malformed").await;
    let not_utf8 = [good.as_bytes(), b"\xff"].concat();
    refusals.refuses_token(&with_part(&token, 1, &encode(not_utf8)), "token_malformed").await;
    refusals.end().await;
}

/// Threats 17, 19 and 20.
#[tokio::test]
async fn foreign_types_id_tokens_and_odd_key_ids_are_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let good = claims(&okta);
    let typed = |value: Value| with(&header(&okta, "RS256"), "typ", value).to_string();
    let token = okta.sign_raw(&typed(json!("dpop+jwt")), &good.to_string());
    refusals.refuses_token(&token, "type_not_allowed").await;
    let token = okta.sign_raw(&typed(json!(7)), &good.to_string());
    refusals.refuses_token(&token, "header_malformed").await;
    let token = okta.sign_raw(&typed(json!("at+jwt")), &good.to_string());
    refusals.allows(&token).await;

    let id_token = json!({
        "ver": 1, "jti": "ID.4f6a0c1d9b", "iss": okta.issuer(), "aud": CLIENT_ID, "sub": "00u1", "amr": ["pwd"],
        "iat": good["iat"], "exp": good["exp"],
    });
    refusals.refuses_token(&okta.sign(&id_token), "client_missing").await;

    let long = "k".repeat(257);
    for kid in [Value::Null, json!(7), json!(""), json!([okta.current_kid()]), json!(long)] {
        let header = with(&header(&okta, "RS256"), "kid", kid);
        refusals.refuses_token(&okta.sign_raw(&header.to_string(), &good.to_string()), "key_id_missing").await;
    }
    let header_without = without(&header(&okta, "RS256"), "kid").to_string();
    refusals.refuses_token(&okta.sign_raw(&header_without, &good.to_string()), "key_id_missing").await;
    for kid in ["../../../../dev/null", "' OR '1'='1", "https://evil.example/keys", "%00", "\u{1f511}"] {
        let header = with(&header(&okta, "RS256"), "kid", json!(kid));
        refusals.refuses_for_want_of_its_key(&okta.sign_raw(&header.to_string(), &good.to_string())).await;
    }
    refusals.end().await;
}

/// Threats 22, 23 and 30.
#[tokio::test]
async fn an_issuer_audience_or_scope_that_is_not_exactly_right_is_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let good = claims(&okta);
    let issuer = okta.issuer();
    let org = issuer.strip_suffix("/oauth2/default").expect("a custom authorization server");
    for (claim, value, reason) in [
        ("iss", json!(7), "claims_malformed"),
        ("iss", json!([issuer]), "claims_malformed"),
        ("iss", json!(""), "claims_malformed"),
        ("iss", json!(format!("{issuer}/")), "issuer_mismatch"),
        ("iss", json!(issuer.to_uppercase()), "issuer_mismatch"),
        ("iss", json!(format!("{issuer}.evil.example")), "issuer_mismatch"),
        ("iss", json!(org), "org_authorization_server_token"),
        ("aud", json!(7), "claims_malformed"),
        ("aud", json!({}), "claims_malformed"),
        ("aud", json!([]), "claims_malformed"),
        ("aud", json!(["api://orders", 7]), "claims_malformed"),
        ("aud", json!("api://orders/"), "audience_mismatch"),
        ("aud", json!(["api://ORDERS", "api://order"]), "audience_mismatch"),
        ("scp", json!("CustomScope"), "claims_malformed"),
        ("scp", json!({"CustomScope": true}), "claims_malformed"),
        ("scp", json!([7]), "claims_malformed"),
        ("cid", json!(null), "client_missing"),
    ] {
        refusals.refuses_token(&okta.sign(&with(&good, claim, value)), reason).await;
    }
    for (claim, reason) in [("iss", "claims_malformed"), ("aud", "claims_malformed"), ("cid", "client_missing")] {
        refusals.refuses_token(&okta.sign(&without(&good, claim)), reason).await;
    }
    let among_others = with(&good, "aud", json!(["api://returns", "api://orders"]));
    refusals.allows(&okta.sign(&among_others)).await;
    refusals.end().await;
}

/// Threats 24 to 27.
#[tokio::test]
async fn a_time_that_is_missing_odd_past_or_yet_to_come_is_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    let (good, now) = (claims(&okta), seconds_since_epoch());
    for word in ["expired", "not_yet_valid"] {
        let reason = if word == "expired" { "token_expired" } else { "token_not_yet_valid" };
        refusals.refuses_token(&mint(&okta, word).expect("a token"), reason).await;
    }
    for (claim, value, reason) in [
        ("exp", json!(null), "claims_malformed"),
        ("exp", json!("9999999999"), "claims_malformed"),
        ("exp", json!(-1), "claims_malformed"),
        ("exp", json!(9_007_199_254_740_994_u64), "claims_malformed"),
        ("exp", json!(0), "token_expired"),
        ("nbf", json!("0"), "claims_malformed"),
        ("iat", json!(now + 600), "token_issued_in_future"),
        ("exp", json!(now + 100_000), "token_lifetime_too_long"),
    ] {
        refusals.refuses_token(&okta.sign(&with(&good, claim, value)), reason).await;
    }
    for claim in ["exp", "iat"] {
        refusals.refuses_token(&okta.sign(&without(&good, claim)), "claims_malformed").await;
    }
    let infinite = with(&good, "exp", json!("EXP")).to_string().replace("\"EXP\"", "1e400");
    let token = okta.sign_raw(&header(&okta, "RS256").to_string(), &infinite);
    refusals.refuses_token(&token, "token_malformed").await;
    refusals.end().await;
}

/// Threat 15, and any other signature that is not the issuer's.
#[tokio::test]
async fn a_signature_that_is_changed_cut_lengthened_or_anothers_is_unauthorized() {
    let mut refusals = Refusals::begin().await;
    let okta = Arc::clone(&refusals.scenario.okta);
    refusals.refuses_token(&mint(&okta, "tampered").expect("a token"), "signature_invalid").await;
    let token = okta.sign(&claims(&okta));
    let other = okta.sign(&claims(&okta));
    let others_signature = other.split('.').nth(2).expect("three parts");
    let long = format!("{others_signature}{}", "A".repeat(342));
    for signature in ["", "AAAA", others_signature, &long, &"A".repeat(342)] {
        refusals.refuses_token(&with_part(&token, 2, signature), "signature_invalid").await;
    }
    refusals.refuses_for_want_of_its_key(&mint(&okta, "unknown_key").expect("a token")).await;
    refusals.end().await;
}

/// The same bytes, spelt with bits that a decoder throws away: the last character's unused ones are set.
fn with_spare_bits(part: &str) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
    let (rest, last) = part.split_at(part.len() - 1);
    let value = ALPHABET.iter().position(|byte| *byte == last.as_bytes()[0]).expect("base64url");
    match part.len() % 4 {
        // Two characters hold one byte, three hold two: four and two bits are left over.
        2 | 3 => format!("{rest}{}", char::from(ALPHABET[value | 1])),
        // No bits are left over: a character more has nothing but such bits.
        _ => format!("{part}B"),
    }
}
