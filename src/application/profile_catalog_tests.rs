//! Tests of the catalog: when profiles are loaded, and which ones are in force when a load goes wrong.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use tokio::sync::Semaphore;
use tokio::task::JoinSet;

use super::{CatalogError, CatalogSettings, ProfileCatalog, Snapshot};
use crate::adapters::memory::MemoryProfileStore;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::{ProfileName, Transport};
use crate::domain::refresh::Jitter;
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};
use crate::testing::{OKTA_KEY, PLENTY, call_at, name, profile_document, stored, with};

const TTL: Duration = Duration::from_secs(300);
const SECOND: Duration = Duration::from_secs(1);

struct Catalog {
    store: Arc<MemoryProfileStore>,
    profiles: ProfileCatalog<Arc<MemoryProfileStore>>,
}

fn settings(selection: ProfileSelection) -> CatalogSettings {
    CatalogSettings { selection, time_to_live: TTL, jitter: Jitter::NONE, transport: Transport::Https }
}

impl Catalog {
    fn over(held: Vec<StoredProfile>, selection: ProfileSelection) -> Arc<Self> {
        let store = Arc::new(MemoryProfileStore::holding(held));
        Arc::new(Self { profiles: ProfileCatalog::new(Arc::clone(&store), settings(selection)), store })
    }

    /// The profiles for one call; what is due is refreshed afterwards, as an invocation does.
    async fn at(&self, elapsed: Duration) -> Result<Arc<Snapshot>, CatalogError> {
        let snapshot = self.profiles.current(call_at(elapsed)).await;
        self.profiles.refresh_due(call_at(elapsed)).await;
        snapshot
    }

    /// The descriptions of the profiles in force, in order.
    async fn in_force(&self, elapsed: Duration) -> Vec<String> {
        descriptions(&self.at(elapsed).await.expect("profiles"))
    }
}

fn descriptions(snapshot: &Snapshot) -> Vec<String> {
    let arn =
        MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders").expect("an ARN");
    let description = |description: Option<&str>| description.expect("a description").to_owned();
    snapshot.applying_to(&arn).map(|loaded| description(loaded.profile.description())).collect()
}

fn described(text: &str) -> Value {
    with(profile_document(), "description", json!(text))
}

fn named(names: &[&str]) -> ProfileSelection {
    ProfileSelection::Named(names.iter().map(|text| name(text)).collect())
}

#[tokio::test]
async fn profiles_are_read_again_only_after_their_time() {
    let catalog = Catalog::over(vec![stored("orders", &described("old"))], named(&["orders"]));
    assert_eq!(catalog.in_force(Duration::ZERO).await, ["old"]);
    catalog.store.replace(vec![stored("orders", &described("new"))]);
    assert_eq!(catalog.in_force(TTL - SECOND).await, ["old"]);
    assert_eq!(catalog.store.loads(), 1);
    assert_eq!(catalog.in_force(TTL).await, ["new"]);
    assert_eq!(catalog.in_force(TTL + TTL - SECOND).await, ["new"]);
    assert_eq!(catalog.store.loads(), 2);
}

#[tokio::test]
async fn a_thousand_first_calls_at_once_load_once() {
    let catalog = Catalog::over(vec![stored("orders", &described("one"))], ProfileSelection::All);
    let mut calls = JoinSet::new();
    for _ in 0..1_000 {
        let catalog = Arc::clone(&catalog);
        calls.spawn(async move { catalog.in_force(Duration::ZERO).await });
    }
    assert!(calls.join_all().await.iter().all(|in_force| *in_force == ["one"]));
    assert_eq!(catalog.store.loads(), 1);
}

/// A store that answers when it is let.
#[derive(Debug)]
struct GatedStore {
    gate: Semaphore,
    store: MemoryProfileStore,
}

impl ProfileStore for GatedStore {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        self.gate.acquire().await.expect("an open gate").forget();
        self.store.load(request).await
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        self.store.client(name).await
    }
}

#[tokio::test]
async fn while_one_call_refreshes_the_others_go_on_with_what_is_held() {
    let held = vec![stored("orders", &described("old"))];
    let gated = GatedStore { gate: Semaphore::new(1), store: MemoryProfileStore::holding(held) };
    let gated = Arc::new(gated);
    let profiles = Arc::new(ProfileCatalog::new(Arc::clone(&gated), settings(ProfileSelection::All)));
    profiles.current(call_at(Duration::ZERO)).await.expect("profiles");
    gated.store.replace(vec![stored("orders", &described("new"))]);
    let refreshing = tokio::spawn({
        let profiles = Arc::clone(&profiles);
        async move { descriptions(&profiles.current(call_at(TTL)).await.expect("profiles")) }
    });
    tokio::task::yield_now().await;
    let meanwhile = tokio::select! {
        biased;
        snapshot = profiles.current(call_at(TTL)) => snapshot.expect("profiles"),
        () = tokio::task::yield_now() => panic!("it waits for the refresh"),
    };
    assert_eq!(descriptions(&meanwhile), ["old"]);
    gated.gate.add_permits(1);
    assert_eq!(refreshing.await.expect("finished"), ["new"]);
    assert_eq!(gated.store.loads(), 2);
}

