//! Tests of the `keys` function's job, over a folder of profiles in memory and an issuer in memory.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use url::Url;

use super::{Drift, ProfileKeys, RefreshKeys};
use crate::adapters::memory::{FixedClock, MemoryProfileStore};
use crate::domain::jose::stored_key_set::{Renewal, StoredKeySet};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::profile::{ProfileName, Transport};
use crate::ports::discovery::{DiscoveryDocument, DiscoveryError, DiscoverySource};
use crate::ports::key_set_source::{FetchedKeySet, KeySetSource, KeySetSourceError};
use crate::ports::key_set_store::{KeySetStore, KeySetStoreError};
use crate::ports::profile_store::{
    LoadRequest, LoadedProfiles, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};
use crate::testing::{FOREIGN_KEY, ISSUER, KEYS_URL, KeysByUrl, OKTA_KEY, after, name, profile_document, stored, with};

const HOUR: Duration = Duration::from_secs(3_600);
const OTHER_ISSUER: &str = "https://globex.okta.com/oauth2/default";

/// A store in memory that can be written.
#[derive(Debug, Default)]
struct Shelf {
    documents: Vec<(String, Value)>,
    key_sets: Mutex<HashMap<String, String>>,
    writes: Mutex<Vec<String>>,
    read_only: Mutex<bool>,
}

impl ProfileStore for Shelf {
    async fn load(&self, request: LoadRequest<'_>) -> Result<LoadedProfiles, ProfileStoreError> {
        let key_sets = self.key_sets.lock().expect("unpoisoned").clone();
        let with_keys = |(name, document): &(String, Value)| StoredProfile {
            key_set: key_sets.get(name).cloned(),
            ..stored(name, document)
        };
        MemoryProfileStore::holding(self.documents.iter().map(with_keys).collect()).load(request).await
    }

    async fn client(&self, _name: &ProfileName) -> Result<Option<ClientCredentials>, ProfileStoreError> {
        panic!("the keys function reads no client")
    }
}

impl KeySetStore for Shelf {
    async fn store_key_set(&self, name: &ProfileName, key_set: &str) -> Result<(), KeySetStoreError> {
        if *self.read_only.lock().expect("unpoisoned") {
            return Err(KeySetStoreError { what: "memory".to_owned(), source: "read only".into() });
        }
        self.writes.lock().expect("unpoisoned").push(name.to_string());
        self.key_sets.lock().expect("unpoisoned").insert(name.to_string(), key_set.to_owned());
        Ok(())
    }
}

/// Issuers in memory.
#[derive(Debug, Default)]
struct Issuers {
    keys: KeysByUrl,
    discovery: Mutex<HashMap<String, DiscoveryDocument>>,
    discovered: Mutex<usize>,
}

impl KeySetSource for Issuers {
    async fn fetch(&self, keys_url: &Url, within: Duration) -> Result<FetchedKeySet, KeySetSourceError> {
        self.keys.fetch(keys_url, within).await
    }
}

impl DiscoverySource for Issuers {
    async fn discover(&self, url: &Url, _within: Duration) -> Result<DiscoveryDocument, DiscoveryError> {
        *self.discovered.lock().expect("unpoisoned") += 1;
        let found = self.discovery.lock().expect("unpoisoned").get(url.as_str()).cloned();
        found.ok_or_else(|| DiscoveryError::Status { url: url.to_string(), status: 503 })
    }
}

struct Run {
    shelf: Arc<Shelf>,
    okta: Arc<Issuers>,
    clock: Arc<FixedClock>,
    job: RefreshKeys<Arc<Shelf>, Arc<Issuers>, Arc<FixedClock>>,
}

