//! Try: a token for the stored client, a call with it, and how far the token gets up the ladder for that call.

use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use serde_json::{Map, Value};

use super::Console;
use super::call::allowed_call;
use super::fields::Fields;
use super::form::kept_client;
use super::page::{Answered, Frame, Refusal, page};
use super::session::Session;
use crate::adapters::system_clock::SystemClock;
use crate::application::climb::{Climb, Standing};
use crate::application::explain_token::{ExplainToken, Verdict};
use crate::application::key_ring::chain;
use crate::application::remedies::Remedy as _;
use crate::application::stored_client_token::ask;
use crate::application::stored_state::api;
use crate::application::test_step::{ON_WORD, passed};
use crate::domain::binding::possession::Possession;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::jose::peek::Peek;
use crate::domain::oauth::bearer::{Credential, Scheme};
use crate::domain::oauth::secret::BearerToken;
use crate::domain::profile::{ProfileName, SecurityProfile};
use crate::ports::profile_repository::ProfileRepository as _;
use crate::ports::profile_store::ProfileSelection;

/// What may be called with.
const METHODS: [&str; 5] = ["GET", "POST", "PUT", "PATCH", "DELETE"];
/// How much of an answer is shown, in bytes.
const SHOWN: usize = 4_096;
/// How much of a token is shown, in characters: less than its header.
const TOKEN_SHOWN: usize = 12;

#[derive(Template)]
#[template(path = "try.html")]
struct TryPage {
    frame: Frame,
    client: String,
    url: String,
    method: String,
    methods: Vec<&'static str>,
    is_http: bool,
    /// Why it was not tried, and what to do.
    problem: Option<(String, String)>,
    tried: Option<Tried>,
}

struct Tried {
    token_begins: String,
    claims: Vec<(String, String)>,
    status: Result<u16, String>,
    answer: String,
    verdict: String,
    is_accepted: bool,
    steps: Vec<StepLine>,
}

struct StepLine {
    step: &'static str,
    status: &'static str,
    detail: String,
    remedy: &'static str,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
) -> Answered {
    let name = ProfileName::new(&name)?;
    let stored = console.manage().stored(&name).await?;
    let mut shown = empty(&console, &session, &name).await;
    if let Ok(profile) = SecurityProfile::from_json(&name, &stored.text, console.config.transport) {
        let urls = profile.apis().iter().filter_map(|pattern| api(pattern, console.region.as_deref()).url);
        let known = urls.filter(|url| !url.contains('{')).map(|url| format!("{url}/")).next();
        shown.url = known.unwrap_or_else(|| "http://127.0.0.1:8080/".to_owned());
    }
    page(&shown)
}

