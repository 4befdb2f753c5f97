//! What every repository does alike for an operator who writes, and what is particular to each.

use okta_security_profiles::domain::oauth::client_credentials::ClientAuthentication;
use okta_security_profiles::domain::oauth::secret::ClientSecret;
use okta_security_profiles::domain::profile::ClientId;
use okta_security_profiles::ports::profile_repository::{
    Expected, Item, ProfileRepository, RepositoryError, Tier, Version, Versioned,
};

use crate::bench::{Bench, Folder, Ssm, name};
use crate::support::SsmAnswers;

/// Makes one test for each repository of each check below.
macro_rules! for_each_repository {
    ($($check:ident,)+) => {
        mod a_folder {
            $(#[tokio::test]
            async fn $check() {
                super::$check::<super::Folder>().await;
            })+
        }
        mod ssm {
            $(#[tokio::test]
            async fn $check() {
                super::$check::<super::Ssm>().await;
            })+
        }
    };
}

for_each_repository! {
    an_item_that_is_written_is_read_with_the_version_that_the_write_returned,
    an_item_is_written_only_where_it_is_as_expected,
    the_names_are_those_of_documents_in_their_order,
    a_deletion_takes_all_of_one_profile_and_nothing_else,
    a_deletion_of_another_version_than_expected_deletes_nothing,
    a_client_is_stored_replaced_and_read,
    a_malformed_client_is_told_by_its_place_alone,
    an_items_place_is_told_as_an_operator_would_look_for_it,
}

fn document(profile: &str) -> Item {
    Item::Document(name(profile))
}

async fn write<B: Bench>(bench: &B, item: &Item, text: &str, expected: Expected) -> Result<Version, RepositoryError> {
    bench.store().write(item, text, expected, Tier::Standard).await
}

async fn read<B: Bench>(bench: &B, item: &Item) -> Option<Versioned> {
    ProfileRepository::read(bench.store(), item).await.expect("a readable repository")
}

async fn an_item_that_is_written_is_read_with_the_version_that_the_write_returned<B: Bench>() {
    let bench = B::empty().await;
    for item in [document("orders"), Item::KeySet(name("orders")), Item::DenyList] {
        assert_eq!(read(&bench, &item).await, None, "{item:?}");
        let first = write(&bench, &item, "{\n}\n", Expected::Nothing).await.expect("written");
        assert_eq!(read(&bench, &item).await, Some(Versioned { text: "{\n}\n".to_owned(), version: first }));
        let second = write(&bench, &item, "{\"é\": 1}", Expected::Version(first)).await.expect("written");
        assert_ne!(first, second);
        assert_eq!(read(&bench, &item).await, Some(Versioned { text: "{\"é\": 1}".to_owned(), version: second }));
    }
}

async fn an_item_is_written_only_where_it_is_as_expected<B: Bench>() {
    let bench = B::empty().await;
    let item = document("orders");
    let conflict = |result: Result<Version, RepositoryError>| {
        let error = result.expect_err("a conflict");
        let RepositoryError::Conflict { location } = error else { panic!("{error}") };
        location
    };
    let location = bench.document_location("orders");
    assert_eq!(
        conflict(write(&bench, &item, "mine", Expected::Version(Version(1))).await),
        location,
        "nothing is there"
    );
    let first = write(&bench, &item, "first", Expected::Nothing).await.expect("written");
    assert_eq!(conflict(write(&bench, &item, "mine", Expected::Nothing).await), location, "something is there");
    bench.put_document("orders", "theirs").await;
    assert_eq!(
        conflict(write(&bench, &item, "mine", Expected::Version(first)).await),
        location,
        "something else is there"
    );
    assert_eq!(read(&bench, &item).await.expect("an item").text, "theirs");
}

async fn the_names_are_those_of_documents_in_their_order<B: Bench>() {
    let bench = B::empty().await;
    assert!(ProfileRepository::names(bench.store()).await.expect("names").is_empty());
    for profile in (1..=12).rev().map(|number| format!("profile-{number:02}")) {
        bench.put_document(&profile, "{ broken").await;
    }
    bench.put_keys("returns", "{}").await;
    bench.put_client("billing", "{}").await;
    bench.put_other_things().await;
    let names = ProfileRepository::names(bench.store()).await.expect("names");
    let expected: Vec<_> = (1..=12).map(|number| name(&format!("profile-{number:02}"))).collect();
    assert_eq!(names, expected);
}

