//! The ladder as a list: every step from a text that someone sent to a decision, for those who are shown how far it got.

use std::iter::successors;

use super::error::Rung;
use crate::domain::jose::jwt::JwtError;

/// One step, in the order in which they are climbed. What a text must be before a profile has anything to say about it
/// comes first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Step {
    /// One bearer token of three base64url parts.
    Credential,
    /// The header, every member checked.
    Header,
    /// The claims, every type checked.
    Payload,
    /// What a profile says of it.
    Rung(Rung),
}

impl Step {
    /// Every step, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        [Self::Credential, Self::Header, Self::Payload].into_iter().chain(Rung::all().map(Self::Rung))
    }

    /// The step's name, for people and for programs.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::Credential => "credential",
            Self::Header => "header",
            Self::Payload => "payload",
            Self::Rung(rung) => rung.name(),
        }
    }

    /// Whether the step concerns one call, and not the token alone.
    #[must_use]
    pub const fn concerns_the_call(self) -> bool {
        match self {
            Self::Credential | Self::Header | Self::Payload => false,
            Self::Rung(rung) => match rung {
                Rung::Algorithm
                | Rung::Type
                | Rung::Issuer
                | Rung::Audience
                | Rung::Time
                | Rung::Key
                | Rung::Signature
                | Rung::Introspection
                | Rung::DenyList
                | Rung::Binding
                | Rung::Client
                | Rung::Claims
                | Rung::Scope => false,
                Rung::SourceIp | Rung::Route => true,
            },
        }
    }
}

impl Rung {
    /// Every rung, in order.
    pub fn all() -> impl Iterator<Item = Self> {
        successors(Some(Self::Algorithm), |rung| rung.next())
    }

    const fn next(self) -> Option<Self> {
        match self {
            Self::Algorithm => Some(Self::Type),
            Self::Type => Some(Self::Issuer),
            Self::Issuer => Some(Self::Audience),
            Self::Audience => Some(Self::Time),
            Self::Time => Some(Self::Key),
            Self::Key => Some(Self::Signature),
            Self::Signature => Some(Self::Introspection),
            Self::Introspection => Some(Self::DenyList),
            Self::DenyList => Some(Self::Binding),
            Self::Binding => Some(Self::Client),
            Self::Client => Some(Self::Claims),
            Self::Claims => Some(Self::Scope),
            Self::Scope => Some(Self::SourceIp),
            Self::SourceIp => Some(Self::Route),
            Self::Route => None,
        }
    }

    const fn name(self) -> &'static str {
        match self {
            Self::Algorithm => "algorithm",
            Self::Type => "type",
            Self::Issuer => "issuer",
            Self::Audience => "audience",
            Self::Time => "time",
            Self::Key => "key",
            Self::Signature => "signature",
            Self::Introspection => "introspection",
            Self::DenyList => "deny-list",
            Self::Binding => "binding",
            Self::Client => "client",
            Self::Claims => "claims",
            Self::Scope => "scope",
            Self::SourceIp => "source-ip",
            Self::Route => "route",
        }
    }
}

impl JwtError {
    /// How far the text got.
    #[must_use]
    pub fn step(&self) -> Step {
        match self {
            Self::TooLarge { .. } | Self::Encrypted | Self::Parts { .. } => Step::Credential,
            Self::Header(_) => Step::Header,
            Self::Claim(_) => Step::Payload,
            Self::Encoding { part } | Self::Json { part, .. } => match *part {
                "header" => Step::Header,
                _ => Step::Payload,
            },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Rung, Step};
    use crate::domain::jose::jwt::UnverifiedJwt;

    #[test]
    fn every_rung_is_a_step_in_the_order_in_which_refusals_rank() {
        let steps: Vec<Step> = Step::all().collect();
        assert!(steps.is_sorted() && steps.len() == 18, "{steps:?}");
        assert_eq!(steps.first(), Some(&Step::Credential));
        assert_eq!(steps.last(), Some(&Step::Rung(Rung::Route)));
    }

    #[test]
    fn no_two_steps_have_the_same_name() {
        let mut names: Vec<&str> = Step::all().map(Step::name).collect();
        names.sort_unstable();
        let all = names.len();
        names.dedup();
        assert_eq!(names.len(), all);
    }

    #[test]
    fn what_is_no_token_stops_at_the_part_that_is_wrong() {
        for (text, step) in [
            ("a.b", Step::Credential),
            ("a.b.c.d.e", Step::Credential),
            ("!.!.!", Step::Header),
            ("e30.e30.c2ln", Step::Header),
            ("eyJhbGciOiJSUzI1NiIsImtpZCI6ImsxIn0.e30.c2ln", Step::Payload),
        ] {
            assert_eq!(UnverifiedJwt::parse(text).expect_err("refused").step(), step, "{text}");
        }
    }
}
