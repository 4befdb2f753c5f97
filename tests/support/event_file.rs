//! The events in `events/`, with their placeholders filled in; `events/README.md` says what their members mean.

use std::path::{Path, PathBuf};

use base64::Engine as _;
use base64::prelude::BASE64_STANDARD;
use serde_json::Value;
use url::form_urlencoded;

use super::{CLIENT_ID, CLIENT_SECRET};

/// One file.
pub(crate) struct EventFile {
    /// Its name, without the folder.
    pub(crate) name: String,
    content: Value,
}

/// What stands for what.
pub(crate) type Placeholders = Vec<(&'static str, String)>;

impl EventFile {
    /// The file of a folder below `events/` with this name.
    pub(crate) fn read(folder: &str, name: &str) -> Self {
        let text = std::fs::read_to_string(path(folder).join(name));
        let text = text.unwrap_or_else(|error| panic!("`events/{folder}/{name}` cannot be read: {error}"));
        match serde_json::from_str(&text) {
            Ok(content) => Self { name: name.to_owned(), content },
            Err(error) => panic!("`events/{folder}/{name}` is not JSON: {error}"),
        }
    }

    /// All files of a folder below `events/`, by name.
    pub(crate) fn read_all(folder: &str) -> Vec<Self> {
        let entries = std::fs::read_dir(path(folder)).expect("a folder of events");
        let names = entries.map(|entry| entry.expect("an entry").file_name().into_string().expect("a name"));
        let mut names: Vec<String> = names.filter(|name| name.ends_with(".json")).collect();
        names.sort();
        assert!(!names.is_empty(), "`events/{folder}` holds no event");
        names.iter().map(|name| Self::read(folder, name)).collect()
    }

    /// A member of the file as it is written.
    pub(crate) fn member(&self, name: &str) -> &Value {
        &self.content[name]
    }

    /// `event` or `expect` with its placeholders filled in. A form body's are form-encoded.
    pub(crate) fn filled(&self, member: &str, placeholders: &Placeholders) -> Value {
        let mut value = self.content[member].clone();
        if let Some(Value::String(body)) = value.get_mut("body") {
            let encoded: Placeholders = placeholders.iter().map(|(name, text)| (*name, form_encoded(text))).collect();
            *body = fill_text(body, &encoded);
        }
        fill(&mut value, placeholders);
        if self.content["bodyBase64"] == true
            && let Some(Value::String(body)) = value.get_mut("body")
        {
            *body = BASE64_STANDARD.encode(&*body);
        }
        value
    }
}

/// The placeholders that stand for the authorization server's client.
pub(crate) fn client_placeholders(issuer: &str) -> Placeholders {
    vec![
        ("{{issuer}}", issuer.to_owned()),
        ("{{client_id}}", CLIENT_ID.to_owned()),
        ("{{client_secret}}", CLIENT_SECRET.to_owned()),
        ("{{basic}}", basic(CLIENT_ID, CLIENT_SECRET)),
        ("{{basic_wrong}}", basic(CLIENT_ID, "another secret")),
    ]
}

/// What follows `Basic `: both halves form-encoded first (RFC 6749 section 2.3.1).
pub(crate) fn basic(client_id: &str, secret: &str) -> String {
    BASE64_STANDARD.encode(format!("{}:{}", form_encoded(client_id), form_encoded(secret)))
}

/// A value as it stands in a form.
pub(crate) fn form_encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

fn path(folder: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("events").join(folder)
}

fn fill(value: &mut Value, placeholders: &Placeholders) {
    match value {
        Value::String(text) => *text = fill_text(text, placeholders),
        Value::Array(items) => items.iter_mut().for_each(|item| fill(item, placeholders)),
        Value::Object(members) => members.values_mut().for_each(|member| fill(member, placeholders)),
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

fn fill_text(text: &str, placeholders: &Placeholders) -> String {
    placeholders.iter().fold(text.to_owned(), |text, (name, value)| text.replace(name, value))
}
