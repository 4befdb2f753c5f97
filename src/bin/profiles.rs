//! The operator's command line.

use std::process::ExitCode;

fn main() -> ExitCode {
    okta_security_profiles::cli::run()
}
