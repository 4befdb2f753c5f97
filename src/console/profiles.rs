//! The list: every profile, what it governs, how old its keys are, and how its last test ended.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;

use super::fields::Fields;
use super::page::{Answered, Frame, Refusal, Told, page};
use super::session::Session;
use super::{Console, locked};
use crate::adapters::system_clock::SystemClock;
use crate::application::stored_state::{ApiRecord, KeySetState, api};
use crate::domain::profile::{Audience, ProfileName, SecurityProfile};
use crate::ports::clock::Clock as _;
use crate::ports::profile_repository::{Item, ProfileRepository as _};

#[derive(Template)]
#[template(path = "list.html")]
struct ListPage {
    frame: Frame,
    profiles: Vec<Row>,
}

struct Row {
    name: String,
    description: String,
    issuer: String,
    audiences: String,
    apis: Vec<ApiRecord>,
    keys: String,
    keys_are_there: bool,
    token_url: Option<String>,
    errors: Vec<Told>,
    tested: Option<(&'static str, String)>,
}

pub(super) async fn list(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    uri: Uri,
) -> Answered {
    let query = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let mut profiles = Vec::new();
    for name in console.repository.names().await? {
        profiles.extend(row(&console, name).await?);
    }
    let frame = Frame::new(&console, &session, "list", "Security profiles").after(query.text("done"));
    page(&ListPage { frame, profiles })
}

/// Nothing where it was deleted meanwhile.
async fn row(console: &Console, name: ProfileName) -> Result<Option<Row>, Refusal> {
    let Some(stored) = console.repository.read(&Item::Document(name.clone())).await? else { return Ok(None) };
    let key_set = console.repository.read(&Item::KeySet(name.clone())).await?;
    let now = SystemClock.now().wall;
    let keys = KeySetState::of(key_set.as_ref().map(|stored| stored.text.as_str()), now);
    let checked = SecurityProfile::from_json(&name, &stored.text, console.config.transport);
    let errors = checked.as_ref().err().map(|error| error.findings.iter().map(Told::from).collect());
    let profile = checked.as_ref().ok();
    let audiences = profile.map(|profile| profile.audiences().iter().map(Audience::as_str).collect::<Vec<_>>());
    let last = locked(&console.last_tests).get(name.as_str()).copied();
    Ok(Some(Row {
        description: profile.and_then(|profile| profile.description()).unwrap_or_default().to_owned(),
        issuer: profile.map(|profile| profile.issuer().to_string()).unwrap_or_default(),
        audiences: audiences.unwrap_or_default().join(", "),
        apis: profile
            .iter()
            .flat_map(|profile| profile.apis())
            .map(|pattern| api(pattern, console.region.as_deref()))
            .collect(),
        keys_are_there: matches!(keys, KeySetState::Stored { .. }),
        keys: keys.age(),
        token_url: console.token_base.as_ref().map(|base| format!("{base}/oauth2/{name}/v1/token")),
        errors: errors.unwrap_or_default(),
        tested: last.map(|last| (last.ended.as_str(), last.at.to_rfc3339())),
        name: name.to_string(),
    }))
}
