//! The command line `profiles`.

mod error;
mod explain;
mod explanation;
mod global;
mod key_source;
mod lint;
mod local;
mod output;
mod policy;
mod stdin;
mod test;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use error::CliError;
use global::GlobalArguments;

/// Okta 2-legged OAuth 2.0 security profiles for Amazon API Gateway.
#[derive(Debug, Parser)]
#[command(name = "profiles", version, about)]
struct Cli {
    #[command(flatten)]
    global: GlobalArguments,
    #[command(subcommand)]
    verb: Verb,
}

#[derive(Debug, Subcommand)]
enum Verb {
    /// Run the whole thing on this machine: a gateway, the token URL and a stand-in Okta. No account, no network.
    Local(local::LocalArguments),
    /// Say what is wrong with profile documents, and what their policies will do.
    Lint(lint::LintArguments),
    /// Test a profile: its document, its issuer, its keys, a client and the client's token.
    Test(test::TestArguments),
    /// Show what is in a token, and what the authorizer would say of it.
    Explain(explain::ExplainArguments),
    /// Show the policy that a token would get, and what it could call.
    Policy(policy::PolicyArguments),
}

/// Runs the command line of this process. Exit status: 0, 1 where the verb failed, 2 for wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { global, verb } = Cli::parse();
    let done = match verb {
        Verb::Local(arguments) => arguments.run(),
        Verb::Lint(arguments) => arguments.run(&global),
        Verb::Test(arguments) => arguments.run(&global),
        Verb::Explain(arguments) => arguments.run(&global),
        Verb::Policy(arguments) => arguments.run(&global),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            tell(&error, global.verbose);
            error.exit_code()
        }
    }
}

/// Runs a verb that waits for others.
fn wait_for(work: impl Future<Output = Result<(), CliError>>) -> Result<(), CliError> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()?.block_on(work)
}

#[expect(clippy::print_stderr, reason = "the command line speaks to people")]
fn tell(error: &CliError, verbose: bool) {
    eprintln!("profiles: {error}");
    for cause in error.causes().iter().skip(1).filter(|_| verbose) {
        eprintln!("  because: {cause}");
    }
}
