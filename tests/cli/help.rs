//! `--help` of every verb has an example, and every example works.

use crate::world::{World, document, finish};

/// Those whose examples need neither Okta nor a terminal; `tests/cli_test` tries the others.
const VERBS: [&str; 14] = [
    "init",
    "lint",
    "put",
    "show",
    "list",
    "assign",
    "unassign",
    "diff",
    "delete",
    "schema",
    "policy",
    "deny",
    "completions",
    "man",
];

/// The lines of a help text that are commands.
fn examples(help: &str) -> Vec<String> {
    help.lines().filter_map(|line| line.strip_prefix("  profiles ")).map(str::to_owned).collect()
}

#[tokio::test]
async fn every_verbs_help_has_an_example_and_each_of_them_works() {
    for verb in VERBS {
        let world = World::folder();
        let help = world.run(&[verb, "--help"]).await.fine();
        let examples = examples(&help);
        assert!(!examples.is_empty(), "{help}");
        for example in examples {
            let orders = document().to_string();
            world.write("orders.yaml", &orders);
            std::fs::create_dir_all(world.folder.path().join("my-profiles")).expect("a folder");
            world.write("my-profiles/orders.json", &orders);
            world.put_document("orders", &orders.replace("[\"abc", "[\"zyxwvu9876/test\",\"abc")).await;
            if verb == "diff" {
                world.put_document("orders", &orders).await;
            }
            let mut shell = std::process::Command::new("/bin/sh");
            let line = format!("\"$PROGRAM\" {example}");
            shell.args(["-c", &line]).env_clear().envs(world.environment()).current_dir(world.folder.path());
            shell.env("PROGRAM", env!("CARGO_BIN_EXE_profiles")).stdin(std::process::Stdio::null());
            let run = finish(shell).await;
            assert_eq!((run.status, run.stderr.as_str()), (Some(0), ""), "profiles {example}\n{}", run.stdout);
        }
    }
}

#[tokio::test]
async fn the_help_lists_every_verb() {
    let help = World::folder().run(&["--help"]).await.fine();
    for verb in VERBS {
        assert!(help.lines().any(|line| line.starts_with(&format!("  {verb} "))), "{verb}: {help}");
    }
}
