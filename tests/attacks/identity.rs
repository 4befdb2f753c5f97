//! Threats 22 and 23: issuers and audiences that are almost the profile's.

use serde_json::json;

use crate::claims::neighbours;
use crate::corpus::Corpus;
use crate::world::{AUDIENCE, ISSUER, Rules, World};

/// The Okta domain's own authorization server, whose tokens nobody can verify locally.
const ORG_SERVER: &str = "https://acme.okta.com";

const ISSUERS: [&str; 29] = [
    "http://acme.okta.com/oauth2/default",
    "HTTPS://acme.okta.com/oauth2/default",
    "https://ACME.OKTA.COM/oauth2/default",
    "https://acme.okta.com:443/oauth2/default",
    "https://acme.okta.com./oauth2/default",
    "https://acme.okta.com//oauth2/default",
    "https://acme.okta.com/oauth2//default",
    "https://acme.okta.com/./oauth2/default",
    "https://acme.okta.com/oauth2/x/../default",
    "https://acme.okta.com/oauth2/default/v1",
    "https://acme.okta.com/oauth2/%64efault",
    "https://acme.okta.com/oauth2/default%00",
    "https://acme.okta.com/oauth2/defau1t",
    "https://acme.okta.com\\oauth2\\default",
    "https:acme.okta.com/oauth2/default",
    "https:/acme.okta.com/oauth2/default",
    "https:///acme.okta.com/oauth2/default",
    "acme.okta.com/oauth2/default/",
    "https://user@acme.okta.com/oauth2/default",
    "https://acme.okta.com@evil.example/oauth2/default",
    "https://evil.example/https://acme.okta.com/oauth2/default",
    "https://evil.example#https://acme.okta.com/oauth2/default",
    "https://acme.okta.com.evil.example/oauth2/default",
    "https://acme-okta.com/oauth2/default",
    "https://acme.oktapreview.com/oauth2/default",
    "https://аcme.okta.com/oauth2/default",
    "https://xn--cme-8cd.okta.com/oauth2/default",
    "https://169.254.169.254/oauth2/default",
    "https://acme.okta.com/oauth2/default https://evil.example",
];

pub(crate) fn add(world: &World, corpus: &mut Corpus) {
    corpus.under(Rules::Okta);
    for issuer in neighbours(ISSUER).into_iter().chain(ISSUERS.map(str::to_owned)) {
        let reason = if issuer == ORG_SERVER { "org_authorization_server_token" } else { "issuer_mismatch" };
        corpus.refused(reason, format!("iss {issuer:?}"), world.with_claim("iss", json!(issuer)));
    }
    let others = ["", "*", "API://ORDERS", "api://else", "https://orders", "0oa1orders", ISSUER];
    for audience in neighbours(AUDIENCE).into_iter().chain(others.map(str::to_owned)) {
        let (name, listed) = (format!("aud {audience:?}"), json!([audience]));
        corpus.refused("audience_mismatch", format!("{name} in a list"), world.with_claim("aud", listed));
        corpus.refused("audience_mismatch", name, world.with_claim("aud", json!(audience)));
    }
    for audiences in [json!(["api:", "//orders"]), json!(["", ""]), json!(["api://order", "s"])] {
        corpus.refused("audience_mismatch", format!("aud {audiences}"), world.with_claim("aud", audiences));
    }
}
