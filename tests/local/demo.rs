//! The demonstration: what is printed works when it is pasted.

use std::path::Path;
use std::process::Command;

use serde_json::{Value, json};

use crate::gateway::{Gateway, json as body_of};
use crate::support::{Canaries, PATIENCE, Process, eventually};

const FORMS: [&str; 5] = ["token", "request", "http1", "http2", "simple"];
const GRANT: &str = "grant_type=client_credentials";

/// The status and the body that a pasted `curl -i` line shows.
async fn paste(line: &str) -> (u16, Value) {
    // Only the path: a proxy of the tester's is not asked about loopback addresses.
    #[allow(clippy::disallowed_methods, reason = "a pasted line finds curl where the tester has it")]
    let path = std::env::var("PATH").expect("a PATH");
    let shell = Process::start("/bin/sh", &["-c", line], [("PATH", path)]);
    let status = shell.wait_exit(PATIENCE).await;
    let output = shell.stdout();
    assert!(!shell.stderr().contains("not found"), "curl is needed for this test: apt-get install curl");
    assert_eq!(status.code(), Some(0), "{line}\n{}", shell.logs());
    let (head, body) = output.split_once("\r\n\r\n").unwrap_or_else(|| panic!("no HTTP answer: {output}"));
    let status = head.split(' ').nth(1).and_then(|status| status.parse().ok());
    (status.expect("a status line"), serde_json::from_str(body).expect("a JSON body"))
}

#[tokio::test]
async fn the_three_printed_lines_give_200_401_and_403_in_every_form() {
    for form in FORMS {
        let gateway = Gateway::start(&["--form", form]).await;
        let is_rest = matches!(form, "token" | "request");
        let [good, without_token, lacking_scope, ..] = gateway.curl_lines()[..] else { panic!("three lines") };

        let (status, echo) = paste(good).await;
        assert_eq!(status, 200, "{form}: {echo}\n{}", gateway.process.logs());
        assert_eq!((&echo["method"], &echo["path"]), (&json!("GET"), &json!("/orders/1")), "{form}");
        assert_eq!(echo["principalId"], "demo-client", "{form}: {echo}");
        assert_eq!(
            (&echo["context"]["profile"], &echo["context"]["scope"]),
            (&json!("demo"), &json!("CustomScope")),
            "{form}: {echo}"
        );
        assert_eq!(paste(without_token).await, (401, json!({"message": "Unauthorized"})), "{form}");
        let denied = if is_rest { "User is not authorized to access this resource" } else { "Forbidden" };
        assert_eq!(paste(lacking_scope).await, (403, json!({"message": denied})), "{form}");
    }
}

#[tokio::test]
async fn automatic_mode_needs_no_token_from_this_machine_and_takes_a_clients_own_secret() {
    for form in ["request", "http1", "http2", "simple"] {
        let gateway = Gateway::start(&["--form", form]).await;
        let [_, _, _, anonymous, basic] = gateway.curl_lines()[..] else { panic!("five lines") };
        for line in [anonymous, basic, anonymous] {
            let (status, echo) = paste(line).await;
            assert_eq!(status, 200, "{form}: {echo}\n{}", gateway.process.logs());
            assert_eq!((&echo["path"], &echo["principalId"]), (&json!("/orders/1"), &json!("demo-client")), "{form}");
            assert_eq!(echo["context"]["profile"], "automatic-demo", "{form}: {echo}");
        }
        let refused = if form == "request" { 401 } else { 403 };
        let wrong = basic.replace("demo-secret", "wrong");
        assert_eq!(paste(&wrong).await.0, refused, "{form}");
        let (status, _) = paste(&anonymous.replace("curl -i", "curl -i -X DELETE")).await;
        assert_eq!(status, 403, "{form}: the profile lets nobody change anything");
    }
    let token_form = Gateway::start(&["--form", "token"]).await;
    assert_eq!(token_form.curl_lines().len(), 3, "a TOKEN event does not say where a call comes from");
}

#[tokio::test]
async fn a_bad_token_is_a_401_on_a_rest_api_and_a_403_on_an_http_api() {
    for (form, status) in [("token", 401), ("request", 401), ("http1", 403), ("http2", 403), ("simple", 403)] {
        let gateway = Gateway::start(&["--form", form]).await;
        for authorization in ["Bearer not-a-token", "Basic ZGVtbzpkZW1v", "Bearer a.b.c,Bearer a.b.c"] {
            let answer = gateway.call("/orders/1", authorization).await;
            assert_eq!(answer.status(), status, "{form}: {authorization}");
        }
    }
}

