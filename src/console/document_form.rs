//! Between a profile's document and the fields of its form.

use url::Url;

use super::fields::Fields;
use crate::application::edit_document::{Set, with_members};
use crate::domain::profile::{Finding, ProfileDocument};

/// The URLs that follow from an issuer: the field, the document's member, and what comes after the issuer.
const URLS: [(&str, &str); 4] = [
    ("discoveryUrl", "/.well-known/openid-configuration"),
    ("authorizationUrl", "/v1/authorize"),
    ("tokenUrl", "/v1/token"),
    ("userInfoUrl", "/v1/userinfo"),
];
/// What stands in the URL fields of a new profile, as in Okta's documentation.
const PLACEHOLDER_ISSUER: &str = "https://{yourOktaDomain}/oauth2/{yourAuthServerId}";
/// Between an Okta domain and an authorization server's id.
const SERVER_PATH: &str = "/oauth2/";

/// What the fields hold. Never a secret.
#[derive(Clone, Default)]
pub(super) struct Held {
    pub(super) name: String,
    pub(super) description: String,
    pub(super) okta_domain: String,
    pub(super) server_id: String,
    pub(super) audience: String,
    pub(super) scope: String,
    pub(super) apis: String,
    pub(super) client_id: String,
    pub(super) discovery_url: String,
    pub(super) authorization_url: String,
    pub(super) token_url: String,
    pub(super) user_info_url: String,
}

impl Held {
    /// A new profile's: placeholders.
    pub(super) fn placeholders() -> Self {
        let [discovery_url, authorization_url, token_url, user_info_url] = urls_of(PLACEHOLDER_ISSUER);
        Self { discovery_url, authorization_url, token_url, user_info_url, ..Self::default() }
    }

    /// A stored profile's; whatever of it can be read.
    pub(super) fn of_document(name: &str, text: &str) -> Self {
        let Ok(document) = serde_json::from_str::<ProfileDocument>(text) else {
            return Self { name: name.to_owned(), ..Self::placeholders() };
        };
        let of_discovery = document.discovery_url.as_deref().and_then(|url| url.strip_suffix(URLS[0].1));
        let issuer = document.issuer.clone().or_else(|| of_discovery.map(str::to_owned)).unwrap_or_default();
        let (okta_domain, server_id) = issuer.split_once(SERVER_PATH).unwrap_or_default();
        let [discovery, authorization, token, user_info] = urls_of(&issuer);
        Self {
            name: name.to_owned(),
            description: document.description.unwrap_or_default(),
            okta_domain: okta_domain.strip_prefix("https://").unwrap_or(okta_domain).to_owned(),
            server_id: server_id.to_owned(),
            audience: document.audiences.join("\n"),
            scope: document.scopes.join(" "),
            apis: document.apis.join("\n"),
            client_id: String::new(),
            discovery_url: document.discovery_url.unwrap_or(discovery),
            authorization_url: document.authorization_url.unwrap_or(authorization),
            token_url: document.token_url.unwrap_or(token),
            user_info_url: document.user_info_url.unwrap_or(user_info),
        }
    }

    /// As they were sent; URLs that are empty or still placeholders follow from the domain and the server's id.
    pub(super) fn sent(fields: &Fields) -> Self {
        let text = |name: &'static str| fields.text(name).to_owned();
        let mut held = Self {
            name: text("name"),
            description: text("description"),
            okta_domain: text("oktaDomain"),
            server_id: text("serverId"),
            audience: text("audience"),
            scope: text("scope"),
            apis: text("apis"),
            client_id: text("clientId"),
            discovery_url: text("discoveryUrl"),
            authorization_url: text("authorizationUrl"),
            token_url: text("tokenUrl"),
            user_info_url: text("userInfoUrl"),
        };
        if let Some(issuer) = held.issuer() {
            let placeholders = urls_of(PLACEHOLDER_ISSUER);
            for ((url, placeholder), derived) in held.urls_mut().into_iter().zip(placeholders).zip(urls_of(&issuer)) {
                if url.is_empty() || *url == placeholder {
                    *url = derived;
                }
            }
        }
        held
    }

