//! The command line.

use std::path::PathBuf;

/// Measures Lambda functions from outside their process, through the Runtime API.
#[derive(Debug, clap::Parser)]
#[command(name = "lambda_bench")]
pub(crate) struct Options {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    /// Measure any `bootstrap` and print JSON.
    Run(Run),
    /// Measure this project's functions beside functions that do nothing, and print a table (Markdown).
    Table(Table),
}

#[derive(Debug, clap::Args)]
pub(crate) struct Run {
    /// The program: a `bootstrap`, or what cargo built.
    pub(crate) program: PathBuf,
    /// A file with one event (JSON), or several, one to a line, that are sent in turn; `{}` where none is given.
    #[arg(long, value_name = "FILE")]
    pub(crate) events: Option<PathBuf>,
    /// A variable of the function's environment, which is otherwise what Lambda sets. May be repeated.
    #[arg(long = "env", value_name = "NAME=VALUE")]
    pub(crate) environment: Vec<String>,
    /// How many warm calls are measured.
    #[arg(long, default_value_t = 5_000)]
    pub(crate) calls: usize,
    /// How many warm calls come first.
    #[arg(long, default_value_t = 500)]
    pub(crate) warm_up: usize,
    /// How many times the function is started for the cold figures, of which the median is printed.
    #[arg(long, default_value_t = 10)]
    pub(crate) starts: usize,
    /// The value of AWS_LAMBDA_MAX_CONCURRENCY, and how many calls are under way at once.
    #[arg(long, default_value_t = 1)]
    pub(crate) concurrency: usize,
}

#[derive(Debug, clap::Args)]
pub(crate) struct Table {
    /// Where `authorizer` and `token` are; beside the directory of this program where nothing is given.
    #[arg(long, value_name = "DIR")]
    pub(crate) programs: Option<PathBuf>,
    /// How many warm calls are measured in each round.
    #[arg(long, default_value_t = 3_000)]
    pub(crate) calls: usize,
    /// How many rounds, all rows in turn, of which the median is printed.
    #[arg(long, default_value_t = 5)]
    pub(crate) rounds: usize,
    /// How many starts of each function.
    #[arg(long, default_value_t = 20)]
    pub(crate) starts: usize,
    /// How many tokens are "many".
    #[arg(long, default_value_t = 10_000)]
    pub(crate) tokens: usize,
    /// What is added to every answer of SSM and the issuer, in milliseconds.
    #[arg(long, default_value_t = 30)]
    pub(crate) delay: u64,
}
