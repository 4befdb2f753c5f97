//! Calls that want the same thing at the same time share one fetch and its outcome.

use std::collections::HashMap;
use std::hash::Hash;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use tokio::sync::OnceCell;

/// What is being fetched now, by what it is for.
#[derive(Debug)]
pub(super) struct SingleFlight<K, V>(Mutex<HashMap<K, Arc<OnceCell<V>>>>);

/// A call's share in a fetch. The last one to leave, cut off or not, clears it away.
struct Boarded<'f, K: Eq + Hash + Copy, V> {
    flights: &'f SingleFlight<K, V>,
    key: K,
    flight: Arc<OnceCell<V>>,
}

impl<K, V> Default for SingleFlight<K, V> {
    fn default() -> Self {
        Self(Mutex::default())
    }
}

impl<K: Eq + Hash + Copy, V: Clone> SingleFlight<K, V> {
    /// Fetches unless the same is being fetched already: then that outcome is shared. Where the call that fetches is cut off,
    /// the next one that waits takes over.
    pub(super) async fn join<F: Future<Output = V>>(&self, key: K, fetch: impl FnOnce() -> F) -> V {
        let boarded = Boarded::on(self, key);
        boarded.flight.get_or_init(fetch).await.clone()
    }
}

impl<K: Eq + Hash + Copy, V> SingleFlight<K, V> {
    /// Whether nothing is being fetched.
    #[cfg(test)]
    pub(super) fn is_idle(&self) -> bool {
        self.lock().is_empty()
    }

    /// A panic elsewhere leaves the map as it was between two statements, so the poison mark carries no news.
    fn lock(&self) -> MutexGuard<'_, HashMap<K, Arc<OnceCell<V>>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<'f, K: Eq + Hash + Copy, V> Boarded<'f, K, V> {
    fn on(flights: &'f SingleFlight<K, V>, key: K) -> Self {
        let flight = Arc::clone(flights.lock().entry(key).or_default());
        Self { flights, key, flight }
    }
}

impl<K: Eq + Hash + Copy, V> Drop for Boarded<'_, K, V> {
    fn drop(&mut self) {
        let mut flights = self.flights.lock();
        let is_this = flights.get(&self.key).is_some_and(|current| Arc::ptr_eq(current, &self.flight));
        // The map's and this one: nobody else is on board. One that has landed takes nobody new.
        if is_this && (Arc::strong_count(&self.flight) <= 2 || self.flight.initialized()) {
            flights.remove(&self.key);
        }
    }
}
