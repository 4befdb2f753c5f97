//! What stands beside a stored document, and what follows from it: the URLs of its APIs, and the age of its key set.

use std::time::Duration;

use serde::Serialize;

use crate::domain::jose::stored_key_set::KeySetRecord;
use crate::domain::profile::ApiPattern;
use crate::domain::time::UnixTime;

/// An entry of `apis` and the URL that it governs.
#[derive(Debug, Serialize)]
pub struct ApiRecord {
    /// As it is written.
    pub api: String,
    /// Its URL.
    pub url: Option<String>,
}

/// With the URL that API Gateway gives the stage; `{...}` stands for what is not known. `*` has none.
#[must_use]
pub fn api(pattern: &ApiPattern, region: Option<&str>) -> ApiRecord {
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
pub enum KeySetState {
    /// One that a cold start can use.
    #[serde(rename_all = "camelCase")]
    Stored {
        /// When it was fetched.
        fetched_at: String,
        /// How long ago that is.
        age_seconds: u64,
        /// The ids of the keys that are published.
        current: Vec<String>,
        /// The ids of those that are published no longer.
        gone: Vec<String>,
    },
    /// Something else.
    Unusable {
        /// What is wrong, and what becomes of it.
        problem: &'static str,
    },
    /// None.
    Missing,
}

impl KeySetState {
    /// Of what is stored, at this time.
    #[must_use]
    pub fn of(json: Option<&str>, now: UnixTime) -> Self {
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
    #[must_use]
    pub fn age(&self) -> String {
        match self {
            Self::Stored { age_seconds, .. } => age(*age_seconds),
            Self::Unusable { .. } => "unusable".to_owned(),
            Self::Missing => "none".to_owned(),
        }
    }

    /// In one line.
    #[must_use]
    pub fn line(&self) -> String {
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
