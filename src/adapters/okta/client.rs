//! The one HTTP client towards Okta: bounded in time and size, no redirects, no proxy from the environment.

use std::sync::OnceLock;
use std::time::Duration;

use reqwest::header::{HeaderMap, RETRY_AFTER};
use rustls::ClientConfig;
use secrecy::SecretSlice;

use crate::adapters::system_clock::SystemClock;
use crate::domain::profile::Transport;
use crate::ports::clock::Clock;
use crate::telemetry::UpstreamRecord;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Shorter than the idle time-out of Okta's edge, so that a reused connection is rarely a dead one.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// What a server may make us wait, at most: ten minutes.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Talks to Okta. Made without cost; connections are made when first needed.
#[derive(Debug)]
pub struct OktaClient {
    tls: ClientConfig,
    transport: Transport,
    http: OnceLock<reqwest::Client>,
}

/// Why no complete answer came.
#[derive(Debug)]
pub(super) enum ExchangeError {
    /// The request failed.
    Failed(reqwest::Error),
    /// The body is over the limit.
    TooLarge,
}

/// A complete answer.
pub(super) struct Exchange {
    pub(super) status: u16,
    pub(super) headers: HeaderMap,
    pub(super) body: SecretSlice<u8>,
}

impl OktaClient {
    /// A client with this TLS set-up; plain HTTP is possible only where loopback issuers are allowed.
    #[must_use]
    pub fn new(tls: ClientConfig, transport: Transport) -> Self {
        Self { tls, transport, http: OnceLock::new() }
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "the one client towards Okta, with every limit set below")]
            let builder = reqwest::Client::builder()
                .tls_backend_preconfigured(self.tls.clone())
                .https_only(self.transport == Transport::Https)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(POOL_IDLE_TIMEOUT)
                .user_agent(concat!("okta-security-profiles/", env!("CARGO_PKG_VERSION")));
            #[expect(
                clippy::expect_used,
                reason = "every setting is a constant but the TLS set-up, which is of the type asked for"
            )]
            builder.build().expect("an HTTP client")
        })
    }

    /// Sends a request and reads its answer, `limit` bytes at most. `endpoint` names it in the metrics.
    pub(super) async fn exchange(
        &self,
        endpoint: &'static str,
        request: reqwest::RequestBuilder,
        limit: usize,
    ) -> Result<Exchange, ExchangeError> {
        let began = SystemClock.elapsed();
        let answer = Self::read(request, limit).await;
        let status = answer.as_ref().ok().map(|answer| answer.status);
        UpstreamRecord { endpoint, status, took: SystemClock.elapsed() - began }.log();
        answer
    }

    async fn read(request: reqwest::RequestBuilder, limit: usize) -> Result<Exchange, ExchangeError> {
        let mut response = request.send().await.map_err(failed)?;
        let (status, headers) = (response.status().as_u16(), std::mem::take(response.headers_mut()));
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(failed)? {
            if body.len() + chunk.len() > limit {
                return Err(ExchangeError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Exchange { status, headers, body: SecretSlice::from(body) })
    }
}

/// The URL is left out: the port's error has it, and it is the operator's, not the client's.
fn failed(error: reqwest::Error) -> ExchangeError {
    ExchangeError::Failed(error.without_url())
}

/// How long the server asks to be left alone: `X-Rate-Limit-Reset` (Okta, epoch seconds) or `Retry-After` (seconds,
/// RFC 9110 section 10.2.3).
pub(super) fn retry_after(headers: &HeaderMap) -> Option<Duration> {
    let number = |name: &str| headers.get(name)?.to_str().ok()?.trim().parse::<u64>().ok();
    let until_reset = |reset: u64| Duration::from_secs(reset.saturating_sub(SystemClock.now().wall.seconds()));
    let wait = number("x-rate-limit-reset")
        .map(until_reset)
        .or_else(|| number(RETRY_AFTER.as_str()).map(Duration::from_secs))?;
    Some(wait.clamp(Duration::from_secs(1), MAX_RETRY_AFTER))
}
