//! Where an issuer's current keys come from.

use std::time::Duration;

use url::Url;

use crate::domain::jose::key_set::{KeySet, KeySetError};
use crate::domain::time::UnixTime;

/// Fetches a key set from a URL that an operator configured; never from one that a token names.
pub trait KeySetSource: Send + Sync {
    /// Fetches and filters the key set at `keys_url`, giving up after `within` or a shorter time of its own.
    fn fetch(
        &self,
        keys_url: &Url,
        within: Duration,
    ) -> impl Future<Output = Result<FetchedKeySet, KeySetSourceError>> + Send;
}

impl<S: KeySetSource> KeySetSource for std::sync::Arc<S> {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        (**self).fetch(keys_url, within).await
    }
}

/// A key set as it came from the issuer.
#[derive(Debug)]
pub struct FetchedKeySet {
    /// The usable keys.
    pub keys: KeySet,
    /// The document that they were read from, at most 150,000 bytes.
    pub document: Vec<u8>,
    /// `max-age` of `Cache-Control`, where the issuer gave one; zero for `no-cache` and `no-store`.
    pub max_age: Option<Duration>,
    /// The issuer's clock when it answered (`Date` and `Age`), where it said.
    pub date: Option<UnixTime>,
}

/// Why no key set came.
#[derive(Debug, thiserror::Error)]
pub enum KeySetSourceError {
    /// No answer: refused, reset, timed out, or TLS failed.
    #[error("the keys URL `{url}` cannot be reached")]
    Unreachable {
        /// The keys URL.
        url: String,
        /// What the HTTP client said.
        #[source]
        source: Box<dyn std::error::Error + Send + Sync>,
    },
    /// 429: the issuer's rate limit.
    #[error("the keys URL `{url}` answered 429, too many requests")]
    RateLimited {
        /// The keys URL.
        url: String,
        /// How long to wait, where the issuer said.
        retry_after: Option<Duration>,
    },
    /// Any other status than 200; redirects are not followed.
    #[error("the keys URL `{url}` answered {status} instead of 200")]
    Status {
        /// The keys URL.
        url: String,
        /// The HTTP status.
        status: u16,
    },
    /// 200, but no key set.
    #[error("the keys URL `{url}` did not answer with a key set: {problem}")]
    Malformed {
        /// The keys URL.
        url: String,
        /// What is wrong.
        problem: KeySetError,
    },
}

impl KeySetSourceError {
    /// How long the issuer asked to be left alone.
    #[must_use]
    pub const fn retry_after(&self) -> Option<Duration> {
        match self {
            Self::RateLimited { retry_after, .. } => *retry_after,
            Self::Unreachable { .. } | Self::Status { .. } | Self::Malformed { .. } => None,
        }
    }
}
