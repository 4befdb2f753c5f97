//! The console by the keyboard alone: past the menu, to a form, through it, and the focus to be seen all the way.

use crate::webdriver::Chromium;
use crate::world::World;

const TAB: &str = "\u{e004}";
const ENTER: &str = "\u{e007}";

/// What has the focus: its text, or its id.
const FOCUSED: &str = "const it = document.activeElement; return it.id || it.textContent.trim()";
/// Whether the focus can be seen.
const SEEN: &str = "return getComputedStyle(document.activeElement).outlineStyle";

/// Presses Tab until this has the focus.
async fn reach(chromium: &Chromium, what: &str) {
    for _ in 0..60 {
        chromium.press(TAB).await;
        assert_ne!(chromium.script(SEEN).await, "none", "{}", chromium.script(FOCUSED).await);
        if chromium.script(FOCUSED).await == what {
            return;
        }
    }
    panic!("`{what}` cannot be reached with the keyboard");
}

#[tokio::test]
async fn a_profile_is_made_and_a_client_kept_out_by_the_keyboard_alone() {
    let world = World::folder();
    let (_console, key_url) = world.console(&[]).await;
    let chromium = Chromium::start().await;
    chromium.open(&key_url).await;
    chromium.press(TAB).await;
    assert_eq!(chromium.script(FOCUSED).await, "Skip to the content");
    reach(&chromium, "New profile").await;
    chromium.press(ENTER).await;
    chromium.find("#profile-form").await;
    for (field, text) in [
        ("name", "orders"),
        ("scope", "CustomScope"),
        ("audience", "api://orders"),
        ("apis", "abcdef1234/prod"),
        ("oktaDomain", "acme.okta.com"),
        ("serverId", "default"),
    ] {
        reach(&chromium, field).await;
        chromium.press(text).await;
    }
    reach(&chromium, "Check and compare").await;
    chromium.press(ENTER).await;
    chromium.find(".diff").await;
    reach(&chromium, "Save").await;
    chromium.press(ENTER).await;
    chromium.find(".note.good").await;
    reach(&chromium, "Deny list").await;
    chromium.press(ENTER).await;
    chromium.find("#value").await;
    reach(&chromium, "value").await;
    chromium.press(&format!("0oa1{ENTER}")).await;
    chromium.find(".rows li").await;
    assert!(chromium.text(".rows").await.contains("0oa1"));
    chromium.close().await;
}
