//! Tokens come from standard input alone: an argument is in the shell's history and in every process list.

use std::io::{self, Read};

use secrecy::zeroize::Zeroizing;

use super::error::CliError;
use super::output::progress;
use crate::domain::oauth::bearer::{Credential, CredentialError};
use crate::domain::oauth::secret::BearerToken;

/// More than any token or secret has, in bytes.
const MAX_BYTES: u64 = 64 * 1024;

/// A token as somebody would present it.
#[derive(Debug)]
pub(super) struct PresentedToken {
    /// What it is as a credential.
    pub(super) credential: Result<Credential, CredentialError>,
    /// The text without a scheme in front, whatever it is.
    pub(super) text: BearerToken,
}

/// Reads a token, with or without its scheme in front. `place` is where the command line says that it is, and can only be
/// `-`; `usage` is what it should have said.
pub(super) fn read_token(usage: &str, place: &str) -> Result<PresentedToken, CliError> {
    if place != "-" {
        return Err(CliError::usage(format!(
            "a token is read from standard input only, never from an argument or a file; write `{usage}`"
        )));
    }
    let text = read("the token")?;
    if text.is_empty() {
        return Err(CliError::usage(format!("standard input holds no token; pipe one into `{usage}`")));
    }
    // A scheme that somebody copied along is judged as well.
    let (value, token) = match text.split_once(' ') {
        Some((scheme, token)) if ["bearer", "dpop", "basic"].iter().any(|known| scheme.eq_ignore_ascii_case(known)) => {
            (text.clone(), token)
        }
        Some(_) | None => (Zeroizing::new(format!("Bearer {}", *text)), text.as_str()),
    };
    let credential = Credential::from_authorization_values([value.as_str()]);
    Ok(PresentedToken { credential, text: BearerToken::new(token.to_owned()) })
}

fn read(what: &str) -> Result<Zeroizing<String>, CliError> {
    progress(&format!("reading {what} from standard input"));
    let mut text = Zeroizing::new(String::new());
    io::stdin()
        .lock()
        .take(MAX_BYTES)
        .read_to_string(&mut text)
        .map_err(|_| CliError::failed(format!("{what} cannot be read from standard input, or is no text")))?;
    let length = text.trim_end_matches(['\r', '\n']).len();
    text.truncate(length);
    Ok(text)
}
