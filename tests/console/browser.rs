//! What a browser without script does: it keeps the cookie, reads pages and sends the forms that are in them.

use reqwest::{Client, Response, StatusCode};

use crate::support::{Process, plain_client};
use crate::world::World;

/// A session in a console.
pub(crate) struct Browser {
    pub(crate) process: Process,
    pub(crate) origin: String,
    pub(crate) key_url: String,
    pub(crate) cookie: String,
    http: Client,
}

/// A page as it came.
#[derive(Debug)]
pub(crate) struct Page {
    pub(crate) status: StatusCode,
    pub(crate) location: String,
    pub(crate) text: String,
}

impl Browser {
    pub(crate) async fn open(world: &World, arguments: &[&str]) -> Self {
        let (process, key_url) = world.console(arguments).await;
        let origin = key_url.split("/enter").next().expect("an origin").to_owned();
        let http = plain_client();
        let answer = http.get(&key_url).send().await.expect("an answer");
        assert_eq!(
            (answer.status(), &answer.headers()["location"]),
            (StatusCode::SEE_OTHER, &"/".parse().expect("a value"))
        );
        let cookie = answer.headers()["set-cookie"].to_str().expect("a cookie").to_owned();
        assert!(cookie.ends_with("; Path=/; HttpOnly; SameSite=Strict"), "{cookie}");
        let cookie = cookie.split(';').next().expect("a pair").to_owned();
        Self { process, origin, key_url, cookie, http }
    }

    /// Asks with these headers and nothing of the browser's own.
    pub(crate) async fn raw(&self, method: &str, path: &str, headers: &[(&str, &str)], body: &str) -> Response {
        let mut request = self.http.request(method.parse().expect("a method"), format!("{}{path}", self.origin));
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        request.body(body.to_owned()).send().await.expect("an answer")
    }

    pub(crate) async fn get(&self, path: &str) -> Page {
        page(self.raw("GET", path, &[("cookie", &self.cookie)], "").await).await
    }

    /// The CSRF token that the forms of a page carry.
    pub(crate) async fn csrf(&self) -> String {
        let page = self.get("/deny").await;
        hidden(&page.text, "csrf").or(hidden(&self.get("/new").await.text, "csrf")).expect("a form")
    }

    pub(crate) async fn post(&self, path: &str, fields: &[(&str, &str)]) -> Page {
        let csrf = self.csrf().await;
        let body = encoded(&[fields, &[("csrf", csrf.as_str())]].concat());
        page(self.raw("POST", path, &[("cookie", &self.cookie), ("origin", &self.origin)], &body).await).await
    }

    /// Fills and sends the form of a profile, and saves what it shows.
    pub(crate) async fn put(&self, fields: &[(&str, &str)]) -> Page {
        let shown = self.post("/preview", fields).await;
        assert_eq!(shown.status, StatusCode::OK, "{}", shown.text);
        let draft = hidden(&shown.text, "draft").expect("a draft");
        self.post("/save", &[("draft", &draft)]).await
    }
}

pub(crate) fn encoded(fields: &[(&str, &str)]) -> String {
    url::form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}

/// The value of a hidden field.
pub(crate) fn hidden(page: &str, name: &str) -> Option<String> {
    let begin = format!("<input type=\"hidden\" name=\"{name}\" value=\"");
    let (_, rest) = page.split_once(&begin)?;
    rest.split_once('"').map(|(value, _)| value.to_owned())
}

async fn page(answer: Response) -> Page {
    let status = answer.status();
    let location = answer.headers().get("location").and_then(|value| value.to_str().ok()).unwrap_or_default();
    let location = location.to_owned();
    Page { status, location, text: answer.text().await.expect("a text") }
}
