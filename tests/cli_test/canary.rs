//! Threat 60: over everything that every verb of the command line prints, and every file that it leaves, no token and no secret.

use std::collections::BTreeSet;
use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::json;

use crate::support::{CLIENT_ID, CLIENT_SECRET, Canaries, OTHER_SCOPE, SCOPE};
use crate::world::World;

/// A secret that is not the client's.
const WRONG_SECRET: &str = "canary-wrong-secret-0b7e55";
/// What an operator might paste into a document, where it does not belong.
const MISPLACED_SECRET: &str = "canary-misplaced-secret-51d0c4";
/// What an operator might take for a proof.
const PROOF: &str = "canary-proof-header.canary-proof-payload-2ab4.canary-proof-signature";
/// Verbs that run until they are stopped, and the test that stops them.
const ELSEWHERE: [(&str, &str); 2] = [("local", "tests/local/canary.rs"), ("console", "tests/console/doors.rs")];

/// One run: its verb comes first.
struct Run {
    arguments: Vec<String>,
    input: String,
}

/// What the runs are given: files that hold secrets are in `inputs`, whatever a run leaves is in `left`.
struct Bench {
    inputs: tempfile::TempDir,
    left: tempfile::TempDir,
}

/// Threat 60.
#[tokio::test]
async fn no_verb_prints_or_leaves_a_token_or_a_secret_at_the_usual_level() {
    run_all(World::folder().await, "info").await;
}

/// Threat 60: an operator may turn everything on.
#[tokio::test]
async fn no_verb_prints_or_leaves_a_token_or_a_secret_at_the_most_talkative_level() {
    run_all(World::folder().await, "trace").await;
    run_all(World::ssm().await, "trace").await;
}

/// Threat 60: with Okta out of reach, an error has a cause, and the cause must not hold what was sent.
#[tokio::test]
async fn no_verb_prints_or_leaves_a_token_or_a_secret_while_okta_is_down() {
    let mut world = World::folder().await;
    let bench = Bench::new(&world);
    let runs = runs(&world, &bench);
    world.okta_goes_down();
    play(&world, &bench, &runs, "trace").await;
}

/// A verb that nobody put into the run fails this, and so does a program without a run.
#[tokio::test]
async fn every_verb_and_every_program_is_in_the_run() {
    let world = World::folder().await;
    let bench = Bench::new(&world);
    let help = world.run(&["--help"], "").await.stdout;
    let commands =
        help.split("Commands:\n").nth(1).and_then(|rest| rest.split("\n\n").next()).expect("a list of verbs");
    let verbs: BTreeSet<&str> = commands.lines().filter_map(|line| line.split_whitespace().next()).collect();
    assert!(verbs.len() > 10, "{commands}");
    let runs = runs(&world, &bench);
    let played = runs.iter().map(|run| run.arguments[0].as_str()).chain(ELSEWHERE.map(|(verb, _)| verb));
    assert_eq!(played.collect::<BTreeSet<_>>(), verbs);

    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    for (_, test) in ELSEWHERE {
        assert!(root.join(test).is_file(), "{test}");
    }
    for program in files(&root.join("src/bin")) {
        let program = program.file_stem().unwrap().to_str().unwrap();
        let test = if program == "profiles" { "cli_test" } else { program };
        assert!(root.join(format!("tests/{test}/canary.rs")).is_file(), "`{program}` has no canary run");
    }
}

async fn run_all(world: World, level: &str) {
    let bench = Bench::new(&world);
    let runs = runs(&world, &bench);
    play(&world, &bench, &runs, level).await;
}

async fn play(world: &World, bench: &Bench, runs: &[Run], level: &str) {
    let mut canaries = Canaries::default();
    for (what, secret) in
        [("a wrong secret", WRONG_SECRET), ("a misplaced secret", MISPLACED_SECRET), ("a proof", PROOF)]
    {
        canaries.secret(what, secret);
    }
    for run in runs.iter().filter(|run| run.input.split('.').count() == 3) {
        canaries.token("a token", run.input.trim());
    }
    canaries.secret("the client's secret", CLIENT_SECRET);
    let mut statuses = BTreeSet::new();
    for run in runs {
        let arguments: Vec<&str> = run.arguments.iter().map(String::as_str).collect();
        let set_up = |command: &mut Command| {
            let left = bench.left.path();
            command.env("RUST_LOG", level).env("HOME", left).env("TMPDIR", left).current_dir(left);
        };
        let ran = world.run_set_up(&arguments, &run.input, set_up).await;
        let told = format!("{}\n{}", ran.stdout, ran.stderr);
        assert!(!told.contains("panicked"), "{arguments:?}: {told}");
        canaries.assert_absent_from(&format!("the output of {arguments:?}"), &told);
        statuses.insert(ran.status);
    }
    let every = [Some(0), Some(1), Some(2)];
    assert!(every.iter().all(|status| statuses.contains(status)), "good and failing ways: {statuses:?}");
    for path in files(bench.left.path()) {
        let text = String::from_utf8_lossy(&fs::read(&path).expect("a file")).into_owned();
        canaries.assert_absent_from(&path.display().to_string(), &text);
    }
}

