//! What is left of an invocation: an answer must be out before Lambda cuts the function off and answers nothing.

use std::time::Duration;

/// What is left of an invocation when the answer must be out.
const RESERVE: Duration = Duration::from_millis(200);
/// What is waited for gives up this much earlier, so that the reason is told by who did not answer.
const MARGIN: Duration = Duration::from_millis(50);
/// What there is where nobody said: as long as API Gateway waits for an authorizer of an HTTP API.
const USUAL: Duration = Duration::from_secs(10);

/// How long `work` may wait for others, and what it comes to; nothing where it takes longer than there is.
/// `remaining` is what is left of the invocation.
pub async fn within<T, F: Future<Output = T>>(
    remaining: Option<Duration>,
    work: impl FnOnce(Duration) -> F,
) -> Option<T> {
    let left = remaining.unwrap_or(USUAL).saturating_sub(RESERVE);
    tokio::time::timeout(left, work(left.saturating_sub(MARGIN))).await.ok()
}
