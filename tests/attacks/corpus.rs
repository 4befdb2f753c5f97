//! The corpus: every token with the one outcome that it must come to.

use crate::world::{Rules, World};
use crate::{algorithms, claims, encodings, good, identity, json_text, kids, members, numbers, signatures, sizes};

/// One token.
pub(crate) struct Case {
    /// What it is, for a failure's message and for the table of differences.
    pub(crate) name: String,
    /// Whatever follows `Bearer `.
    pub(crate) token: String,
    pub(crate) rules: Rules,
    pub(crate) expected: Expected,
}

/// What must come of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Expected {
    Allowed,
    /// Denied, with this reason.
    Denied(&'static str),
    /// Unauthorized, with this reason.
    Unauthorized(&'static str),
}

impl Expected {
    /// How many key sets may be asked for: one, where the issuer's held keys do not have the `kid`. Nothing else, ever.
    pub(crate) fn fetches(self) -> usize {
        usize::from(self == Self::Unauthorized("key_unknown"))
    }
}

/// Cases in the order in which they were made.
pub(crate) struct Corpus {
    pub(crate) cases: Vec<Case>,
    rules: Rules,
}

impl Corpus {
    /// Every case there is.
    pub(crate) fn of(world: &World) -> Self {
        let mut corpus = Self { cases: Vec::new(), rules: Rules::Okta };
        good::add(world, &mut corpus);
        algorithms::add(world, &mut corpus);
        members::add(world, &mut corpus);
        kids::add(world, &mut corpus);
        encodings::add(world, &mut corpus);
        json_text::add(world, &mut corpus);
        numbers::add(world, &mut corpus);
        claims::add(world, &mut corpus);
        identity::add(world, &mut corpus);
        signatures::add(world, &mut corpus);
        sizes::add(world, &mut corpus);
        corpus
    }

    /// What is added from here on is held against these.
    pub(crate) fn under(&mut self, rules: Rules) {
        self.rules = rules;
    }

    pub(crate) fn allowed(&mut self, name: impl Into<String>, token: String) {
        self.add(name.into(), token, Expected::Allowed);
    }

    pub(crate) fn denied(&mut self, reason: &'static str, name: impl Into<String>, token: String) {
        self.add(name.into(), token, Expected::Denied(reason));
    }

    pub(crate) fn refused(&mut self, reason: &'static str, name: impl Into<String>, token: String) {
        self.add(name.into(), token, Expected::Unauthorized(reason));
    }

    fn add(&mut self, name: String, token: String, expected: Expected) {
        self.cases.push(Case { name, token, rules: self.rules, expected });
    }
}
