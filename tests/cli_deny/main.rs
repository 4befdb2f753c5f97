//! `profiles deny` as an operator meets it, over a folder and over SSM.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

use serde_json::{Value, json};
use support::{Moto, PATIENCE, Process};
use tempfile::TempDir;

/// Where the list is kept, as `profiles` is told of it.
struct Place {
    arguments: Vec<String>,
    environment: Vec<(&'static str, &'static str)>,
    location: String,
    _folder: Option<TempDir>,
}

fn folder() -> Place {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().to_str().expect("a path that is text").to_owned();
    Place {
        arguments: vec!["--store".to_owned(), format!("file:{path}")],
        environment: vec![],
        location: format!("{path}/deny.json"),
        _folder: Some(folder),
    }
}

async fn ssm() -> Place {
    let moto = Moto::shared().await;
    let root = moto.fresh_root();
    let arguments = ["--root", &root, "--endpoint-url", &moto.endpoint(), "--region", "eu-west-1"];
    Place {
        arguments: arguments.map(str::to_owned).to_vec(),
        environment: vec![("AWS_ACCESS_KEY_ID", "test"), ("AWS_SECRET_ACCESS_KEY", "test")],
        location: format!("{root}/deny"),
        _folder: None,
    }
}

impl Place {
    async fn run(&self, arguments: &[&str]) -> (Option<i32>, String, String) {
        let place = self.arguments.iter().map(String::as_str);
        let all: Vec<&str> = ["deny"].into_iter().chain(arguments.iter().copied()).chain(place).collect();
        let process = Process::start(env!("CARGO_BIN_EXE_profiles"), &all, self.environment.iter().copied());
        let status = process.wait_exit(PATIENCE).await;
        (status.code(), process.stdout(), process.stderr())
    }

    async fn json(&self, arguments: &[&str]) -> Value {
        let (status, out, err) = self.run(&[arguments, &["--output", "json"]].concat()).await;
        assert_eq!(status, Some(0), "{out}{err}");
        serde_json::from_str(&out).expect("JSON")
    }
}

#[tokio::test]
async fn entries_are_added_listed_and_removed_in_both_stores() {
    for place in [folder(), ssm().await] {
        assert_eq!(place.run(&["list"]).await.1, "nobody is kept out\n");
        let added = place.json(&["add", "--cid", "0oa1", "--cid", "0oa2", "--kid", "old-key"]).await;
        let list = json!({"cid": ["0oa1", "0oa2"], "sub": [], "jti": [], "kid": ["old-key"]});
        assert_eq!(added, json!({"location": place.location, "changed": 3, "list": list}));
        assert_eq!(place.json(&["add", "--cid", "0oa1"]).await["changed"], 0, "it is there already");
        let (_, listed, _) = place.run(&["list"]).await;
        assert_eq!(listed, "KIND  VALUE\ncid   0oa1\ncid   0oa2\nkid   old-key\n");
        let (status, removed, _) = place.run(&["remove", "--cid", "0oa1", "--kid", "old-key"]).await;
        assert_eq!(status, Some(0));
        assert!(removed.contains("2 changed") && removed.contains("PROFILE_TTL_SECONDS"), "{removed}");
        assert_eq!(place.json(&["list"]).await["list"]["cid"], json!(["0oa2"]));
    }
}

#[tokio::test]
async fn wrong_usage_is_status_2_and_a_list_that_is_broken_is_not_overwritten() {
    let place = folder();
    for arguments in [&["add"][..], &["add", "--cid", ""], &["add", "--cid", " 0oa1"], &["remove"], &["frob"]] {
        assert_eq!(place.run(arguments).await.0, Some(2), "{arguments:?}");
    }
    std::fs::write(&place.location, "{").expect("a file");
    let (status, _, error) = place.run(&["add", "--cid", "0oa1"]).await;
    assert_eq!((status, error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.starts_with("profiles: the deny list is not an object of the arrays"), "{error}");
    assert_eq!(std::fs::read_to_string(&place.location).expect("a file"), "{");
}

#[tokio::test]
async fn a_store_that_cannot_be_reached_is_one_line_and_its_causes_are_told_to_those_who_ask() {
    let mut place = ssm().await;
    place.arguments[3] = "http://127.0.0.1:1".to_owned();
    let (status, _, error) = place.run(&["list"]).await;
    assert_eq!((status, error.lines().count()), (Some(1), 1), "{error}");
    assert!(error.contains(&place.location) && error.contains("cannot be read"), "{error}");
    let (_, _, verbose) = place.run(&["list", "-v"]).await;
    assert!(verbose.lines().count() > 1 && verbose.contains("because: "), "{verbose}");
}
