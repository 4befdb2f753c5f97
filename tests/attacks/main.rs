//! The attack corpus: a good token, changed along every threat of the token and its claims, and the one outcome of each.
//!
//! `corpus` holds all of them; one file for each kind of change adds its own. They are decided in this process through the
//! authorizer's core, with a count of every call to the outside.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../support/mod.rs"]
mod support;

mod algorithms;
mod claims;
mod corpus;
mod differences;
mod differential;
mod encodings;
mod gate;
mod good;
mod identity;
mod json_text;
mod keys;
mod kids;
mod members;
mod numbers;
mod signatures;
mod sizes;
mod wire;
mod world;

use std::collections::{BTreeMap, HashMap};
use std::io::Write as _;
use std::sync::LazyLock;
use std::time::{Duration, Instant};

use crate::corpus::{Corpus, Expected};
use crate::gate::Gate;
use crate::world::{KEYS_URL, OTHER_KEYS_URL, World};

/// The moment at which every token here is presented.
const NOW: u64 = 1_800_000_000;
/// The least number of tokens that the corpus must have.
const LEAST: usize = 2_000;

static WORLD: LazyLock<World> = LazyLock::new(|| World::at(NOW));
static CORPUS: LazyLock<Corpus> = LazyLock::new(|| Corpus::of(&WORLD));

#[test]
fn the_corpus_has_thousands_of_tokens_and_none_of_them_twice() {
    let mut seen = HashMap::new();
    let mut twice = Vec::new();
    for case in &CORPUS.cases {
        if let Some(earlier) = seen.insert(&case.token, &case.name) {
            twice.push(format!("{earlier} = {}", case.name));
        }
    }
    assert!(twice.is_empty(), "{twice:#?}");
    assert!(seen.len() >= LEAST, "only {} tokens", seen.len());
    let allowed = CORPUS.cases.iter().filter(|case| case.expected == Expected::Allowed).count();
    assert!(allowed >= 100, "only {allowed} good tokens: a gate that refuses everything would hardly be noticed");
}

/// Threats 4 to 31: the exact outcome, and nobody is asked but for a `kid` that the issuer's held keys do not have.
#[tokio::test]
async fn every_token_of_the_corpus_comes_to_its_one_outcome_and_nobody_is_asked() {
    let mut wrong = Vec::new();
    let mut by_outcome: BTreeMap<String, usize> = BTreeMap::new();
    let mut times: Vec<(Duration, &str)> = Vec::new();
    for case in &CORPUS.cases {
        // A fresh one for each, so that no token has an earlier one to thank.
        let gate = Gate::open(&WORLD, case.rules).await;
        #[expect(clippy::disallowed_methods, reason = "a figure for people, which nothing hangs on")]
        let began = Instant::now();
        let verdict = gate.decide(&case.token).await;
        times.push((began.elapsed(), &case.name));
        *by_outcome.entry(format!("{:?}", verdict.outcome)).or_default() += 1;
        let asked_rightly = verdict.fetched.len() == case.expected.fetches()
            && verdict.fetched.iter().all(|url| [KEYS_URL, OTHER_KEYS_URL].contains(&url.as_str()))
            && verdict.other_calls == 0;
        if verdict.outcome != case.expected || !asked_rightly {
            wrong.push(format!("{}: expected {:?}, came to {verdict:?}", case.name, case.expected));
        }
    }
    // Figures, past libtest's capture: how long a decision took is for people to read, on a busy machine it proves nothing.
    let mut err = std::io::stderr().lock();
    times.sort_unstable();
    let of = |share: f64| times[(times.len() as f64 * share) as usize].0;
    let (slowest, name) = times[times.len() - 1];
    let _ = writeln!(
        err,
        "attacks: {} tokens; a decision took {:?} in the middle, {:?} at most for 99 of 100, {slowest:?} for `{name}`",
        times.len(),
        of(0.5),
        of(0.99),
    );
    let _ = writeln!(err, "attacks: {by_outcome:?}");
    assert!(wrong.is_empty(), "{} of {}: {:#?}", wrong.len(), CORPUS.cases.len(), &wrong[..wrong.len().min(60)]);
}
