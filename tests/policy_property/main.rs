//! The property of the policy: evaluated by IAM's rules, it never allows what the direct decision denies.
//!
//! The evaluator is `local::iam`, written from AWS's pages and sharing no code with the policy builder. The cases are random:
//! the seed is printed, and `POLICY_PROPERTY_SEED=seed cargo test --test policy_property` tries the same cases again.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

mod cases;
mod situation;

use std::cell::Cell;
use std::io::Write as _;
use std::net::IpAddr;
use std::sync::OnceLock;

use ipnet::IpNet;
use okta_security_profiles::domain::gateway::policy::Conditions;
use okta_security_profiles::domain::gateway::route::Resolution;
use okta_security_profiles::domain::time::UnixTime;
use proptest::prelude::*;
use proptest::sample::select;
use proptest::test_runner::{Config, RngAlgorithm, TestError, TestRng, TestRunner};

use crate::cases::{granted, ordinary_routes, request, routes};
use crate::situation::{
    MAX_RESOURCE_LENGTH, NOW, STAGE, Situation, allowed_below_stage, lets_through, lets_through_from, resource,
    resources,
};

/// What a policy may take where nothing else is in the answer.
const USUAL_BUDGET: usize = 8_000;
/// More than any policy takes.
const NO_LIMIT: usize = 1_000_000;

/// The seed of this run: `POLICY_PROPERTY_SEED`, or a random one.
fn seed() -> u64 {
    static SEED: OnceLock<u64> = OnceLock::new();
    *SEED.get_or_init(|| {
        #[expect(clippy::disallowed_methods, reason = "a setting of this test, not of the product")]
        let wanted = std::env::var("POLICY_PROPERTY_SEED").ok();
        let seed = wanted.map_or_else(
            || {
                let mut bytes = [0; 8];
                aws_lc_rs::rand::fill(&mut bytes).expect("random bytes");
                u64::from_ne_bytes(bytes)
            },
            |text| text.parse().expect("POLICY_PROPERTY_SEED is a number"),
        );
        // Past libtest's capture, so that the seed of a run that passed is known too.
        let _ = writeln!(std::io::stderr(), "policy_property: POLICY_PROPERTY_SEED={seed}");
        seed
    })
}

/// Tries a property with as many cases. `stream` tells the cases of one property from another's.
fn try_with<S: Strategy>(cases: u32, stream: u8, strategy: S, property: impl Fn(S::Value) -> Result<(), TestCaseError>)
where
    S::Value: std::fmt::Debug,
{
    let mut bytes = [stream; 16];
    bytes[..8].copy_from_slice(&seed().to_le_bytes());
    let config = Config { cases, failure_persistence: None, max_shrink_iters: 20_000, ..Config::default() };
    let mut runner = TestRunner::new_with_rng(config, TestRng::from_seed(RngAlgorithm::XorShift, &bytes));
    match runner.run(&strategy, property) {
        Ok(()) => {}
        Err(TestError::Fail(reason, case)) => panic!("POLICY_PROPERTY_SEED={}: {reason}\n{case:?}", seed()),
        Err(TestError::Abort(reason)) => panic!("{reason}"),
    }
}

fn network([a, b, c]: [u8; 3]) -> IpNet {
    IpNet::from(IpAddr::from([a, b, c, 7]))
}

fn resolution() -> impl Strategy<Value = Resolution> {
    select(&[Resolution::ResourceFirst, Resolution::RouteFirst][..])
}

/// Threat 33.
#[test]
fn a_cached_policy_never_allows_what_a_fresh_call_would_deny() {
    let others = proptest::collection::vec(request(), 1..=16);
    let let_through = Cell::new(0_u64);
    try_with(
        8_000,
        1,
        (routes(8), granted(), resolution(), request(), others),
        |(routes, granted, resolution, call, others)| {
            let situation = Situation::new(&routes, &granted, resolution);
            let call = call.among_routes(&routes);
            let policy = situation.policy(&call, Conditions::default(), USUAL_BUDGET);
            let allowed = allowed_below_stage(&policy);
            for other in others.iter().map(|other| other.among_policy_or_routes(&allowed, &routes)) {
                if lets_through(&policy, &resource(STAGE, &other)) {
                    prop_assert!(situation.may_call(&other), "the policy for {call:?} allows {other:?}\n{policy:#}");
                    let_through.set(let_through.get() + 1);
                }
            }
            Ok(())
        },
    );
    assert!(let_through.get() > 10_000, "only {} requests were allowed: the cases say little", let_through.get());
}

