//! Why a verb failed: one line with the remedy for people, the causes for those who ask, an exit status for programs.

use std::error::Error;
use std::fmt;
use std::process::ExitCode;

/// What ends the command line. Anything that is an error becomes one with exit status 1.
#[derive(Debug)]
pub(super) struct CliError {
    message: String,
    source: Option<Box<dyn Error + Send + Sync>>,
    status: u8,
}

impl CliError {
    /// The verb failed, for this reason, which says what to do.
    pub(super) fn failed(message: impl Into<String>) -> Self {
        Self { message: message.into(), source: None, status: 1 }
    }

    /// The command line itself is wrong.
    pub(super) fn usage(message: impl Into<String>) -> Self {
        Self { status: 2, ..Self::failed(message) }
    }

    /// All has been said: only the exit status is left.
    pub(super) fn silent(status: u8) -> Self {
        Self { status, ..Self::failed("") }
    }

    /// The same with another exit status.
    pub(super) fn with_status(self, status: u8) -> Self {
        Self { status, ..self }
    }

    /// The same, said in other words.
    pub(super) fn with_message(self, message: String) -> Self {
        Self { message, ..self }
    }

    /// Whether there is nothing left to say.
    pub(super) fn is_silent(&self) -> bool {
        self.message.is_empty()
    }

    pub(super) fn exit_code(&self) -> ExitCode {
        ExitCode::from(self.status)
    }

    /// The causes, outermost first.
    pub(super) fn causes(&self) -> Vec<String> {
        let mut causes = Vec::new();
        let mut cause = self.source.as_deref().map(|error| error as &dyn Error);
        while let Some(error) = cause {
            causes.push(error.to_string());
            cause = error.source();
        }
        causes
    }
}

impl fmt::Display for CliError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

/// The error's own text is the line; what caused it is told to those who ask.
impl<E: Error + Send + Sync + 'static> From<E> for CliError {
    fn from(error: E) -> Self {
        let mut message = error.to_string();
        let source = error.source().map(ToString::to_string);
        // An error without an operation of its own is its cause.
        if let Some(source) = source.filter(|source| message.is_empty() && !source.is_empty()) {
            message = source;
        }
        Self { message, source: Some(Box::new(error)), status: 1 }
    }
}

#[cfg(test)]
mod tests {
    use super::CliError;

    #[test]
    fn an_errors_text_is_the_line_and_its_causes_come_after_it() {
        let outer = std::io::Error::other(std::fmt::Error);
        let error = CliError::from(outer);
        assert!(!error.to_string().is_empty());
        assert_eq!(error.causes()[0], error.to_string());
        assert!(CliError::usage("no").causes().is_empty());
    }
}
