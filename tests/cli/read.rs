//! `show`, `list`, `diff` and `lint` of what is stored.

use serde_json::json;

use crate::world::{World, document, for_each_store, key_set, with};

for_each_store! {
    a_profile_is_shown_with_all_that_follows_from_it,
    a_broken_document_is_shown_and_listed_with_what_is_wrong,
    profiles_are_listed_with_the_urls_to_copy,
    an_empty_store_is_said_to_be_empty,
    a_difference_is_exit_status_1_and_its_lines,
    stored_profiles_and_files_are_linted_together,
}

async fn a_profile_is_shown_with_all_that_follows_from_it(world: World) {
    world.put_document("orders", &with("description", json!("Orders"))).await;
    world.put_keys("orders", &key_set(10_800)).await;
    let said = world.run(&["show", "orders", "--region", "eu-west-1"]).await.fine();
    let base = "https://acme.okta.com/oauth2/default";
    for (label, value) in [
        ("profile", "orders"),
        ("description", "Orders"),
        ("issuer", base),
        ("discovery", &format!("{base}/.well-known/openid-configuration")),
        ("authorization", &format!("{base}/v1/authorize")),
        ("token", &format!("{base}/v1/token")),
        ("user info", &format!("{base}/v1/userinfo")),
        ("keys", &format!("{base}/v1/keys")),
        ("audiences", "api://orders"),
        ("scopes", "CustomScope"),
        ("apis", "abcdef1234/prod  https://abcdef1234.execute-api.eu-west-1.amazonaws.com/prod"),
        ("key set", "fetched 3 h ago: key-1"),
        ("client", "none"),
    ] {
        assert!(said.lines().any(|line| line == format!("{label:<15}{value}")), "{label}: {said}");
    }
    assert!(said.contains(&format!("{:<15}{}, version ", "kept at", world.location("orders"))), "{said}");
    assert_eq!(world.run(&["get", "orders", "--region", "eu-west-1"]).await.fine(), said, "the same by another name");
}

async fn a_broken_document_is_shown_and_listed_with_what_is_wrong(world: World) {
    world.put_document("good", &document().to_string()).await;
    world.put_document("odd", "{ \u{1b}[2J").await;
    world.put_document("placeholder", &with("issuer", json!("https://yourOktaDomain/oauth2/default"))).await;
    let run = world.run(&["show", "placeholder"]).await;
    assert!(
        run.stdout.contains("FAIL field `issuer`: ") && run.stdout.contains("\"scopes\": [\"CustomScope\"]"),
        "{}",
        run.stdout
    );
    assert!(run.failed(1).contains("no function takes it"));
    let run = world.run(&["show", "odd"]).await;
    assert!(run.stdout.contains("{ \\u{1b}[2J"), "{}", run.stdout);
    assert_eq!(run.status, Some(1));
    let said = world.run(&["list"]).await.fine();
    for expected in ["\ngood ", "\nodd: error: field `document`: ", "\nplaceholder: error: field `issuer`: "] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
}

async fn profiles_are_listed_with_the_urls_to_copy(world: World) {
    world
        .put_document("orders", &with("apis", json!(["abcdef1234/prod", "http123456/$default", "ws12345678/*"])))
        .await;
    world.put_keys("orders", &key_set(10_800)).await;
    world.put_document("everything", &with("apis", json!(["*"]))).await;
    let said = world.run(&["list", "--region", "eu-west-1", "--token-base", "https://auth.example.com/"]).await.fine();
    for expected in [
        "https://abcdef1234.execute-api.eu-west-1.amazonaws.com/prod\n",
        "https://http123456.execute-api.eu-west-1.amazonaws.com\n",
        "https://ws12345678.execute-api.eu-west-1.amazonaws.com/{stage}\n",
        "every API with this authorizer\n",
        "api://orders  3 h ",
        "api://orders  none",
        "https://auth.example.com/oauth2/orders/v1/token\n",
    ] {
        assert!(said.contains(expected), "{expected}: {said}");
    }
    let at = |name: &str| said.find(&format!("\n{name} ")).expect("a row");
    assert!(at("everything") < at("orders"), "{said}");
}

async fn an_empty_store_is_said_to_be_empty(world: World) {
    let said = world.run(&["list"]).await.fine();
    assert_eq!(said, "there are no profiles yet; `profiles init` begins one\n");
    assert_eq!(world.run(&["list", "--output", "json"]).await.json(), json!({"profiles": []}));
}

async fn a_difference_is_exit_status_1_and_its_lines(world: World) {
    world.put_document("orders", &document().to_string()).await;
    world.write(
        "same.yaml",
        "{apis: [abcdef1234/prod], scopes: [CustomScope], audiences: ['api://orders'], version: 1, \
                              issuer: 'https://acme.okta.com/oauth2/default'}",
    );
    assert_eq!(world.run(&["diff", "orders", "same.yaml"]).await.fine(), "", "order and layout say nothing");
    world.write("other.json", &with("scopes", json!(["OtherScope"])));
    let run = world.run(&["diff", "orders", "other.json"]).await;
    assert_eq!((run.status, run.stderr.as_str()), (Some(1), ""));
    assert!(
        run.stdout.starts_with(&format!("{} (-) and other.json (+)\n", world.location("orders"))),
        "{}",
        run.stdout
    );
    assert!(
        run.stdout.contains("-   \"scopes\": [\"CustomScope\"]")
            && run.stdout.contains("+   \"scopes\": [\"OtherScope\"]")
    );
    for (arguments, expected) in [
        (["diff", "orders", "missing.json"], "`missing.json` cannot be read"),
        (["diff", "returns", "same.yaml"], "there is no profile `returns`"),
    ] {
        let line = world.run(&arguments).await.failed(2);
        assert!(line.contains(expected), "{line}");
    }
}

async fn stored_profiles_and_files_are_linted_together(world: World) {
    world.put_document("orders", &document().to_string()).await;
    world.put_document("returns", &with("leewaySeconds", json!(99))).await;
    world.write("billing.yaml", "version: 1\n");
    world.write("shipping.yml", &document().to_string());
    let run = world.run(&["lint", "orders", "returns", "billing.yaml", "./shipping.yml"]).await;
    for expected in [
        &format!("{}: the profile `orders` is valid", world.location("orders")),
        &format!("{}: error: field `leewaySeconds`: `99` is out of range", world.location("returns")),
        "billing.yaml: error: field `issuer`: is missing",
        "./shipping.yml: the profile `shipping` is valid",
    ] {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
    assert_eq!(run.failed(1), "profiles: 2 of 4 documents are refused");
    world.write("typo.yaml", "version: 1\n\nscope: a\n");
    world.write("open.yaml", "version: [1");
    let run = world.run(&["lint", "typo.yaml", "open.yaml", "orders"]).await;
    for expected in ["typo.yaml: error: field `document`: is not a profile document: ", "line 3", "open.yaml: error: "]
    {
        assert!(run.stdout.contains(expected), "{expected}: {}", run.stdout);
    }
    assert_eq!(run.failed(1), "profiles: 2 of 3 documents are refused");
    assert_eq!(world.run(&["lint", "orders"]).await.status, Some(0));
    let line = world.run(&["lint", "nothing"]).await.failed(1);
    assert!(line.contains("there is no profile `nothing`"), "{line}");
}
