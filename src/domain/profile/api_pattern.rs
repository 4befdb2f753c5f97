//! Where a profile applies: `apiId/stage`, `apiId/*` or `*`.

use std::fmt;

use crate::domain::gateway::method_arn::{MethodArn, is_api_id, is_stage};

/// One entry of a profile's `apis`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ApiPattern {
    /// `*`: every API and stage whose authorizer this is.
    Any,
    /// `apiId/*`: every stage of one API.
    Api {
        /// The API's id.
        api_id: String,
    },
    /// `apiId/stage`: one stage of one API.
    Stage {
        /// The API's id.
        api_id: String,
        /// The stage's name, `$default` included.
        stage: String,
    },
}

impl ApiPattern {
    /// Reads one entry; nothing where it has none of the three forms.
    #[must_use]
    pub fn parse(text: &str) -> Option<Self> {
        if text == "*" {
            return Some(Self::Any);
        }
        let (api_id, stage) = text.split_once('/')?;
        match (is_api_id(api_id), stage) {
            (true, "*") => Some(Self::Api { api_id: api_id.to_owned() }),
            (true, stage) if is_stage(stage) => {
                Some(Self::Stage { api_id: api_id.to_owned(), stage: stage.to_owned() })
            }
            (true | false, _) => None,
        }
    }

    /// Whether a request with this ARN falls under the pattern.
    #[must_use]
    pub fn matches(&self, arn: &MethodArn) -> bool {
        match self {
            Self::Any => true,
            Self::Api { api_id } => api_id == arn.api_id(),
            Self::Stage { api_id, stage } => api_id == arn.api_id() && stage == arn.stage(),
        }
    }

    /// Whether every request that falls under `other` falls under this pattern, too.
    #[must_use]
    pub fn covers(&self, other: &Self) -> bool {
        match (self, other) {
            (Self::Any, _) => true,
            (Self::Api { api_id }, Self::Api { api_id: other } | Self::Stage { api_id: other, .. }) => api_id == other,
            (Self::Stage { .. }, Self::Stage { .. }) => self == other,
            (Self::Api { .. }, Self::Any) | (Self::Stage { .. }, Self::Any | Self::Api { .. }) => false,
        }
    }
}

impl fmt::Display for ApiPattern {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Any => f.write_str("*"),
            Self::Api { api_id } => write!(f, "{api_id}/*"),
            Self::Stage { api_id, stage } => write!(f, "{api_id}/{stage}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::ApiPattern;
    use crate::domain::gateway::method_arn::MethodArn;

    fn matches(pattern: &str, arn: &str) -> bool {
        let arn = MethodArn::parse(arn).expect("an ARN");
        ApiPattern::parse(pattern).expect("a pattern").matches(&arn)
    }

    /// Threat 39.
    #[test]
    fn another_api_or_stage_is_not_covered() {
        let arn = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders";
        for (pattern, covered) in [
            ("*", true),
            ("abcdef1234/*", true),
            ("abcdef1234/prod", true),
            ("abcdef1234/Prod", false),
            ("abcdef1234/pro", false),
            ("abcdef123/prod", false),
            ("other12345/*", false),
        ] {
            assert_eq!(matches(pattern, arn), covered, "{pattern}");
        }
        assert!(matches("http123456/$default", "arn:aws:execute-api:eu-west-1:123456789012:http123456/$default/GET/"));
    }

    #[test]
    fn a_pattern_covers_what_is_no_wider_than_itself() {
        let covers = |pattern: &str, other: &str| {
            let parse = |text| ApiPattern::parse(text).expect("a pattern");
            parse(pattern).covers(&parse(other))
        };
        for (pattern, covered, not_covered) in [
            ("*", vec!["*", "a/*", "a/prod"], vec![]),
            ("a/*", vec!["a/*", "a/prod", "a/$default"], vec!["*", "b/*", "b/prod"]),
            ("a/prod", vec!["a/prod"], vec!["*", "a/*", "a/test", "b/prod"]),
        ] {
            assert!(covered.iter().all(|other| covers(pattern, other)), "{pattern}");
            assert!(!not_covered.iter().any(|other| covers(pattern, other)), "{pattern}");
        }
    }

    #[test]
    fn other_forms_are_refused() {
        for text in ["", "abc", "*/prod", "abc/", "abc/prod/GET", "abc/pro*", "ABC DEF/prod", "arn:aws:execute-api"] {
            assert_eq!(ApiPattern::parse(text), None, "{text}");
        }
    }
}
