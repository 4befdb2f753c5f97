//! How `profiles explain` reads: tables for people, one document for programs.

use std::io;

use serde::Serialize;
use serde_json::{Map, Value};

use super::output::{Mark, Output};
use super::test::skip_line;
use crate::adapters::api_gateway::answer::AuthorizerAnswer;
use crate::adapters::api_gateway::handler::HandlerError;
use crate::application::authorize_request::AuthorizeError;
use crate::application::climb::{Climb, Standing};
use crate::application::explain_token::{ExplainedProfile, Explanation, Verdict};
use crate::application::key_ring::chain;
use crate::application::remedies::Remedy;
use crate::application::test_step::ON_WORD;
use crate::application::test_step::passed;
use crate::domain::gateway::request::AuthorizationRequest;
use crate::domain::jose::peek::Peek;
use crate::domain::time::UnixTime;
use crate::domain::validation::authorize::Decision;
use crate::domain::validation::ladder::Step;

/// The claims that are times (RFC 7519 section 4.1, OpenID Connect Core 1.0 section 2).
const TIMES: [&str; 4] = ["exp", "nbf", "iat", "auth_time"];

const NOT_REACHED: &str = "an earlier step refused";
const NO_CALL: &str = "there is no call to judge; give one with --event";

/// What is to be told.
pub(super) struct Told<'t> {
    pub(super) peek: &'t Peek,
    pub(super) now: UnixTime,
    pub(super) explanation: &'t Explanation,
    pub(super) call: Option<&'t AuthorizationRequest>,
    pub(super) answer: Option<&'t AnswerLine>,
}

/// What the authorizer would answer, and why.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct AnswerLine {
    /// As in the log: `allow`, `deny`, `unauthorized` (401) or `error` (500).
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    profile: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

/// The whole explanation for programs.
#[derive(Serialize)]
struct Document<'t> {
    header: Option<&'t Map<String, Value>>,
    claims: Option<&'t Map<String, Value>>,
    profiles: Vec<ProfileLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    call: Option<CallLine>,
    #[serde(skip_serializing_if = "Option::is_none")]
    answer: Option<&'t AnswerLine>,
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct CallLine {
    form: &'static str,
    api: String,
    route: String,
    source_ip: Option<String>,
}

#[derive(Serialize)]
struct ProfileLine {
    profile: String,
    /// `accepted`, `refused`, `not-asked` or `broken`.
    outcome: &'static str,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    #[serde(skip_serializing_if = "Option::is_none")]
    detail: Option<String>,
    steps: Vec<StepLine>,
}

#[derive(Serialize)]
struct StepLine {
    step: &'static str,
    status: Mark,
    #[serde(skip_serializing_if = "Option::is_none")]
    reason: Option<&'static str>,
    detail: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    remedy: Option<&'static str>,
}

/// Prints the explanation.
pub(super) fn print(output: Output, told: &Told<'_>) -> io::Result<()> {
    let profiles: Vec<ProfileLine> = told.explanation.profiles.iter().map(ProfileLine::from).collect();
    let call = told.call.map(CallLine::from);
    if !output.is_human() {
        let (header, claims) = (told.peek.header.as_ref(), told.peek.claims.as_ref());
        return output.json(&Document { header, claims, profiles, call, answer: told.answer });
    }
    print_part(output, "header", told.peek.header.as_ref(), told.now)?;
    output.line("")?;
    print_part(output, "claim", told.peek.claims.as_ref(), told.now)?;
    if let Some(CallLine { form, api, route, source_ip }) = call {
        let from = source_ip.map_or_else(String::new, |address| format!(" from {address}"));
        output.line(&format!("\ncall: {route} of {api}{from} ({form})"))?;
    }
    for profile in &profiles {
        print_profile(output, profile)?;
    }
    if profiles.is_empty() {
        output.line("\nThere are no profiles.")?;
    }
    told.answer.map_or(Ok(()), |answer| print_answer(output, answer))
}

fn print_part(output: Output, what: &str, part: Option<&Map<String, Value>>, now: UnixTime) -> io::Result<()> {
    let Some(members) = part else { return output.line(&format!("{what}: cannot be read")) };
    let rows: Vec<Vec<String>> =
        members.iter().map(|(name, value)| vec![shown(name), meaning(name, value, now)]).collect();
    output.table(&[what, "value"], &rows)
}

/// A name as it stands, if a terminal takes it for text.
fn shown(name: &str) -> String {
    name.escape_debug().to_string()
}

/// A value as JSON, and a time also as people write it.
fn meaning(name: &str, value: &Value, now: UnixTime) -> String {
    // JSON escapes control characters up to U+001F, and a terminal obeys others as well.
    let text = value.to_string().replace(char::is_control, " ");
    match value.as_u64().filter(|_| TIMES.contains(&name)).map(UnixTime::from_seconds) {
        Some(time) if time > now => format!("{text} ({}, in {} s)", time.to_rfc3339(), time.since(now).as_secs()),
        Some(time) => format!("{text} ({}, {} s ago)", time.to_rfc3339(), now.since(time).as_secs()),
        None => text,
    }
}

