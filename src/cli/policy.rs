//! `profiles policy`: the policy that a token would get.

use clap::{Args, ValueEnum};
use serde::Serialize;

use super::error::CliError;
use super::global::GlobalArguments;
use super::output::Output;
use super::wait_for;
use crate::application::remedies::Remedy;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::policy::Policy;
use crate::domain::gateway::route::{RequiredScopes, Resolution};
use crate::domain::oauth::scope::{ScopeSet, ScopeToken};
use crate::domain::profile::{ApiPattern, ClientId, ProfileName, SecurityProfile};
use crate::domain::validation::error::Denial;
use crate::domain::validation::hypothetical::{HypotheticalToken, RouteVerdict};
use crate::ports::profile_repository::{Item, ProfileRepository};

/// A region and an account that stand for those of the API.
const ARN_PREFIX: &str = "arn:aws:execute-api:us-east-1:123456789012";
/// The API and stage that stand for any.
const ANY_API: &str = "abcdef1234/prod";
/// The stage that stands for any.
const ANY_STAGE: &str = "prod";

const EXAMPLES: &str = "\
Example:
  profiles policy orders --cid 0oa1b2c3d4e5f6g7h8i9 --scope CustomScope orders.read

Exit status: 0, whatever is allowed.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct PolicyArguments {
    /// The profile's name
    name: String,
    /// The client's id, `cid` in its tokens
    #[arg(long, value_name = "ID")]
    cid: String,
    /// The scopes of the token, `scp`; default: none
    #[arg(long, value_name = "SCOPE", num_args = 1..)]
    scope: Vec<String>,
    /// The API and stage that are called; default: one that the profile covers
    #[arg(long, value_name = "APIID/STAGE")]
    api: Option<String>,
    /// How the API chooses among routes
    #[arg(long, value_enum, default_value_t = FormArgument::Rest)]
    form: FormArgument,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum, Serialize)]
#[serde(rename_all = "lowercase")]
enum FormArgument {
    /// REST API: the resource, then its method
    Rest,
    /// HTTP API: the most specific route
    Http,
}

/// The whole answer for programs.
#[derive(Serialize)]
struct Document<'p> {
    profile: &'p str,
    api: &'p str,
    form: FormArgument,
    cid: &'p str,
    scopes: Vec<&'p str>,
    #[serde(flatten)]
    decision: DecisionLine,
    routes: Vec<RouteLine<'p>>,
    policy: &'p Policy,
    notes: &'p [&'static str],
}

#[derive(Serialize)]
struct RouteLine<'p> {
    route: &'p str,
    needs: String,
    #[serde(flatten)]
    decision: DecisionLine,
    #[serde(rename = "leftOut")]
    left_out: bool,
}

#[derive(Serialize)]
struct DecisionLine {
    decision: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

impl PolicyArguments {
    /// Prints what the token may call, and the policy that says so.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let name = ProfileName::new(&self.name).map_err(|error| CliError::usage(error.to_string()))?;
        let client_id = ClientId::new(&self.cid)
            .ok_or_else(|| CliError::usage("--cid is empty or has other than printable characters"))?;
        let scopes = self.scope.iter().flat_map(|scope| scope.split(' ')).map(ScopeToken::new);
        let scopes: ScopeSet = scopes
            .collect::<Result<_, _>>()
            .map_err(|_| CliError::usage("--scope has something that is no scope (RFC 6749 section 3.3)"))?;
        wait_for(async {
            let bench = global.open().await?;
            let item = Item::Document(name.clone());
            let location = bench.repository.location(&item);
            let missing = || CliError::failed(format!("there is no profile `{name}`: `{location}` does not exist"));
            let document = bench.repository.read(&item).await?.ok_or_else(missing)?;
            let profile = SecurityProfile::from_json(&name, &document.text, bench.config.transport)?;
            let api = self.api.clone().unwrap_or_else(|| covered(&profile));
            let arn = MethodArn::parse(&format!("{ARN_PREFIX}:{api}/GET/"))
                .map_err(|_| CliError::usage("--api expects apiId/stage, such as abcdef1234/prod"))?;
            let token = HypotheticalToken { profile: &profile, client_id: &client_id, scopes: &scopes };
            Ok(self.print(bench.output, token, &arn)?)
        })
    }

