//! A headless Chromium, driven over WebDriver (W3C, "WebDriver") with the few commands that the tests need.

use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use base64::Engine as _;
use reqwest::Client;
use serde_json::{Value, json};
use tempfile::TempDir;

use crate::support::{PATIENCE, Process, plain_client};

/// The member that holds an element's reference ("WebDriver", section 12.1).
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser with an empty profile.
pub(crate) struct Chromium {
    _driver: Process,
    _profile: TempDir,
    http: Client,
    session: String,
}

impl Chromium {
    pub(crate) async fn start() -> Self {
        let mut command = Command::new("chromedriver");
        command.args(["--port=0"]).stdin(Stdio::null());
        let driver = Process::spawn(command);
        driver.wait_for("was started successfully on port ").await;
        let said = driver.stdout();
        let port = said.split("successfully on port ").nth(1).and_then(|rest| rest.split('.').next()).expect("a port");
        let profile = tempfile::tempdir().expect("a temporary folder");
        let mut arguments: Vec<String> = [
            "--headless",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
            "--disable-dev-shm-usage",
            "--hide-scrollbars",
        ]
        .map(str::to_owned)
        .into();
        arguments.push(format!("--user-data-dir={}", profile.path().display()));
        let http = plain_client();
        let base = format!("http://127.0.0.1:{port}");
        let wanted = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome", "goog:chromeOptions": {"args": arguments},
        }}});
        let made = command_to(&http, "POST", &format!("{base}/session"), &wanted).await.expect("a session");
        let id = made["sessionId"].as_str().expect("a session's id");
        Self { _driver: driver, _profile: profile, http, session: format!("{base}/session/{id}") }
    }

    async fn ask(&self, method: &str, path: &str, body: &Value) -> Result<Value, String> {
        command_to(&self.http, method, &format!("{}{path}", self.session), body).await
    }

    pub(crate) async fn open(&self, url: &str) {
        self.ask("POST", "/url", &json!({"url": url})).await.expect("a page");
    }

    pub(crate) async fn url(&self) -> String {
        self.ask("GET", "/url", &Value::Null).await.expect("an address").as_str().expect("a text").to_owned()
    }

    /// Waits for the first element of a CSS selector.
    pub(crate) async fn find(&self, selector: &str) -> String {
        let began = Instant::now();
        loop {
            let found = self.ask("POST", "/element", &json!({"using": "css selector", "value": selector})).await;
            match found {
                Ok(found) => return found[ELEMENT].as_str().expect("a reference").to_owned(),
                Err(error) if began.elapsed() > PATIENCE => panic!("no `{selector}`: {error}"),
                Err(_) => tokio::time::sleep(Duration::from_millis(20)).await,
            }
        }
    }

    pub(crate) async fn text(&self, selector: &str) -> String {
        let element = self.find(selector).await;
        let text = self.ask("GET", &format!("/element/{element}/text"), &Value::Null).await.expect("a text");
        text.as_str().unwrap_or_default().to_owned()
    }

    pub(crate) async fn click(&self, selector: &str) {
        let element = self.find(selector).await;
        self.ask("POST", &format!("/element/{element}/click"), &json!({})).await.expect("a click");
    }

    /// Clicks what leads to another page, and waits until that page is whole: the old one carries a mark until it is gone.
    pub(crate) async fn follow(&self, selector: &str) {
        self.script("document.documentElement.dataset.old = 'yes'").await;
        self.click(selector).await;
        let began = Instant::now();
        let is_new = "return document.readyState === 'complete' && !document.documentElement.dataset.old";
        while self.try_script(is_new).await != Ok(Value::Bool(true)) {
            assert!(began.elapsed() < PATIENCE, "no new page after `{selector}`");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Replaces what is in a field by what somebody types.
    pub(crate) async fn fill(&self, selector: &str, text: &str) {
        let element = self.find(selector).await;
        self.ask("POST", &format!("/element/{element}/clear"), &json!({})).await.expect("an empty field");
        self.ask("POST", &format!("/element/{element}/value"), &json!({"text": text})).await.expect("typing");
    }

    /// Presses keys wherever the focus is.
    pub(crate) async fn press(&self, keys: &str) {
        let presses = keys.chars().flat_map(|key| {
            [json!({"type": "keyDown", "value": key.to_string()}), json!({"type": "keyUp", "value": key.to_string()})]
        });
        let presses: Vec<Value> = presses.collect();
        let actions = json!({"actions": [{"type": "key", "id": "keyboard", "actions": presses}]});
        self.ask("POST", "/actions", &actions).await.expect("keys");
    }

    pub(crate) async fn script(&self, script: &str) -> Value {
        self.try_script(script).await.expect("a script's answer")
    }

    async fn try_script(&self, script: &str) -> Result<Value, String> {
        self.ask("POST", "/execute/sync", &json!({"script": script, "args": []})).await
    }

    /// A picture of the whole page, this wide, in this colour scheme.
    pub(crate) async fn picture(&self, file: &Path, width: u32, scheme: &str) {
        let devtools = async |command: &str, parameters: Value| {
            let body = json!({"cmd": command, "params": parameters});
            self.ask("POST", "/goog/cdp/execute", &body).await.expect("an answer of the browser's")
        };
        let features = json!({"media": "", "features": [{"name": "prefers-color-scheme", "value": scheme}]});
        devtools("Emulation.setEmulatedMedia", features).await;
        let size = |height: u32| json!({"width": width, "height": height, "deviceScaleFactor": 1, "mobile": false});
        devtools("Emulation.setDeviceMetricsOverride", size(600)).await;
        let height = self.script("return document.documentElement.scrollHeight").await.as_u64().expect("a height");
        devtools("Emulation.setDeviceMetricsOverride", size(u32::try_from(height).expect("a height"))).await;
        let wide = self.script("return document.documentElement.scrollWidth").await;
        assert!(wide.as_u64() <= Some(u64::from(width)), "{}: {wide} is wider than {width}", file.display());
        let picture = self.ask("GET", "/screenshot", &Value::Null).await.expect("a picture");
        let bytes = base64::engine::general_purpose::STANDARD.decode(picture.as_str().expect("a text"));
        std::fs::write(file, bytes.expect("base64")).expect("a file");
        devtools("Emulation.clearDeviceMetricsOverride", json!({})).await;
    }

    pub(crate) async fn close(self) {
        // Without a session the driver ends the browser anyway.
        let _ended = self.ask("DELETE", "", &Value::Null).await;
    }
}

async fn command_to(http: &Client, method: &str, url: &str, body: &Value) -> Result<Value, String> {
    let mut request = http.request(method.parse().expect("a method"), url);
    if method == "POST" {
        request = request.header("content-type", "application/json").body(body.to_string());
    }
    let answer = request.send().await.map_err(|error| error.to_string())?;
    let is_good = answer.status().is_success();
    let text = answer.text().await.map_err(|error| error.to_string())?;
    let answer: Value = serde_json::from_str(&text).map_err(|error| format!("{error}: {text}"))?;
    if is_good { Ok(answer["value"].clone()) } else { Err(answer["value"]["message"].to_string()) }
}
