//! What can go wrong between a function and a service that it depends on.

use std::time::Duration;

use tokio::task::{JoinSet, LocalSet};

use crate::support::WireFault;

/// One thing that goes wrong, and stays so.
#[derive(Debug, Clone)]
pub(crate) struct Outage {
    pub(crate) fault: WireFault,
    /// How many requests the proxy sees of one attempt.
    pub(crate) requests: usize,
}

const HTML: &str = "<!DOCTYPE html><html><title>Sorry</title><body>We will be back soon.</body></html>";

/// Slower than anybody waits for.
pub(crate) const DRIP: WireFault = WireFault::Drip { bytes: 1, every: Duration::from_millis(100) };

/// An answer without further headers.
pub(crate) fn answering(status: u16, content_type: &'static str, body: &str) -> WireFault {
    WireFault::Answer { status, content_type, headers: Vec::new(), body: body.to_owned() }
}

/// A throttle of SSM.
pub(crate) fn throttling() -> WireFault {
    let body = r#"{"__type":"ThrottlingException","message":"Rate exceeded"}"#;
    answering(400, "application/x-amz-json-1.1", body)
}

/// What goes wrong with a key set's URL. Without a handshake there is no request.
pub(crate) fn outages_of_okta() -> Vec<Outage> {
    let once = |fault| Outage { fault, requests: 1 };
    vec![
        Outage { fault: WireFault::Refuse, requests: 0 },
        Outage { fault: WireFault::BlackHole, requests: 0 },
        once(WireFault::Silence),
        once(DRIP),
        once(WireFault::ResetMidBody),
        once(WireFault::Truncate),
        once(answering(500, "application/json", r#"{"errorCode":"E0000009"}"#)),
        once(answering(200, "text/html", HTML)),
        once(answering(200, "application/json", "")),
        once(WireFault::Huge(200_000)),
    ]
}

/// What goes wrong with SSM.
pub(crate) fn outages_of_ssm() -> Vec<WireFault> {
    vec![
        throttling(),
        WireFault::Refuse,
        WireFault::BlackHole,
        WireFault::ResetMidBody,
        WireFault::Truncate,
        DRIP,
        answering(500, "application/x-amz-json-1.1", r#"{"__type":"InternalServerError"}"#),
        answering(200, "text/html", HTML),
    ]
}

/// Runs a case for each of these, all side by side: most of their time is waiting.
pub(crate) async fn side_by_side<T, F>(of: impl IntoIterator<Item = T>, case: impl Fn(T) -> F)
where
    F: Future<Output = ()> + 'static,
{
    let here = LocalSet::new();
    let mut cases = JoinSet::new();
    for one in of {
        cases.spawn_local_on(case(one), &here);
    }
    here.run_until(cases.join_all()).await;
}
