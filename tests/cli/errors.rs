//! What goes wrong is one line that says what to do, and an exit status.

use serde_json::json;

use crate::support::{Moto, SsmAnswers, SsmFront};
use crate::world::{World, document, finish, for_each_store, with};

for_each_store! {
    a_document_that_is_not_valid_is_refused_with_every_reason_and_nothing_is_written,
    what_cannot_be_read_as_a_document_is_refused_with_its_place,
    a_profile_that_is_not_there_is_said_with_its_place,
    a_bad_or_reserved_name_is_wrong_usage,
    a_put_without_anything_to_put_says_what_there_is,
}

async fn a_document_that_is_not_valid_is_refused_with_every_reason_and_nothing_is_written(world: World) {
    let mut broken = document();
    broken["issuer"] = json!("https://yourOktaDomain/oauth2/yourAuthServerId");
    broken["leewaySeconds"] = json!(99);
    world.write("orders.json", &broken.to_string());
    world.write("unknown.json", &with("scope", json!("typo")));
    let line = world.run(&["put", "orders", "orders.json"]).await.failed(1);
    for expected in ["placeholder `yourOktaDomain`", "`leewaySeconds`: `99` is out of range", "; nothing was written"] {
        assert!(line.contains(expected), "{expected}: {line}");
    }
    let line = world.run(&["put", "orders", "unknown.json"]).await.failed(1);
    assert!(line.contains("unknown field `scope`"), "{line}");
    let line = world.run(&["put", "orders", "--issuer", "https://acme.okta.com/oauth2/default"]).await.failed(1);
    assert!(line.contains("field `audiences`: is missing") && line.contains("field `apis`: is missing"), "{line}");
    assert_eq!(world.document("orders").await, None);
}

async fn what_cannot_be_read_as_a_document_is_refused_with_its_place(world: World) {
    world.write("bad.yaml", "version: 1\nversion: 1\n");
    world.write("bad.json", "{\"version\": 1,\n\"version\"");
    world.write("list.yaml", "- 1\n");
    world.write("endless.yaml", &"# comment\n".repeat(110_000));
    for (file, expected) in [
        ("bad.yaml", "`bad.yaml` is not YAML that says a document: "),
        ("bad.json", "line 2"),
        ("list.yaml", "is not a profile document"),
        ("endless.yaml", "`endless.yaml` cannot be read: it has more than 1048576 bytes"),
        ("missing.json", "`missing.json` cannot be read: No such file"),
        (".", "`.` cannot be read: "),
    ] {
        let line = world.run(&["put", "orders", file]).await.failed(1);
        assert!(line.contains(expected), "{file}: {line}");
    }
}

async fn a_profile_that_is_not_there_is_said_with_its_place(world: World) {
    for verb in
        [vec!["show", "orders"], vec!["delete", "orders"], vec!["assign", "orders", "a1"], vec!["lint", "orders"]]
    {
        let line = world.run(&verb).await.failed(1);
        let expected = format!(
            "profiles: there is no profile `orders` at `{}`; `profiles list` shows those that are there",
            world.location("orders")
        );
        assert_eq!(line, expected);
    }
}

async fn a_bad_or_reserved_name_is_wrong_usage(world: World) {
    for (name, expected) in
        [("deny", "is a reserved name: choose another"), ("a/b", "is no profile name"), ("a b", "is no profile name")]
    {
        for verb in [vec!["put", name, "x.json"], vec!["show", name], vec!["delete", name], vec!["assign", name, "a1"]]
        {
            let run = world.run(&verb).await;
            assert_eq!(run.status, Some(2), "{run:?}");
            assert!(run.stderr.contains(expected), "{}", run.stderr);
        }
    }
    let run = world.run(&["assign", "orders", "https://a1.execute-api.eu-west-1.amazonaws.com"]).await;
    assert_eq!(run.status, Some(2), "{run:?}");
    assert!(run.stderr.contains("expected an API's id"), "{}", run.stderr);
}

async fn a_put_without_anything_to_put_says_what_there_is(world: World) {
    let line = world.run(&["put", "orders"]).await.failed(2);
    assert!(line.contains("`profiles init orders` makes one") && line.contains("`--issuer`"), "{line}");
    let run = world.run(&["put", "orders", "orders.json", "--scope", "a"]).await;
    assert_eq!(run.status, Some(2), "a file and flags: {run:?}");
}

#[tokio::test]
async fn a_folder_that_cannot_be_read_or_written_is_named() {
    let world = World::folder();
    world.write("orders.json", &document().to_string());
    world.write("file", "");
    let line = world.run(&["list", "--store", "file:missing"]).await.failed(1);
    assert_eq!(line, "profiles: `missing` cannot be read (it does not exist; name the folder with `--store file:DIR`)");
    let line = world.run(&["put", "orders", "orders.json", "--store", "file:file/below"]).await.failed(1);
    assert!(line.contains("`file/below/orders.json` cannot be"), "{line}");
    let line = world.run(&["put", "orders", "orders.json", "--root", "/x"]).await.failed(2);
    assert!(line.contains("the store is a folder"), "{line}");
}

#[tokio::test]
async fn without_credentials_a_region_or_an_answer_the_line_says_which() {
    let world = World::ssm().await;
    let mut no_credentials = world.command(&["show", "orders"]);
    no_credentials.env_remove("AWS_ACCESS_KEY_ID");
    let mut no_region = world.command(&["show", "orders"]);
    no_region.env_remove("AWS_REGION").env_remove("AWS_ENDPOINT_URL_SSM");
    let unreachable = world.command(&["list", "--endpoint-url", "http://127.0.0.1:9"]);
    for (command, expected) in [
        (no_credentials, "no AWS credentials were found: set AWS_PROFILE"),
        (no_region, "no AWS region is set: name it with `--region`"),
        (unreachable, "no answer; check the network, the region and `--endpoint-url`"),
    ] {
        let line = finish(command).await.failed(1);
        assert!(line.contains(expected), "{line}");
    }
}

#[tokio::test]
async fn what_ssm_refuses_is_told_with_the_call_its_code_and_what_to_do() {
    let world = World::ssm().await;
    world.write("orders.json", &document().to_string());
    let front = SsmFront::of(Moto::shared().await);
    let run = async |arguments: &[&str]| {
        let mut command = world.command(arguments);
        command.args(["--endpoint-url", front.endpoint()]);
        finish(command).await
    };
    front.answer_with(SsmAnswers::RefuseWrites);
    let line = run(&["put", "orders", "orders.json"]).await.failed(1);
    let location = world.location("orders");
    assert_eq!(
        line,
        format!(
            "profiles: `{location}` cannot be written (ssm:PutParameter, AccessDeniedException; allow it in your IAM policy, \
             and for a client's secret in that of its KMS key)"
        )
    );
    world.put_document("orders", &document().to_string()).await;
    let mut command = world.piped(&["put", "orders", "--client-id", "0oa1"]);
    drop(std::io::Write::write_all(&mut command.1, b"canary-of-the-secret"));
    drop(command.1);
    command.0.args(["--endpoint-url", front.endpoint()]);
    let line = finish(command.0).await.failed(1);
    assert!(line.contains("orders/client` cannot be written") && line.ends_with("; nothing was written"), "{line}");
    front.answer_with(SsmAnswers::Error(400, "AccessDeniedException"));
    let line = run(&["list"]).await.failed(1);
    assert!(line.contains("ssm:GetParametersByPath") && line.contains("allow it in your IAM policy"), "{line}");
    let told = run(&["list", "--verbose"]).await.stderr;
    assert!(told.contains("\n  because: ") && told.contains("the front refuses this call"), "{told}");
}
