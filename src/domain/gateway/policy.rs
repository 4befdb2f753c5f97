//! The IAM policy that an authorizer answers with ("Output from an API Gateway Lambda authorizer"), exact enough to be
//! cached: API Gateway reuses it for every request with the same identity sources.

use serde::Serialize;

use super::method_arn::MethodArn;
use crate::domain::validation::authorize::Grant;

/// The version of IAM's policy language.
const LANGUAGE_VERSION: &str = "2012-10-17";
/// The one action that an authorizer decides about.
const INVOKE: &str = "execute-api:Invoke";

/// A policy document.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Policy {
    version: &'static str,
    statement: Vec<Statement>,
}

/// One statement of a policy.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Statement {
    action: &'static str,
    effect: Effect,
    resource: String,
    #[serde(skip_serializing_if = "Option::is_none")]
    condition: Option<Condition>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
    Deny,
}

/// The one condition in use: the caller's address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
struct Condition {
    ip_address: SourceIp,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SourceIp {
    #[serde(rename = "aws:SourceIp")]
    networks: Vec<String>,
}

impl Policy {
    /// What a grant allows. A profile without routes governs the whole stage, and so does its policy; its
    /// `allowedIps` become a condition, so that the policy still holds when the next call comes from elsewhere.
    #[must_use]
    pub fn allow(grant: &Grant, arn: &MethodArn) -> Self {
        let networks = grant.profile().allowed_ips();
        let condition = (!networks.is_empty()).then(|| Condition {
            ip_address: SourceIp { networks: networks.iter().map(ToString::to_string).collect() },
        });
        Self::of(Statement { action: INVOKE, effect: Effect::Allow, resource: arn.whole_stage(), condition })
    }

    /// Nothing of this API's stage is allowed.
    #[must_use]
    pub fn deny(arn: &MethodArn) -> Self {
        Self::of(Statement { action: INVOKE, effect: Effect::Deny, resource: arn.whole_stage(), condition: None })
    }

    fn of(statement: Statement) -> Self {
        Self { version: LANGUAGE_VERSION, statement: vec![statement] }
    }
}
