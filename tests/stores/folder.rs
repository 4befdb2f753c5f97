//! What is particular to the folder: a file system that refuses.

use okta_security_profiles::adapters::file::FileProfileStore;
use okta_security_profiles::ports::profile_store::{LoadRequest, ProfileSelection, ProfileStore, ProfileStoreError};

use crate::bench::{Bench, Folder, name, named};
use crate::support::PATIENCE;

fn place(error: &ProfileStoreError) -> &str {
    match error {
        ProfileStoreError::Unavailable { what, .. } => what,
        other @ (ProfileStoreError::TooManyPages { .. } | ProfileStoreError::MalformedClient { .. }) => {
            panic!("an unavailable store was expected: {other}")
        }
    }
}

#[tokio::test]
async fn a_folder_that_does_not_exist_is_named() {
    let bench = Folder::empty().await;
    let missing = bench.directory.path().join("missing");
    let store = FileProfileStore::new(missing.clone());
    let error =
        store.load(LoadRequest::everything(&ProfileSelection::All, PATIENCE)).await.expect_err("no such folder");
    assert_eq!(place(&error), format!("`{}`", missing.display()));
    let loaded = store
        .load(LoadRequest::everything(&named(["orders"]), PATIENCE))
        .await
        .expect("named profiles are missing, one by one");
    assert_eq!(loaded.missing[0].location, missing.join("orders.json").display().to_string());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_named() {
    let bench = Folder::empty().await;
    for file in ["orders.json", "returns.keys.json", "returns.client.json"] {
        std::fs::create_dir(bench.directory.path().join(file)).expect("a folder where a file belongs");
    }
    bench.put_document("returns", "{}").await;
    for (profile, file) in [("orders", "orders.json"), ("returns", "returns.keys.json")] {
        let error = bench
            .store()
            .load(LoadRequest::everything(&named([profile]), PATIENCE))
            .await
            .expect_err("a folder is no file");
        assert_eq!(place(&error), format!("`{}`", bench.directory.path().join(file).display()));
    }
    let error = bench.store().client(&name("returns")).await.expect_err("a folder is no file");
    assert_eq!(place(&error), format!("`{}`", bench.client_location("returns")));
}
