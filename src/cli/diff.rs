//! `profiles diff`: whether a file says what is stored, line by line.

use std::path::PathBuf;

use clap::Args;
use serde::Serialize;

use super::difference::{difference, print};
use super::document::read;
use super::error::CliError;
use super::global::GlobalArguments;
use super::output::progress;
use super::wait_for;
use crate::application::document_text::{laid_out, say_the_same};
use crate::application::manage_profiles::ManageProfiles;
use crate::domain::profile::ProfileName;
use crate::ports::profile_repository::{Item, ProfileRepository as _};

/// As `diff` has it: 1 is a difference, 2 is trouble.
const DIFFERENT: u8 = 1;
const TROUBLE: u8 = 2;

const EXAMPLES: &str = "\
Example:
  profiles diff orders orders.yaml

Exit status: 0 where both say the same, whatever their layout; 1 where they do not; 2 where they cannot be compared.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct DiffArguments {
    /// The profile
    #[arg(value_parser = ProfileName::new)]
    name: ProfileName,
    /// The document, JSON or YAML; `-`: standard input
    file: PathBuf,
}

/// What differs, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Compared<'p> {
    profile: &'p str,
    location: &'p str,
    version: String,
    same: bool,
    difference: Vec<String>,
}

impl DiffArguments {
    /// Compares and prints.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.diff(global)).map_err(|error| if error.is_silent() { error } else { error.with_status(TROUBLE) })
    }

    async fn diff(self, global: &GlobalArguments) -> Result<(), CliError> {
        let document = read(&self.file)?;
        let bench = global.open().await?;
        let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
        let location = bench.repository.location(&Item::Document(self.name.clone()));
        progress(&format!("reading {location}"));
        let stored = manage.stored(&self.name).await?;
        let same = say_the_same(&stored.text, &document);
        let difference = if same { Vec::new() } else { difference(&laid_out(&stored.text), &laid_out(&document)) };
        let output = bench.output;
        if !output.is_human() {
            let version = bench.version(stored.version);
            output.json(&Compared { profile: self.name.as_str(), location: &location, version, same, difference })?;
        } else if !same {
            output.line(&format!("{location} (-) and {} (+)", self.file.display()))?;
            print(output, &difference)?;
        }
        if same { Ok(()) } else { Err(CliError::silent(DIFFERENT)) }
    }
}
