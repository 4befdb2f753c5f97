//! The map of threats to tests is complete, and every test in it is one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

use std::collections::BTreeSet;
use std::fs;
use std::path::Path;

const THREATS: usize = 74;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every test function's name below a folder.
fn collect_tests(folder: &Path, names: &mut BTreeSet<String>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        if path.is_dir() {
            collect_tests(&path, names);
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let text = fs::read_to_string(&path).expect("a source file");
            for (attribute, function) in text.split("#[").skip(1).filter_map(|rest| rest.split_once("fn ")) {
                let is_test = attribute.starts_with("test]") || attribute.starts_with("tokio::test");
                if is_test || attribute.contains("proptest") {
                    names.extend(function.split_once('(').map(|(name, _)| name.to_owned()));
                }
            }
        }
    }
}

#[test]
fn every_threat_has_tests_and_each_of_them_exists() {
    let mut tests = BTreeSet::new();
    collect_tests(&root().join("src"), &mut tests);
    collect_tests(&root().join("tests"), &mut tests);
    let page = fs::read_to_string(root().join("docs/threat-model.md")).expect("the page");
    let mut mapped = Vec::new();
    for row in page.lines() {
        let Some(number) = row.split('|').nth(1).and_then(|cell| cell.trim().parse::<usize>().ok()) else { continue };
        mapped.push(number);
        let cell = row.trim_end_matches([' ', '|']).rsplit(" | ").next().expect("a cell");
        let names: Vec<&str> = cell.split('`').skip(1).step_by(2).collect();
        assert!(!names.is_empty(), "threat {number} has no test");
        for name in names {
            assert!(tests.contains(name), "threat {number} names `{name}`, which is no test");
        }
    }
    assert_eq!(mapped, (1..=THREATS).collect::<Vec<_>>());
}

/// Threat 74: what is derived from secrets is compared by the cryptographic library, and secrets cannot be compared at all.
#[test]
fn secrets_are_compared_in_constant_time() {
    let read = |path: &str| fs::read_to_string(root().join(path)).expect("a source file");
    let digests = read("src/domain/keyed_hash.rs");
    let comparison = digests.split("impl PartialEq for SecretDigest").nth(1).expect("a comparison of digests");
    assert!(comparison.split("\n}").next().expect("its body").contains("verify_slices_are_equal(&self.0, &other.0)"));
    assert!(!read("src/domain/oauth/secret.rs").contains("PartialEq"), "a secret that `==` would compare");
}