/// Threat 56.
#[tokio::test]
async fn a_store_out_of_order_leaves_the_loaded_profiles_in_force() {
    let catalog = Catalog::over(vec![stored("orders", &described("old"))], named(&["orders"]));
    catalog.in_force(Duration::ZERO).await;
    catalog.store.set_out_of_order(true);
    assert_eq!(catalog.in_force(TTL).await, ["old"]);
    assert_eq!(catalog.in_force(TTL + 29 * SECOND).await, ["old"]);
    assert_eq!(catalog.store.loads(), 2, "a throttled store is left alone for 30 s");
    catalog.store.set_out_of_order(false);
    catalog.store.replace(vec![stored("orders", &described("new"))]);
    assert_eq!(catalog.in_force(TTL + 30 * SECOND).await, ["old"], "no call waits twice for a store that just failed");
    assert_eq!(catalog.in_force(TTL + 31 * SECOND).await, ["new"], "it was read once that call was answered");
}

#[tokio::test]
async fn profiles_that_are_due_serve_the_call_and_are_read_once_it_is_answered() {
    let store = Arc::new(MemoryProfileStore::holding(vec![stored("orders", &described("old"))]));
    let settings = CatalogSettings { jitter: Jitter::from_random(0), ..settings(ProfileSelection::All) };
    let profiles = ProfileCatalog::new(Arc::clone(&store), settings);
    profiles.current(call_at(Duration::ZERO)).await.expect("profiles");
    store.replace(vec![stored("orders", &described("new"))]);
    let due = call_at(TTL / 2);
    assert_eq!(descriptions(&profiles.current(due).await.expect("profiles")), ["old"]);
    assert_eq!(store.loads(), 1);
    profiles.refresh_due(due).await;
    profiles.refresh_due(due).await;
    assert_eq!(
        (descriptions(&profiles.current(due).await.expect("profiles")), store.loads()),
        (vec!["new".to_owned()], 2)
    );
}

/// Keeps what it was asked for, and gives key sets only where they are needed.
#[derive(Debug)]
struct SparingStore {
    store: MemoryProfileStore,
    asked: std::sync::Mutex<Vec<(bool, Duration)>>,
}

impl ProfileStore for SparingStore {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        self.asked.lock().expect("unpoisoned").push((request.key_sets_needed, request.within));
        let mut loaded = self.store.load(request).await?;
        if !request.key_sets_needed {
            loaded.key_sets_read = false;
            loaded.found.iter_mut().for_each(|stored| stored.key_set = None);
        }
        Ok(loaded)
    }

    async fn client(&self, name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        self.store.client(name).await
    }
}

#[tokio::test]
async fn stored_key_sets_are_kept_while_they_are_not_read_and_a_refresh_has_a_second_at_most() {
    let key_set = json!({"fetchedAt": 1_000, "maxAge": 60, "keys": [OKTA_KEY.jwk()]}).to_string();
    let held = StoredProfile { key_set: Some(key_set), ..stored("orders", &described("one")) };
    let store =
        Arc::new(SparingStore { store: MemoryProfileStore::holding(vec![held]), asked: std::sync::Mutex::default() });
    let profiles = ProfileCatalog::new(Arc::clone(&store), settings(named(&["orders"])));
    for hours in [0, 12, 13, 24] {
        let snapshot = profiles.current(call_at(hours * TTL)).await.expect("profiles");
        assert!(snapshot.named(&name("orders")).expect("loaded").stored_keys.is_some(), "{hours}");
    }
    let asked = store.asked.lock().expect("unpoisoned").clone();
    assert_eq!(asked, [(true, PLENTY), (true, SECOND), (false, SECOND), (true, SECOND)], "12 times 300 s are an hour");
}

/// Threat 56.
#[tokio::test]
async fn a_store_out_of_order_at_a_cold_start_is_an_error_and_is_asked_again_a_second_later() {
    let catalog = Catalog::over(vec![stored("orders", &described("one"))], named(&["orders"]));
    catalog.store.set_out_of_order(true);
    let error = catalog.at(Duration::ZERO).await.expect_err("no profiles");
    let CatalogError::Unavailable { source: Some(ProfileStoreError::Unavailable { what, .. }) } = error else {
        panic!("{error:?}")
    };
    assert_eq!(what, "memory");
    let error = catalog.at(SECOND / 2).await.expect_err("no profiles");
    assert!(matches!(error, CatalogError::Unavailable { source: None }), "{error:?}");
    assert_eq!(error.to_string(), "no profiles are loaded");
    assert_eq!(catalog.store.loads(), 1);
    catalog.store.set_out_of_order(false);
    assert_eq!(catalog.in_force(SECOND).await, ["one"]);
}

