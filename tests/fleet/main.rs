//! Small fleets in simulated time: the goals of `docs/capacity.md` hold where they have to, and a start beyond SSM's
//! limit is said to be one.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../../examples/fleet/simulation/mod.rs"]
mod simulation;

mod source;

use clap::Parser as _;

use simulation::fleet;
use simulation::ledger::{Counts, Ledger, Phase};
use simulation::options::Options;
use simulation::outcome::Cause;
use simulation::report::verdicts;

/// A quiet fleet: 20 sandboxes with 50 profiles and a request a second each, of which one in a thousand is made up; no
/// rotation and no outage where `more` does not say so.
fn options(more: &str) -> Options {
    let quiet =
        "fleet --sandboxes 20 --requests-per-second 20 --made-up-per-million 1000 --rotation none --outage-minutes 0";
    let mut arguments: Vec<&str> = quiet.split_whitespace().collect();
    // What is said later takes the place of what was said before.
    for pair in more.split_whitespace().collect::<Vec<_>>().chunks(2) {
        if let Some(at) = arguments.iter().position(|argument| argument == &pair[0]) {
            arguments.drain(at..at + 2);
        }
        arguments.extend(pair);
    }
    Options::try_parse_from(arguments).expect("a command line")
}

fn simulate(more: &str) -> Ledger {
    fleet::run(&options(more)).expect("a simulation")
}

fn total(ledger: &Ledger, number: impl Fn(&Counts) -> u64) -> u64 {
    Phase::ALL.iter().map(|phase| number(ledger.of(*phase))).sum()
}

fn okta_calls(ledger: &Ledger, cause: Cause) -> u64 {
    total(ledger, |counts| counts.okta_for(cause))
}

/// Simulates, and holds it to every goal.
fn assert_goals_hold(more: &str) -> Ledger {
    let (options, ledger) = (options(more), simulate(more));
    for verdict in verdicts(&ledger, &options) {
        assert!(verdict.by_design, "`{}` has to hold with {more}", verdict.goal);
        assert!(verdict.holds, "{}: {}, with {more}", verdict.goal, verdict.found);
    }
    assert!(total(&ledger, |counts| counts.requests) > 50_000, "there were requests");
    ledger
}

#[test]
fn in_the_steady_state_every_goal_holds_and_nothing_is_throttled() {
    let ledger = assert_goals_hold("--minutes 120");
    let steady = ledger.of(Phase::Steady);
    assert!(steady.ssm.total > 0 && steady.throttled == 0 && steady.failed_loads == 0);
    // 20 sandboxes, six calls for documents every 225 s at the earliest, and five more for key sets every 45 minutes.
    let most = 20.0 * (6.0 / 225.0 + 5.0 / (45.0 * 60.0)) * steady.lasted.as_secs_f64();
    assert!((steady.ssm.total as f64) < most, "{} calls to SSM, more than {most}", steady.ssm.total);
}

#[test]
fn a_planned_rotation_that_is_published_two_hours_ahead_asks_nothing_of_okta() {
    let ledger = assert_goals_hold("--rotation planned --rotation-at 150 --lead-minutes 130 --minutes 240");
    assert_eq!(okta_calls(&ledger, Cause::NewKey), 0);
}

#[test]
fn a_new_key_that_signs_at_once_is_fetched_once_by_each_sandbox_that_meets_it_and_nobody_is_refused() {
    for rotation in ["emergency --rotation-at 30", "planned --rotation-at 30 --lead-minutes 5"] {
        let ledger = assert_goals_hold(&format!("--rotation {rotation} --made-up-per-million 0 --minutes 60"));
        let fetches = okta_calls(&ledger, Cause::NewKey);
        assert!(0 < fetches && fetches <= 20 * 5, "{fetches} fetches by 20 sandboxes from 5 issuers: {rotation}");
    }
}

