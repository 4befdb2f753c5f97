//! OAuth scopes (RFC 6749 section 3.3): case-sensitive tokens, compared whole.

use std::collections::BTreeSet;
use std::fmt;

/// One scope: `1*( %x21 / %x23-5B / %x5D-7E )`.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct ScopeToken(String);

/// The text is empty or has a character that no scope may have.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a scope is one or more printable ASCII characters other than space, double quote and backslash")]
pub struct InvalidScope;

impl ScopeToken {
    /// The scope with this name.
    ///
    /// # Errors
    /// [`InvalidScope`] where RFC 6749 section 3.3 does not allow it.
    pub fn new(name: &str) -> Result<Self, InvalidScope> {
        let allowed = |byte: u8| matches!(byte, 0x21 | 0x23..=0x5b | 0x5d..=0x7e);
        if name.is_empty() || !name.bytes().all(allowed) {
            return Err(InvalidScope);
        }
        Ok(Self(name.to_owned()))
    }

    /// The scope's name.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for ScopeToken {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// A set of scopes; order and repetition mean nothing.
#[derive(Debug, Clone, Default, PartialEq, Eq, Hash)]
pub struct ScopeSet(BTreeSet<ScopeToken>);

impl ScopeSet {
    /// Reads the `scope` parameter: scopes separated by single spaces.
    ///
    /// # Errors
    /// [`InvalidScope`] if any is not a scope; an empty text, doubled, leading or trailing spaces count as an
    /// empty scope.
    pub fn from_parameter(text: &str) -> Result<Self, InvalidScope> {
        text.split(' ').map(ScopeToken::new).collect::<Result<_, _>>().map(Self)
    }

    /// Whether there is no scope at all.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Whether this very scope is in the set.
    #[must_use]
    pub fn contains(&self, scope: &ScopeToken) -> bool {
        self.0.contains(scope)
    }

    /// The first of `required` that is not in this set.
    #[must_use]
    pub fn first_missing<'r>(&self, required: &'r Self) -> Option<&'r ScopeToken> {
        required.0.iter().find(|scope| !self.contains(scope))
    }

    /// The scopes in order.
    pub fn iter(&self) -> impl Iterator<Item = &ScopeToken> {
        self.0.iter()
    }
}

impl FromIterator<ScopeToken> for ScopeSet {
    fn from_iter<I: IntoIterator<Item = ScopeToken>>(scopes: I) -> Self {
        Self(scopes.into_iter().collect())
    }
}

/// Separated by single spaces, as the `scope` parameter wants it.
impl fmt::Display for ScopeSet {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, scope) in self.0.iter().enumerate() {
            if index > 0 {
                f.write_str(" ")?;
            }
            f.write_str(scope.as_str())?;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::{InvalidScope, ScopeSet, ScopeToken};

    #[test]
    fn characters_outside_the_grammar_are_refused() {
        for name in ["", "a b", "a\"b", "a\\b", "a\tb", "é", "a\u{7f}"] {
            assert_eq!(ScopeToken::new(name), Err(InvalidScope), "{name:?}");
        }
        assert!(ScopeToken::new("orders:read/!#[]~").is_ok());
    }

    /// Threat 29.
    #[test]
    fn scopes_are_compared_whole_and_by_case() {
        let granted = ScopeSet::from_parameter("orders.readonly Orders.Read").expect("valid");
        let required = ScopeSet::from_parameter("orders.read").expect("valid");
        assert_eq!(granted.first_missing(&required).map(ScopeToken::as_str), Some("orders.read"));
    }

    #[test]
    fn the_parameter_is_split_at_single_spaces() {
        assert_eq!(ScopeSet::from_parameter("b a b").expect("valid").to_string(), "a b");
        for text in ["", " ", "a  b", " a", "a "] {
            assert_eq!(ScopeSet::from_parameter(text), Err(InvalidScope), "{text:?}");
        }
    }
}
