//! The whole way of a profile by mouse, over a folder and over SSM, a picture of each page on the way.

use std::path::PathBuf;

use crate::support::{AUDIENCE, CLIENT_ID, CLIENT_SECRET, OTHER_SCOPE, SCOPE, eventually};
use crate::webdriver::Chromium;
use crate::world::World;

/// Where pictures go, for those who want to look at them; nowhere for a run that takes none.
struct Album(Option<PathBuf>);

impl Album {
    /// Wide and narrow, light and dark.
    async fn take(&self, chromium: &Chromium, page: &str) {
        let Some(folder) = &self.0 else { return };
        std::fs::create_dir_all(folder).expect("a folder");
        for (form, width) in [("wide", 1100), ("narrow", 390)] {
            for scheme in ["light", "dark"] {
                chromium.picture(&folder.join(format!("{page}-{form}-{scheme}.png")), width, scheme).await;
            }
        }
    }
}

fn album() -> Album {
    Album(Some(PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("target/screenshots")))
}

/// The profile with routes of its own, as a colleague stores it meanwhile with the command line.
fn with_routes(world: &World) -> serde_json::Value {
    serde_json::json!({
        "version": 1, "description": "Orders, for partners", "issuer": world.okta.issuer(), "audiences": [AUDIENCE],
        "scopes": [SCOPE], "apis": ["local00001/local", "http123456/*"],
        "routes": [{"route": "GET /orders/{id}"}, {"route": "POST /orders", "scopes": {"all": [OTHER_SCOPE]}}],
    })
}

async fn the_whole_way(world: World, album: Album) {
    let (_console, key_url) = world.console(&["--token-base", "https://auth.example.com"]).await;
    let origin = key_url.split("/enter").next().expect("an origin").to_owned();
    let chromium = Chromium::start().await;
    chromium.open(&key_url).await;
    assert_eq!(chromium.url().await, format!("{origin}/"), "the key leaves the address");

    // From placeholders to a profile, with what is wrong said beside the fields.
    chromium.follow("a.button.primary").await;
    let token_url = "return document.getElementById('tokenUrl').value";
    assert_eq!(chromium.script(token_url).await, "https://{yourOktaDomain}/oauth2/{yourAuthServerId}/v1/token");
    chromium.fill("#name", "orders").await;
    chromium.fill("#description", "Orders, for partners").await;
    chromium.follow("#profile-form .primary").await;
    assert!(chromium.text("#audience-said").await.contains("rror"), "lint speaks beside the field");
    assert!(chromium.text("#discoveryUrl-said").await.contains("placeholder"));
    album.take(&chromium, "form").await;
    chromium.fill("#oktaDomain", &world.okta_domain()).await;
    chromium.fill("#serverId", "default").await;
    let filled = format!("{}/v1/token", world.okta.issuer());
    assert_eq!(chromium.script(token_url).await, filled.as_str(), "the URLs follow while one types");
    chromium.fill("#audience", "api://something-else").await;
    chromium.fill("#scope", SCOPE).await;
    chromium.fill("#apis", "local00001/local").await;
    chromium.fill("#clientId", CLIENT_ID).await;
    chromium.fill("#clientSecret", CLIENT_SECRET).await;
    chromium.follow("#profile-form .primary").await;
    album.take(&chromium, "preview").await;
    chromium.follow(".primary").await;
    assert!(chromium.url().await.ends_with("/profiles/orders?done=saved"));

    // The test fails with a wrong audience, and passes with the right one.
    chromium.follow(".tabs a:nth-child(2)").await;
    chromium.follow("form .primary").await;
    assert!(chromium.text("#outcome").await.contains("fails its test"));
    assert!(chromium.text(".step.fail").await.contains("audience_mismatch"));
    album.take(&chromium, "test-failed").await;
    chromium.follow(".tabs a:nth-child(1)").await;
    chromium.fill("#audience", AUDIENCE).await;
    chromium.follow("#profile-form .primary").await;
    assert!(chromium.text(".diff .removed").await.contains("api://something-else"));
    album.take(&chromium, "difference").await;
    chromium.follow(".primary").await;
    chromium.follow(".tabs a:nth-child(2)").await;
    chromium.follow("form .primary").await;
    assert!(!chromium.text("#outcome").await.contains("fails"));
    album.take(&chromium, "test-passed").await;

    // APIs, and what a token may call.
    chromium.follow(".tabs a:nth-child(3)").await;
    chromium.fill("#api", "http123456").await;
    chromium.follow(".inline .primary").await;
    assert!(chromium.text(".rows").await.contains("http123456/*"));
    world.put("orders", &with_routes(&world)).await;
    chromium.follow(".tabs a:nth-child(3)").await;
    assert_eq!(chromium.text(".matrix td:last-child").await, "allow");
    let second = "tbody tr:nth-child(2) td:last-child";
    assert!(chromium.text(second).await.starts_with("deny"), "it asks for another scope");
    chromium.follow("th:nth-child(3) .tick input").await;
    assert_eq!(chromium.text(second).await, "allow");
    chromium.follow("th:nth-child(3) .tick input").await;
    chromium.follow(".tick input").await;
    assert!(chromium.text(".matrix td:last-child").await.starts_with("deny"), "the matrix follows its ticks");
    chromium.follow(".tick input").await;
    assert_eq!(chromium.text(".matrix td:last-child").await, "allow");
    album.take(&chromium, "access").await;

    // A call through the gateway, then the client is kept out.
    let gateway = world.start(&["local", "--port", "0", "--api", "local00001/local"]);
    gateway.wait_for("A call whose token lacks the scope").await;
    let said = gateway.stdout();
    let api = said.lines().find_map(|line| line.trim_start().strip_prefix("API ")).expect("the API's address");
    let api = api.split_whitespace().next().expect("an address").trim_end_matches('/').to_owned();
    chromium.follow(".tabs a:nth-child(4)").await;
    chromium.fill("#url", &format!("{api}/orders/1")).await;
    chromium.follow("form .primary").await;
    assert_eq!(chromium.text("#status").await, "200");
    assert!(chromium.text("#verdict").await.contains("accepts it"));
    album.take(&chromium, "try").await;
    chromium.follow(".top nav a:nth-child(2)").await;
    chromium.fill("#value", CLIENT_ID).await;
    chromium.follow(".danger").await;
    assert!(chromium.text(".rows").await.contains("it is the stored client of orders"));
    album.take(&chromium, "deny").await;
    chromium.open(&format!("{origin}/profiles/orders/try")).await;
    // The gateway reads the list again within seconds.
    eventually("the call is refused", async || {
        chromium.fill("#url", &format!("{api}/orders/1")).await;
        chromium.follow("form .primary").await;
        assert!(chromium.text("#verdict").await.contains("deny_listed"));
        chromium.text("#status").await == "403"
    })
    .await;
    assert_eq!(chromium.text(".step.fail strong").await, "deny-list");
    album.take(&chromium, "try-refused").await;

    chromium.follow(".brand").await;
    album.take(&chromium, "profiles").await;
    assert!(chromium.text(".copy").await.contains("Copy"), "a copy button for the token URL");
    let page = chromium.script("return document.documentElement.outerHTML").await.to_string();
    assert!(page.contains(OTHER_SCOPE) || page.contains(AUDIENCE));
    chromium.close().await;
}

#[tokio::test]
async fn a_profiles_whole_way_goes_in_a_browser_over_a_folder() {
    the_whole_way(World::folder(), album()).await;
}

#[tokio::test]
async fn a_profiles_whole_way_goes_in_a_browser_over_ssm() {
    the_whole_way(World::ssm().await, Album(None)).await;
}
