//! `profiles schema`: the JSON Schema of the profile document, for editors.

use std::io::Write as _;

use clap::Args;

use super::error::CliError;

const SCHEMA: &str = include_str!("../../docs/profile.schema.json");

const EXAMPLES: &str = "\
Example:
  profiles schema > profile.schema.json

JSON Schema 2020-12. An editor takes it for YAML with this as the first line of the document:
# yaml-language-server: $schema=profile.schema.json";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct SchemaArguments {}

impl SchemaArguments {
    /// Prints it, whatever the format: it is JSON.
    pub(super) fn run(self) -> Result<(), CliError> {
        Ok(std::io::stdout().lock().write_all(SCHEMA.as_bytes())?)
    }
}
