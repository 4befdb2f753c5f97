//! `profiles delete`: a profile's document, its stored key set and its client, all or nothing.

use clap::Args;
use serde::Serialize;

use super::described::{ClientState, KeySetState, field};
use super::error::CliError;
use super::global::GlobalArguments;
use super::output::progress;
use super::{terminal, wait_for};
use crate::application::manage_profiles::ManageProfiles;
use crate::domain::profile::ProfileName;
use crate::ports::profile_repository::{Item, ProfileRepository as _};

const EXAMPLES: &str = "\
Example:
  profiles delete orders --yes

Keep a copy: profiles show orders --document > orders.json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DeleteArguments {
    /// The profile
    #[arg(value_parser = ProfileName::new)]
    name: ProfileName,
    /// Delete without a question
    #[arg(long, short)]
    yes: bool,
}

/// What went, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Deleted<'p> {
    profile: &'p str,
    location: &'p str,
    version: String,
    key_set: KeySetState,
    client: ClientState,
}

impl DeleteArguments {
    /// Shows what goes, asks, deletes.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.delete(global))
    }

    async fn delete(self, global: &GlobalArguments) -> Result<(), CliError> {
        let bench = global.open().await?;
        let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
        let location = bench.repository.location(&Item::Document(self.name.clone()));
        progress(&format!("reading {location}"));
        let stored = manage.stored(&self.name).await?;
        let version = bench.version(stored.version);
        let (key_set, client) = (bench.key_set(&self.name).await?, bench.client_state(&self.name).await);
        let output = bench.output;
        if output.is_human() {
            output.line(&field("document", &format!("{location}, version {version}")))?;
            output.line(&field("key set", &key_set.line()))?;
            output.line(&field("client", &client.line()))?;
        }
        let question = format!("Delete the profile `{}` and all that it keeps?", self.name);
        terminal::approve(self.yes, &question, &format!("see `profiles show {}`", self.name))?;
        progress(&format!("deleting {location}"));
        bench.repository.delete(&self.name, stored.version).await?;
        if output.is_human() {
            return Ok(output.line(&format!("{location}: deleted"))?);
        }
        Ok(output.json(&Deleted { profile: self.name.as_str(), location: &location, version, key_set, client })?)
    }
}
