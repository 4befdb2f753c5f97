//! The Test button: its steps are written into the page as they end.

use std::convert::Infallible;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::body::{Body, Bytes};
use axum::extract::{Path, State};
use axum::http::header::CONTENT_TYPE;
use axum::response::Response;
use futures_util::stream;
use tokio::sync::mpsc;

use super::page::{Answered, Frame, page};
use super::session::Session;
use super::{Console, LastTest, locked};
use crate::adapters::system_clock::SystemClock;
use crate::application::test_profile::{TestProfile, Tested};
use crate::application::test_step::{Ended, StepReport};
use crate::domain::profile::ProfileName;
use crate::ports::clock::Clock as _;

/// Where the steps stand in the page; its text before and after this is sent around them.
const STEPS: &str = "<!-- steps -->";
/// Where the outcome stands.
const OUTCOME: &str = "<!-- outcome -->";

#[derive(Template)]
#[template(path = "test.html")]
struct TestPage {
    frame: Frame,
    running: bool,
    last: Option<(&'static str, String)>,
}

#[derive(Template)]
#[template(path = "step.html")]
struct StepRow<'r> {
    step: &'static str,
    status: &'static str,
    reason: Option<&'static str>,
    detail: &'r str,
    remedy: Option<&'r str>,
}

#[derive(Template)]
#[template(path = "outcome.html")]
struct Outcome {
    status: &'static str,
    text: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
) -> Answered {
    let name = ProfileName::new(&name)?;
    console.manage().stored(&name).await?;
    let last = locked(&console.last_tests).get(name.as_str()).copied();
    let last = last.map(|last| (last.ended.as_str(), last.at.to_rfc3339()));
    page(&TestPage { frame: frame(&console, &session, &name), running: false, last })
}

pub(super) async fn run(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
) -> Answered {
    let name = ProfileName::new(&name)?;
    console.manage().stored(&name).await?;
    let text = TestPage { frame: frame(&console, &session, &name), running: true, last: None }.render()?;
    let (head, tail) = text.split_once(STEPS).unwrap_or((&text, ""));
    let (before, after) = tail.split_once(OUTCOME).unwrap_or((tail, ""));
    let (before, after) = (before.to_owned(), after.to_owned());
    let (parts, received) = mpsc::unbounded_channel();
    // Who has left the page is told nothing.
    let _gone = parts.send(head.to_owned());
    tokio::spawn(async move {
        let (store, transport) = (console.repository.as_store(), console.config.transport);
        let job = TestProfile { store, okta: Arc::clone(&console.okta), clock: SystemClock, transport };
        let tell = |line: &StepReport| {
            let _gone = parts.send(row(line));
        };
        let outcome = match job.test(&name, Tested::StoredClient, tell).await {
            Ok(lines) => outcome(&console, &name, &lines),
            Err(error) => Outcome { status: "fail", text: error.to_string() },
        };
        for part in [before, outcome.render().unwrap_or_default(), after] {
            let _gone = parts.send(part);
        }
    });
    let parts = stream::unfold(received, async |mut received| {
        let part: String = received.recv().await?;
        Some((Ok::<Bytes, Infallible>(Bytes::from(part)), received))
    });
    let mut answer = Response::new(Body::from_stream(parts));
    let html = axum::http::HeaderValue::from_static("text/html; charset=utf-8");
    answer.headers_mut().insert(CONTENT_TYPE, html);
    Ok(answer)
}

fn frame(console: &Console, session: &Session, name: &ProfileName) -> Frame {
    Frame::new(console, session, "test", name.as_str()).of(name)
}

fn row(line: &StepReport) -> String {
    let row = StepRow {
        step: line.step.name(),
        status: line.ended.as_str(),
        reason: line.reason,
        detail: &line.detail,
        remedy: line.remedy.as_deref(),
    };
    row.render().unwrap_or_default()
}

/// Kept for the list of profiles.
fn outcome(console: &Console, name: &ProfileName, lines: &[StepReport]) -> Outcome {
    let ended = lines.iter().map(|line| line.ended).filter(|ended| *ended != Ended::Skip).max();
    let ended = ended.unwrap_or(Ended::Fail);
    locked(&console.last_tests).insert(name.to_string(), LastTest { ended, at: SystemClock.now().wall });
    let of = |wanted: Ended| lines.iter().filter(|line| line.ended == wanted).count();
    let text = match ended {
        Ended::Pass | Ended::Skip => "Every step passed.".to_owned(),
        Ended::Warn => format!("It works, with {} to look at.", counted(of(Ended::Warn), "warning")),
        Ended::Fail => format!("The profile fails its test: {}.", counted(of(Ended::Fail), "failure")),
    };
    Outcome { status: ended.as_str(), text }
}

fn counted(count: usize, what: &str) -> String {
    if count == 1 { format!("1 {what}") } else { format!("{count} {what}s") }
}
