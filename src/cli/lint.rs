//! `profiles lint`: what is wrong with a profile document, before anything is stored.

use std::io::{self, Write};
use std::path::{Path, PathBuf};

use clap::Args;

use super::error::CliError;
use super::global::GlobalArguments;
use crate::domain::profile::{ProfileName, SecurityProfile};

/// The largest value of a standard SSM parameter, in bytes.
const STANDARD_PARAMETER_BYTES: usize = 4_096;

/// Example: `profiles lint my-profiles/orders.json`. The profile's name is the file's, without `.json`.
#[derive(Debug, Args)]
pub(super) struct LintArguments {
    /// Profile documents
    #[arg(required = true, value_name = "FILE")]
    files: Vec<PathBuf>,
}

/// Errors were found, and printed.
#[derive(Debug, thiserror::Error)]
#[error("{refused} of {total} documents are refused")]
struct Refused {
    refused: usize,
    total: usize,
}

impl LintArguments {
    /// Prints one line per error and warning; fails where there is an error.
    pub(super) fn run(self, global: &GlobalArguments) -> Result<(), CliError> {
        let transport = global.config()?.transport;
        let mut out = io::stdout().lock();
        let mut refused = 0;
        for file in &self.files {
            let document = std::fs::read_to_string(file)
                .map_err(|error| CliError::failed(format!("`{}` cannot be read: {error}", file.display())))?;
            match SecurityProfile::from_json(&name_of(file)?, &document, transport) {
                Ok(profile) => report(&mut out, file, &document, &profile)?,
                Err(error) => {
                    refused += 1;
                    for finding in error.findings {
                        writeln!(out, "{}: error: {finding}", file.display())?;
                    }
                }
            }
        }
        if refused == 0 { Ok(()) } else { Err(Refused { refused, total: self.files.len() }.into()) }
    }
}

fn report(out: &mut impl Write, file: &Path, document: &str, profile: &SecurityProfile) -> io::Result<()> {
    for warning in profile.warnings() {
        writeln!(out, "{}: warning: {warning}", file.display())?;
    }
    if document.len() > STANDARD_PARAMETER_BYTES {
        let bytes = document.len();
        writeln!(
            out,
            "{}: warning: the document has {bytes} bytes, more than a standard parameter's {STANDARD_PARAMETER_BYTES}; \
             remove white space, or use an advanced parameter (8 KB)",
            file.display()
        )?;
    }
    writeln!(out, "{}: the profile `{}` is valid", file.display(), profile.name())
}

fn name_of(file: &Path) -> Result<ProfileName, CliError> {
    let stem = file.file_stem().and_then(|stem| stem.to_str()).unwrap_or_default();
    ProfileName::new(stem).map_err(|error| CliError::failed(format!("`{}`: {error}", file.display())))
}