pub(super) async fn run(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Extension(fields): Extension<Fields>,
    Path(name): Path<String>,
) -> Answered {
    let name = ProfileName::new(&name)?;
    let stored = console.manage().stored(&name).await?;
    let mut shown = empty(&console, &session, &name).await;
    fields.text("url").clone_into(&mut shown.url);
    let method = METHODS.into_iter().find(|method| *method == fields.text("method"));
    let method = method.ok_or_else(|| Refusal::bad("This method is not one of those on the page."))?;
    method.clone_into(&mut shown.method);
    shown.is_http = fields.text("form") == "http";
    let profile = SecurityProfile::from_json(&name, &stored.text, console.config.transport);
    let profile = profile.map_err(|error| Refusal::bad(error.to_string()))?;
    let call = allowed_call(&profile, method, &shown.url)?;
    let Some(client) = console.repository.client(&name).await? else {
        let remedy = "Store a client with its secret on the settings page.".to_owned();
        shown.problem = Some(("The profile keeps no client, so there is no token to try.".to_owned(), remedy));
        return page(&shown);
    };
    let token = match ask(&*console.okta, &profile, &client).await {
        Ok(token) => token,
        Err(error) => {
            shown.problem = Some((chain(&error), error.remedy().to_owned()));
            return page(&shown);
        }
    };
    let peek = Peek::at(token.expose());
    let token_begins = token.expose().chars().take(TOKEN_SHOWN).collect();
    let (status, answer) = send(&console, method, &call.url, &token).await;
    let form = if shown.is_http { EventForm::HttpApiV2 } else { EventForm::RestRequest };
    let request = AuthorizationRequest {
        form,
        method_arn: call.arn,
        credential: Ok(Credential::Token(Scheme::Bearer, token)),
        source_ip: call.source_ip,
        possession: Possession::default(),
    };
    let job = ExplainToken {
        store: console.repository.as_store(),
        keys: Arc::clone(&console.okta),
        introspection: Some(Arc::clone(&console.okta)),
        clock: SystemClock,
        transport: console.config.transport,
    };
    let selection = ProfileSelection::Named(vec![name]);
    let explanation = job.explain(&request.credential, Some(&request), &selection).await?;
    let verdict = explanation.profiles.into_iter().next().map(|explained| explained.verdict);
    let (verdict, is_accepted, steps) = match &verdict {
        Some(Verdict::Climbed(climb)) => {
            let refused = climb.refusal().map(|refusal| format!("The profile refuses it: {}", refusal.reason()));
            let accepted = refused.is_none();
            (refused.unwrap_or_else(|| "The profile accepts it for this call.".to_owned()), accepted, lines(climb))
        }
        Some(Verdict::DoesNotApply { .. }) => {
            ("The profile is not asked: it does not cover this API and stage.".to_owned(), false, Vec::new())
        }
        Some(Verdict::Broken(error)) => (error.to_string(), false, Vec::new()),
        None => ("The profile was deleted meanwhile.".to_owned(), false, Vec::new()),
    };
    let claims = peek.claims.as_ref().map(claims).unwrap_or_default();
    shown.tried = Some(Tried { token_begins, claims, status, answer, verdict, is_accepted, steps });
    page(&shown)
}

async fn empty(console: &Console, session: &Session, name: &ProfileName) -> TryPage {
    TryPage {
        frame: Frame::new(console, session, "try", name.as_str()).of(name),
        client: kept_client(console, name).await.0,
        url: String::new(),
        method: "GET".to_owned(),
        methods: if console.read_only { vec!["GET"] } else { METHODS.to_vec() },
        is_http: false,
        problem: None,
        tried: None,
    }
}

/// The status and the beginning of the answer. Where the answer repeats the token, that is left out.
async fn send(console: &Console, method: &str, url: &url::Url, token: &BearerToken) -> (Result<u16, String>, String) {
    let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap_or(reqwest::Method::GET);
    let request = console.http.request(method, url.clone()).bearer_auth(token.expose());
    let mut answer = match request.send().await {
        Ok(answer) => answer,
        Err(error) => return (Err(chain(&error.without_url())), String::new()),
    };
    let mut body = Vec::new();
    while let Ok(Some(part)) = answer.chunk().await {
        body.extend_from_slice(&part);
        // Enough for a token that begins where the shown part ends.
        if body.len() > 16 * SHOWN {
            break;
        }
    }
    let text = String::from_utf8_lossy(&body).replace(token.expose(), "[the token]");
    (Ok(answer.status().as_u16()), text.chars().take(SHOWN).collect())
}

fn claims(claims: &Map<String, Value>) -> Vec<(String, String)> {
    claims.iter().map(|(name, value)| (name.clone(), value.to_string())).collect()
}

fn lines(climb: &Climb) -> Vec<StepLine> {
    let line = |(step, standing): (crate::domain::validation::ladder::Step, Standing<'_>)| {
        let (status, detail, remedy) = match standing {
            Standing::Passed => ("pass", passed(step).to_owned(), ""),
            Standing::Refused(refusal) => ("fail", climb.detail().unwrap_or_default(), refusal.remedy()),
            Standing::NotReached => ("skip", "not reached".to_owned(), ""),
            Standing::OnWord => ("skip", ON_WORD.to_owned(), ""),
            Standing::NoCall => ("skip", "there is no call to judge".to_owned(), ""),
        };
        StepLine { step: step.name(), status, detail, remedy }
    };
    climb.steps().map(line).collect()
}
