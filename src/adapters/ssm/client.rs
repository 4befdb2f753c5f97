//! The SDK's client for SSM, with its time-outs and retries set.

use std::time::Duration;

use aws_config::retry::RetryConfig;
use aws_config::timeout::TimeoutConfig;
use aws_config::{BehaviorVersion, Region};
use aws_sdk_ssm::config::Builder as ConfigBuilder;
use aws_smithy_http_client::Builder;
use aws_smithy_http_client::tls::Provider;
use aws_smithy_http_client::tls::rustls_provider::CryptoMode;
use aws_smithy_runtime::client::retries::{RetryPartition, TokenBucket};

const CONNECT_TIMEOUT: Duration = Duration::from_millis(500);
const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// Longer than any caller waits: each has a bound of its own, that of its invocation.
const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);
/// The attempts of one call and the longest pauses before them, 5.4 s in all: each is drawn between nothing and its
/// longest, so that sandboxes which are throttled together do not come back together. The SDK's adaptive mode would
/// hold back the calls of the next refresh, too, and ten at once come out of it one every two seconds.
pub const MAX_ATTEMPTS: u32 = 8;
/// The longest pause before the second attempt; it doubles.
pub const FIRST_BACKOFF: Duration = Duration::from_millis(200);
/// The longest pause before any attempt.
pub const MAX_BACKOFF: Duration = Duration::from_secs(1);

/// What differs from the SDK's own configuration; both are found in the environment where they are not given.
#[derive(Debug, Clone, Default)]
pub struct SsmConnection {
    /// The region.
    pub region: Option<String>,
    /// An endpoint other than the region's.
    pub endpoint_url: Option<String>,
}

/// Makes a client. Credentials, region and endpoint come from where the SDK always looks for them.
pub async fn connect(connection: SsmConnection) -> aws_sdk_ssm::Client {
    let timeouts = TimeoutConfig::builder()
        .connect_timeout(CONNECT_TIMEOUT)
        .operation_attempt_timeout(ATTEMPT_TIMEOUT)
        .operation_timeout(OPERATION_TIMEOUT)
        .build();
    let retries = RetryConfig::standard()
        .with_max_attempts(MAX_ATTEMPTS)
        .with_initial_backoff(FIRST_BACKOFF)
        .with_max_backoff(MAX_BACKOFF);
    let mut loader = aws_config::defaults(BehaviorVersion::latest())
        .http_client(Builder::new().tls_provider(Provider::Rustls(CryptoMode::Ring)).build_https())
        .timeout_config(timeouts)
        .retry_config(retries);
    if let Some(region) = connection.region {
        loader = loader.region(Region::new(region));
    }
    if let Some(endpoint_url) = connection.endpoint_url {
        loader = loader.endpoint_url(endpoint_url);
    }
    // The attempts and pauses above are the bound. The SDK's bucket of retry tokens is one for all calls of a client, and
    // time brings none back: a sandbox that had met one throttle would have one attempt for each later call.
    let retries = RetryPartition::custom("ssm").token_bucket(TokenBucket::unlimited()).build();
    let config = ConfigBuilder::from(&loader.load().await).retry_partition(retries).build();
    aws_sdk_ssm::Client::from_conf(config)
}
