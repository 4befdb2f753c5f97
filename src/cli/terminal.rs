//! Questions at a terminal: whether to go on, what to fill in, a secret without echo. Where nobody can be asked, nobody is.

use std::io::{self, IsTerminal, Read as _, Write};

use secrecy::zeroize::Zeroizing;

use super::error::CliError;
use crate::domain::oauth::secret::ClientSecret;

/// More than any client's secret has, in bytes.
const MAX_SECRET_BYTES: u64 = 4_096;

/// Whether somebody can be asked.
pub(super) fn is_interactive() -> bool {
    io::stdin().is_terminal() && io::stderr().is_terminal()
}

/// Goes on where the command line or a person says so.
pub(super) fn approve(yes: bool, question: &str, look: &str) -> Result<(), CliError> {
    if yes {
        return Ok(());
    }
    if !is_interactive() {
        return Err(CliError::usage(format!("{question} Nobody can be asked here: {look}, then add `--yes`")));
    }
    match ask(&format!("{question} [y/N]"), "")?.to_ascii_lowercase().as_str() {
        "y" | "yes" => Ok(()),
        _ => Err(CliError::failed("nothing was changed: the answer was not `y`")),
    }
}

/// Asks for one line; an empty one is `default`.
pub(super) fn ask(prompt: &str, default: &str) -> io::Result<String> {
    let shown = if default.is_empty() { String::new() } else { format!(" [{default}]") };
    let mut stderr = io::stderr();
    write!(stderr, "{prompt}{shown} ")?;
    stderr.flush()?;
    let mut line = String::new();
    io::stdin().read_line(&mut line)?;
    let line = line.trim();
    Ok(if line.is_empty() { default.to_owned() } else { line.to_owned() })
}

/// Takes a client's secret: typed without echo at a terminal, and otherwise the one line of standard input.
pub(super) fn secret(client: &str) -> Result<ClientSecret, CliError> {
    let mut secret = if io::stdin().is_terminal() {
        Zeroizing::new(rpassword::prompt_password(format!("Secret of the client {client} (it is not shown): "))?)
    } else {
        let mut text = Zeroizing::new(String::new());
        // One more than may be there, so that nothing is cut off in silence.
        io::stdin().lock().take(MAX_SECRET_BYTES + 1).read_to_string(&mut text)?;
        text
    };
    let length = secret.trim_end_matches(['\r', '\n']).len();
    secret.truncate(length);
    if secret.is_empty() || secret.contains(['\r', '\n']) || secret.len() as u64 > MAX_SECRET_BYTES {
        return Err(CliError::usage(format!(
            "the secret of `{client}` is expected as one line of standard input, or at a terminal's prompt"
        )));
    }
    Ok(ClientSecret::new(std::mem::take(&mut secret)))
}
