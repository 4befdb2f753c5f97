//! What people read, held against reviewed files: `UPDATE_SNAPSHOTS=1 cargo test --test cli` writes them anew.

use serde_json::json;

use crate::world::{Run, World, document, for_each_store, key_set, with};

for_each_store! {
    a_profiles_life_reads_as_reviewed,
    what_goes_wrong_reads_as_reviewed,
}

/// With the members in the order in which `init` writes them.
const NEXT: &str = r#"{"version": 1, "description": "2-legged OAuth 2.0 for orders",
"issuer": "https://acme.okta.com/oauth2/default", "audiences": ["api://orders"],
"scopes": ["CustomScope"], "grantableScopes": ["CustomScope", "OtherScope"], "apis": ["abcdef1234/prod", "http123456/*"]}"#;

/// A transcript, and where its file is.
struct Transcript {
    world: World,
    name: &'static str,
    text: String,
}

impl Transcript {
    fn of(world: World, name: &'static str) -> Self {
        Self { world, name, text: String::new() }
    }

    async fn run(&mut self, input: &str, arguments: &[&str]) {
        let Run { status, stdout, stderr } = self.world.run_with(input, arguments).await;
        let status = status.map_or_else(|| "a signal".to_owned(), |status| status.to_string());
        let line = format!("$ profiles {}\n{stdout}{stderr}[exit status {status}]\n\n", arguments.join(" "));
        self.text.push_str(&line);
    }

    /// Compares with the reviewed file, once what differs from run to run is taken out.
    fn end(self) {
        let store = if self.world.is_folder() { "folder" } else { "ssm" };
        let text = without_hashes(
            &self.text.replace(&self.world.root, if self.world.is_folder() { "store" } else { "/root" }),
        );
        let folder = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/cli/snapshots");
        let path = format!("{folder}/{}-{store}.txt", self.name);
        if std::env::var_os("UPDATE_SNAPSHOTS").is_some() {
            std::fs::write(&path, &text).expect("a snapshot that can be written");
        }
        let reviewed = std::fs::read_to_string(&path).unwrap_or_default();
        assert_eq!(text, reviewed, "`{path}` says something else; UPDATE_SNAPSHOTS=1 writes it anew");
    }
}

/// A file's version is a hash; SSM's are numbers and stay.
fn without_hashes(text: &str) -> String {
    let is_hash = |word: &str| word.len() == 16 && word.bytes().all(|byte| byte.is_ascii_hexdigit());
    let mut text = text.to_owned();
    let hashes: Vec<String> =
        text.split(|c: char| !c.is_ascii_alphanumeric()).filter(|word| is_hash(word)).map(str::to_owned).collect();
    for hash in hashes {
        text = text.replace(&hash, "{hash}");
    }
    text
}

async fn a_profiles_life_reads_as_reviewed(world: World) {
    world.write("next.json", NEXT);
    world.put_keys("orders", &key_set(10_800)).await;
    let mut transcript = Transcript::of(world, "life");
    let flags = ["--okta-domain", "acme.okta.com", "--audience", "api://orders"];
    for arguments in [
        &["list"][..],
        &["init", "orders", flags[0], flags[1], flags[2], flags[3]],
        &["lint", "orders.yaml"],
        &["put", "orders", "orders.yaml"],
        &["put", "orders", "orders.yaml"],
        &["assign", "orders", "http123456", "abcdef1234/prod", "--region", "eu-west-1"],
        &["diff", "orders", "next.json"],
        &["put", "orders", "next.json", "--yes"],
        &["put", "orders", "--client-id", "0oa1b2c3"],
        &["show", "orders", "--region", "eu-west-1"],
        &["list", "--region", "eu-west-1", "--token-base", "https://auth.example.com"],
        &["assign", "orders", "zyxwvu9876/$default"],
        &["unassign", "orders", "abcdef1234/prod"],
        &["delete", "orders", "--yes"],
    ] {
        transcript.run("canary-of-the-secret", arguments).await;
    }
    assert!(!transcript.text.contains("canary"), "{}", transcript.text);
    transcript.end();
}

async fn what_goes_wrong_reads_as_reviewed(world: World) {
    world.put_document("orders", &document().to_string()).await;
    world.put_document("broken", &with("leewaySeconds", json!(99))).await;
    let nested = json!([{"route": "GET /orders/{id}"}, {"route": "GET /orders/{id}/items"}]);
    world.write("warned.json", &with("routes", nested));
    world.write("placeholder.json", &with("issuer", json!("https://yourOktaDomain/oauth2/default")));
    let mut transcript = Transcript::of(world, "wrong");
    for arguments in [
        &["put", "orders"][..],
        &["put", "deny", "warned.json"],
        &["put", "orders", "placeholder.json"],
        &["put", "orders", "missing.json"],
        &["put", "orders", "warned.json"],
        &["put", "orders", "warned.json", "--yes"],
        &["show", "nothing"],
        &["show", "broken"],
        &["list"],
        &["lint", "orders", "broken", "placeholder.json"],
        &["unassign", "orders", "abcdef1234/prod"],
        &["unassign", "orders", "abcdef1234/test"],
        &["delete", "orders"],
        &["diff", "nothing", "warned.json"],
    ] {
        transcript.run("", arguments).await;
    }
    transcript.end();
}
