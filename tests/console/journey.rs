//! The whole way of a profile by forms alone, over a folder and over SSM.

use reqwest::StatusCode;

use crate::browser::Browser;
use crate::support::{AUDIENCE, CLIENT_ID, CLIENT_SECRET, SCOPE};
use crate::world::World;

/// The fields of a good profile.
pub(crate) fn profile(okta_domain: &str) -> [(&'static str, &str); 7] {
    [
        ("name", "orders"),
        ("version", ""),
        ("oktaDomain", okta_domain),
        ("serverId", "default"),
        ("audience", AUDIENCE),
        ("scope", SCOPE),
        ("apis", "abcdef1234/prod"),
    ]
}

async fn the_whole_way(world: World) {
    let browser = Browser::open(&world, &["--token-base", "https://auth.example.com/"]).await;
    let domain = world.okta_domain();
    let mut fields = profile(&domain).to_vec();
    fields.extend([("clientId", CLIENT_ID), ("clientSecret", CLIENT_SECRET)]);

    let mut unfinished = fields.clone();
    unfinished.retain(|(name, _)| *name != "oktaDomain" && *name != "audience");
    unfinished.push(("discoveryUrl", "https://{yourOktaDomain}/oauth2/default/.well-known/openid-configuration"));
    let refused = browser.post("/preview", &unfinished).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert!(refused.text.contains("still holds the placeholder"), "{}", refused.text);

    let shown = browser.post("/preview", &fields).await;
    assert!(shown.text.contains("What will be stored"), "{}", shown.text);
    assert_eq!(browser.put(&fields).await.location, "/profiles/orders?done=saved");

    let tested = browser.post("/profiles/orders/test", &[]).await.text;
    let (good, bad) = (tested.matches("class=\"step pass\"").count(), tested.matches("class=\"step fail\"").count());
    assert!(good > 10 && bad == 0, "{tested}");

    let list = browser.get("/").await.text;
    assert!(list.contains("data-copy=\"https://auth.example.com/oauth2/orders/v1/token\""), "{list}");
    assert!(list.contains("tested <time") && list.contains(AUDIENCE), "{list}");

    let assigned = browser.post("/profiles/orders/assign", &[("api", "http123456")]).await;
    assert_eq!(assigned.location, "/profiles/orders/access?done=assigned");
    assert!(browser.get(&assigned.location).await.text.contains("http123456/*"));
    let matrix = browser.get("/profiles/orders/access?asked=1").await.text;
    assert!(matrix.contains("<span class=\"pill fail\">deny</span>"), "{matrix}");
    let matrix = browser.get(&format!("/profiles/orders/access?asked=1&scope={SCOPE}")).await.text;
    assert!(matrix.contains("<span class=\"pill pass\">allow</span>"), "{matrix}");
    browser.post("/profiles/orders/unassign", &[("api", "http123456/*")]).await;

    let call = [("method", "GET"), ("url", "http://127.0.0.1:9/orders/1"), ("form", "rest")];
    let tried = browser.post("/profiles/orders/try", &call).await.text;
    assert!(tried.contains("The profile accepts it for this call.") && tried.contains("<dt>cid</dt>"), "{tried}");
    browser.post("/deny/add", &[("kind", "cid"), ("value", CLIENT_ID)]).await;
    assert!(browser.get("/deny").await.text.contains("it is the stored client of orders"));
    let tried = browser.post("/profiles/orders/try", &call).await.text;
    assert!(tried.contains("The profile refuses it: deny_listed"), "{tried}");
    browser.post("/deny/remove", &[("kind", "cid"), ("value", CLIENT_ID)]).await;
    assert!(browser.get("/deny").await.text.contains("Nobody is kept out"));
}

#[tokio::test]
async fn the_whole_way_goes_by_forms_alone_over_a_folder() {
    the_whole_way(World::folder()).await;
}

#[tokio::test]
async fn the_whole_way_goes_by_forms_alone_over_ssm() {
    the_whole_way(World::ssm().await).await;
}

async fn a_conflict(world: World) {
    let browser = Browser::open(&world, &[]).await;
    let domain = world.okta_domain();
    browser.put(&profile(&domain)).await;
    let page = browser.get("/profiles/orders").await.text;
    let version = crate::browser::hidden(&page, "version").expect("a version");
    let changed = |version: &str, description: &'static str| {
        let mut fields = profile(&domain).map(|(name, value)| (name, value.to_owned())).to_vec();
        fields[1].1 = version.to_owned();
        fields.push(("description", description.to_owned()));
        fields
    };
    let borrow = |fields: &[(&'static str, String)]| fields.iter().map(|(n, v)| (*n, v.clone())).collect::<Vec<_>>();
    let mine = borrow(&changed(&version, "mine"));
    let mine: Vec<(&str, &str)> = mine.iter().map(|(name, value)| (*name, value.as_str())).collect();
    let theirs = borrow(&changed(&version, "theirs"));
    let theirs: Vec<(&str, &str)> = theirs.iter().map(|(name, value)| (*name, value.as_str())).collect();

    let shown = browser.post("/preview", &mine).await;
    let draft = crate::browser::hidden(&shown.text, "draft").expect("a draft");
    browser.put(&theirs).await;
    let refused = browser.post("/save", &[("draft", &draft)]).await;
    assert_eq!(refused.status, StatusCode::CONFLICT, "{}", refused.text);
    let refused = browser.post("/preview", &mine).await;
    assert_eq!(refused.status, StatusCode::CONFLICT);
    assert!(refused.text.contains("nothing was overwritten") && refused.text.contains("value=\"mine\""));
    let stored = browser.get("/profiles/orders").await.text;
    assert!(stored.contains("value=\"theirs\"") && !stored.contains("mine"), "{stored}");
    let taken = browser.post("/preview", &profile(&domain)).await;
    assert_eq!(taken.status, StatusCode::CONFLICT, "a new profile takes no stored one's place");
}

#[tokio::test]
async fn what_somebody_else_saved_meanwhile_is_said_and_kept_in_a_folder() {
    a_conflict(World::folder()).await;
}

#[tokio::test]
async fn what_somebody_else_saved_meanwhile_is_said_and_kept_in_ssm() {
    a_conflict(World::ssm().await).await;
}

#[tokio::test]
async fn a_wrong_audience_fails_the_test_with_its_remedy() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let domain = world.okta_domain();
    let mut fields = profile(&domain).to_vec();
    fields[4].1 = "api://something-else";
    fields.extend([("clientId", CLIENT_ID), ("clientSecret", CLIENT_SECRET)]);
    browser.put(&fields).await;
    let tested = browser.post("/profiles/orders/test", &[]).await.text;
    assert!(tested.contains("audience_mismatch") && tested.contains("The profile fails its test"), "{tested}");
}

#[tokio::test]
async fn a_token_is_not_sent_to_an_address_that_is_not_the_profiles() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let domain = world.okta_domain();
    browser.put(&profile(&domain)).await;
    for url in
        ["https://evil.example/", "http://169.254.169.254/", "https://zzz.execute-api.eu-west-1.amazonaws.com/prod/"]
    {
        let page = browser.post("/profiles/orders/try", &[("method", "GET"), ("url", url)]).await;
        assert_eq!(page.status, StatusCode::BAD_REQUEST, "{url}");
        assert!(page.text.contains("A token is sent only to"), "{}", page.text);
    }
}
