//! `cargo run --release --example fleet -- --help`: what a fleet of authorizers asks of SSM and Okta, in simulated time.

mod simulation;

use std::io::{self, Write as _};
use std::process::ExitCode;

use clap::Parser as _;

use simulation::options::Options;

fn main() -> ExitCode {
    let printed = simulation::run(&Options::parse()).and_then(|(text, as_wanted)| {
        io::stdout().lock().write_all(text.as_bytes())?;
        Ok(as_wanted)
    });
    match printed {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(error) => {
            #[expect(clippy::print_stderr, reason = "the command line speaks to people")]
            {
                eprintln!("fleet: {error}");
            }
            ExitCode::FAILURE
        }
    }
}