impl Run {
    /// Both issuers up, these profiles on the shelf.
    fn over(documents: &[(&str, Value)], selection: ProfileSelection) -> Self {
        let documents = documents.iter().map(|(name, document)| ((*name).to_owned(), document.clone())).collect();
        let shelf = Arc::new(Shelf { documents, ..Shelf::default() });
        let okta = Arc::new(Issuers::default());
        okta.keys.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
        okta.keys.serve(&format!("{OTHER_ISSUER}/v1/keys"), &[FOREIGN_KEY.jwk()]);
        for issuer in [ISSUER, OTHER_ISSUER] {
            okta.discovery.lock().expect("unpoisoned").insert(discovery_url(issuer), discovery(issuer));
        }
        let clock = Arc::new(FixedClock::at(after(Duration::ZERO)));
        let job = RefreshKeys {
            store: Arc::clone(&shelf),
            okta: Arc::clone(&okta),
            clock: Arc::clone(&clock),
            selection,
            transport: Transport::Https,
        };
        Self { shelf, okta, clock, job }
    }

    /// `name: outcome [kept ...] [drift ...]`, a line for each profile.
    async fn at(&self, elapsed: Duration) -> Vec<String> {
        self.clock.set(after(elapsed));
        self.job.refresh().await.expect("a readable shelf").iter().map(line).collect()
    }

    fn stored(&self, profile: &str) -> StoredKeySet {
        let json = self.shelf.key_sets.lock().expect("unpoisoned")[profile].clone();
        StoredKeySet::from_json(json.as_bytes()).expect("what was written can be read")
    }

    fn writes(&self) -> usize {
        self.shelf.writes.lock().expect("unpoisoned").len()
    }
}

fn discovery_url(issuer: &str) -> String {
    format!("{issuer}/.well-known/openid-configuration")
}

fn discovery(issuer: &str) -> DiscoveryDocument {
    DiscoveryDocument {
        issuer: issuer.to_owned(),
        token_endpoint: format!("{issuer}/v1/token"),
        jwks_uri: format!("{issuer}/v1/keys"),
    }
}

fn line(keys: &ProfileKeys) -> String {
    let outcome = match &keys.outcome {
        Ok(stored) => {
            let word = match stored.renewal {
                Renewal::Unchanged => "unchanged",
                Renewal::Aged => "renewed",
                Renewal::Changed => "changed",
            };
            format!("{word} {:?} kept {:?}", stored.current, stored.gone)
        }
        Err(error) => error.to_string(),
    };
    let drift = if keys.drift.is_empty() { String::new() } else { format!(" {:?}", keys.drift) };
    format!("{}: {outcome}{drift}", keys.profile)
}