async fn a_deletion_takes_all_of_one_profile_and_nothing_else<B: Bench>() {
    let bench = B::empty().await;
    for profile in ["orders", "orders-2"] {
        bench.put_document(profile, "{}").await;
        bench.put_keys(profile, "{}").await;
        bench.put_client(profile, r#"{"clientId": "0oa1", "clientSecret": "canary secret"}"#).await;
    }
    let version = read(&bench, &document("orders")).await.expect("a document").version;
    bench.store().delete(&name("orders"), version).await.expect("deleted");
    for (profile, is_left) in [("orders", false), ("orders-2", true)] {
        assert_eq!(read(&bench, &document(profile)).await.is_some(), is_left, "{profile}");
        assert_eq!(read(&bench, &Item::KeySet(name(profile))).await.is_some(), is_left, "{profile}");
        let client = ProfileRepository::client(bench.store(), &name(profile)).await.expect("a readable repository");
        assert_eq!(client.is_some(), is_left, "{profile}");
    }
}

async fn a_deletion_of_another_version_than_expected_deletes_nothing<B: Bench>() {
    let bench = B::empty().await;
    let delete = async |version| bench.store().delete(&name("orders"), version).await;
    let error = delete(Version(1)).await.expect_err("nothing is there");
    assert!(matches!(error, RepositoryError::Conflict { .. }), "{error}");
    bench.put_document("orders", "{}").await;
    let seen = read(&bench, &document("orders")).await.expect("a document").version;
    bench.put_document("orders", "theirs").await;
    let error = delete(seen).await.expect_err("something else is there");
    assert!(matches!(error, RepositoryError::Conflict { .. }), "{error}");
    assert_eq!(read(&bench, &document("orders")).await.expect("a document").text, "theirs");
}

async fn a_client_is_stored_replaced_and_read<B: Bench>() {
    let bench = B::empty().await;
    let read = async || ProfileRepository::client(bench.store(), &name("orders")).await.expect("a readable repository");
    assert!(read().await.is_none());
    for (id, secret) in [("0oa1", "canary \"secret\""), ("0oa2", "another canary")] {
        let id = ClientId::new(id).expect("a client id");
        let secret = ClientSecret::new(secret.to_owned());
        bench.store().store_client(&name("orders"), &id, &secret, None).await.expect("stored");
        let client = read().await.expect("a client");
        let ClientAuthentication::Basic(stored) = &client.authentication else { panic!("HTTP Basic") };
        assert_eq!((&client.client_id, stored.expose()), (&id, secret.expose()));
    }
}

/// Threat 60.
async fn a_malformed_client_is_told_by_its_place_alone<B: Bench>() {
    let bench = B::empty().await;
    bench.put_client("orders", r#"{"clientId": "canary"}"#).await;
    let error = ProfileRepository::client(bench.store(), &name("orders")).await.expect_err("refused");
    let RepositoryError::MalformedClient { location } = &error else { panic!("{error}") };
    assert_eq!(*location, bench.client_location("orders"));
    assert!(!format!("{error} {error:?}").contains("canary"), "{error:?}");
}

async fn an_items_place_is_told_as_an_operator_would_look_for_it<B: Bench>() {
    let bench = B::empty().await;
    assert_eq!(bench.store().location(&document("orders")), bench.document_location("orders"));
}

#[tokio::test]
async fn a_write_at_the_same_moment_as_somebody_elses_is_told_with_its_version() {
    let bench = Ssm::empty().await;
    let item = document("orders");
    let first = write(&bench, &item, "first", Expected::Nothing).await.expect("written");
    bench.front.answer_with(SsmAnswers::RepeatWrites);
    let error = write(&bench, &item, "mine", Expected::Version(first)).await.expect_err("overwritten");
    let RepositoryError::Overwritten { location, written } = &error else { panic!("{error}") };
    assert_eq!((location.as_str(), *written), (bench.document_location("orders").as_str(), 3));
    assert!(error.to_string().contains("stays in the history"), "{error}");
}

#[tokio::test]
async fn ssm_takes_4_kb_or_8_kb_and_a_folder_takes_more() {
    let (ssm, folder) = (Ssm::empty().await, Folder::empty().await);
    for (tier, limit) in [(Tier::Standard, 4_096), (Tier::Advanced, 8_192)] {
        let item = document(&format!("profile-{limit}"));
        let error =
            ssm.store().write(&item, &"é".repeat(limit / 2 + 1), Expected::Nothing, tier).await.expect_err("refused");
        let RepositoryError::TooLarge { bytes, limit: told, .. } = &error else { panic!("{error}") };
        assert_eq!((*bytes, *told), (limit + 2, limit));
        ssm.store().write(&item, &"d".repeat(limit), Expected::Nothing, tier).await.expect("written");
    }
    folder
        .store()
        .write(&document("orders"), &"d".repeat(10_000), Expected::Nothing, Tier::Standard)
        .await
        .expect("written");
}

#[tokio::test]
async fn a_folder_that_is_not_there_is_made_by_the_first_write() {
    let bench = Folder::empty().await;
    std::fs::remove_dir(bench.directory.path()).expect("an empty folder");
    let error = ProfileRepository::names(bench.store()).await.expect_err("no folder");
    assert!(error.to_string().contains("it does not exist"), "{error}");
    write(&bench, &document("orders"), "{}", Expected::Nothing).await.expect("written");
    let left: Vec<_> = std::fs::read_dir(bench.directory.path()).expect("a folder").collect();
    assert_eq!(left.len(), 1, "no temporary file stays behind: {left:?}");
}

#[tokio::test]
async fn what_ssm_does_not_do_is_told_with_the_call_its_code_and_a_remedy() {
    let bench = Ssm::empty().await;
    for (code, remedy) in [
        ("AccessDeniedException", "allow it in your IAM policy"),
        ("ExpiredTokenException", "renew your AWS credentials"),
        ("InvalidKeyId", "`--kms-key`"),
        ("InternalError", "`--verbose`"),
    ] {
        bench.front.answer_with(SsmAnswers::Error(400, code));
        let names = ProfileRepository::names(bench.store()).await.expect_err("refused").to_string();
        let written =
            write(&bench, &document("orders"), "{}", Expected::Nothing).await.expect_err("refused").to_string();
        for (line, operation) in [(names, "ssm:GetParametersByPath"), (written, "ssm:PutParameter, ")] {
            assert!(line.contains(operation) && line.contains(code) && line.contains(remedy), "{line}");
        }
    }
}
