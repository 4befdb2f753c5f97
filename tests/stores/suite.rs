//! What every store does alike: each check is a test of the folder and a test of SSM.

use okta_security_profiles::domain::oauth::client_credentials::ClientAuthentication;
use okta_security_profiles::ports::key_set_store::KeySetStore as _;
use okta_security_profiles::ports::profile_store::{
    LoadRequest, LoadedProfiles, MissingProfile, ProfileSelection, ProfileStore, ProfileStoreError, StoredProfile,
};

use crate::bench::{Bench, Folder, Ssm, name, named};
use crate::support::PATIENCE;

/// Makes one test for each store of each check below.
macro_rules! for_each_store {
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

for_each_store! {
    an_empty_place_holds_no_profile,
    all_profiles_are_found_in_the_order_of_their_names,
    named_profiles_are_found_in_the_order_in_which_they_are_named,
    a_missing_profile_is_told_by_name_and_place,
    a_stored_key_set_comes_with_its_profile_and_only_with_it,
    more_profiles_than_one_call_takes_are_all_found,
    what_is_no_profile_is_ignored,
    a_document_comes_as_it_was_written,
    a_client_is_read_where_it_is_asked_for_and_nowhere_else,
    a_malformed_client_is_told_by_its_place_and_nothing_of_it_is_shown,
    the_deny_list_comes_with_the_profiles_and_is_none_of_them,
    a_key_set_that_is_stored_is_read_with_its_profile_and_replaced_as_a_whole,
}

async fn an_empty_place_holds_no_profile<B: Bench>() {
    let bench = B::empty().await;
    let nothing = LoadedProfiles { key_sets_read: true, ..LoadedProfiles::default() };
    assert_eq!(load(&bench, &ProfileSelection::All).await, nothing);
    assert_eq!(load(&bench, &named([])).await, nothing);
}

async fn all_profiles_are_found_in_the_order_of_their_names<B: Bench>() {
    let bench = B::empty().await;
    for profile in ["orders", "returns", "Billing", "orders-2", "a"] {
        bench.put_document(profile, profile).await;
    }
    let loaded = load(&bench, &ProfileSelection::All).await;
    assert_eq!(names(&loaded), ["Billing", "a", "orders", "orders-2", "returns"]);
    assert_eq!(loaded.missing, []);
}

async fn named_profiles_are_found_in_the_order_in_which_they_are_named<B: Bench>() {
    let bench = B::empty().await;
    for profile in ["orders", "returns", "billing"] {
        bench.put_document(profile, profile).await;
    }
    let loaded = load(&bench, &named(["returns", "billing"])).await;
    assert_eq!(names(&loaded), ["returns", "billing"]);
    assert_eq!(loaded.missing, []);
}

async fn a_missing_profile_is_told_by_name_and_place<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "{}").await;
    bench.put_keys("returns", "{}").await;
    let loaded = load(&bench, &named(["returns", "orders", "billing"])).await;
    assert_eq!(names(&loaded), ["orders"]);
    let missing = |profile: &str| MissingProfile { name: name(profile), location: bench.document_location(profile) };
    assert_eq!(loaded.missing, [missing("returns"), missing("billing")]);
}

async fn a_stored_key_set_comes_with_its_profile_and_only_with_it<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "document").await;
    bench.put_keys("orders", "keys of orders").await;
    bench.put_document("returns", "document").await;
    let stored = |profile: &str, key_set: Option<&str>| StoredProfile {
        name: name(profile),
        document: "document".to_owned(),
        key_set: key_set.map(str::to_owned),
    };
    let expected = [stored("orders", Some("keys of orders")), stored("returns", None)];
    for selection in [ProfileSelection::All, named(["orders", "returns"])] {
        assert_eq!(load(&bench, &selection).await.found, expected, "{selection:?}");
    }
}

/// Threat 59: pages and calls of ten each have an end.
async fn more_profiles_than_one_call_takes_are_all_found<B: Bench>() {
    let bench = B::empty().await;
    let profiles: Vec<String> = (1..=25).map(|number| format!("profile-{number:02}")).collect();
    for profile in &profiles {
        bench.put_document(profile, &format!("document of {profile}")).await;
        bench.put_keys(profile, &format!("keys of {profile}")).await;
    }
    let backwards = named(profiles.iter().rev().map(String::as_str));
    for (selection, expected) in
        [(ProfileSelection::All, profiles.clone()), (backwards, profiles.iter().rev().cloned().collect())]
    {
        let loaded = load(&bench, &selection).await;
        assert_eq!(names(&loaded), expected);
        for stored in &loaded.found {
            assert_eq!(stored.document, format!("document of {}", stored.name));
            assert_eq!(stored.key_set, Some(format!("keys of {}", stored.name)));
        }
    }
}

