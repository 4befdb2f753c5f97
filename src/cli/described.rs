//! A stored profile as it is told: its URLs, its APIs, its key set and its client, for people and for programs.

use std::time::Duration;

use serde::Serialize;

use super::global::Workbench;
use crate::adapters::system_clock::SystemClock;
use crate::config::StoreConfig;
use crate::domain::jose::stored_key_set::KeySetRecord;
use crate::domain::profile::{ApiPattern, Endpoints, Finding, ProfileName};
use crate::domain::time::UnixTime;
use crate::ports::clock::Clock as _;
use crate::ports::profile_repository::{Item, ProfileRepository as _, RepositoryError, Version};

/// The URLs of a profile's authorization server.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Urls<'p> {
    issuer: &'p str,
    discovery_url: &'p str,
    authorization_url: &'p str,
    token_url: &'p str,
    user_info_url: &'p str,
    keys_url: &'p str,
}

impl<'p> Urls<'p> {
    pub(super) fn of(endpoints: &'p Endpoints) -> Self {
        Self {
            issuer: endpoints.issuer.as_str(),
            discovery_url: endpoints.discovery_url.as_str(),
            authorization_url: endpoints.authorization_url.as_str(),
            token_url: endpoints.token_url.as_str(),
            user_info_url: endpoints.user_info_url.as_str(),
            keys_url: endpoints.keys_url.as_str(),
        }
    }

    /// Each on a line of its own.
    pub(super) fn lines(&self) -> Vec<String> {
        [
            ("issuer", self.issuer),
            ("discovery", self.discovery_url),
            ("authorization", self.authorization_url),
            ("token", self.token_url),
            ("user info", self.user_info_url),
            ("keys", self.keys_url),
        ]
        .map(|(label, url)| field(label, url))
        .into()
    }
}

/// A label and what it stands for.
pub(super) fn field(label: &str, value: &str) -> String {
    format!("{label:<15}{value}").trim_end().to_owned()
}

/// A finding.
#[derive(Debug, Serialize)]
pub(super) struct FindingRecord {
    pub(super) field: String,
    pub(super) problem: String,
}

/// Findings, for programs.
pub(super) fn findings(findings: &[Finding]) -> Vec<FindingRecord> {
    let record = |finding: &Finding| FindingRecord { field: finding.field.clone(), problem: finding.problem.clone() };
    findings.iter().map(record).collect()
}

/// An entry of `apis` and the URL that it governs.
#[derive(Debug, Serialize)]
pub(super) struct ApiRecord {
    pub(super) api: String,
    pub(super) url: Option<String>,
}

/// With the URL that API Gateway gives the stage; `{...}` stands for what is not known. `*` has none.
pub(super) fn api(pattern: &ApiPattern, region: Option<&str>) -> ApiRecord {
    let region = region.unwrap_or("{region}");
    let suffix = if region.starts_with("cn-") { ".cn" } else { "" };
    let url = |api_id: &str, stage: &str| format!("https://{api_id}.execute-api.{region}.amazonaws.com{suffix}{stage}");
    let url = match pattern {
        ApiPattern::Any => None,
        ApiPattern::Api { api_id } => Some(url(api_id, "/{stage}")),
        ApiPattern::Stage { api_id, stage } if stage == "$default" => Some(url(api_id, "")),
        ApiPattern::Stage { api_id, stage } => Some(url(api_id, &format!("/{stage}"))),
    };
    ApiRecord { api: pattern.to_string(), url }
}

/// A profile's stored key set.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum KeySetState {
    /// One that a cold start can use.
    #[serde(rename_all = "camelCase")]
    Stored { fetched_at: String, age_seconds: u64, current: Vec<String>, gone: Vec<String> },
    /// Something else.
    Unusable { problem: &'static str },
    /// None.
    Missing,
}

impl KeySetState {
    fn of(json: Option<&str>, now: UnixTime) -> Self {
        match json.map(KeySetRecord::stored) {
            None => Self::Missing,
            Some(None) => Self::Unusable {
                problem: "what is stored is no key set; the next run of the keys function replaces it",
            },
            Some(Some(record)) => Self::Stored {
                fetched_at: record.fetched_at().to_rfc3339(),
                age_seconds: now.since(record.fetched_at()).as_secs(),
                current: record.current().map(str::to_owned).collect(),
                gone: record.gone().map(str::to_owned).collect(),
            },
        }
    }

