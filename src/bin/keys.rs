//! The function that will store key sets on a schedule. It refuses to start until it does.

use std::process::ExitCode;

fn main() -> ExitCode {
    #[expect(clippy::print_stderr, reason = "the one thing that this program says")]
    {
        eprintln!("keys: storing key sets is not supported yet; the functions fetch keys from Okta themselves");
    }
    ExitCode::FAILURE
}
