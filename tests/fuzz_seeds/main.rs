//! The committed seeds of every fuzz target, through the same functions that `./check --fuzz` feeds, and how much memory each
//! of them asks for.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "in a test a broken assumption is a failed test")]

#[path = "../../fuzz/targets/bearer.rs"]
mod bearer;
#[path = "../../fuzz/targets/dpop.rs"]
mod dpop;
#[path = "../../fuzz/targets/event.rs"]
mod event;
#[path = "../../fuzz/targets/jwt.rs"]
mod jwt;
#[path = "../../fuzz/targets/key_set.rs"]
mod key_set;
#[path = "../../fuzz/targets/policy.rs"]
mod policy;
#[path = "../../fuzz/targets/profile.rs"]
mod profile;
#[path = "../../fuzz/targets/route.rs"]
mod route;

use std::alloc::System;
use std::collections::BTreeSet;
use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};

use stats_alloc::{INSTRUMENTED_SYSTEM, Region, StatsAlloc};

/// Counts what is asked for. Whatever runs beside the one test that measures would be counted too, so it is the only one.
#[global_allocator]
static ALLOCATOR: &StatsAlloc<System> = &INSTRUMENTED_SYSTEM;

/// A target, and how many bytes it may ask for in all, those that it gave back included: so many, and so many for each byte of
/// the input. The checks that the target makes of the result are counted too.
struct Target {
    name: &'static str,
    run: fn(&[u8]),
    base: usize,
    per_byte: usize,
}

const KIB: usize = 1_024;

/// About twice what the seeds need.
const TARGETS: [Target; 8] = [
    Target { name: "bearer", run: bearer::run, base: KIB, per_byte: 16 },
    Target { name: "dpop", run: dpop::run, base: 24 * KIB, per_byte: 256 },
    Target { name: "event", run: event::run, base: 4 * KIB, per_byte: 16 },
    Target { name: "jwt", run: jwt::run, base: 24 * KIB, per_byte: 128 },
    Target { name: "key_set", run: key_set::run, base: 24 * KIB, per_byte: 256 },
    // Its bytes are choices: a handful of them make routes, calls and a policy.
    Target { name: "policy", run: policy::run, base: 1_024 * KIB, per_byte: 0 },
    Target { name: "profile", run: profile::run, base: 24 * KIB, per_byte: 256 },
    // A pattern is matched on a table of its length times the path's; both are bounded.
    Target { name: "route", run: route::run, base: 1_024 * KIB, per_byte: 0 },
];

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// The files of a folder, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut files: Vec<PathBuf> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.sort();
    files
}

#[test]
fn every_seed_of_every_target_holds_and_asks_for_memory_in_proportion_to_its_size() {
    let targets: BTreeSet<String> = TARGETS.iter().map(|target| target.name.to_owned()).collect();
    let names = |folder: &str| -> BTreeSet<String> {
        let files = files(&root().join("fuzz").join(folder)).into_iter();
        files.map(|path| path.file_stem().unwrap().to_str().unwrap().to_owned()).collect()
    };
    assert_eq!(names("targets"), targets, "a target that is not replayed");
    assert_eq!(names("bins"), targets, "a target that is not fuzzed");
    assert_eq!(names("seeds"), targets, "a target without seeds");
    for target in &TARGETS {
        let (mut seeds, mut most) = (0, 0);
        for path in files(&root().join("fuzz/seeds").join(target.name)) {
            let input = fs::read(&path).expect("a seed");
            // What is made once for the whole process belongs to no input.
            let held = std::panic::catch_unwind(|| (target.run)(&input));
            assert!(held.is_ok(), "{} does not hold, see above", path.display());
            let region = Region::new(ALLOCATOR);
            (target.run)(&input);
            let asked = region.change().bytes_allocated;
            let allowed = target.base + target.per_byte * input.len();
            assert!(asked <= allowed, "{}: {asked} bytes for {} of input, over {allowed}", path.display(), input.len());
            (seeds, most) = (seeds + 1, most.max(asked));
        }
        assert!(seeds > 0, "{} has no seed", target.name);
        let _ = writeln!(std::io::stderr(), "fuzz_seeds: {}: {seeds} seeds, {most} bytes at most", target.name);
    }
}