/// Where every call has to prove something of its own, as with DPoP.
#[test]
fn a_policy_for_one_call_allows_that_call_where_it_may_be_made_and_nothing_else() {
    let others = proptest::collection::vec(request(), 1..=8);
    try_with(
        3_000,
        7,
        (routes(8), granted(), resolution(), request(), others),
        |(routes, granted, resolution, call, others)| {
            let situation = Situation::new(&routes, &granted, resolution);
            let call = call.among_routes(&routes);
            let policy = situation.policy_for_call(&call, USUAL_BUDGET);
            let called = resource(STAGE, &call);
            let is_let_through = lets_through(&policy, &called);
            if called.replace("${", "${$}{").chars().count() <= MAX_RESOURCE_LENGTH {
                prop_assert_eq!(is_let_through, situation.may_call(&call), "{:?}", policy);
            }
            let allowed = allowed_below_stage(&policy);
            for other in others.iter().map(|other| other.among_policy_or_routes(&allowed, &routes)) {
                let other = resource(STAGE, &other);
                prop_assert!(other == called || !lets_through(&policy, &other), "{other} with {called}\n{policy:#}");
            }
            Ok(())
        },
    );
}

#[test]
fn a_policy_says_of_the_call_that_asked_for_it_what_was_decided() {
    try_with(5_000, 2, (routes(8), granted(), resolution(), request()), |(routes, granted, resolution, call)| {
        let situation = Situation::new(&routes, &granted, resolution);
        let call = call.among_routes(&routes);
        let policy = situation.policy(&call, Conditions::default(), USUAL_BUDGET);
        let called = resource(STAGE, &call);
        let may_call = situation.may_call(&call);
        let is_let_through = lets_through(&policy, &called);
        prop_assert!(may_call || !is_let_through, "{call:?} is allowed\n{policy:#}");
        // IAM's way to write the characters `${`.
        if called.replace("${", "${$}{").chars().count() <= MAX_RESOURCE_LENGTH {
            prop_assert!(is_let_through == may_call, "{call:?} is denied\n{policy:#}");
        }
        Ok(())
    });
}

/// What `profiles lint` does not name is exact: the policy of any call says of any other what a fresh call would say.
#[test]
fn of_routes_that_lint_does_not_name_policy_and_fresh_call_say_the_same() {
    let others = proptest::collection::vec(request(), 1..=12);
    let exact = Cell::new(0_u64);
    try_with(
        6_000,
        3,
        (routes(6), granted(), resolution(), request(), others),
        |(routes, granted, resolution, call, others)| {
            let situation = Situation::new(&routes, &granted, resolution);
            let named = situation.left_out(NO_LIMIT);
            let call = call.among_routes(&routes);
            // The policy for a path with a wildcard allows nothing at all.
            if call.1.contains(['*', '?']) {
                return Ok(());
            }
            let policy = situation.policy(&call, Conditions::default(), NO_LIMIT);
            for other in others.iter().map(|other| other.among_routes(&routes)).filter(|(_, path)| path.len() <= 100) {
                let is_named = situation.governing(&other).is_some_and(|route| named.contains(route));
                if situation.may_call(&other) && !is_named {
                    let is_let_through = lets_through(&policy, &resource(STAGE, &other));
                    prop_assert!(
                        is_let_through,
                        "the policy for {call:?} denies {other:?}, named: {named:?}\n{policy:#}"
                    );
                    exact.set(exact.get() + 1);
                }
            }
            Ok(())
        },
    );
    assert!(exact.get() > 5_000, "only {} requests were exact: the cases say little", exact.get());
}

