//! Constants that the functions keep to themselves, and those of AWS. `tests/fleet` holds the first kind to the source.

use std::time::Duration;

/// `INIT_PATIENCE` of `functions.rs`.
pub(crate) const INIT_PATIENCE: Duration = Duration::from_secs(8);
/// `Timeout` of the authorizer in `template.yaml`.
pub(crate) const INVOCATION: Duration = Duration::from_secs(5);
/// `RESERVE` of `adapters/deadline.rs`: the answer is out so long before the invocation ends.
pub(crate) const RESERVE: Duration = Duration::from_millis(200);
/// `MARGIN` of `adapters/deadline.rs`: what is waited for gives up so much earlier.
pub(crate) const MARGIN: Duration = Duration::from_millis(50);
/// `PATIENCE` of `application/refresh_keys.rs`.
pub(crate) const KEYS_PATIENCE: Duration = Duration::from_secs(10);
/// `TIMEOUT` of `adapters/okta/keys.rs`.
pub(crate) const OKTA_TIMEOUT: Duration = Duration::from_millis(1_500);
/// `ATTEMPT_TIMEOUT` of `adapters/ssm/client.rs`.
pub(crate) const ATTEMPT_TIMEOUT: Duration = Duration::from_millis(1_500);
/// `OPERATION_TIMEOUT` of `adapters/ssm/client.rs`.
pub(crate) const OPERATION_TIMEOUT: Duration = Duration::from_secs(10);

/// The tokens that all calls of one client have for their retries: `TokenBucket::unlimited` in `adapters/ssm/client.rs`.
pub(crate) const RETRY_TOKENS: u32 = u32::MAX;
/// What a retry costs after a throttle and after a time-out, where there is a bound (`aws-smithy-runtime` 1.16,
/// `client/retries/token_bucket.rs`). Time brings none back.
pub(crate) const THROTTLED_RETRY_COST: u32 = 5;
pub(crate) const TIMED_OUT_RETRY_COST: u32 = 10;

/// How long SSM takes for one call, at least and at most.
pub(crate) const SSM_TAKES: (Duration, Duration) = (Duration::from_millis(10), Duration::from_millis(40));
/// How long Okta takes for its keys, at least and at most.
pub(crate) const OKTA_TAKES: (Duration, Duration) = (Duration::from_millis(60), Duration::from_millis(250));

/// How long an HTTP API waits for its authorizer (API Gateway developer guide, "Control access to HTTP APIs with AWS
/// Lambda authorizers").
pub(crate) const HTTP_API_WAITS: Duration = Duration::from_secs(10);
