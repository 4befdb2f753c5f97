//! The form: what is wrong is said beside its field, the difference is shown, and only then it is saved.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::{StatusCode, Uri};
use axum::response::Response;

use super::document_form::{Held, field_of};
use super::fields::Fields;
use super::page::{Answered, Frame, Refusal, Told, go_to, page};
use super::session::{Session, random};
use super::{Console, locked};
use crate::application::difference::difference;
use crate::application::manage_profiles::{Change, PlannedWrite};
use crate::domain::oauth::secret::ClientSecret;
use crate::domain::profile::{ClientId, Finding, ProfileName, SecurityProfile};
use crate::ports::profile_repository::{Item, ProfileRepository as _, Tier, Version, Versioned};

/// How many previews are kept; the oldest goes.
const MAX_DRAFTS: usize = 16;

/// Changes that were shown and not yet saved. A client's secret waits here, never in a page.
#[derive(Default)]
pub(super) struct Drafts(Vec<(String, Draft)>);

struct Draft {
    plan: PlannedWrite,
    client: Option<(ClientId, ClientSecret)>,
}

impl Drafts {
    fn keep(&mut self, id: String, draft: Draft) {
        if self.0.len() >= MAX_DRAFTS {
            self.0.remove(0);
        }
        self.0.push((id, draft));
    }

    fn take(&mut self, id: &str) -> Option<Draft> {
        let place = self.0.iter().position(|(known, _)| known == id)?;
        Some(self.0.remove(place).1)
    }
}

