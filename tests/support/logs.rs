//! What a function wrote: its decisions, and whether something slipped out that must not.

use base64::Engine as _;
use base64::prelude::{BASE64_STANDARD, BASE64_URL_SAFE_NO_PAD};
use serde_json::Value;

/// Shorter texts turn up by chance.
const MIN_CANARY_BYTES: usize = 8;

/// The decisions in a function's output, in their order: each one JSON line.
pub(crate) fn decisions(output: &str) -> Vec<Value> {
    let lines = output.lines().filter_map(|line| serde_json::from_str::<Value>(line).ok());
    lines.filter(|line| line["message"] == "decision").collect()
}

/// Texts that must turn up nowhere.
#[derive(Default)]
pub(crate) struct Canaries {
    texts: Vec<(String, String)>,
    /// Handed to the backend with a good token, and otherwise to nobody.
    token_ids: Vec<(String, String)>,
}

impl Canaries {
    /// A text, and its base64.
    pub(crate) fn secret(&mut self, what: &str, secret: &str) {
        add(&mut self.texts, what, secret);
        add(&mut self.texts, &format!("the base64 of {what}"), &BASE64_STANDARD.encode(secret));
        add(&mut self.texts, &format!("the base64url of {what}"), &BASE64_URL_SAFE_NO_PAD.encode(secret));
    }

    /// A token: whole, its payload, its signature, and the claim set as text. The header alone says nothing.
    pub(crate) fn token(&mut self, what: &str, token: &str) {
        add(&mut self.texts, what, token);
        for (index, part) in token.split('.').enumerate().skip(1) {
            add(&mut self.texts, &format!("part {index} of {what}"), part);
            let decoded = BASE64_URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(claims) = decoded {
                add(&mut self.texts, &format!("the claim set of {what}"), &claims);
                // In a log line the quotes of a claim set would be escaped, once or twice; its `jti` would not.
                let members = serde_json::from_str::<Value>(&claims).unwrap_or_default();
                add(&mut self.token_ids, &format!("the jti of {what}"), members["jti"].as_str().unwrap_or_default());
            }
        }
    }

    /// Fails the test if a secret, a token, a part of one or a claim set is in `text`.
    pub(crate) fn assert_absent_from(&self, place: &str, text: &str) {
        for (what, canary) in &self.texts {
            assert!(!text.contains(canary), "{what} is in {place}: `{canary}`\n{text}");
        }
    }

    /// The same, and not even a token's `jti` may be there: for logs, and for answers that refuse.
    pub(crate) fn assert_unmentioned_in(&self, place: &str, text: &str) {
        self.assert_absent_from(place, text);
        for (what, id) in &self.token_ids {
            assert!(!text.contains(id), "{what} is in {place}: `{id}`\n{text}");
        }
    }
}

fn add(canaries: &mut Vec<(String, String)>, what: &str, canary: &str) {
    if canary.len() >= MIN_CANARY_BYTES {
        canaries.push((what.to_owned(), canary.to_owned()));
    }
}