async fn what_is_no_profile_is_ignored<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "{}").await;
    bench.put_keys("orders", "{}").await;
    bench.put_client("orders", "{}").await;
    bench.put_other_things().await;
    assert_eq!(names(&load(&bench, &ProfileSelection::All).await), ["orders"]);
}

async fn a_document_comes_as_it_was_written<B: Bench>() {
    let bench = B::empty().await;
    let document = "{\n  \"description\": \"für „alle“ \\u00e9 \u{1f511}\"\n}\n";
    bench.put_document("orders", document).await;
    assert_eq!(load(&bench, &ProfileSelection::All).await.found[0].document, document);
    assert_eq!(load(&bench, &named(["orders"])).await.found[0].document, document);
}

async fn a_client_is_read_where_it_is_asked_for_and_nowhere_else<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "{}").await;
    bench.put_document("returns", "{}").await;
    bench.put_client("orders", r#"{"clientId": "0oa1", "clientSecret": "canary secret"}"#).await;
    let client = bench.store().client(&name("orders")).await.expect("a readable store").expect("a client");
    let ClientAuthentication::Basic(secret) = &client.authentication else { panic!("HTTP Basic") };
    assert_eq!((client.client_id.as_str(), secret.expose()), ("0oa1", "canary secret"));
    assert!(!format!("{client:?}").contains("canary"), "threat 60");
    for profile in ["returns", "billing"] {
        assert!(bench.store().client(&name(profile)).await.expect("a readable store").is_none(), "{profile}");
    }
    for selection in [ProfileSelection::All, named(["orders"])] {
        assert!(!format!("{:?}", load(&bench, &selection).await).contains("canary"), "{selection:?}");
    }
}

/// Threat 60.
async fn a_malformed_client_is_told_by_its_place_and_nothing_of_it_is_shown<B: Bench>() {
    let bench = B::empty().await;
    for malformed in [
        "canary",
        "{}",
        r#"["canary"]"#,
        r#"{"clientId": "canary"}"#,
        r#"{"clientSecret": "canary"}"#,
        r#"{"clientId": "", "clientSecret": "canary"}"#,
        r#"{"clientId": "0oa1", "clientSecret": 7, "note": "canary"}"#,
        r#"{"clientId": "0oa1", "clientSecret": "canary", "canary": true}"#,
        r#"{"clientId": "0oa1", "clientSecret": "canary"#,
    ] {
        bench.put_client("orders", malformed).await;
        let error = bench.store().client(&name("orders")).await.expect_err("refused");
        let ProfileStoreError::MalformedClient { location } = &error else { panic!("{malformed}: {error}") };
        assert_eq!(*location, bench.client_location("orders"), "{malformed}");
        assert!(error.to_string().contains(location.as_str()), "{error}");
        assert!(!format!("{error} {error:?}").contains("canary"), "{malformed}: {error:?}");
    }
}

async fn the_deny_list_comes_with_the_profiles_and_is_none_of_them<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "{}").await;
    for selection in [ProfileSelection::All, named(["orders"])] {
        assert_eq!(load(&bench, &selection).await.deny_list, None);
    }
    bench.put_document("deny", "the list").await;
    for selection in [ProfileSelection::All, named(["orders"])] {
        let loaded = load(&bench, &selection).await;
        assert_eq!((names(&loaded), loaded.deny_list.as_deref()), (vec!["orders"], Some("the list")), "{selection:?}");
    }
}

async fn a_key_set_that_is_stored_is_read_with_its_profile_and_replaced_as_a_whole<B: Bench>() {
    let bench = B::empty().await;
    bench.put_document("orders", "{}").await;
    for key_set in [format!("long {}", "-".repeat(4_000)), "short".to_owned()] {
        bench.store().store_key_set(&name("orders"), &key_set).await.expect("a store that can be written");
        let loaded = load(&bench, &named(["orders"])).await;
        assert_eq!(loaded.found[0].key_set, Some(key_set));
        assert_eq!(names(&load(&bench, &ProfileSelection::All).await), ["orders"]);
    }
}

async fn load<B: Bench>(bench: &B, selection: &ProfileSelection) -> LoadedProfiles {
    bench.store().load(LoadRequest::everything(selection, PATIENCE)).await.expect("a readable store")
}

fn names(loaded: &LoadedProfiles) -> Vec<&str> {
    loaded.found.iter().map(|stored| stored.name.as_str()).collect()
}