#[derive(Template)]
#[template(path = "form.html")]
struct FormPage {
    frame: Frame,
    held: Held,
    /// Whether the profile is not stored yet.
    is_new: bool,
    /// The version that the form was filled from; empty where there was none.
    version: String,
    /// The client that is kept; empty where there is none.
    kept: String,
    /// Why the client cannot be told; empty where it can.
    kept_problem: String,
    errors: Vec<(&'static str, Told)>,
    warnings: Vec<(&'static str, Told)>,
    conflict: bool,
    document: String,
}

impl FormPage {
    fn said<'p>(&'p self, field: &'p str) -> impl Iterator<Item = (&'static str, &'p str)> {
        let errors = self.errors.iter().map(|(place, told)| ("error", *place, told));
        let warnings = self.warnings.iter().map(|(place, told)| ("warning", *place, told));
        let said = errors.chain(warnings).filter(move |(_, place, _)| *place == field);
        said.map(|(kind, _, told)| (kind, told.problem.as_str()))
    }

    /// What has no field of its own in the form.
    fn elsewhere(&self) -> impl Iterator<Item = &Told> {
        self.errors.iter().chain(&self.warnings).filter(|(place, _)| place.is_empty()).map(|(_, told)| told)
    }

    fn is_wrong(&self, field: &str) -> bool {
        self.errors.iter().any(|(place, _)| *place == field)
    }
}

#[derive(Template)]
#[template(path = "preview.html")]
struct PreviewPage {
    frame: Frame,
    draft: String,
    change: &'static str,
    lines: Vec<(&'static str, String)>,
    warnings: Vec<Told>,
    client: Option<String>,
}

pub(super) async fn new(State(console): State<Arc<Console>>, Extension(session): Extension<Session>) -> Answered {
    let frame = Frame::new(&console, &session, "new", "New profile");
    page(&FormPage {
        frame,
        held: Held::placeholders(),
        is_new: true,
        version: String::new(),
        kept: String::new(),
        kept_problem: String::new(),
        errors: Vec::new(),
        warnings: Vec::new(),
        conflict: false,
        document: String::new(),
    })
}

pub(super) async fn edit(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    uri: Uri,
) -> Answered {
    let name = ProfileName::new(&name)?;
    let stored = console.manage().stored(&name).await?;
    let mut held = Held::of_document(name.as_str(), &stored.text);
    let (kept, kept_problem) = kept_client(&console, &name).await;
    held.client_id.clone_from(&kept);
    let (errors, warnings) = match SecurityProfile::from_json(&name, &stored.text, console.config.transport) {
        Ok(profile) => (Vec::new(), placed(profile.warnings())),
        Err(error) => (placed(&error.findings), Vec::new()),
    };
    let query = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let frame = Frame::new(&console, &session, "settings", name.as_str()).of(&name).after(query.text("done"));
    let (is_new, conflict, version) = (false, false, stored.version.0.to_string());
    let document = crate::application::document_text::laid_out(&stored.text);
    page(&FormPage { frame, held, is_new, version, kept, kept_problem, errors, warnings, conflict, document })
}

/// Lints what was sent; where it is good, shows what would change.
pub(super) async fn preview(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
) -> Answered {
    let held = Held::sent(&fields);
    let named = ProfileName::new(&held.name);
    let stored = match &named {
        Ok(name) => console.repository.read(&Item::Document(name.clone())).await?,
        Err(_) => None,
    };
    let document = held.to_document(&fields, stored.as_ref().map(|stored| stored.text.as_str()));
    let mut findings = Vec::new();
    if let Err(error) = &named {
        findings.push(Finding::new("name", error.to_string()));
    }
    // Without a name of its own the document is still looked at, so that everything is said at once.
    let name = named.as_ref().ok().cloned().map_or_else(|| ProfileName::new("unnamed"), Ok)?;
    let (kept, kept_problem) = match &stored {
        Some(_) => kept_client(&console, &name).await,
        None => (String::new(), String::new()),
    };
    let client = client(&fields, &kept).unwrap_or_else(|finding| {
        findings.push(finding);
        None
    });
    if let Err(error) = SecurityProfile::from_json(&name, &document, console.config.transport) {
        findings.extend(error.findings);
    }
    let version = fields.text("version").to_owned();
    let conflict = version != version_text(stored.as_ref());
    if !findings.is_empty() || conflict {
        let (is_new, warnings) = (version.is_empty(), Vec::new());
        let title = if is_new { "New profile" } else { name.as_str() };
        let here = if is_new { "new" } else { "settings" };
        let mut frame = Frame::new(&console, &session, here, title);
        if !is_new {
            frame = frame.of(&name);
        }
        let errors = placed(&findings);
        let shown = FormPage {
            frame,
            held,
            is_new,
            version,
            kept,
            kept_problem,
            errors,
            warnings,
            conflict,
            document: String::new(),
        };
        let mut answer = page(&shown)?;
        *answer.status_mut() = if conflict { StatusCode::CONFLICT } else { StatusCode::UNPROCESSABLE_ENTITY };
        return Ok(answer);
    }
    let plan = console.manage().plan(&name, &document).await?;
    show_plan(&console, &session, &name, Draft { plan, client })
}

fn show_plan(console: &Console, session: &Session, name: &ProfileName, draft: Draft) -> Answered {
    let (before, after) = draft.plan.texts();
    let kind = |line: &String| match line.chars().next() {
        Some('+') => "added",
        Some('-') => "removed",
        Some(_) | None => "same",
    };
    let lines = difference(&before, &after).into_iter().map(|line| (kind(&line), line)).collect();
    let change = match draft.plan.change() {
        Change::Created => "created",
        Change::Replaced => "changed",
        Change::Unchanged => "unchanged",
    };
    let warnings = draft.plan.profile.warnings().iter().map(Told::from).collect();
    let client = draft.client.as_ref().map(|(client_id, _)| client_id.to_string());
    let id = random().map_err(|error| Refusal::bad(error.to_string()))?;
    let mut frame = Frame::new(console, session, "settings", &format!("Save {name}?"));
    if draft.plan.stored.is_some() {
        frame = frame.of(name);
    }
    locked(&console.drafts).keep(id.clone(), draft);
    page(&PreviewPage { frame, draft: id, change, lines, warnings, client })
}

/// Saves what was shown, where nobody else wrote meanwhile.
pub(super) async fn save(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Refusal> {
    let draft = locked(&console.drafts).take(fields.text("draft"));
    let draft = draft.ok_or_else(|| {
        let why = "This change was saved already, or is too old. Look at the profile, and change it again if need be.";
        Refusal::new(StatusCode::GONE, "Nothing left to save", why)
    })?;
    let name = draft.plan.profile.name().clone();
    let changes = draft.plan.change() != Change::Unchanged;
    if changes {
        let tier = if draft.plan.text.len() > Tier::Standard.bytes() { Tier::Advanced } else { Tier::Standard };
        console.manage().write(&draft.plan, tier).await?;
    }
    if let Some((client_id, secret)) = &draft.client {
        console.repository.store_client(&name, client_id, secret, None).await?;
    }
    let done = if changes || draft.client.is_some() { "saved" } else { "unchanged" };
    Ok(go_to(&format!("/profiles/{name}?done={done}")))
}

/// The client to store; none where it stays as it is.
fn client(fields: &Fields, kept: &str) -> Result<Option<(ClientId, ClientSecret)>, Finding> {
    let (id, secret) = (fields.text("clientId"), fields.raw("clientSecret"));
    if secret.is_empty() && (id.is_empty() || id == kept) {
        return Ok(None);
    }
    if secret.is_empty() {
        return Err(Finding::new("clientSecret", "is empty; type the secret of this client, or clear its id"));
    }
    let client_id = ClientId::new(id)
        .ok_or_else(|| Finding::new("clientId", "is not the client id that Okta shows, such as 0oa1b2c3"))?;
    Ok(Some((client_id, ClientSecret::new(secret.to_owned()))))
}

/// The kept client's id, or why it cannot be told.
pub(super) async fn kept_client(console: &Console, name: &ProfileName) -> (String, String) {
    match console.repository.client(name).await {
        Ok(client) => (client.map(|client| client.client_id.to_string()).unwrap_or_default(), String::new()),
        Err(error) => (String::new(), error.to_string()),
    }
}

fn version_text(stored: Option<&Versioned>) -> String {
    stored.map(|Versioned { version: Version(version), .. }| version.to_string()).unwrap_or_default()
}

fn placed(findings: &[Finding]) -> Vec<(&'static str, Told)> {
    findings.iter().map(|finding| (field_of(finding), Told::from(finding))).collect()
}
