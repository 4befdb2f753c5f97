//! The command line `profiles`.

mod lint;
mod local;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::application::key_ring::chain;

/// Okta 2-legged OAuth 2.0 security profiles for Amazon API Gateway.
#[derive(Debug, Parser)]
#[command(name = "profiles", version, about)]
struct Cli {
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the whole thing on this machine: a gateway, the token URL and a stand-in Okta. No account, no network.
    Local(local::LocalArguments),
    /// Say what is wrong with profile documents, and what their policies will do.
    Lint(lint::LintArguments),
}

/// Runs the command line of this process. Exit status: 0, 1 where the verb failed, 2 for wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { verb } = Cli::parse();
    let done = match verb {
        Verb::Local(arguments) => arguments.run(),
        Verb::Lint(arguments) => arguments.run(),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the command line speaks to people")]
            {
                eprintln!("profiles: {}", chain(&*error));
            }
            ExitCode::FAILURE
        }
    }
}
