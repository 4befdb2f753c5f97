//! At a terminal: a question before something is replaced, a secret without echo, and answers for a new document.

use rexpect::session::{PtySession, spawn_command};

use crate::world::{World, document};

const PATIENCE_MS: u64 = 30_000;
const SECRET: &str = "canary-of-the-secret-9c1d";

fn at_a_terminal(world: &World, arguments: &[&str]) -> PtySession {
    // rexpect gives it a terminal in place of the closed standard input.
    let mut command = std::process::Command::new(env!("CARGO_BIN_EXE_profiles"));
    command.args(arguments).env_clear().current_dir(world.folder.path()).envs(world.environment());
    spawn_command(command, Some(PATIENCE_MS)).expect("a terminal")
}

fn rest(mut session: PtySession) -> (String, bool) {
    let output = session.exp_eof().expect("an end");
    // The type is nix's, which rexpect does not hand on: `Exited(Pid(1), 0)`.
    let status = format!("{:?}", session.process().wait().expect("a status"));
    (output, status.starts_with("Exited(") && status.ends_with(", 0)"))
}

#[tokio::test]
async fn what_replaces_something_is_asked_about_and_only_y_is_a_yes() {
    for (answer, is_yes) in [("", false), ("n", false), ("sure", false), ("y", true), ("Yes", true)] {
        let world = World::folder();
        world.put_document("orders", &document().to_string()).await;
        world.write("orders.json", &document().to_string().replace("CustomScope", "OtherScope"));
        let mut session = at_a_terminal(&world, &["put", "orders", "orders.json"]);
        session.exp_string("OtherScope").expect("the difference");
        session.exp_string("Replace `store/orders.json`? [y/N] ").expect("the question");
        session.send_line(answer).expect("an answer");
        let (output, is_fine) = rest(session);
        assert_eq!(is_fine, is_yes, "{answer}: {output}");
        assert_eq!(
            world.document("orders").await.expect("stored").contains("OtherScope"),
            is_yes,
            "{answer}: {output}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_typed_without_being_shown() {
    let world = World::folder();
    world.put_document("orders", &document().to_string()).await;
    let mut session = at_a_terminal(&world, &["put", "orders", "--client-id", "0oa1"]);
    session.exp_string("Secret of the client 0oa1 (it is not shown): ").expect("the question");
    session.send_line(SECRET).expect("an answer");
    let (output, is_fine) = rest(session);
    assert!(is_fine && !output.contains("canary"), "{output}");
    assert!(world.client("orders").await.expect("a client").contains(SECRET));
}

#[tokio::test]
async fn a_new_document_is_asked_for_field_by_field() {
    let world = World::folder();
    let mut session = at_a_terminal(&world, &["init", "orders", "--scope", "CustomScope"]);
    for (prompt, answer) in [
        ("Okta domain, such as acme.okta.com: [yourOktaDomain] ", "acme.okta.com"),
        ("Authorization server id: [default] ", ""),
        ("Audience: [api://orders] ", "api://other"),
    ] {
        session.exp_string(prompt).expect("the question");
        session.send_line(answer).expect("an answer");
    }
    let (output, is_fine) = rest(session);
    assert!(is_fine, "{output}");
    let text = std::fs::read_to_string(world.folder.path().join("orders.yaml")).expect("written");
    for expected in ["issuer: \"https://acme.okta.com/oauth2/default\"", "  - \"api://other\"", "  - \"CustomScope\""] {
        assert!(text.contains(expected), "{text}");
    }
}
