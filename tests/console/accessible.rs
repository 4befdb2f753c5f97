//! Every page for everyone: each field has a label, each page a language, a title, one heading and a way past the menu.

use crate::browser::Browser;
use crate::support::{CLIENT_ID, CLIENT_SECRET};
use crate::world::World;

/// The start tags of these elements.
fn tags<'p>(page: &'p str, name: &str) -> Vec<&'p str> {
    let begin = format!("<{name} ");
    page.match_indices(&begin).map(|(at, _)| &page[at..at + page[at..].find('>').expect("the tag's end")]).collect()
}

fn attribute<'t>(tag: &'t str, name: &str) -> Option<&'t str> {
    let (_, rest) = tag.split_once(&format!(" {name}=\""))?;
    rest.split_once('"').map(|(value, _)| value)
}

#[tokio::test]
async fn every_page_has_labels_one_heading_a_language_and_a_way_past_the_menu() {
    let world = World::folder();
    let browser = Browser::open(&world, &["--token-base", "https://auth.example.com"]).await;
    let domain = world.okta_domain();
    let mut fields = crate::journey::profile(&domain).to_vec();
    fields.extend([("clientId", CLIENT_ID), ("clientSecret", CLIENT_SECRET)]);
    let mut pages = vec![browser.post("/preview", &fields).await.text];
    browser.put(&fields).await;
    browser.post("/deny/add", &[("kind", "cid"), ("value", "other")]).await;
    for path in ["/", "/new", "/deny", "/nothing"] {
        pages.push(browser.get(path).await.text);
    }
    for part in ["", "/test", "/access", "/try"] {
        pages.push(browser.get(&format!("/profiles/orders{part}")).await.text);
    }
    pages.push(browser.post("/profiles/orders/test", &[]).await.text);
    pages.push(browser.post("/preview", &[("name", "NO")]).await.text);
    let call = [("method", "GET"), ("url", "http://127.0.0.1:9/"), ("form", "rest")];
    pages.push(browser.post("/profiles/orders/try", &call).await.text);
    let mut fields_seen = 0;
    for page in &pages {
        assert!(page.contains("<html lang=\"en\">") && page.contains("<a class=\"skip\" href=\"#content\">"), "{page}");
        assert_eq!((page.matches("<h1>").count(), page.matches("<title>").count()), (1, 1), "{page}");
        assert!(page.trim_end().ends_with("</html>"), "{page}");
        for tag in ["input", "select", "textarea"].into_iter().flat_map(|name| tags(page, name)) {
            let kind = attribute(tag, "type");
            if kind == Some("hidden") || kind == Some("checkbox") {
                continue;
            }
            fields_seen += 1;
            let id = attribute(tag, "id").unwrap_or_else(|| panic!("no id: {tag}"));
            assert!(page.contains(&format!("<label for=\"{id}\">")), "no label: {tag}");
            assert_eq!(page.matches(&format!(" id=\"{id}\"")).count(), 1, "{id}");
            for described in attribute(tag, "aria-describedby").unwrap_or_default().split_whitespace() {
                assert!(page.contains(&format!(" id=\"{described}\"")), "{described}");
            }
        }
    }
    assert!(fields_seen > 30, "{fields_seen}");
}
