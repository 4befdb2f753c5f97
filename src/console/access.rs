//! Which APIs a profile governs, and what a token with the ticked scopes may call there.

use std::collections::BTreeSet;
use std::sync::Arc;

use askama::Template;
use axum::Extension;
use axum::extract::{Path, State};
use axum::http::Uri;
use axum::response::Response;

use super::Console;
use super::call::{any_call, needs};
use super::fields::Fields;
use super::form::kept_client;
use super::page::{Answered, Frame, Refusal, go_to, page};
use super::session::Session;
use crate::application::manage_profiles::{Change, parse_api};
use crate::application::stored_state::{ApiRecord, api};
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::route::Resolution;
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};
use crate::domain::profile::{ApiPattern, ClientId, ProfileName, SecurityProfile};
use crate::domain::validation::hypothetical::HypotheticalToken;
use crate::ports::profile_repository::Tier;

/// A client that stands for any.
const ANY_CLIENT: &str = "any-client";

#[derive(Template)]
#[template(path = "access.html")]
struct AccessPage {
    frame: Frame,
    apis: Vec<ApiRecord>,
    broken: Option<String>,
    matrix: Matrix,
}

#[derive(Default)]
struct Matrix {
    client: String,
    is_http: bool,
    scopes: Vec<Column>,
    rows: Vec<Row>,
    policy: String,
}

struct Column {
    scope: String,
    ticked: bool,
    needed_by_all: bool,
}

struct Row {
    route: String,
    needs: String,
    /// For each column: whether the route names the scope, and whether it is ticked.
    cells: Vec<(bool, bool)>,
    allowed: bool,
    why: String,
}

pub(super) async fn show(
    State(console): State<Arc<Console>>,
    Extension(session): Extension<Session>,
    Path(name): Path<String>,
    uri: Uri,
) -> Answered {
    let name = ProfileName::new(&name)?;
    let stored = console.manage().stored(&name).await?;
    let query = Fields::read(uri.query().unwrap_or_default().as_bytes());
    let frame = Frame::new(&console, &session, "access", name.as_str()).of(&name).after(query.text("done"));
    match SecurityProfile::from_json(&name, &stored.text, console.config.transport) {
        Err(error) => {
            let (apis, matrix) = (Vec::new(), Matrix::default());
            page(&AccessPage { frame, apis, broken: Some(error.to_string()), matrix })
        }
        Ok(profile) => {
            let apis = profile.apis().iter().map(|pattern| api(pattern, console.region.as_deref())).collect();
            let kept = kept_client(&console, &name).await.0;
            let matrix = matrix(&profile, &query, &kept)?;
            page(&AccessPage { frame, apis, broken: None, matrix })
        }
    }
}

fn matrix(profile: &SecurityProfile, query: &Fields, kept: &str) -> Result<Matrix, Refusal> {
    let asked = !query.text("asked").is_empty();
    let ticked: BTreeSet<&str> =
        if asked { query.all("scope").collect() } else { profile.scopes().iter().map(ScopeToken::as_str).collect() };
    let of_routes = profile.routes().iter().flat_map(|route| route.mentioned_scopes());
    let scopes = profile.scopes().iter().chain(of_routes).map(ScopeToken::as_str);
    let mut columns: Vec<Column> = Vec::new();
    for scope in scopes {
        if columns.iter().all(|known| known.scope != scope) {
            let needed_by_all = profile.scopes().iter().any(|needed| needed.as_str() == scope);
            columns.push(Column { scope: scope.to_owned(), ticked: ticked.contains(scope), needed_by_all });
        }
    }
    let granted: Result<ScopeSet, _> = ticked.iter().map(|scope| ScopeToken::new(scope)).collect();
    let granted = granted.map_err(|_| Refusal::bad("One of these is no scope (RFC 6749 section 3.3)."))?;
    let client = match query.text("client") {
        "" if kept.is_empty() => ANY_CLIENT,
        "" => kept,
        client => client,
    };
    let client_id =
        ClientId::new(client).ok_or_else(|| Refusal::bad("The client id has other than printable characters."))?;
    let is_http = query.text("form") == "http";
    let resolution = if is_http { Resolution::RouteFirst } else { Resolution::ResourceFirst };
    let arn: MethodArn = any_call(profile)?;
    let token = HypotheticalToken { profile, client_id: &client_id, scopes: &granted };
    let rows = token.routes(&arn, resolution).into_iter().map(|verdict| {
        let names: Vec<&str> = verdict.route.mentioned_scopes().map(ScopeToken::as_str).collect();
        let why = match (&verdict.denial, verdict.is_left_out) {
            (Some(denial), _) => denial.to_string(),
            (None, true) => "denied while another route's policy is cached".to_owned(),
            (None, false) => String::new(),
        };
        Row {
            route: verdict.route.text.clone(),
            needs: needs(&verdict.route.scopes),
            cells: columns
                .iter()
                .map(|column| (column.needed_by_all || names.contains(&column.scope.as_str()), column.ticked))
                .collect(),
            allowed: verdict.denial.is_none(),
            why,
        }
    });
    let mut rows: Vec<Row> = rows.collect();
    let denial = token.denial(&arn);
    if rows.is_empty() {
        rows.push(Row {
            route: "any route".to_owned(),
            needs: "the profile's scopes".to_owned(),
            cells: columns.iter().map(|column| (column.needed_by_all, column.ticked)).collect(),
            allowed: denial.is_none(),
            why: denial.as_ref().map(ToString::to_string).unwrap_or_default(),
        });
    }
    let policy = serde_json::to_string_pretty(&token.policy(&arn, resolution)).unwrap_or_default();
    Ok(Matrix { client: client.to_owned(), is_http, scopes: columns, rows, policy })
}

pub(super) async fn assign(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let name = ProfileName::new(&name)?;
    let plan = console.manage().plan_to_assign(&name, &wanted(&fields)?).await?.write;
    if plan.change() != Change::Unchanged {
        console.manage().write(&plan, Tier::Standard).await?;
    }
    Ok(go_to(&format!("/profiles/{name}/access?done=assigned")))
}

pub(super) async fn unassign(
    State(console): State<Arc<Console>>,
    Extension(fields): Extension<Fields>,
    Path(name): Path<String>,
) -> Result<Response, Refusal> {
    let name = ProfileName::new(&name)?;
    let plan = console.manage().plan_to_unassign(&name, &wanted(&fields)?).await?;
    console.manage().write(&plan, Tier::Standard).await?;
    Ok(go_to(&format!("/profiles/{name}/access?done=unassigned")))
}

fn wanted(fields: &Fields) -> Result<Vec<ApiPattern>, Refusal> {
    let words = fields.words("api");
    if words.is_empty() {
        return Err(Refusal::bad("No API is named; expected apiId/stage, apiId/*, or * for every API."));
    }
    let refused = |word: &String| Refusal::bad(format!("`{word}` is no API; expected apiId/stage, apiId/*, or *."));
    words.iter().map(|word| parse_api(word).ok_or_else(|| refused(word))).collect()
}