fn orders() -> [(&'static str, Value); 1] {
    [("orders", profile_document())]
}

#[tokio::test]
async fn a_key_set_is_stored_and_written_again_when_it_has_aged_or_changed() {
    let run = Run::over(&orders(), ProfileSelection::All);
    assert_eq!(run.at(Duration::ZERO).await, [r#"orders: changed ["okta-key"] kept []"#]);
    assert_eq!(run.at(HOUR / 4).await, [r#"orders: unchanged ["okta-key"] kept []"#]);
    assert_eq!(run.writes(), 1);
    assert_eq!(run.at(HOUR).await, [r#"orders: renewed ["okta-key"] kept []"#]);
    assert_eq!(run.stored("orders").fetched_at, after(HOUR).wall);
    run.okta.keys.serve(KEYS_URL, &[FOREIGN_KEY.jwk()]);
    assert_eq!(run.at(HOUR + HOUR / 10).await, [r#"orders: changed ["foreign-key"] kept ["okta-key"]"#]);
    assert!(run.stored("orders").keys.has("okta-key") && run.stored("orders").keys.has("foreign-key"));
    assert_eq!(run.writes(), 3);
}

#[tokio::test]
async fn an_issuer_that_is_down_or_answers_nonsense_leaves_what_is_stored() {
    let run = Run::over(&orders(), ProfileSelection::All);
    run.at(Duration::ZERO).await;
    run.okta.keys.go_down();
    let [line] = &run.at(2 * HOUR).await[..] else { panic!("one profile") };
    assert_eq!(*line, format!("orders: the keys URL `{KEYS_URL}` answered 503 instead of 200"));
    assert_eq!((run.writes(), run.stored("orders").fetched_at), (1, after(Duration::ZERO).wall));
    let age = run.job.refresh().await.expect("a readable shelf")[0].age;
    assert_eq!(age, Some(2 * HOUR), "the age is still told");
}

#[tokio::test]
async fn one_profiles_failure_does_not_stop_the_others() {
    let other = with(profile_document(), "issuer", json!(OTHER_ISSUER));
    let elsewhere = with(profile_document(), "issuer", json!("https://down.okta.com/oauth2/default"));
    let documents =
        [("broken", json!({"version": 2})), ("down", elsewhere), ("orders", profile_document()), ("other", other)];
    let names = ["other", "absent", "orders", "down", "broken"].map(name);
    let run = Run::over(&documents, ProfileSelection::Named(names.to_vec()));
    let lines = run.at(Duration::ZERO).await;
    assert_eq!(lines[0], "absent: `memory/absent` does not exist; create it, or correct `PROFILES`");
    assert!(lines[1].starts_with("broken: profile `broken`: "), "{}", lines[1]);
    assert!(lines[2].starts_with("down: the keys URL `https://down.okta.com/"), "{}", lines[2]);
    assert_eq!(lines[3..], [r#"orders: changed ["okta-key"] kept []"#, r#"other: changed ["foreign-key"] kept []"#]);
    assert_eq!(run.writes(), 2);
}

#[tokio::test]
async fn an_issuer_is_asked_once_for_all_its_profiles() {
    let documents: Vec<(String, Value)> =
        (0..50).map(|number| (format!("p{number:02}"), with(profile_document(), "apis", json!(["*"])))).collect();
    let documents: Vec<(&str, Value)> = documents.iter().map(|(name, document)| (&**name, document.clone())).collect();
    let run = Run::over(&documents, ProfileSelection::All);
    assert_eq!(run.at(Duration::ZERO).await.len(), 50);
    assert_eq!(
        (run.okta.keys.asked().len(), *run.okta.discovered.lock().expect("unpoisoned"), run.writes()),
        (1, 1, 50)
    );
}

#[tokio::test]
async fn what_the_issuer_says_otherwise_is_told_and_another_issuers_keys_are_not_stored() {
    let run = Run::over(&orders(), ProfileSelection::All);
    let tell = |document: Option<DiscoveryDocument>| {
        let mut discovery = run.okta.discovery.lock().expect("unpoisoned");
        match document {
            Some(document) => discovery.insert(discovery_url(ISSUER), document),
            None => discovery.remove(&discovery_url(ISSUER)),
        }
    };
    tell(Some(DiscoveryDocument {
        token_endpoint: "https://acme.okta.com/oauth2/v1/token".to_owned(),
        ..discovery(ISSUER)
    }));
    assert_eq!(run.at(Duration::ZERO).await, [r#"orders: changed ["okta-key"] kept [] [TokenUrl]"#]);
    tell(Some(DiscoveryDocument { jwks_uri: "https://acme.okta.com/oauth2/v1/keys".to_owned(), ..discovery(ISSUER) }));
    assert_eq!(run.at(HOUR).await, [r#"orders: renewed ["okta-key"] kept [] [KeysUrl]"#]);
    tell(None);
    assert_eq!(run.at(2 * HOUR).await, [r#"orders: renewed ["okta-key"] kept [] [NoDiscovery]"#]);
    tell(Some(discovery(OTHER_ISSUER)));
    let report = &run.job.refresh().await.expect("a readable shelf")[0];
    assert!(report.drift.contains(&Drift::Issuer) && line(report).contains(OTHER_ISSUER), "{}", line(report));
    assert_eq!(run.writes(), 3);
}

#[tokio::test]
async fn a_store_that_cannot_be_written_is_the_profiles_failure() {
    let run = Run::over(&orders(), ProfileSelection::All);
    *run.shelf.read_only.lock().expect("unpoisoned") = true;
    assert_eq!(run.at(Duration::ZERO).await, ["orders: the key set cannot be stored (memory)"]);
}
