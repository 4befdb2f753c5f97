//! The authorizer's results as API Gateway caches them: by the identity source, for every route that it reaches.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use aws_lc_rs::digest::{SHA256, digest};
use serde_json::Value;

use crate::adapters::system_clock::SystemClock;
use crate::domain::time::MonotonicTime;
use crate::ports::clock::Clock;

/// The longest time that API Gateway caches a result for, in seconds.
pub const MAX_CACHE_SECONDS: u64 = 3_600;

/// Results by the hash of the `Authorization` header.
#[derive(Debug)]
pub(super) struct ResultCache {
    time_to_live: Duration,
    results: Mutex<HashMap<Vec<u8>, (MonotonicTime, Value)>>,
}

impl ResultCache {
    /// A cache whose results live this long; zero: nothing is cached.
    pub(super) fn new(time_to_live: Duration) -> Self {
        Self { time_to_live, results: Mutex::default() }
    }

    /// The result that is cached for an identity.
    pub(super) fn find(&self, identity: &[u8]) -> Option<Value> {
        let now = SystemClock.now().monotonic;
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.retain(|_, (ends, _)| *ends > now);
        results.get(&key(identity)).map(|(_, result)| result.clone())
    }

    /// Caches a result, an Allow and a Deny alike.
    pub(super) fn keep(&self, identity: &[u8], result: &Value) {
        if self.time_to_live.is_zero() {
            return;
        }
        let ends = SystemClock.now().monotonic.plus(self.time_to_live);
        let mut results = self.results.lock().unwrap_or_else(PoisonError::into_inner);
        results.insert(key(identity), (ends, result.clone()));
    }
}

fn key(identity: &[u8]) -> Vec<u8> {
    digest(&SHA256, identity).as_ref().to_vec()
}