    fn print(&self, output: Output, token: HypotheticalToken<'_>, arn: &MethodArn) -> std::io::Result<()> {
        let resolution = Resolution::from(self.form);
        let (policy, verdicts) = (token.policy(arn, resolution), token.routes(arn, resolution));
        let (profile, notes) = (token.profile, notes(token.profile));
        let decision = DecisionLine::from(token.denial(arn).as_ref());
        let api = format!("{}/{}", arn.api_id(), arn.stage());
        if !output.is_human() {
            return output.json(&Document {
                profile: profile.name().as_str(),
                api: &api,
                form: self.form,
                cid: token.client_id.as_str(),
                scopes: token.scopes.iter().map(ScopeToken::as_str).collect(),
                decision,
                routes: verdicts.iter().map(RouteLine::from).collect(),
                policy: &policy,
                notes: &notes,
            });
        }
        let headings = ["route", "needs", "decision", "why"];
        let mut rows: Vec<Vec<String>> = verdicts.iter().map(row).collect();
        if rows.is_empty() {
            let why = decision.detail.clone().unwrap_or_else(|| "the profile has no routes of its own".to_owned());
            rows.push(vec!["any route".to_owned(), "nothing more".to_owned(), decision.decision.to_owned(), why]);
        }
        output.line(&format!(
            "profile `{}` at {api}, a token of `{}` with `{}`\n",
            profile.name(),
            token.client_id,
            token.scopes
        ))?;
        output.table(&headings, &rows)?;
        if let Some(remedy) = decision.remedy {
            output.line(&format!("\n{remedy}"))?;
        }
        for note in &notes {
            output.line(&format!("\nNote: {note}"))?;
        }
        output.line("\npolicy:")?;
        output.json(&policy)
    }
}

/// An API and stage that the profile covers.
fn covered(profile: &SecurityProfile) -> String {
    let of_pattern = |pattern: &ApiPattern| match pattern {
        ApiPattern::Any => None,
        ApiPattern::Api { api_id } => Some(format!("{api_id}/{ANY_STAGE}")),
        ApiPattern::Stage { api_id, stage } => Some(format!("{api_id}/{stage}")),
    };
    profile.apis().iter().find_map(of_pattern).unwrap_or_else(|| ANY_API.to_owned())
}

/// What a token that nobody has leaves open.
fn notes(profile: &SecurityProfile) -> Vec<&'static str> {
    let mut notes = Vec::new();
    if !profile.claim_rules().is_empty() {
        notes.push("the profile's rules on `claims` are taken for satisfied, since there is no token to look at.");
    }
    if !profile.allowed_ips().is_empty() {
        notes.push("the policy allows the networks of `allowedIps` only.");
    }
    if profile.expiry_condition() {
        notes.push("with `expiryCondition` the policy ends with the token, which is left out here.");
    }
    notes
}

fn needs(scopes: &RequiredScopes) -> String {
    match scopes {
        RequiredScopes::All(scopes) if scopes.is_empty() => "nothing more".to_owned(),
        RequiredScopes::All(scopes) => format!("all of {scopes}"),
        RequiredScopes::Any(scopes) => format!("any of {scopes}"),
    }
}

fn row(verdict: &RouteVerdict<'_>) -> Vec<String> {
    let why = match (&verdict.denial, verdict.is_left_out) {
        (Some(denial), _) => denial.to_string(),
        (None, false) => "the token has what it needs".to_owned(),
        (None, true) => "the token has what it needs; denied while another route's policy is cached".to_owned(),
    };
    let decision = if verdict.denial.is_none() { "allow" } else { "deny" };
    vec![verdict.route.text.clone(), needs(&verdict.route.scopes), decision.to_owned(), why]
}

impl From<FormArgument> for Resolution {
    fn from(form: FormArgument) -> Self {
        match form {
            FormArgument::Rest => Self::ResourceFirst,
            FormArgument::Http => Self::RouteFirst,
        }
    }
}

impl From<Option<&Denial>> for DecisionLine {
    fn from(denial: Option<&Denial>) -> Self {
        Self {
            decision: if denial.is_none() { "allow" } else { "deny" },
            reason: denial.map(Denial::reason),
            detail: denial.map(ToString::to_string),
            remedy: denial.map(Remedy::remedy),
        }
    }
}

impl<'p> From<&RouteVerdict<'p>> for RouteLine<'p> {
    fn from(verdict: &RouteVerdict<'p>) -> Self {
        Self {
            route: &verdict.route.text,
            needs: needs(&verdict.route.scopes),
            decision: DecisionLine::from(verdict.denial.as_ref()),
            left_out: verdict.is_left_out,
        }
    }
}
