//! `profiles completions` and `profiles man`: what a shell and `man` want to know of the command line.

use std::io::{self, Write as _};

use clap::{Args, Command};
use clap_complete::Shell;

use super::error::CliError;

const COMPLETIONS_EXAMPLES: &str = "\
Example:
  profiles completions bash > profiles.bash

`source profiles.bash` tries it; it lives in ~/.local/share/bash-completion/completions/profiles.";

const MAN_EXAMPLES: &str = "\
Examples:
  profiles man > profiles.1
  profiles man put > profiles-put.1

`man ./profiles.1` shows it.";

#[derive(Debug, Args)]
#[command(after_help = COMPLETIONS_EXAMPLES)]
pub(super) struct CompletionsArguments {
    /// For which shell
    shell: Shell,
}

#[derive(Debug, Args)]
#[command(after_help = MAN_EXAMPLES)]
pub(super) struct ManArguments {
    /// One verb's page instead of the whole
    verb: Option<String>,
}

impl CompletionsArguments {
    /// Prints a script for the shell.
    pub(super) fn run(&self, mut command: Command) -> Result<(), CliError> {
        let mut script = Vec::new();
        clap_complete::generate(self.shell, &mut command, "profiles", &mut script);
        Ok(io::stdout().lock().write_all(&script)?)
    }
}

impl ManArguments {
    /// Prints a page in the form that `man` reads.
    pub(super) fn run(&self, mut command: Command) -> Result<(), CliError> {
        command.build();
        let page = match &self.verb {
            None => command,
            Some(verb) => match command.find_subcommand(verb) {
                Some(found) => found.clone(),
                None => return Err(CliError::usage(format!("`{verb}` is no verb; see `profiles --help`"))),
            },
        };
        let mut text = Vec::new();
        clap_mangen::Man::new(page).render(&mut text)?;
        Ok(io::stdout().lock().write_all(&text)?)
    }
}