fn print_profile(output: Output, profile: &ProfileLine) -> io::Result<()> {
    let verdict = match profile.outcome {
        "accepted" => "accepts it".to_owned(),
        "refused" => format!("refuses it ({})", profile.reason.unwrap_or_default()),
        _ => profile.detail.clone().unwrap_or_default(),
    };
    output.line(&format!("\nprofile `{}`: {verdict}", profile.profile))?;
    let (reached, skipped): (Vec<&StepLine>, Vec<&StepLine>) =
        profile.steps.iter().partition(|line| line.status != Mark::Skip);
    for line in reached {
        output.line(&format!("{}  {:<10}  {}", output.mark(line.status), line.step, line.detail))?;
        if let Some(remedy) = line.remedy {
            output.line(&format!("      {:<10}  {remedy}", ""))?;
        }
    }
    for why in [ON_WORD, NOT_REACHED, NO_CALL] {
        let names: Vec<&str> = skipped.iter().filter(|line| line.detail == why).map(|line| line.step).collect();
        if !names.is_empty() {
            output.line(&skip_line(output, 10, &names, why))?;
        }
    }
    Ok(())
}

fn print_answer(output: Output, answer: &AnswerLine) -> io::Result<()> {
    let words = match answer.outcome {
        "allow" => "allow",
        "deny" => "deny (403)",
        "unauthorized" => "unauthorized (401)",
        _ => "error (500)",
    };
    let by = answer.profile.as_ref().map_or_else(String::new, |profile| format!(", by the profile `{profile}`"));
    let reason = answer.reason.as_ref().map_or_else(String::new, |reason| format!(": {reason}"));
    output.line(&format!("\nanswer: {words}{by}{reason}"))?;
    for text in answer.detail.as_deref().into_iter().chain(answer.remedy) {
        output.line(&format!("        {text}"))?;
    }
    Ok(())
}

impl AnswerLine {
    /// The answer to a request that was decided about.
    pub(super) fn of(
        decision: &Result<Decision, AuthorizeError>,
        answer: &Result<AuthorizerAnswer, HandlerError>,
    ) -> Self {
        let outcome = match answer {
            Ok(answer) if answer.allows() => "allow",
            Ok(_) => "deny",
            Err(HandlerError::Unauthorized) => "unauthorized",
            Err(HandlerError::Event(_) | HandlerError::Failed { .. }) => "error",
        };
        let line = Self { outcome, profile: None, reason: None, detail: None, remedy: None };
        match (decision, answer) {
            (Ok(_), Err(HandlerError::Failed { reason, detail })) => {
                let remedy = Some("Name fewer claims in the profile's `context`.");
                Self { reason: Some((*reason).to_owned()), detail: Some(detail.clone()), remedy, ..line }
            }
            (Ok(Decision::Allow(grant)), _) => Self { profile: Some(grant.profile().name().to_string()), ..line },
            (Ok(Decision::Deny(denied)), _) => Self {
                profile: denied.token().map(|token| token.profile().name().to_string()),
                reason: Some(denied.denial.reason().to_owned()),
                detail: Some(denied.denial.to_string()),
                remedy: Some(denied.denial.remedy()),
                ..line
            },
            (Err(error), _) => Self {
                reason: Some(error.reason().to_owned()),
                detail: Some(chain(error)),
                remedy: Some(error.remedy()),
                ..line
            },
        }
    }
}

impl From<&AuthorizationRequest> for CallLine {
    fn from(request: &AuthorizationRequest) -> Self {
        Self {
            form: request.form.name(),
            api: format!("{}/{}", request.method_arn.api_id(), request.method_arn.stage()),
            route: request.method_arn.to_string(),
            source_ip: request.source_ip.map(|address| address.to_string()),
        }
    }
}

impl From<&ExplainedProfile> for ProfileLine {
    fn from(explained: &ExplainedProfile) -> Self {
        let profile = explained.name.to_string();
        match &explained.verdict {
            Verdict::Climbed(climb) => {
                let refusal = climb.refusal();
                let outcome = if refusal.is_some() { "refused" } else { "accepted" };
                let (reason, detail) = (refusal.map(|refusal| refusal.reason()), climb.detail());
                Self { profile, outcome, reason, detail, steps: steps(climb) }
            }
            Verdict::DoesNotApply { apis } => {
                let apis: Vec<String> = apis.iter().map(ToString::to_string).collect();
                let detail = format!("is not asked, since its `apis` ({}) do not cover the call", apis.join(", "));
                let (outcome, reason) = ("not-asked", Some("no_profile"));
                Self { profile, outcome, reason, detail: Some(detail), steps: Vec::new() }
            }
            Verdict::Broken(error) => {
                let findings: Vec<String> = error.findings.iter().map(ToString::to_string).collect();
                let (outcome, reason) = ("broken", Some("profile_broken"));
                let line = |detail: &String| StepLine {
                    step: "document",
                    status: Mark::Fail,
                    reason,
                    detail: detail.clone(),
                    remedy: None,
                };
                let steps = findings.iter().map(line).collect();
                let detail = Some("is refused itself (profile_broken)".to_owned());
                Self { profile, outcome, reason, detail, steps }
            }
        }
    }
}

fn steps(climb: &Climb) -> Vec<StepLine> {
    let line = |(step, standing): (_, Standing<'_>)| {
        let name = Step::name(step);
        let skip =
            |why: &str| StepLine { step: name, status: Mark::Skip, reason: None, detail: why.to_owned(), remedy: None };
        match standing {
            Standing::Passed => {
                StepLine { step: name, status: Mark::Pass, reason: None, detail: passed(step).to_owned(), remedy: None }
            }
            Standing::Refused(refusal) => StepLine {
                step: name,
                status: Mark::Fail,
                reason: Some(refusal.reason()),
                detail: climb.detail().unwrap_or_default(),
                remedy: Some(refusal.remedy()),
            },
            Standing::NotReached => skip(NOT_REACHED),
            Standing::NoCall => skip(NO_CALL),
            Standing::OnWord => skip(ON_WORD),
        }
    };
    climb.steps().map(line).collect()
}
