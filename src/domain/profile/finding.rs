//! What is wrong with a profile document: which field, which value, what was expected, what to do.

use std::fmt;

/// One thing that is wrong with one field. Reads as one line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// The field's path, such as `audiences` or `claims[0].equals`.
    pub field: String,
    /// The problem, with the value in backticks, and what was expected or what to do.
    pub problem: String,
}

impl Finding {
    /// A finding about `field`.
    #[must_use]
    pub fn new(field: impl Into<String>, problem: impl Into<String>) -> Self {
        Self { field: field.into(), problem: problem.into() }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "field `{}`: {}", self.field, self.problem)
    }
}

/// A document that is refused, with every reason at once.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProfileError {
    /// The profile's name.
    pub profile: String,
    /// Everything that is wrong, in the order of the fields. Never empty.
    pub findings: Vec<Finding>,
}

impl std::error::Error for ProfileError {}

impl fmt::Display for ProfileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "profile `{}`: ", self.profile)?;
        for (index, finding) in self.findings.iter().enumerate() {
            if index > 0 {
                f.write_str("; ")?;
            }
            write!(f, "{finding}")?;
        }
        Ok(())
    }
}