    /// In a word or two, for a table.
    pub(super) fn age(&self) -> String {
        match self {
            Self::Stored { age_seconds, .. } => age(*age_seconds),
            Self::Unusable { .. } => "unusable".to_owned(),
            Self::Missing => "none".to_owned(),
        }
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Stored { age_seconds, current, gone, .. } => {
                let gone =
                    if gone.is_empty() { String::new() } else { format!("; no longer published: {}", gone.join(", ")) };
                format!("fetched {} ago: {}{gone}", age(*age_seconds), current.join(", "))
            }
            Self::Unusable { problem } => (*problem).to_owned(),
            Self::Missing => "none yet; the keys function stores one within the hour".to_owned(),
        }
    }
}

/// A profile's stored client; never its secret.
#[derive(Debug, Serialize)]
#[serde(untagged)]
pub(super) enum ClientState {
    /// One.
    #[serde(rename_all = "camelCase")]
    Kept { client_id: String },
    /// Perhaps one.
    Unreadable { problem: String },
    /// None.
    Missing,
}

impl ClientState {
    /// Whether there is certainly none.
    pub(super) const fn is_missing(&self) -> bool {
        matches!(self, Self::Missing)
    }

    /// In one line.
    pub(super) fn line(&self) -> String {
        match self {
            Self::Kept { client_id } => format!("{}, with its secret", printable(client_id)),
            Self::Unreadable { problem } => problem.clone(),
            Self::Missing => "none".to_owned(),
        }
    }
}

impl Workbench {
    /// A profile's stored key set.
    pub(super) async fn key_set(&self, name: &ProfileName) -> Result<KeySetState, RepositoryError> {
        let stored = self.repository.read(&Item::KeySet(name.clone())).await?;
        Ok(KeySetState::of(stored.as_ref().map(|stored| stored.text.as_str()), SystemClock.now().wall))
    }

    /// A profile's stored client. That it cannot be read is a part of the answer: not everybody may decrypt it.
    pub(super) async fn client_state(&self, name: &ProfileName) -> ClientState {
        match self.repository.client(name).await {
            Ok(Some(client)) => ClientState::Kept { client_id: client.client_id.to_string() },
            Ok(None) => ClientState::Missing,
            Err(error) => ClientState::Unreadable { problem: error.to_string() },
        }
    }

    /// A version as it is told: SSM's number, or the first bytes of a file's hash.
    pub(super) fn version(&self, version: Version) -> String {
        match self.config.store {
            StoreConfig::Ssm { .. } => version.0.to_string(),
            StoreConfig::File { .. } => format!("{:016x}", version.0),
        }
    }
}

/// A text that cannot steer a terminal.
pub(super) fn printable(text: &str) -> String {
    let shown = |character: char| {
        if character.is_control() { character.escape_default().to_string() } else { character.to_string() }
    };
    text.chars().map(shown).collect()
}

fn age(seconds: u64) -> String {
    match Duration::from_secs(seconds).as_secs() {
        seconds @ 0..120 => format!("{seconds} s"),
        seconds @ 120..7_200 => format!("{} min", seconds / 60),
        seconds @ 7_200..172_800 => format!("{} h", seconds / 3_600),
        seconds => format!("{} days", seconds / 86_400),
    }
}

#[cfg(test)]
mod tests {
    use super::{KeySetState, age, api};
    use crate::domain::profile::ApiPattern;
    use crate::domain::time::UnixTime;

    #[test]
    fn an_apis_url_is_api_gateways_own_with_what_is_known() {
        for (pattern, region, url) in [
            ("a1/prod", Some("eu-west-1"), Some("https://a1.execute-api.eu-west-1.amazonaws.com/prod")),
            ("a1/prod", Some("cn-north-1"), Some("https://a1.execute-api.cn-north-1.amazonaws.com.cn/prod")),
            ("a1/$default", Some("eu-west-1"), Some("https://a1.execute-api.eu-west-1.amazonaws.com")),
            ("a1/*", None, Some("https://a1.execute-api.{region}.amazonaws.com/{stage}")),
            ("*", Some("eu-west-1"), None),
        ] {
            let pattern = ApiPattern::parse(pattern).expect("a pattern");
            assert_eq!(api(&pattern, region).url.as_deref(), url);
        }
    }

    #[test]
    fn an_age_is_told_in_the_unit_that_says_most() {
        let ages = [0, 119, 120, 7_199, 7_200, 172_799, 172_800].map(age);
        assert_eq!(ages, ["0 s", "119 s", "2 min", "119 min", "2 h", "47 h", "2 days"]);
    }

    #[test]
    fn a_key_set_that_cannot_be_used_is_told_as_such() {
        let now = UnixTime::from_seconds(1_800_000_000);
        assert_eq!(KeySetState::of(None, now).age(), "none");
        assert_eq!(KeySetState::of(Some("{}"), now).age(), "unusable");
    }
}
