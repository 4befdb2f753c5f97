//! `profiles show`: a stored profile, everything that follows from it, and what is kept beside it.

use std::io::Write as _;

use clap::Args;
use serde::Serialize;
use serde_json::value::RawValue;

use super::described::{ApiRecord, ClientState, FindingRecord, KeySetState, Urls, api, field, findings, printable};
use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::output::{Mark, progress};
use super::wait_for;
use crate::application::document_text::laid_out;
use crate::application::manage_profiles::ManageProfiles;
use crate::domain::profile::{Audience, ProfileError, ProfileName, SecurityProfile};
use crate::ports::profile_repository::{Item, ProfileRepository as _, Versioned};

const EXAMPLES: &str = "\
Examples:
  profiles show orders
  profiles show orders --document > copy.json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ShowArguments {
    /// The profile
    #[arg(value_parser = ProfileName::new)]
    name: ProfileName,
    /// Only the document, byte for byte as it is stored
    #[arg(long)]
    document: bool,
}

/// A profile, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Shown<'p> {
    profile: &'p str,
    location: &'p str,
    version: String,
    valid: bool,
    errors: Vec<FindingRecord>,
    warnings: Vec<FindingRecord>,
    urls: Option<Urls<'p>>,
    apis: Vec<ApiRecord>,
    key_set: &'p KeySetState,
    client: &'p ClientState,
    /// The document itself, or where it is no JSON, its text.
    document: Box<RawValue>,
}

/// What stands beside a document.
struct Beside {
    location: String,
    key_set: KeySetState,
    client: ClientState,
}

impl ShowArguments {
    /// Reads and prints; fails where the document is not valid.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.show(global))
    }

    async fn show(self, global: &GlobalArguments) -> Result<(), CliError> {
        let bench = global.open().await?;
        let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
        let location = bench.repository.location(&Item::Document(self.name.clone()));
        progress(&format!("reading {location}"));
        let stored = manage.stored(&self.name).await?;
        if self.document {
            return Ok(std::io::stdout().lock().write_all(stored.text.as_bytes())?);
        }
        let key_set = bench.key_set(&self.name).await?;
        let beside = Beside { location, key_set, client: bench.client_state(&self.name).await };
        let profile = SecurityProfile::from_json(&self.name, &stored.text, bench.config.transport);
        let region = global.region();
        if bench.output.is_human() {
            print(&bench, &self.name, &stored, &profile, &beside, region.as_deref())?;
        } else {
            bench.output.json(&record(&bench, &self.name, &stored, &profile, &beside, region.as_deref())?)?;
        }
        match profile {
            Ok(_) => Ok(()),
            Err(_) => Err(CliError::failed(format!(
                "the stored document of `{}` is not valid: no function takes it; put one that is",
                self.name
            ))),
        }
    }
}

fn record<'p>(
    bench: &Workbench,
    name: &'p ProfileName,
    stored: &Versioned,
    profile: &'p Result<SecurityProfile, ProfileError>,
    beside: &'p Beside,
    region: Option<&str>,
) -> Result<Shown<'p>, CliError> {
    let valid = profile.as_ref().ok();
    let document = match serde_json::from_str::<Box<RawValue>>(&stored.text) {
        Ok(document) => document,
        Err(_) => serde_json::value::to_raw_value(&stored.text)?,
    };
    Ok(Shown {
        profile: name.as_str(),
        location: &beside.location,
        version: bench.version(stored.version),
        valid: valid.is_some(),
        errors: profile.as_ref().err().map(|error| findings(&error.findings)).unwrap_or_default(),
        warnings: valid.map(|profile| findings(profile.warnings())).unwrap_or_default(),
        urls: valid.map(|profile| Urls::of(profile.endpoints())),
        apis: valid.iter().flat_map(|profile| profile.apis()).map(|pattern| api(pattern, region)).collect(),
        key_set: &beside.key_set,
        client: &beside.client,
        document,
    })
}

fn print(
    bench: &Workbench,
    name: &ProfileName,
    stored: &Versioned,
    profile: &Result<SecurityProfile, ProfileError>,
    beside: &Beside,
    region: Option<&str>,
) -> Result<(), CliError> {
    let output = bench.output;
    output.line(&field("profile", name.as_str()))?;
    output.line(&field("kept at", &format!("{}, version {}", beside.location, bench.version(stored.version))))?;
    match profile {
        Ok(profile) => {
            if let Some(description) = profile.description() {
                output.line(&field("description", &printable(description)))?;
            }
            for line in Urls::of(profile.endpoints()).lines() {
                output.line(&line)?;
            }
            let audiences: Vec<&str> = profile.audiences().iter().map(Audience::as_str).collect();
            output.line(&field("audiences", &printable(&audiences.join(", "))))?;
            output.line(&field("scopes", &profile.scopes().to_string()))?;
            for (index, pattern) in profile.apis().iter().enumerate() {
                let ApiRecord { api, url } = api(pattern, region);
                let url = url.map(|url| format!("  {url}")).unwrap_or_default();
                output.line(&field(if index == 0 { "apis" } else { "" }, &format!("{api}{url}")))?;
            }
        }
        Err(error) => {
            for finding in &error.findings {
                output.line(&format!("{} {}", output.mark(Mark::Fail), printable(&finding.to_string())))?;
            }
        }
    }
    output.line(&field("key set", &beside.key_set.line()))?;
    output.line(&field("client", &beside.client.line()))?;
    for warning in profile.iter().flat_map(|profile| profile.warnings()) {
        output.line(&format!("{} {warning}", output.mark(Mark::Warn)))?;
    }
    output.line("")?;
    for line in laid_out(&stored.text).lines() {
        output.line(&printable(line))?;
    }
    Ok(())
}
