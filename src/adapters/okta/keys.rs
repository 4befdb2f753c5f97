//! Fetching an issuer's key set: 1.5 s, 150,000 bytes, 200 or nothing.

use std::time::Duration;

use reqwest::header::{CACHE_CONTROL, HeaderMap};
use secrecy::ExposeSecret;
use url::Url;

use super::client::{OktaClient, retry_after};
use crate::domain::jose::key_set::{KeySet, KeySetError, MAX_KEY_SET_BYTES};
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
                Ok(FetchedKeySet { keys, document, max_age: max_age(&answer.headers) })
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

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use reqwest::header::{CACHE_CONTROL, HeaderMap, HeaderValue};

    use super::max_age;

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
}