/// Threat 57.
#[tokio::test]
async fn a_document_that_breaks_leaves_its_last_good_version_in_force() {
    let catalog = Catalog::over(vec![stored("a", &described("a")), stored("b", &described("b"))], named(&["a", "b"]));
    catalog.in_force(Duration::ZERO).await;
    let broken = with(described("a, broken"), "scopes", json!([]));
    catalog.store.replace(vec![stored("a", &broken), stored("b", &described("new b"))]);
    for turn in 1..=3 {
        let snapshot = catalog.at(turn * TTL).await.expect("profiles");
        assert_eq!(descriptions(&snapshot), ["a", "new b"], "the order stays, and so does the held version");
        assert_eq!(snapshot.broken(), []);
    }
    catalog.store.replace(vec![stored("a", &described("mended")), stored("b", &described("new b"))]);
    assert_eq!(catalog.in_force(4 * TTL).await, ["mended", "new b"]);
}

/// Threat 57.
#[tokio::test]
async fn a_document_that_is_broken_at_a_cold_start_is_reported_and_the_others_serve() {
    let held = vec![stored("a", &json!({"version": 2})), stored("b", &described("b"))];
    for selection in [ProfileSelection::All, named(&["a", "b"])] {
        let catalog = Catalog::over(held.clone(), selection);
        let snapshot = catalog.at(Duration::ZERO).await.expect("profiles");
        assert_eq!(descriptions(&snapshot), ["b"]);
        assert_eq!(snapshot.broken(), [name("a")]);
        assert!(snapshot.named(&name("a")).is_none() && snapshot.named(&name("b")).is_some());
        catalog.store.replace(vec![stored("a", &described("mended")), stored("b", &described("b"))]);
        let snapshot = catalog.at(TTL).await.expect("profiles");
        assert_eq!((descriptions(&snapshot), snapshot.broken()), (vec!["mended".to_owned(), "b".to_owned()], &[][..]));
    }
}

#[tokio::test]
async fn a_named_profile_that_vanishes_stays_in_force() {
    let catalog = Catalog::over(vec![stored("a", &described("a")), stored("b", &described("b"))], named(&["b", "a"]));
    assert_eq!(catalog.in_force(Duration::ZERO).await, ["b", "a"]);
    catalog.store.replace(vec![stored("a", &described("new a"))]);
    for turn in 1..=2 {
        let snapshot = catalog.at(turn * TTL).await.expect("profiles");
        assert_eq!((descriptions(&snapshot), snapshot.broken()), (vec!["b".to_owned(), "new a".to_owned()], &[][..]));
    }
}

#[tokio::test]
async fn a_named_profile_that_is_missing_at_a_cold_start_is_an_error_that_names_its_parameter() {
    let catalog = Catalog::over(vec![stored("b", &described("b"))], named(&["a", "b", "c"]));
    let error = catalog.at(Duration::ZERO).await.expect_err("refused");
    assert_eq!(
        error.to_string(),
        "profile `a`: `memory/a` does not exist; profile `c`: `memory/c` does not exist; create it, or correct `PROFILES`"
    );
    let CatalogError::Missing(missing) = error else { panic!("{error:?}") };
    assert_eq!(missing.iter().map(|missing| &missing.name).collect::<Vec<_>>(), [&name("a"), &name("c")]);
    let held = ["a", "b", "c"].map(|text| stored(text, &described(text)));
    catalog.store.replace(held.to_vec());
    assert_eq!(catalog.in_force(TTL).await, ["a", "b", "c"]);
}

#[tokio::test]
async fn of_every_profile_in_the_store_a_removed_one_is_dropped_and_a_new_one_found() {
    let catalog =
        Catalog::over(vec![stored("b", &described("b")), stored("a", &described("a"))], ProfileSelection::All);
    assert_eq!(catalog.in_force(Duration::ZERO).await, ["a", "b"], "in the order of their names");
    catalog.store.replace(vec![stored("c", &described("c")), stored("b", &described("b"))]);
    assert_eq!(catalog.in_force(TTL).await, ["b", "c"]);
    catalog.store.replace(Vec::new());
    assert!(catalog.in_force(2 * TTL).await.is_empty());
}

#[tokio::test]
async fn a_stored_key_set_comes_with_its_profile_and_an_unreadable_one_is_left_out() {
    let key_set = json!({"fetchedAt": 1_000, "maxAge": 60, "keys": [OKTA_KEY.jwk()]}).to_string();
    let with_keys = |profile: &str, key_set: &str| StoredProfile {
        key_set: Some(key_set.to_owned()),
        ..stored(profile, &described(profile))
    };
    let held = vec![with_keys("a", &key_set), with_keys("b", "<html>"), stored("c", &described("c"))];
    let catalog = Catalog::over(held, ProfileSelection::All);
    let snapshot = catalog.at(Duration::ZERO).await.expect("profiles");
    let stored_keys = |profile: &str| snapshot.named(&name(profile)).expect("loaded").stored_keys.as_ref();
    assert_eq!(stored_keys("a").map(|keys| (keys.fetched_at.seconds(), keys.max_age)), Some((1_000, 60)));
    assert!(stored_keys("b").is_none() && stored_keys("c").is_none());
    assert_eq!(snapshot.broken(), []);
}
