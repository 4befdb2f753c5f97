//! Reading an authorization server's discovery document: 1.5 s, 150,000 bytes, 200 or nothing.

use std::time::Duration;

use secrecy::ExposeSecret;
use url::Url;

use super::client::OktaClient;
use crate::ports::discovery::{DiscoveryDocument, DiscoveryError, DiscoverySource};

const TIMEOUT: Duration = Duration::from_millis(1_500);
const MAX_DOCUMENT_BYTES: usize = 150_000;

impl DiscoverySource for OktaClient {
    async fn discover(&self, discovery_url: &Url, within: Duration) -> Result<DiscoveryDocument, DiscoveryError> {
        let url = || discovery_url.to_string();
        let answer = self.get("discovery", discovery_url, MAX_DOCUMENT_BYTES, within.min(TIMEOUT)).await;
        let answer = answer.map_err(|error| {
            error.into_source(
                |source| DiscoveryError::Unreachable { url: url(), source },
                || DiscoveryError::Malformed { url: url() },
            )
        })?;
        match answer.status {
            200 => serde_json::from_slice(answer.body.expose_secret())
                .map_err(|_| DiscoveryError::Malformed { url: url() }),
            status => Err(DiscoveryError::Status { url: url(), status }),
        }
    }
}
