//! The deny list: who is kept out, whom that affects, one more or one less.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::State;
use axum::http::Uri;
use axum::response::Response;

use super::Console;
use super::fields::Fields;
use super::page::{Answered, Frame, Refusal, go_to, page};
use super::session::Session;
use crate::adapters::system_clock::SystemClock;
use crate::application::stored_state::KeySetState;
use crate::domain::deny_list::{DenyList, Listed};
use crate::ports::clock::Clock as _;
use crate::ports::profile_repository::{Expected, Item, ProfileRepository as _, Tier};

#[derive(Template)]
#[template(path = "deny.html")]
struct DenyPage {
    frame: Frame,
    entries: Vec<Entry>,
}

struct Entry {
    kind: &'static str,
    meaning: &'static str,
    value: String,
    affects: String,
}

/// What is known of each profile that an entry could be about.
struct Known {
    profile: String,
    client: Option<String>,
    keys: Vec<String>,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    uri: Uri,
) -> Answered {
    let query = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let (list, _) = read(&console).await?;
    let known = known(&console).await?;
    let entries = Listed::ALL.into_iter().flat_map(|kind| {
        let known = &known;
        list.entries(kind).iter().map(move |value| Entry {
            kind: kind.name(),
            meaning: meaning(kind),
            value: value.clone(),
            affects: affects(kind, value, known),
        })
    });
    let entries = entries.collect();
    let frame = Frame::new(&console, &session, "deny", "Deny list").after(query.text("done"));
    page(&DenyPage { frame, entries })
}

pub(super) async fn add(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Refusal> {
    change(&console, &fields, DenyList::add).await?;
    Ok(go_to("/deny?done=denied"))
}

pub(super) async fn remove(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
) -> Result<Response, Refusal> {
    change(&console, &fields, DenyList::remove).await?;
    Ok(go_to("/deny?done=admitted"))
}

async fn read(console: &Console) -> Result<(DenyList, Expected), Refusal> {
    let stored = console.repository.read(&Item::DenyList).await?;
    let expected = stored.as_ref().map_or(Expected::Nothing, |stored| Expected::Version(stored.version));
    let list = stored.as_ref().map_or_else(|| Ok(DenyList::new()), |stored| DenyList::from_json(&stored.text));
    Ok((list.map_err(|error| Refusal::bad(error.to_string()))?, expected))
}

async fn change(
    console: &Console,
    fields: &Fields,
    change: impl FnOnce(&mut DenyList, Listed, &str) -> bool,
) -> Result<(), Refusal> {
    let kind = Listed::ALL.into_iter().find(|kind| kind.name() == fields.text("kind"));
    let kind =
        kind.ok_or_else(|| Refusal::bad("Say what is to be kept out: a client, a subject, a token or a key."))?;
    let value = fields.text("value");
    if value.is_empty() {
        return Err(Refusal::bad("The value is empty; expected the id of what is to be kept out."));
    }
    let (mut list, expected) = read(console).await?;
    if change(&mut list, kind, value) {
        console.repository.write(&Item::DenyList, &list.to_json(), expected, Tier::Standard).await?;
    }
    Ok(())
}

async fn known(console: &Console) -> Result<Vec<Known>, Refusal> {
    let mut known = Vec::new();
    for name in console.repository.names().await? {
        let key_set = console.repository.read(&Item::KeySet(name.clone())).await?;
        let state = KeySetState::of(key_set.as_ref().map(|stored| stored.text.as_str()), SystemClock.now().wall);
        let keys = match state {
            KeySetState::Stored { current, gone, .. } => current.into_iter().chain(gone).collect(),
            KeySetState::Unusable { .. } | KeySetState::Missing => Vec::new(),
        };
        // Who may not decrypt the client is not told whose it is.
        let client = console.repository.client(&name).await.ok().flatten().map(|client| client.client_id.to_string());
        known.push(Known { profile: name.to_string(), client, keys });
    }
    Ok(known)
}

const fn meaning(kind: Listed) -> &'static str {
    match kind {
        Listed::Client => "client",
        Listed::Subject => "subject",
        Listed::TokenId => "one token",
        Listed::KeyId => "key, and every token that it signed",
    }
}

fn affects(kind: Listed, value: &str, known: &[Known]) -> String {
    let of = |is_affected: &dyn Fn(&Known) -> bool| {
        let names: Vec<&str> =
            known.iter().filter(|known| is_affected(known)).map(|known| known.profile.as_str()).collect();
        names.join(", ")
    };
    let every = "whoever presents it, at every profile";
    match kind {
        Listed::Client => match of(&|known| known.client.as_deref() == Some(value)) {
            names if names.is_empty() => "this client, at every profile".to_owned(),
            names => format!("this client, at every profile; it is the stored client of {names}"),
        },
        Listed::Subject => "tokens of this subject, at every profile".to_owned(),
        Listed::TokenId => every.to_owned(),
        Listed::KeyId => match of(&|known| known.keys.iter().any(|key| key == value)) {
            names if names.is_empty() => every.to_owned(),
            names => format!("every client of {names}"),
        },
    }
}