#[test]
fn an_outage_of_okta_between_two_runs_of_keys_is_not_noticed_even_by_sandboxes_that_start_in_it() {
    let ledger = assert_goals_hold("--outage-from 25 --outage-minutes 50 --minutes 120 --replaced-per-minute 1");
    let outage = ledger.of(Phase::Outage);
    assert!(outage.starts > 20, "{} sandboxes started", outage.starts);
    assert_eq!(outage.okta_for(Cause::StoredKeysAge), 0);
}

#[test]
fn where_key_sets_come_with_every_refresh_an_outage_that_stops_one_run_of_keys_asks_nothing_of_okta() {
    let ledger = assert_goals_hold("--profiles 4 --outage-from 50 --outage-minutes 60 --minutes 240");
    assert!(total(&ledger, |counts| counts.keys_failed) == 4, "one run failed");
}

#[test]
fn hours_without_ssm_refuse_no_request_once_the_profiles_are_loaded_and_do_not_hammer_it() {
    let ledger =
        simulate("--sandboxes 10 --requests-per-second 10 --ssm-outage-from 2 --ssm-outage-minutes 360 --minutes 362");
    assert_eq!(ledger.refused(), 0);
    assert!(total(&ledger, |counts| counts.failed_loads) > 0);
    // Eleven calls of at most eight attempts, each pause four minutes long in the end.
    let most = 10.0 * 11.0 * 8.0 * (360.0 / 4.0 + 4.0);
    let asked = total(&ledger, |counts| counts.ssm.total) as f64;
    assert!(asked < most, "{asked} calls to SSM, more than {most}");
}

#[test]
fn made_up_kids_cause_one_fetch_for_each_issuer_and_sandbox_in_30_seconds_at_most() {
    let ledger = assert_goals_hold("--made-up-per-million 500000 --minutes 60");
    let fetches = okta_calls(&ledger, Cause::MadeUpKid);
    let most = 20 * 5 * (60 * 60 / 30 + 1);
    assert!(0 < fetches && fetches <= most, "{fetches} fetches, more than {most}");
}

#[test]
fn a_start_beyond_the_limit_is_told_as_what_it_is_and_comes_to_an_end() {
    let storm = "--sandboxes 100 --requests-per-second 100 --minutes 3";
    let (text, as_wanted) = simulation::run(&options(&format!("{storm} --seed 2"))).expect("a simulation");
    assert!(as_wanted, "nothing was to be checked");
    for expected in [
        "| ... `profiles_unavailable` |",
        "No request is refused for a reason of ours: **missed**",
        "the start takes 1,100 calls, and SSM answers 440 meanwhile",
        "In the steady state SSM is asked within its limit, retries included: **holds**",
    ] {
        assert!(text.contains(expected), "no `{expected}` in:\n{text}");
    }
    assert!(simulate(storm).refused() > 0);
}

#[test]
fn what_has_to_hold_and_does_not_fails_the_check() {
    // SSM can answer the calls of the start, but no call is made again where two starts meet.
    let impatient = Options { check: true, ..options("--sandboxes 40 --minutes 2 --max-attempts 1") };
    let (text, as_wanted) = simulation::run(&impatient).expect("a simulation");
    assert!(!as_wanted && text.contains("**missed**"), "{text}");
}

#[test]
fn the_largest_start_is_what_ssm_answers_meanwhile_divided_by_the_calls_of_one_start() {
    let largest = Options { largest_start: true, ..options("--made-up-per-million 0") };
    let (row, _) = simulation::run(&largest).expect("a simulation");
    let sandboxes: usize = row.split('|').nth(4).expect("a cell").trim().parse().expect("a number");
    // Forty calls a second, eleven for each start, for ten seconds and those in which the calls are tried again.
    assert!((36..=60).contains(&sandboxes), "{row}");
}

#[test]
fn the_same_seed_gives_the_same_numbers() {
    let run = |seed: u64| simulate(&format!("--minutes 20 --sandboxes 60 --seed {seed}"));
    assert!(run(1) == run(1), "another run with the same seed");
    assert!(run(1) != run(2), "a run with another seed");
}
