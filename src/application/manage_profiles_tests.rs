//! Plans and writes over a repository in memory, which others write to as well.

use std::collections::BTreeMap;
use std::sync::Mutex;

use super::{Change, ManageError, ManageProfiles, NewDocument, parse_api};
use crate::domain::oauth::client_credentials::ClientCredentials;
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ApiPattern, ClientId, ProfileName, Transport};
use crate::ports::profile_repository::{Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned};

/// Documents by name, each with its version and the tier of its last write.
#[derive(Debug, Default)]
struct MemoryRepository {
    documents: Mutex<BTreeMap<String, (Versioned, Tier)>>,
}

impl MemoryRepository {
    fn put(&self, name: &str, text: &str) {
        let mut documents = self.documents.lock().expect("a lock");
        let number = documents.get(name).map_or(0, |(versioned, _)| versioned.version.0);
        let versioned = Versioned { text: text.to_owned(), version: Version(number + 1) };
        documents.insert(name.to_owned(), (versioned, Tier::Standard));
    }

    fn at(&self, name: &str) -> Option<(Versioned, Tier)> {
        self.documents.lock().expect("a lock").get(name).cloned()
    }
}

impl ProfileRepository for MemoryRepository {
    async fn names(&self) -> Result<Vec<ProfileName>, RepositoryError> {
        Ok(self.documents.lock().expect("a lock").keys().map(|key| name(key)).collect())
    }

    async fn read(&self, item: &Item) -> Result<Option<Versioned>, RepositoryError> {
        Ok(self.at(&self.location(item)).map(|(versioned, _)| versioned))
    }

    async fn write(&self, item: &Item, text: &str, expected: Expected, tier: Tier) -> Result<Version, RepositoryError> {
        let location = self.location(item);
        let found = self.at(&location).map(|(found, _)| Expected::Version(found.version));
        if found.unwrap_or(Expected::Nothing) != expected {
            return Err(RepositoryError::Conflict { location });
        }
        self.put(&location, text);
        let mut documents = self.documents.lock().expect("a lock");
        let (versioned, stored_tier) = documents.get_mut(&location).expect("just put");
        *stored_tier = tier;
        Ok(versioned.version)
    }

    async fn delete(&self, _name: &ProfileName, _expected: Version) -> Result<(), RepositoryError> {
        unreachable!("no plan deletes")
    }

    async fn client(&self, _name: &ProfileName) -> Result<Option<ClientCredentials>, RepositoryError> {
        unreachable!("no plan reads a client")
    }

    async fn store_client(
        &self,
        _name: &ProfileName,
        _client_id: &ClientId,
        _secret: &ClientSecret,
        _key: Option<&str>,
    ) -> Result<(), RepositoryError> {
        unreachable!("no plan stores a client")
    }

    fn location(&self, item: &Item) -> String {
        match item {
            Item::Document(name) => name.to_string(),
            Item::KeySet(_) | Item::DenyList => unreachable!("no plan touches these"),
        }
    }
}

const DOCUMENT: &str = r#"{"version":1,"issuer":"https://acme.okta.com/oauth2/default","audiences":["api://orders"],
"scopes":["CustomScope"],"apis":["abcdef1234/prod"]}"#;

fn name(name: &str) -> ProfileName {
    ProfileName::new(name).expect("a name")
}

fn apis(texts: &[&str]) -> Vec<ApiPattern> {
    texts.iter().map(|text| parse_api(text).expect("an API")).collect()
}

fn manage(repository: &MemoryRepository) -> ManageProfiles<'_, MemoryRepository> {
    ManageProfiles { repository, transport: Transport::Https }
}

fn holding(text: &str) -> MemoryRepository {
    let repository = MemoryRepository::default();
    repository.put("orders", text);
    repository
}

#[tokio::test]
async fn a_new_document_is_laid_out_and_written_where_there_is_none() {
    let repository = MemoryRepository::default();
    let plan = manage(&repository).plan(&name("orders"), DOCUMENT).await.expect("a plan");
    assert_eq!((plan.change(), plan.texts().0.as_str()), (Change::Created, ""));
    assert!(repository.at("orders").is_none(), "a plan writes nothing");
    assert_eq!(manage(&repository).write(&plan, Tier::Standard).await.expect("written"), Version(1));
    let (stored, tier) = repository.at("orders").expect("stored");
    assert!(stored.text.starts_with("{\n  \"version\": 1,\n  \"issuer\""), "{}", stored.text);
    assert_eq!(tier, Tier::Standard);
}

#[tokio::test]
async fn a_document_that_says_the_same_is_unchanged_whatever_its_layout() {
    let repository = holding(DOCUMENT);
    let same = NewDocument {
        issuer: Some("https://acme.okta.com/oauth2/default".to_owned()),
        audiences: vec!["api://orders".to_owned()],
        scopes: vec!["CustomScope".to_owned()],
        apis: vec!["abcdef1234/prod".to_owned()],
        ..NewDocument::default()
    };
    let plan = manage(&repository).plan(&name("orders"), &same.to_text()).await.expect("a plan");
    assert_eq!(plan.change(), Change::Unchanged);
    let (before, after) = plan.texts();
    assert_eq!(before, after);
    let other = NewDocument { description: Some("Orders".to_owned()), ..same };
    let plan = manage(&repository).plan(&name("orders"), &other.to_text()).await.expect("a plan");
    assert_eq!(plan.change(), Change::Replaced);
}