#[test]
fn ordinary_routes_are_expressed_exactly() {
    let others = proptest::collection::vec(request(), 1..=12);
    try_with(
        3_000,
        4,
        (ordinary_routes(), granted(), resolution(), request(), others),
        |(routes, granted, resolution, call, others)| {
            let situation = Situation::new(&routes, &granted, resolution);
            prop_assert_eq!(situation.left_out(NO_LIMIT), Vec::<String>::new());
            let call = call.among_routes(&routes);
            // The policy for a path with a wildcard allows nothing at all.
            if call.1.contains(['*', '?']) {
                return Ok(());
            }
            let policy = situation.policy(&call, Conditions::default(), NO_LIMIT);
            let allowed = allowed_below_stage(&policy);
            for other in others.iter().map(|other| other.among_policy_or_routes(&allowed, &routes)) {
                let is_let_through = lets_through(&policy, &resource(STAGE, &other));
                prop_assert!(
                    is_let_through == situation.may_call(&other),
                    "of {other:?} the policy for {call:?} says {is_let_through}\n{policy:#}"
                );
            }
            Ok(())
        },
    );
}

/// Design section 6: what does not fit is denied.
#[test]
fn a_policy_keeps_to_its_budget_and_its_conditions_and_still_allows_nothing_more() {
    let networks = proptest::collection::vec(any::<[u8; 3]>(), 0..=30);
    let setting = (400..8_000_usize, networks, any::<bool>());
    let others = proptest::collection::vec(request(), 1..=6);
    try_with(
        4_000,
        5,
        (routes(8), granted(), resolution(), request(), others, setting),
        |(routes, granted, resolution, call, others, setting)| {
            let (budget, networks, ends) = setting;
            let networks: Vec<IpNet> = networks.into_iter().map(network).collect();
            let conditions = Conditions::new(&networks, ends.then_some(UnixTime::from_seconds(NOW)));
            let situation = Situation::new(&routes, &granted, resolution);
            let call = call.among_routes(&routes);
            let policy = situation.policy(&call, conditions, budget);
            let length = policy.to_string().len();
            prop_assert!(length <= budget, "{length} bytes, not {budget}\n{policy:#}");
            for effect in ["Allow", "Deny"] {
                for resource in resources(&policy, effect) {
                    prop_assert!(resource.chars().count() <= MAX_RESOURCE_LENGTH, "{resource} is too long");
                }
            }
            let inside = networks.first().map_or(IpAddr::from([192, 0, 2, 1]), IpNet::addr);
            let outside = IpAddr::from([0x20, 1, 0xd, 0xb8, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
            let allowed = allowed_below_stage(&policy);
            for other in others.iter().map(|other| other.among_policy_or_routes(&allowed, &routes)) {
                let other_resource = resource(STAGE, &other);
                let asks = |source_ip, now| lets_through_from(&policy, &other_resource, source_ip, now);
                if asks(inside, NOW - 1) {
                    prop_assert!(situation.may_call(&other), "the policy for {call:?} allows {other:?}\n{policy:#}");
                    prop_assert_eq!(asks(outside, NOW - 1), networks.is_empty());
                    prop_assert_eq!(asks(inside, NOW), !ends);
                }
            }
            Ok(())
        },
    );
}

/// Threat 39.
#[test]
fn a_policy_allows_nothing_of_another_api_stage_region_account_or_partition() {
    const ELSEWHERE: [&str; 9] = [
        "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod2/",
        "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/PROD/",
        "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/test/",
        "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/$default/",
        "arn:aws:execute-api:eu-west-1:123456789012:abcdef12345/prod/",
        "arn:aws:execute-api:eu-west-1:123456789012:other12345/prod/",
        "arn:aws:execute-api:eu-west-1:210987654321:abcdef1234/prod/",
        "arn:aws:execute-api:eu-west-2:123456789012:abcdef1234/prod/",
        "arn:aws-cn:execute-api:eu-west-1:123456789012:abcdef1234/prod/",
    ];
    try_with(
        2_000,
        6,
        (routes(4), granted(), resolution(), request(), request()),
        |(routes, granted, resolution, call, other)| {
            let situation = Situation::new(&routes, &granted, resolution);
            let call = call.among_routes(&routes);
            let policy = situation.policy(&call, Conditions::default(), USUAL_BUDGET);
            let other = other.among_policy_or_routes(&allowed_below_stage(&policy), &routes);
            for elsewhere in ELSEWHERE {
                for request in [&call, &other] {
                    let is_let_through = lets_through(&policy, &resource(elsewhere, request));
                    prop_assert!(
                        !is_let_through,
                        "the policy for {call:?} allows {request:?} of {elsewhere}\n{policy:#}"
                    );
                }
            }
            Ok(())
        },
    );
}
