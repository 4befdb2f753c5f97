//! The command line `profiles`.

mod assign;
mod console;
mod delete;
mod deny;
mod described;
mod diff;
mod difference;
mod document;
mod dpop_event;
mod error;
mod explain;
mod explanation;
mod global;
mod init;
mod key_source;
mod lint;
mod list;
mod local;
mod manual;
mod output;
mod policy;
mod put;
mod schema;
mod show;
mod stdin;
mod terminal;
mod test;

use std::process::ExitCode;

use clap::{CommandFactory as _, Parser, Subcommand};

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
    /// Work on profiles in a browser, on this machine.
    Console(console::ConsoleArguments),
    /// Write a commented document to begin with.
    Init(init::InitArguments),
    /// Say what is wrong with profile documents, and what their policies will do.
    Lint(lint::LintArguments),
    /// Store a profile, and the client that it keeps.
    Put(put::PutArguments),
    /// Show a stored profile, its URLs, its keys and its client.
    #[command(visible_alias = "get")]
    Show(show::ShowArguments),
    /// List the stored profiles and the APIs that they govern.
    List(list::ListArguments),
    /// Compare a stored profile with a file.
    Diff(diff::DiffArguments),
    /// Delete a profile, its stored key set and its client.
    Delete(delete::DeleteArguments),
    /// Let a profile govern more APIs.
    Assign(assign::AssignArguments),
    /// Let a profile govern fewer APIs.
    Unassign(assign::UnassignArguments),
    /// Test a profile: its document, its issuer, its keys, a client and the client's token.
    Test(test::TestArguments),
    /// Show what is in a token, and what the authorizer would say of it.
    Explain(explain::ExplainArguments),
    /// Show the policy that a token would get, and what it could call.
    Policy(policy::PolicyArguments),
    /// Keep clients, subjects, tokens or keys out of everything, in an emergency.
    Deny(deny::DenyArguments),
    /// Print the JSON Schema of the profile document.
    Schema(schema::SchemaArguments),
    /// Print a shell's completions.
    Completions(manual::CompletionsArguments),
    /// Print the manual page.
    Man(manual::ManArguments),
}

/// Runs the command line of this process. Exit status: 0, 1 where the verb failed, 2 for wrong usage.
#[must_use]
pub fn run() -> ExitCode {
    let Cli { global, verb } = Cli::parse();
    let done = match verb {
        Verb::Local(arguments) => arguments.run(&global),
        Verb::Console(arguments) => arguments.run(&global),
        Verb::Init(arguments) => arguments.run(&global),
        Verb::Lint(arguments) => arguments.run(&global),
        Verb::Put(arguments) => arguments.run(&global),
        Verb::Show(arguments) => arguments.run(&global),
        Verb::List(arguments) => arguments.run(&global),
        Verb::Diff(arguments) => arguments.run(&global),
        Verb::Delete(arguments) => arguments.run(&global),
        Verb::Assign(arguments) => arguments.run(&global),
        Verb::Unassign(arguments) => arguments.run(&global),
        Verb::Test(arguments) => arguments.run(&global),
        Verb::Explain(arguments) => arguments.run(&global),
        Verb::Policy(arguments) => arguments.run(&global),
        Verb::Deny(arguments) => arguments.run(&global),
        Verb::Schema(arguments) => arguments.run(),
        Verb::Completions(arguments) => arguments.run(Cli::command()),
        Verb::Man(arguments) => arguments.run(Cli::command()),
    };
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            if !error.is_silent() {
                tell(&error, global.verbose);
            }
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