    /// The document with these fields: what the form does not show stays as it is in `stored`, and a URL that follows from
    /// the issuer is not written.
    pub(super) fn to_document(&self, fields: &Fields, stored: Option<&str>) -> String {
        let known = stored.and_then(|text| serde_json::from_str::<ProfileDocument>(text).ok());
        let text = |text: &str| if text.is_empty() { Set::Absent } else { Set::Text(text.to_owned()) };
        let list = |words: Vec<String>| if words.is_empty() { Set::Absent } else { Set::Texts(words) };
        let issuer = self.issuer();
        let mut members = vec![("description", text(&self.description))];
        let base = match &issuer {
            Some(issuer) => {
                let is_told_otherwise = known.as_ref().is_some_and(|known| known.issuer.is_none())
                    && self.discovery_url == format!("{issuer}{}", URLS[0].1);
                if !is_told_otherwise {
                    members.push(("issuer", Set::Text(issuer.clone())));
                }
                issuer.clone()
            }
            None => {
                members.push(("issuer", Set::Absent));
                self.discovery_url.strip_suffix(URLS[0].1).unwrap_or_default().to_owned()
            }
        };
        let has_issuer = members.iter().any(|(name, set)| *name == "issuer" && *set != Set::Absent);
        for ((name, suffix), url) in URLS.into_iter().zip(self.urls()) {
            let follows = url == format!("{base}{suffix}") && (has_issuer || name != URLS[0].0);
            members.push((name, if follows { Set::Absent } else { text(url) }));
        }
        members.push(("audiences", list(fields.words("audience"))));
        members.push(("scopes", list(fields.words("scope"))));
        let with_stage = |api: String| if api == "*" || api.contains('/') { api } else { format!("{api}/*") };
        members.push(("apis", list(fields.words("apis").into_iter().map(with_stage).collect())));
        with_members(stored, members)
    }

    /// `https://` unless the domain says otherwise itself, as a stand-in on loopback does.
    fn issuer(&self) -> Option<String> {
        let (domain, server) = (self.okta_domain.trim_end_matches('/'), &self.server_id);
        if domain.is_empty() || server.is_empty() {
            return None;
        }
        let base = match Url::parse(domain) {
            Ok(url) if url.has_host() => domain.to_owned(),
            Ok(_) | Err(_) => format!("https://{domain}"),
        };
        Some(format!("{base}{SERVER_PATH}{server}"))
    }

    fn urls(&self) -> [&str; 4] {
        [&self.discovery_url, &self.authorization_url, &self.token_url, &self.user_info_url]
    }

    fn urls_mut(&mut self) -> [&mut String; 4] {
        [&mut self.discovery_url, &mut self.authorization_url, &mut self.token_url, &mut self.user_info_url]
    }
}

fn urls_of(issuer: &str) -> [String; 4] {
    URLS.map(|(_, suffix)| if issuer.is_empty() { String::new() } else { format!("{issuer}{suffix}") })
}

/// The form's field that a finding is about; the issuer is what the Okta domain and the server's id make.
pub(super) fn field_of(finding: &Finding) -> &'static str {
    let member = finding.field.split(['[', '.']).next().unwrap_or_default();
    match member {
        "name" => "name",
        "description" => "description",
        "issuer" => "oktaDomain",
        "audiences" => "audience",
        "scopes" => "scope",
        "apis" => "apis",
        "clientId" => "clientId",
        "clientSecret" => "clientSecret",
        "discoveryUrl" => "discoveryUrl",
        "authorizationUrl" => "authorizationUrl",
        "tokenUrl" => "tokenUrl",
        "userInfoUrl" => "userInfoUrl",
        _ => "",
    }
}

#[cfg(test)]
mod tests {
    use super::{Fields, Held};

    fn document(form: &str, stored: Option<&str>) -> serde_json::Value {
        let fields = Fields::read(form.as_bytes());
        serde_json::from_str(&Held::sent(&fields).to_document(&fields, stored)).expect("JSON")
    }

    #[test]
    fn a_domain_and_a_server_take_the_place_of_the_placeholders() {
        let form = "oktaDomain=acme.okta.com&serverId=default&audience=api%3A%2F%2Forders&scope=a+b&apis=a1&\
                    tokenUrl=https%3A%2F%2F%7ByourOktaDomain%7D%2Foauth2%2F%7ByourAuthServerId%7D%2Fv1%2Ftoken";
        let expected = serde_json::json!({
            "version": 1, "issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
            "scopes": ["a", "b"], "apis": ["a1/*"],
        });
        assert_eq!(document(form, None), expected);
    }

    #[test]
    fn what_the_form_does_not_show_stays_and_an_unusual_url_is_kept() {
        let stored =
            r#"{"version": 1, "issuer": "https://acme.okta.com/oauth2/a", "context": ["sub"], "apis": ["x/*"]}"#;
        let form = "oktaDomain=acme.okta.com&serverId=a&apis=x/*&tokenUrl=https%3A%2F%2Facme.okta.com%2Fother";
        let after = document(form, Some(stored));
        assert_eq!((&after["context"][0], &after["tokenUrl"]), (&"sub".into(), &"https://acme.okta.com/other".into()));
        assert!(after.get("discoveryUrl").is_none());
    }
}