#[tokio::test]
async fn what_somebody_else_wrote_meanwhile_is_not_overwritten() {
    for repository in [MemoryRepository::default(), holding(&DOCUMENT.replace("CustomScope", "OtherScope"))] {
        let plan = manage(&repository).plan(&name("orders"), DOCUMENT).await.expect("a plan");
        repository.put("orders", "theirs");
        let error = manage(&repository).write(&plan, Tier::Standard).await.expect_err("a conflict");
        assert!(matches!(error, RepositoryError::Conflict { .. }), "{error}");
        assert_eq!(repository.at("orders").expect("stored").0.text, "theirs");
    }
}

#[tokio::test]
async fn a_document_that_is_not_valid_is_refused_before_anything_is_read() {
    let repository = MemoryRepository::default();
    let placeholder = DOCUMENT.replace("acme.okta.com", "yourOktaDomain");
    let error = manage(&repository).plan(&name("orders"), &placeholder).await.expect_err("refused");
    let line = error.to_string();
    assert!(line.contains("placeholder `yourOktaDomain`") && line.ends_with("; nothing was written"), "{line}");
}

#[tokio::test]
async fn an_assignment_changes_the_list_and_no_other_byte() {
    let repository = holding(DOCUMENT);
    let plan = manage(&repository).plan_to_assign(&name("orders"), &apis(&["http123456", "abcdef1234/test"])).await;
    let plan = plan.expect("a plan");
    assert_eq!(plan.covered, []);
    let expected =
        DOCUMENT.replace(r#"["abcdef1234/prod"]"#, r#"["abcdef1234/prod", "http123456/*", "abcdef1234/test"]"#);
    assert_eq!((plan.write.change(), plan.write.text.as_str()), (Change::Replaced, expected.as_str()));
}

#[tokio::test]
async fn what_is_covered_already_is_said_and_not_added() {
    let repository = holding(DOCUMENT);
    let wanted = apis(&["abcdef1234/prod", "http123456", "http123456/$default"]);
    let plan = manage(&repository).plan_to_assign(&name("orders"), &wanted).await.expect("a plan");
    let covered: Vec<(String, &str)> = plan.covered.iter().map(|(api, by)| (api.to_string(), by.as_str())).collect();
    let expected = [("abcdef1234/prod", "abcdef1234/prod"), ("http123456/$default", "http123456/*")];
    assert_eq!(covered, expected.map(|(api, by)| (api.to_owned(), by)));
    let plan = manage(&repository).plan_to_assign(&name("orders"), &wanted[..1]).await.expect("a plan");
    assert_eq!((plan.write.change(), plan.write.text.as_str()), (Change::Unchanged, DOCUMENT));
}

#[tokio::test]
async fn an_api_is_unassigned_as_it_is_written_and_the_last_one_stays() {
    let repository = holding(&DOCUMENT.replace("abcdef1234/prod", "abcdef1234/prod\", \"http123456/*"));
    let unassign = async |texts: &[&str]| manage(&repository).plan_to_unassign(&name("orders"), &apis(texts)).await;
    assert_eq!(unassign(&["http123456"]).await.expect("a plan").text, DOCUMENT);
    let line = unassign(&["http123456/prod"]).await.expect_err("refused").to_string();
    assert!(line.contains("which has `abcdef1234/prod`, `http123456/*`"), "{line}");
    let line = unassign(&["http123456", "abcdef1234/prod"]).await.expect_err("refused").to_string();
    assert!(line.contains("`profiles delete orders`"), "{line}");
}

#[tokio::test]
async fn a_profile_that_is_not_there_or_has_no_list_cannot_be_edited() {
    let repository = holding("{");
    let missing = manage(&repository).plan_to_assign(&name("returns"), &apis(&["a"])).await.expect_err("refused");
    assert!(matches!(missing, ManageError::NotFound { .. }), "{missing}");
    let broken = manage(&repository).plan_to_assign(&name("orders"), &apis(&["a"])).await.expect_err("refused");
    assert!(matches!(broken, ManageError::NoApis { .. }), "{broken}");
}

#[tokio::test]
async fn what_is_too_large_for_a_standard_parameter_stays_in_an_advanced_one() {
    let repository = holding(&DOCUMENT.replace("api://orders", &format!("api://{}", "o".repeat(4_096))));
    let plan = manage(&repository).plan_to_assign(&name("orders"), &apis(&["http123456"])).await.expect("a plan");
    manage(&repository).write(&plan.write, Tier::Standard).await.expect("written");
    assert_eq!(repository.at("orders").expect("stored").1, Tier::Advanced);
}

#[test]
fn an_api_without_a_stage_is_every_stage_of_it() {
    for (text, pattern) in [("a1", "a1/*"), ("a1/prod", "a1/prod"), ("a1/$default", "a1/$default"), ("*", "*")] {
        assert_eq!(parse_api(text).map(|api| api.to_string()).as_deref(), Some(pattern));
    }
    for text in ["", "a b", "a/b/c", "https://a1.execute-api.eu-west-1.amazonaws.com/prod"] {
        assert_eq!(parse_api(text), None, "{text}");
    }
}
