//! `profiles lint`: what is wrong with profile documents, in files before anything is stored, or as they are stored.

use std::path::{Path, PathBuf};

use clap::Args;
use serde::Serialize;

use super::described::{FindingRecord, findings, printable};
use super::document::{DocumentError, read};
use super::error::CliError;
use super::global::{GlobalArguments, Workbench};
use super::output::{Output, progress};
use super::wait_for;
use crate::application::manage_profiles::ManageProfiles;
use crate::domain::profile::{Finding, ProfileName, SecurityProfile, Transport};
use crate::ports::profile_repository::{Item, ProfileRepository as _, Tier};

const EXAMPLES: &str = "\
Examples:
  profiles lint orders.yaml my-profiles/orders.json
  profiles lint orders

A file is what exists as one, ends in .json, .yaml or .yml, or has a slash; its profile's name is the file's, without the
ending. Anything else is the name of a stored profile. Exit status: 1 where a document is refused.";

#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct LintArguments {
    /// Profile documents, JSON or YAML, or names of stored profiles
    #[arg(required = true, value_name = "NAME|FILE")]
    documents: Vec<PathBuf>,
}

/// Errors were found, and printed.
#[derive(Debug, thiserror::Error)]
#[error("{refused} of {total} documents are refused")]
struct Refused {
    refused: usize,
    total: usize,
}

/// One document, for programs.
#[derive(Debug, Serialize)]
#[serde(rename_all = "camelCase")]
struct Linted {
    source: String,
    profile: String,
    valid: bool,
    errors: Vec<FindingRecord>,
    warnings: Vec<FindingRecord>,
}

/// All of them.
#[derive(Debug, Serialize)]
struct Report {
    documents: Vec<Linted>,
}

impl LintArguments {
    /// Prints one line per error and warning; fails where there is an error.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        wait_for(self.lint(global))
    }

    async fn lint(self, global: &GlobalArguments) -> Result<(), CliError> {
        let (transport, output) = (global.config()?.transport, global.output());
        let mut bench = None;
        let mut documents = Vec::new();
        for argument in &self.documents {
            let linted = if is_file(argument) {
                file(argument, transport)?
            } else {
                if bench.is_none() {
                    bench = Some(global.open().await?);
                }
                let Some(bench) = &bench else { continue };
                stored(bench, argument).await?
            };
            if output.is_human() {
                print(output, &linted)?;
            }
            documents.push(linted);
        }
        let (refused, total) = (documents.iter().filter(|linted| !linted.valid).count(), documents.len());
        if !output.is_human() {
            output.json(&Report { documents })?;
        }
        if refused == 0 { Ok(()) } else { Err(Refused { refused, total }.into()) }
    }
}

/// What is no document is a finding; what cannot be read ends the run.
fn file(file: &Path, transport: Transport) -> Result<Linted, CliError> {
    let (source, name) = (file.display().to_string(), name_of(file)?);
    match read(file) {
        Ok(document) => Ok(check(source, &name, &document, transport)),
        Err(DocumentError::NotADocument { problem, .. }) => {
            Ok(refused(source, &name, &[Finding::new("document", problem)]))
        }
        Err(error @ DocumentError::Unreadable { .. }) => Err(error.into()),
    }
}

fn refused(source: String, name: &ProfileName, errors: &[Finding]) -> Linted {
    Linted { source, profile: name.to_string(), valid: false, errors: findings(errors), warnings: Vec::new() }
}

async fn stored(bench: &Workbench, argument: &Path) -> Result<Linted, CliError> {
    let name = ProfileName::new(&argument.to_string_lossy())?;
    let manage = ManageProfiles { repository: &bench.repository, transport: bench.config.transport };
    let location = bench.repository.location(&Item::Document(name.clone()));
    progress(&format!("reading {location}"));
    let document = manage.stored(&name).await?;
    Ok(check(location, &name, &document.text, bench.config.transport))
}

fn check(source: String, name: &ProfileName, document: &str, transport: Transport) -> Linted {
    match SecurityProfile::from_json(name, document, transport) {
        Ok(valid) => {
            let mut warnings = findings(valid.warnings());
            warnings.extend(findings(too_large(document).as_slice()));
            Linted { source, profile: name.to_string(), valid: true, errors: Vec::new(), warnings }
        }
        Err(error) => refused(source, name, &error.findings),
    }
}

fn too_large(document: &str) -> Option<Finding> {
    let (bytes, most) = (document.len(), Tier::Standard.bytes());
    (bytes > most).then(|| {
        let problem = format!(
            "has {bytes} bytes, more than a standard parameter's {most}; remove white space, or use an advanced parameter (8 KB)"
        );
        Finding::new("document", problem)
    })
}

fn print(output: Output, linted: &Linted) -> std::io::Result<()> {
    let Linted { source, profile, valid, errors, warnings } = linted;
    for (kind, found) in [("error", errors), ("warning", warnings)] {
        for FindingRecord { field, problem } in found {
            output.line(&printable(&format!("{source}: {kind}: field `{field}`: {problem}")))?;
        }
    }
    if *valid { output.line(&format!("{source}: the profile `{profile}` is valid")) } else { Ok(()) }
}

fn is_file(argument: &Path) -> bool {
    let ending = argument.extension().and_then(|ending| ending.to_str());
    argument.exists() || matches!(ending, Some("json" | "yaml" | "yml")) || argument.components().count() > 1
}

fn name_of(file: &Path) -> Result<ProfileName, CliError> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    ProfileName::new(stem).map_err(|error| CliError::failed(format!("`{}`: {error}", file.display())))
}
