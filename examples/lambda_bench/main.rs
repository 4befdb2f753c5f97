//! `cargo run --release --example lambda_bench -- --help`: what a function costs, seen from outside its process.

#![expect(
    clippy::disallowed_methods,
    reason = "what is measured is time, by a clock and clients of the measurement's own"
)]

mod options;
mod programs;
mod report;
mod runtime_api;
mod table;
mod under_test;
mod world;

/// The parts of the test bed that are the world outside here, too.
#[allow(dead_code, unused_imports, reason = "the test bed has more than is measured here")]
#[allow(clippy::expect_used, reason = "a measurement whose world does not come up has failed")]
#[path = "../../tests/support"]
mod support {
    mod background;
    mod moto;
    mod private_ca;
    mod process;
    mod tls;

    pub(crate) use moto::{Moto, ParameterType};
    pub(crate) use private_ca::PrivateCa;
    pub(crate) use process::Process;
    pub(crate) use tls::TlsServer;

    use std::time::Duration;

    /// How long a part may take to come up.
    pub(crate) const PATIENCE: Duration = Duration::from_secs(30);
}

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use options::{Command, Options};

fn main() -> ExitCode {
    let printed = match Options::parse().command {
        Command::Run(run) => report::run(&run),
        Command::Table(table) => table::run(&table),
    };
    match printed.and_then(|text| io::stdout().lock().write_all(text.as_bytes())) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the command line speaks to people")]
            {
                eprintln!("lambda_bench: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
