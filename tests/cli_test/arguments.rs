//! What is wrong usage: exit status 2, and a token that was given as an argument is not repeated.

use crate::support::{CLIENT_ID, Canaries};
use crate::world::World;

#[tokio::test]
async fn a_token_as_an_argument_is_refused_and_not_repeated() {
    let world = World::folder().await;
    let token = world.okta.issue(CLIENT_ID, &["CustomScope"]);
    let mut canaries = Canaries::default();
    canaries.token("the token", &token);
    for arguments in [&["test", "orders", "--token", &token][..], &["explain", &token]] {
        let ran = world.run(arguments, "").await;
        assert_eq!(ran.status, Some(2), "{}", ran.stderr);
        assert!(ran.stderr.contains("standard input only"), "{}", ran.stderr);
        canaries.assert_unmentioned_in("the output", &format!("{}\n{}", ran.stdout, ran.stderr));
    }
}

#[tokio::test]
async fn wrong_usage_has_a_status_of_its_own() {
    let world = World::folder().await;
    for (arguments, input) in [
        (&["test"][..], ""),
        (&["test", "no name"], ""),
        (&["test", "orders", "--client-id", "0oa1", "--token", "-"], "a.b.c"),
        (&["test", "orders", "--client-id", "0oa1"], ""),
        (&["explain"], ""),
        (&["explain", "-"], ""),
        (&["policy", "orders"], ""),
        (&["policy", "orders", "--cid", "0oa1", "--api", "abc"], ""),
        (&["policy", "orders", "--cid", "0oa1", "--scope", "a\"b"], ""),
    ] {
        let ran = world.run(arguments, input).await;
        assert_eq!(ran.status, Some(2), "{arguments:?}: {}{}", ran.stdout, ran.stderr);
    }
}