impl Bench {
    fn new(world: &World) -> Self {
        let bench =
            Self { inputs: tempfile::tempdir().expect("a folder"), left: tempfile::tempdir().expect("a folder") };
        let document = world.document();
        let mut misplaced = document.clone();
        misplaced["clientSecret"] = json!(MISPLACED_SECRET);
        let event = json!({
            "type": "TOKEN", "authorizationToken": format!("Bearer {}", world.okta.issue(CLIENT_ID, &[SCOPE])),
            "methodArn": "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders",
        });
        for (name, text) in [("good.json", document), ("misplaced.json", misplaced), ("event.json", event)] {
            fs::write(bench.inputs.path().join(name), text.to_string()).expect("a file");
        }
        fs::write(bench.inputs.path().join("proof.txt"), PROOF).expect("a file");
        bench
    }

    fn input(&self, name: &str) -> String {
        self.inputs.path().join(name).display().to_string()
    }
}

/// Every verb, in ways that work and in ways that fail; what deletes comes last.
fn runs(world: &World, bench: &Bench) -> Vec<Run> {
    let (good, misplaced) = (bench.input("good.json"), bench.input("misplaced.json"));
    let misplaced_text = fs::read_to_string(&misplaced).expect("a file");
    let token = world.okta.issue(CLIENT_ID, &[SCOPE]);
    let lacking = world.okta.issue(CLIENT_ID, &[OTHER_SCOPE]);
    let tampered = format!("{}AAAA", &token[..token.len() - 4]);
    let (event, proof) = (bench.input("event.json"), bench.input("proof.txt"));
    let run = |arguments: &[&str], input: &str| Run {
        arguments: arguments.iter().map(|argument| (*argument).to_owned()).collect(),
        input: input.to_owned(),
    };
    let mut runs = vec![
        run(&["init", "billing"], ""),
        run(&["init", "billing"], ""),
        run(&["lint", &good], ""),
        run(&["lint", &misplaced], ""),
        run(&["lint", "-"], &misplaced_text),
        run(&["lint"], ""),
        run(&["put", "orders", &good, "--client-id", CLIENT_ID, "--yes"], CLIENT_SECRET),
        run(&["put", "orders", &good, "--client-id", CLIENT_ID, "--yes", "--output", "json"], CLIENT_SECRET),
        run(&["put", "orders", &good, "--client-id", CLIENT_ID, "--yes"], &format!("{WRONG_SECRET}\n{WRONG_SECRET}\n")),
        run(&["put", "orders", &good, "--client-id", CLIENT_ID], CLIENT_SECRET),
        run(&["put", "fresh", &misplaced, "--yes"], ""),
        run(&["put", "fresh", "-", "--yes"], &misplaced_text),
        run(&["put", "orders", &good, "--client-secret", WRONG_SECRET], ""),
        run(&["put", "orders", &good, "--client-id", CLIENT_ID, "--yes"], CLIENT_SECRET),
        run(&["show", "orders"], ""),
        run(&["show", "orders", "--output", "json"], ""),
        run(&["show", "nobody"], ""),
        run(&["list"], ""),
        run(&["list", "--output", "json"], ""),
        run(&["diff", "orders", &good], ""),
        // That a file is shown beside what is stored is what the verb is for; so its own file holds no secret.
        run(&["diff", "nobody", &misplaced], ""),
        run(&["assign", "orders", "zyxwvu9876/test"], ""),
        run(&["assign", "nobody", "zyxwvu9876/test"], ""),
        run(&["unassign", "orders", "zyxwvu9876/test"], ""),
        run(&["policy", "orders", "--cid", CLIENT_ID, "--scope", SCOPE], ""),
        run(&["policy", "nobody", "--cid", CLIENT_ID], ""),
        run(&["deny", "add", "--cid", "0oa9other"], ""),
        run(&["deny", "list"], ""),
        run(&["deny", "remove", "--cid", "0oa9other"], ""),
        run(&["schema"], ""),
        run(&["completions", "bash"], ""),
        run(&["completions", "none"], ""),
        run(&["man"], ""),
        run(&["help", "put"], ""),
        run(&["test", "orders"], ""),
        run(&["test", "orders", "--client-id", CLIENT_ID], CLIENT_SECRET),
        run(&["test", "orders", "--client-id", CLIENT_ID, "--verbose"], WRONG_SECRET),
        run(&["test", "nobody", "--verbose"], ""),
        // As an argument it is in the shell's history already; it need not be on the screen and in a log as well.
        run(&["test", "orders", "--token", &token], ""),
        run(&["explain", &token], ""),
    ];
    for token in [&token, &lacking, &tampered] {
        runs.extend([
            run(&["test", "orders", "--token", "-"], token),
            run(&["test", "orders", "--token", "-", "--output", "json"], token),
            run(&["explain", "-"], token),
            run(&["explain", "-"], &format!("Bearer {token}")),
            run(&["explain", "-", "--offline", "--profile", "orders", "--output", "json"], token),
            run(&["explain", "-", "--event", &event], token),
            run(&["explain", "-", "--event", &event, "--dpop", &proof], &format!("DPoP {token}")),
        ]);
    }
    runs.extend([run(&["delete", "orders", "--yes"], ""), run(&["delete", "orders", "--yes"], "")]);
    runs
}

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).expect("a folder").map(|entry| entry.expect("an entry").path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}