#[tokio::test]
async fn the_token_url_gives_a_token_to_the_printed_client_and_to_no_other() {
    let gateway = Gateway::start(&[]).await;
    let client = gateway.told("client").to_owned();
    let (status, granted) = gateway.ask_for_token(&client, "demo-secret", GRANT).await;
    assert_eq!((status.as_u16(), &granted["token_type"]), (200, &json!("Bearer")), "{granted}");
    let token = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    for path in ["/", "/orders/1", "/orders/1?expand=lines", "/a/b/c", "/oauth2/demo/v1/token/x"] {
        assert_eq!(gateway.call(path, &token).await.status(), 200, "{path}");
    }
    for (client, secret, form, status, error) in [
        (&*client, "wrong", GRANT.to_owned(), 401, "invalid_client"),
        ("another", "demo-secret", GRANT.to_owned(), 401, "invalid_client"),
        (&*client, "demo-secret", format!("{GRANT}&scope=AdminScope"), 400, "invalid_scope"),
        (&*client, "demo-secret", "grant_type=password".to_owned(), 400, "unsupported_grant_type"),
    ] {
        let (answered, refusal) = gateway.ask_for_token(client, secret, &form).await;
        assert_eq!((answered.as_u16(), &refusal["error"]), (status, &json!(error)), "{refusal}");
    }
}

#[tokio::test]
async fn an_edited_document_takes_effect_without_a_restart() {
    let gateway = Gateway::start(&[]).await;
    let (_, granted) = gateway.ask_for_token("demo-client", "demo-secret", GRANT).await;
    let token = format!("Bearer {}", granted["access_token"].as_str().expect("a token"));
    let answer = gateway.call("/orders/1", &token).await;
    assert_eq!((answer.status().as_u16(), body_of(answer).await["context"]["profile"].clone()), (200, json!("demo")));

    let path = Path::new(gateway.told("document")).to_owned();
    let document = std::fs::read_to_string(&path).expect("the document that is told");
    let mut document: Value = serde_json::from_str(&document).expect("a document");
    document["scopes"] = json!(["OtherScope"]);
    std::fs::write(&path, document.to_string()).expect("an edit");
    eventually("the new scopes are asked for", async || gateway.call("/orders/1", &token).await.status() == 403).await;
}

#[tokio::test]
async fn an_interrupt_ends_it_with_status_0_and_nothing_is_left_behind() {
    let gateway = Gateway::start(&[]).await;
    let document = Path::new(gateway.told("document")).to_owned();
    assert!(document.is_file());
    // A connection that is kept open does not hold it up.
    let client = crate::support::plain_client();
    client.get(gateway.api()).send().await.expect("an answer").text().await.expect("a body");

    let pid = gateway.process.id().to_string();
    let sent = Command::new("kill").args(["-INT", &pid]).status().expect("the program `kill`");
    assert!(sent.success());
    let status = gateway.process.wait_exit(PATIENCE).await;
    assert_eq!(status.code(), Some(0), "{}", gateway.process.logs());
    assert!(!document.exists() && !document.parent().expect("a folder").exists());
    assert!(!gateway.process.logs().contains("panicked"), "{}", gateway.process.logs());
}

/// Threat 60.
#[tokio::test]
async fn no_token_and_no_secret_is_logged_even_where_everything_is_turned_on() {
    let gateway = Gateway::start_with(&["--form", "http2"], &[("RUST_LOG", "trace")]).await;
    let mut canaries = Canaries::default();
    canaries.secret("a wrong secret", "canary-secret-0f6d");
    gateway.ask_for_token("demo-client", "canary-secret-0f6d", GRANT).await;
    let (_, granted) = gateway.ask_for_token("demo-client", "demo-secret", GRANT).await;
    let token = granted["access_token"].as_str().expect("a token");
    canaries.token("an issued token", token);
    for authorization in [format!("Bearer {token}"), format!("Bearer {token}x"), format!("Basic {token}")] {
        gateway.call("/orders/1", &authorization).await;
    }
    // The last of them: what came before it is written too.
    gateway.process.wait_for("credential_not_bearer").await;
    let greeting = gateway.process.stdout();
    let logs = gateway.process.stop();
    canaries.assert_unmentioned_in("the log", &logs);
    assert!(logs.starts_with(&greeting), "the greeting alone is on the standard output");
}
