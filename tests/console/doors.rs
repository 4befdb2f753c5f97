//! Who is not let in, and what no answer may hold.

use reqwest::StatusCode;

use crate::browser::{Browser, encoded};
use crate::support::{CLIENT_ID, CLIENT_SECRET};
use crate::world::World;

#[tokio::test]
async fn the_key_opens_the_console_once_and_a_stranger_is_told_nothing() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let again = browser.raw("GET", browser.key_url.trim_start_matches(&browser.origin), &[], "").await;
    assert_eq!((again.status(), again.headers().get("set-cookie")), (StatusCode::FORBIDDEN, None));
    for path in ["/", "/new", "/deny", "/profiles/orders/test", "/nothing"] {
        for cookie in ["", "profiles_console=x", &format!("{}x", browser.cookie)] {
            assert_eq!(
                browser.raw("GET", path, &[("cookie", cookie)], "").await.status(),
                StatusCode::FORBIDDEN,
                "{path}"
            );
        }
    }
    assert_eq!(browser.get("/").await.status, StatusCode::OK);
    let key = browser.key_url.split("key=").nth(1).expect("a key").to_owned();
    let text = browser.process.stop();
    assert_eq!(text.matches(&key).count(), 1, "the key is told once");
}

#[tokio::test]
async fn every_answer_keeps_its_page_to_itself() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    for (path, cookie) in
        [("/", browser.cookie.as_str()), ("/", ""), ("/assets/console.css", ""), ("/nothing", &browser.cookie)]
    {
        let answer = browser.raw("GET", path, &[("cookie", cookie)], "").await;
        let header = |name: &str| answer.headers()[name].to_str().expect("a text").to_owned();
        assert_eq!(
            header("content-security-policy"),
            "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; form-action 'self'; \
             frame-ancestors 'none'; base-uri 'none'"
        );
        assert_eq!(
            [header("cache-control"), header("referrer-policy"), header("x-content-type-options")],
            ["no-store", "no-referrer", "nosniff"]
        );
        let text = answer.text().await.expect("a text");
        assert!(!text.contains("<style") && !text.contains(" style=") && !text.contains("<script>"), "{text}");
    }
}

#[tokio::test]
async fn another_name_for_this_machine_is_refused() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let port = browser.origin.rsplit(':').next().expect("a port").to_owned();
    for (host, expected) in [
        (format!("evil.example:{port}"), StatusCode::MISDIRECTED_REQUEST),
        ("127.0.0.1:1".to_owned(), StatusCode::MISDIRECTED_REQUEST),
        (format!("127.0.0.1.evil.example:{port}"), StatusCode::MISDIRECTED_REQUEST),
        (format!("localhost:{port}"), StatusCode::OK),
        (format!("[::1]:{port}"), StatusCode::OK),
    ] {
        let answer = browser.raw("GET", "/", &[("cookie", &browser.cookie), ("host", &host)], "").await;
        assert_eq!(answer.status(), expected, "{host}");
    }
}

#[tokio::test]
async fn a_form_from_elsewhere_or_without_its_token_changes_nothing() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let csrf = browser.csrf().await;
    let deny = |csrf: &str| encoded(&[("kind", "cid"), ("value", "victim"), ("csrf", csrf)]);
    let (cookie, ours) = (("cookie", browser.cookie.as_str()), browser.origin.as_str());
    let same = ("sec-fetch-site", "same-origin");
    for (headers, body) in [
        (vec![cookie, ("origin", "https://evil.example")], deny(&csrf)),
        (vec![cookie, ("origin", "https://evil.example"), same], deny(&csrf)),
        (vec![cookie, ("origin", ours), ("sec-fetch-site", "cross-site")], deny(&csrf)),
        (vec![cookie, ("origin", "null")], deny(&csrf)),
        (vec![cookie, ("origin", "null"), ("sec-fetch-site", "same-site")], deny(&csrf)),
        (vec![cookie], deny(&csrf)),
        (vec![cookie, ("origin", ours)], deny("")),
        (vec![cookie, ("origin", ours)], deny(&format!("{csrf}x"))),
        (vec![("origin", ours)], deny(&csrf)),
    ] {
        let answer = browser.raw("POST", "/deny/add", &headers, &body).await;
        assert_eq!(answer.status(), StatusCode::FORBIDDEN, "{headers:?}");
    }
    assert!(!browser.get("/deny").await.text.contains("victim"));
    let answer = browser.raw("POST", "/deny/add", &[cookie, ("origin", "null"), same], &deny(&csrf)).await;
    assert_eq!(answer.status(), StatusCode::SEE_OTHER, "as a browser sends it whose pages give no referrer");
    assert!(browser.get("/deny").await.text.contains("victim"));
}

#[tokio::test]
async fn read_only_refuses_every_change_and_hides_its_buttons() {
    let world = World::folder();
    let writer = Browser::open(&world, &[]).await;
    let domain = world.okta_domain();
    let profile = crate::journey::profile(&domain);
    assert_eq!(writer.put(&profile).await.location, "/profiles/orders?done=saved");
    let browser = Browser::open(&world, &["--read-only"]).await;
    for (path, fields) in [
        ("/save", vec![("draft", "x")]),
        ("/deny/add", vec![("kind", "cid"), ("value", "victim")]),
        ("/deny/remove", vec![("kind", "cid"), ("value", "victim")]),
        ("/profiles/orders/assign", vec![("api", "xyz/prod")]),
        ("/profiles/orders/unassign", vec![("api", "abcdef1234/prod")]),
        ("/profiles/orders/try", vec![("method", "POST"), ("url", "http://127.0.0.1:9/")]),
    ] {
        let page = browser.post(path, &fields).await;
        assert_eq!(page.status, StatusCode::FORBIDDEN, "{path}");
        assert!(page.text.contains("--read-only"), "{}", page.text);
    }
    for (path, button) in
        [("/", "New profile"), ("/profiles/orders", "Check and compare"), ("/deny", "Keep out</button>")]
    {
        assert!(
            writer.get(path).await.text.contains(button) && !browser.get(path).await.text.contains(button),
            "{path}"
        );
    }
}

#[tokio::test]
async fn a_secret_is_taken_and_never_given_back() {
    let world = World::folder();
    let browser = Browser::open(&world, &[]).await;
    let domain = world.okta_domain();
    let mut profile = crate::journey::profile(&domain).to_vec();
    profile.extend([("clientId", CLIENT_ID), ("clientSecret", CLIENT_SECRET)]);
    let shown = browser.post("/preview", &profile).await;
    let mut bad = profile.clone();
    bad.retain(|(name, _)| *name != "audience");
    let refused = browser.post("/preview", &bad).await;
    assert_eq!(refused.status, StatusCode::UNPROCESSABLE_ENTITY);
    assert_eq!(browser.put(&profile).await.status, StatusCode::SEE_OTHER);
    let mut pages = vec![shown.text, refused.text];
    for path in ["/", "/profiles/orders", "/profiles/orders/try", "/profiles/orders/access", "/deny"] {
        pages.push(browser.get(path).await.text);
    }
    pages.push(browser.post("/profiles/orders/test", &[]).await.text);
    let escaped = CLIENT_SECRET.replace('&', "&#38;");
    pages.push(browser.process.stop());
    for page in pages {
        assert!(!page.contains(CLIENT_SECRET) && !page.contains(&escaped) && !page.contains("canary"), "{page}");
    }
}
