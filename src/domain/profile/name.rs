//! The name of a security profile: a path segment of a parameter, a file and a token URL.

use std::fmt;

/// The longest name, in characters.
const MAX_LENGTH: usize = 64;

/// Names under the root that are parameters of their own and so no profile's.
const RESERVED: [&str; 1] = ["deny"];

/// A profile's name: 1 to 64 of `a-z A-Z 0-9 - _`, beginning with a letter or digit, and not reserved.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ProfileName(String);

/// Why a text is no profile name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ProfileNameError {
    /// A character, the beginning or the length is not allowed.
    #[error(
        "`{name}` is no profile name: expected 1 to {MAX_LENGTH} letters, digits, `-` or `_`, beginning with a letter or digit"
    )]
    Malformed {
        /// The text, shortened and escaped.
        name: String,
    },
    /// The name belongs to the deny list.
    #[error("`{name}` is a reserved name: choose another name for the profile")]
    Reserved {
        /// The name.
        name: String,
    },
}

impl ProfileName {
    /// The profile name with this spelling.
    ///
    /// # Errors
    /// [`ProfileNameError`] where it could not be a parameter's, a file's and a URL's part alike.
    pub fn new(name: &str) -> Result<Self, ProfileNameError> {
        let begins_well = name.starts_with(|first: char| first.is_ascii_alphanumeric());
        let allowed = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_');
        if !begins_well || name.len() > MAX_LENGTH || !name.bytes().all(allowed) {
            let name = name.chars().take(MAX_LENGTH).flat_map(char::escape_default).collect();
            return Err(ProfileNameError::Malformed { name });
        }
        if RESERVED.contains(&name) {
            return Err(ProfileNameError::Reserved { name: name.to_owned() });
        }
        Ok(Self(name.to_owned()))
    }

    /// The name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ProfileName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::{ProfileName, ProfileNameError};

    #[test]
    fn a_name_cannot_leave_its_folder() {
        for name in ["", ".", "..", "a/b", "../a", "a.json", "-a", "_a", "a b", "é", &"a".repeat(65), "a\n"] {
            assert!(matches!(ProfileName::new(name), Err(ProfileNameError::Malformed { .. })), "{name:?}");
        }
        assert_eq!(ProfileName::new("orders-2_EU").map(|name| name.to_string()), Ok("orders-2_EU".to_owned()));
    }

    #[test]
    fn the_deny_lists_name_is_reserved() {
        assert!(matches!(ProfileName::new("deny"), Err(ProfileNameError::Reserved { .. })));
    }
}
