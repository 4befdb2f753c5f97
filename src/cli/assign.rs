//! `profiles assign` and `profiles unassign`: which APIs a profile governs; the rest of its document stays as it is.

use clap::Args;
use serde::Serialize;

use super::described::{ApiRecord, FindingRecord, api, findings};
use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::output::progress;
use super::{put, wait_for};
use crate::application::manage_profiles::{Change, ManageProfiles, PlannedWrite, parse_api};
use crate::domain::profile::{ApiPattern, ProfileName};
use crate::ports::profile_repository::{Item, ProfileRepository as _, Tier};

const ASSIGN_EXAMPLES: &str = "\
Examples:
  profiles assign orders http123456
  profiles assign orders zyxwvu9876/test zyxwvu9876/prod";

const UNASSIGN_EXAMPLES: &str = "\
Example:
  profiles unassign orders zyxwvu9876/test

An API is unassigned as it is written in the document: `http123456` is `http123456/*`.";

#[derive(Debug, Args)]
#[command(after_help = ASSIGN_EXAMPLES)]
pub(super) struct AssignArguments {
    #[command(flatten)]
    apis: ApiArguments,
    /// Store the document in an advanced parameter: 8 KB, priced by AWS
    #[arg(long)]
    advanced: bool,
}

#[derive(Debug, Args)]
#[command(after_help = UNASSIGN_EXAMPLES)]
pub(super) struct UnassignArguments {
    #[command(flatten)]
    apis: ApiArguments,
}

#[derive(Debug, Args)]
struct ApiArguments {
    /// The profile
    #[arg(value_parser = ProfileName::new)]
    name: ProfileName,
    /// `apiId/stage`, or `apiId` for every stage of it
    #[arg(required = true, value_name = "API[/STAGE]", value_parser = pattern)]
    apis: Vec<ApiPattern>,
}

fn pattern(text: &str) -> Result<ApiPattern, &'static str> {
    parse_api(text).ok_or("expected an API's id, such as abcdef1234, or apiId/stage, such as abcdef1234/prod")
}

/// What was done, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Done<'p> {
    profile: &'p str,
    location: &'p str,
    version: String,
    /// Whether anything was written.
    changed: bool,
    difference: Vec<String>,
    covered: Vec<Covered>,
    warnings: Vec<FindingRecord>,
    apis: Vec<ApiRecord>,
}

/// An API that needed no change.
#[derive(Debug, Serialize)]
struct Covered {
    api: String,
    by: String,
}

impl AssignArguments {
    /// Edits, shows, writes.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(async {
            let bench = global.open().await?;
            let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
            progress(&format!("reading {}", location(&bench, &self.apis.name)));
            let plan = manage.plan_to_assign(&self.apis.name, &self.apis.apis).await?;
            let covered = plan.covered.into_iter().map(|(api, by)| Covered { api: api.to_string(), by }).collect();
            let tier = if self.advanced { Tier::Advanced } else { Tier::Standard };
            write(&bench, &plan.write, covered, tier, global.region().as_deref()).await
        })
    }
}

impl UnassignArguments {
    /// Edits, shows, writes.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(async {
            let bench = global.open().await?;
            let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
            progress(&format!("reading {}", location(&bench, &self.apis.name)));
            let plan = manage.plan_to_unassign(&self.apis.name, &self.apis.apis).await?;
            write(&bench, &plan, Vec::new(), Tier::Standard, global.region().as_deref()).await
        })
    }
}

fn location(bench: &Workbench, name: &ProfileName) -> String {
    bench.repository.location(&Item::Document(name.clone()))
}

async fn write(
    bench: &Workbench,
    plan: &PlannedWrite,
    covered: Vec<Covered>,
    tier: Tier,
    region: Option<&str>,
) -> Result<(), CliError> {
    let (name, output) = (plan.profile.name(), bench.output);
    let location = location(bench, name);
    let difference = put::show(bench, plan, &location)?;
    let version = match (plan.change(), &plan.stored) {
        (Change::Unchanged, Some(stored)) => stored.version,
        (Change::Created | Change::Replaced | Change::Unchanged, _) => {
            progress(&format!("writing {location}"));
            let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
            manage.write(plan, tier).await?
        }
    };
    let changed = plan.change() != Change::Unchanged;
    let (version, apis) = (bench.version(version), plan.profile.apis().iter().map(|pattern| api(pattern, region)));
    if !output.is_human() {
        let warnings = findings(plan.profile.warnings());
        let (profile, location, apis) = (name.as_str(), location.as_str(), apis.collect());
        return Ok(output.json(&Done { profile, location, version, changed, difference, covered, warnings, apis })?);
    }
    for Covered { api, by } in &covered {
        output.line(&format!("`{api}` is covered already, by `{by}`"))?;
    }
    output.line(&format!("{location}: {} (version {version})", if changed { "replaced" } else { "unchanged" }))?;
    for ApiRecord { api, url } in apis {
        output.line(format!("  {api:<20}  {}", url.unwrap_or_default()).trim_end())?;
    }
    if changed {
        output.line("in force within five minutes (PROFILE_TTL_SECONDS)")?;
    }
    Ok(())
}
