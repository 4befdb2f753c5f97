//! The one HTTP client towards Okta: bounded in time and size, no redirects, no proxy but the one that is configured.

use std::sync::OnceLock;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use reqwest::header::{ACCEPT, HeaderMap, RETRY_AFTER};
use rustls::ClientConfig;
use secrecy::SecretSlice;
use url::Url;

use crate::adapters::system_clock::SystemClock;
use crate::domain::profile::Transport;
use crate::ports::clock::Clock;
use crate::telemetry::UpstreamRecord;

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
/// Shorter than the idle time-out of Okta's edge, so that a reused connection is rarely a dead one.
const POOL_IDLE_TIMEOUT: Duration = Duration::from_secs(50);
/// One is enough for calls that come one at a time, and leaves no second one that died in the same freeze.
const MAX_IDLE_CONNECTIONS: usize = 1;
/// What a server may make us wait, at most: ten minutes.
const MAX_RETRY_AFTER: Duration = Duration::from_secs(600);

/// Talks to Okta. Made without cost; connections are made when first needed.
#[derive(Debug)]
pub struct OktaClient {
    tls: ClientConfig,
    transport: Transport,
    proxy: Option<Url>,
    http: OnceLock<reqwest::Client>,
    /// Whether a connection may be held that was used before, and may have died since.
    kept_alive: AtomicBool,
}

/// Why no complete answer came.
#[derive(Debug)]
pub(super) enum ExchangeError {
    /// The request failed.
    Failed(reqwest::Error),
    /// It took longer than the caller can wait.
    GaveUp(Duration),
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
    /// A client with this TLS set-up; plain HTTP is possible only where loopback issuers are allowed. `proxy` is an
    /// HTTP proxy, which connections are tunnelled through.
    #[must_use]
    pub fn new(tls: ClientConfig, transport: Transport, proxy: Option<Url>) -> Self {
        Self { tls, transport, proxy, http: OnceLock::new(), kept_alive: AtomicBool::new(false) }
    }

    pub(super) fn http(&self) -> &reqwest::Client {
        self.http.get_or_init(|| {
            #[expect(clippy::disallowed_methods, reason = "the one client towards Okta, with every limit set below")]
            let mut builder = reqwest::Client::builder()
                .tls_backend_preconfigured(self.tls.clone())
                .https_only(self.transport == Transport::Https)
                .redirect(reqwest::redirect::Policy::none())
                .no_proxy()
                .connect_timeout(CONNECT_TIMEOUT)
                .pool_idle_timeout(POOL_IDLE_TIMEOUT)
                .pool_max_idle_per_host(MAX_IDLE_CONNECTIONS)
                .user_agent(concat!("okta-security-profiles/", env!("CARGO_PKG_VERSION")));
            if let Some(proxy) = &self.proxy {
                #[expect(clippy::expect_used, reason = "the configuration takes nothing but http URLs with a host")]
                let proxy = reqwest::Proxy::all(proxy.as_str()).expect("a proxy's URL");
                builder = builder.proxy(proxy);
            }
            #[expect(
                clippy::expect_used,
                reason = "every setting is a constant but the TLS set-up, which is of the type asked for"
            )]
            builder.build().expect("an HTTP client")
        })
    }

    /// Gets a JSON document of at most `limit` bytes. Where a connection that was kept alive turns out dead, as after a
    /// freeze of the sandbox, the request is sent once more, on a new one.
    pub(super) async fn get(
        &self,
        endpoint: &'static str,
        url: &Url,
        limit: usize,
        within: Duration,
    ) -> Result<Exchange, ExchangeError> {
        let request = || self.http().get(url.clone()).header(ACCEPT, "application/json");
        let may_be_dead = self.kept_alive.load(Ordering::Relaxed);
        let exchange = async {
            match self.exchange(endpoint, request(), limit).await {
                Err(ExchangeError::Failed(error)) if may_be_dead && ended_without_an_answer(&error) => {
                    self.exchange(endpoint, request(), limit).await
                }
                answer => answer,
            }
        };
        tokio::time::timeout(within, exchange).await.unwrap_or(Err(ExchangeError::GaveUp(within)))
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
        self.kept_alive.store(status.is_some(), Ordering::Relaxed);
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

impl ExchangeError {
    /// The error for a port, and `too_large` where that is the matter.
    pub(super) fn into_source<E>(
        self,
        unreachable: impl FnOnce(Box<dyn std::error::Error + Send + Sync>) -> E,
        too_large: impl FnOnce() -> E,
    ) -> E {
        match self {
            Self::Failed(error) => unreachable(error.into()),
            Self::GaveUp(within) => unreachable(format!("no answer within {} ms", within.as_millis()).into()),
            Self::TooLarge => too_large(),
        }
    }
}

/// The connection broke after the request was handed to it and before an answer began.
fn ended_without_an_answer(error: &reqwest::Error) -> bool {
    error.is_request() && !error.is_connect() && !error.is_timeout()
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
