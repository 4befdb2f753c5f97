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

/// The last decision's reason.
pub(crate) fn last_reason(output: &str) -> String {
    let decisions = decisions(output);
    let last = decisions.last().unwrap_or_else(|| panic!("no decision was logged:\n{output}"));
    last["reason"].as_str().unwrap_or_default().to_owned()
}

/// Texts that must turn up nowhere.
#[derive(Default)]
pub(crate) struct Canaries(Vec<(String, String)>);

impl Canaries {
    /// A text, and its base64.
    pub(crate) fn secret(&mut self, what: &str, secret: &str) {
        self.add(what, secret);
        self.add(&format!("the base64 of {what}"), &BASE64_STANDARD.encode(secret));
        self.add(&format!("the base64url of {what}"), &BASE64_URL_SAFE_NO_PAD.encode(secret));
    }

    /// A token: whole, its payload, its signature, and the claim set as text. The header alone says nothing.
    pub(crate) fn token(&mut self, what: &str, token: &str) {
        self.add(what, token);
        for (index, part) in token.split('.').enumerate().skip(1) {
            self.add(&format!("part {index} of {what}"), part);
            let decoded = BASE64_URL_SAFE_NO_PAD.decode(part).ok().and_then(|bytes| String::from_utf8(bytes).ok());
            if let Some(claims) = decoded {
                self.add(&format!("the claim set of {what}"), &claims);
                // In a log line the quotes of a claim set would be escaped, once or twice; its `jti` would not.
                let members = serde_json::from_str::<Value>(&claims).unwrap_or_default();
                self.add(&format!("the jti of {what}"), members["jti"].as_str().unwrap_or_default());
            }
        }
    }

    /// Fails the test if one of them is in `text`.
    pub(crate) fn assert_absent_from(&self, place: &str, text: &str) {
        for (what, canary) in &self.0 {
            assert!(!text.contains(canary), "{what} is in {place}: `{canary}`\n{text}");
        }
    }

    fn add(&mut self, what: &str, canary: &str) {
        if canary.len() >= MIN_CANARY_BYTES {
            self.0.push((what.to_owned(), canary.to_owned()));
        }
    }
}
