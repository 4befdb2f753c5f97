//! Fetching an issuer's key set: 1.5 s, 150,000 bytes, 200 or nothing.

use std::time::Duration;

use reqwest::header::{AGE, CACHE_CONTROL, DATE, HeaderMap};
use secrecy::ExposeSecret;
use time::OffsetDateTime;
use time::format_description::well_known::Rfc2822;
use url::Url;

use super::client::{OktaClient, retry_after};
use crate::domain::jose::key_set::{KeySet, KeySetError, MAX_KEY_SET_BYTES};
use crate::domain::time::UnixTime;
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};

const TIMEOUT: Duration = Duration::from_millis(1_500);

impl KeySetSource for OktaClient {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        let url = || keys_url.to_string();
        let answer = self.get("keys", keys_url, MAX_KEY_SET_BYTES, within.min(TIMEOUT)).await.map_err(|error| {
            let problem = KeySetError::TooLarge { bytes: MAX_KEY_SET_BYTES + 1 };
            error.into_source(
                |source| KeySetSourceError::Unreachable { url: url(), source },
                || KeySetSourceError::Malformed { url: url(), problem },
            )
        })?;
        match answer.status {
            200 => {
                let keys = KeySet::from_json(answer.body.expose_secret())
                    .map_err(|problem| KeySetSourceError::Malformed { url: url(), problem })?;
                let document = answer.body.expose_secret().to_vec();
                Ok(FetchedKeySet { keys, document, max_age: max_age(&answer.headers), date: date(&answer.headers) })
            }
            429 => Err(KeySetSourceError::RateLimited { url: url(), retry_after: retry_after(&answer.headers) }),
            status => Err(KeySetSourceError::Status { url: url(), status }),
        }
    }
}

/// `max-age` in seconds; zero for `no-cache` and `no-store` (RFC 9111 section 5.2.2).
fn max_age(headers: &HeaderMap) -> Option<Duration> {
    let directives = headers.get(CACHE_CONTROL)?.to_str().ok()?.to_ascii_lowercase();
    let mut directives = directives.split(',').map(str::trim);
    if directives.clone().any(|directive| matches!(directive, "no-cache" | "no-store")) {
        return Some(Duration::ZERO);
    }
    directives.find_map(|directive| directive.strip_prefix("max-age=")?.parse().ok()).map(Duration::from_secs)
}

/// `Date`, and `Age` where a cache answered in the issuer's place (RFC 9110 section 6.6.1, RFC 9111 section 5.1). The
/// preferred form of an HTTP date is that of RFC 2822 with the zone `GMT` (RFC 9110 section 5.6.7).
fn date(headers: &HeaderMap) -> Option<UnixTime> {
    let date = OffsetDateTime::parse(headers.get(DATE)?.to_str().ok()?, &Rfc2822).ok()?;
    let age = headers.get(AGE).and_then(|age| age.to_str().ok()?.trim().parse::<u64>().ok());
    Some(UnixTime::from_seconds(u64::try_from(date.unix_timestamp()).ok()?).plus(age.unwrap_or_default()))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{AGE, CACHE_CONTROL, DATE, HeaderMap, HeaderValue};

    use super::{date, max_age};

    #[test]
    fn cache_control_is_read_whatever_its_order_and_case() {
        let read = |value: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(CACHE_CONTROL, HeaderValue::from_static(value));
            max_age(&headers)
        };
        assert_eq!(read("max-age=1209600, must-revalidate"), Some(Duration::from_secs(1_209_600)));
        assert_eq!(read("public, Max-Age=60"), Some(Duration::from_secs(60)));
        assert_eq!(read("max-age=60, no-cache"), Some(Duration::ZERO));
        assert_eq!(read("no-store"), Some(Duration::ZERO));
        assert_eq!(read("max-age=soon"), None);
        assert_eq!(max_age(&HeaderMap::new()), None);
    }

    #[test]
    fn the_issuers_clock_is_its_date_and_the_age_of_a_cached_answer() {
        let mut headers = HeaderMap::new();
        assert_eq!(date(&headers), None);
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        assert_eq!(date(&headers).map(|date| date.seconds()), Some(784_111_777));
        headers.insert(AGE, HeaderValue::from_static("60"));
        assert_eq!(date(&headers).map(|date| date.seconds()), Some(784_111_837));
        headers.insert(DATE, HeaderValue::from_static("yesterday"));
        assert_eq!(date(&headers), None);
    }
}
