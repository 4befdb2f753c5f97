//! The IAM policy that an authorizer answers with ("Output from an API Gateway Lambda authorizer"): its shape on the wire.

use ipnet::IpNet;
use serde::Serialize;

use super::method_arn::MethodArn;
use crate::domain::time::UnixTime;

/// The version of IAM's policy language; the first that knows `${*}`.
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
    resource: Vec<String>,
    #[serde(skip_serializing_if = "Conditions::is_empty")]
    condition: Conditions,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
enum Effect {
    Allow,
    Deny,
}

/// When an Allow holds: it is reused for later calls, which may come from elsewhere or too late.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "PascalCase")]
pub struct Conditions {
    #[serde(skip_serializing_if = "Option::is_none")]
    ip_address: Option<SourceIp>,
    #[serde(skip_serializing_if = "Option::is_none")]
    date_less_than: Option<CurrentTime>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct SourceIp {
    #[serde(rename = "aws:SourceIp")]
    networks: Vec<String>,
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
struct CurrentTime {
    #[serde(rename = "aws:CurrentTime")]
    end: String,
}

impl Conditions {
    /// Calls from these networks only (any, where there are none), and before `end`, where there is one.
    #[must_use]
    pub fn new(networks: &[IpNet], end: Option<UnixTime>) -> Self {
        let networks: Vec<String> = networks.iter().map(ToString::to_string).collect();
        Self {
            ip_address: (!networks.is_empty()).then_some(SourceIp { networks }),
            date_less_than: end.map(|end| CurrentTime { end: end.to_rfc3339() }),
        }
    }

    fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl Policy {
    /// Nothing of this API's stage is allowed.
    #[must_use]
    pub fn deny_all(arn: &MethodArn) -> Self {
        let everything = vec![arn.whole_stage()];
        let statement =
            Statement { action: INVOKE, effect: Effect::Deny, resource: everything, condition: Conditions::default() };
        Self { version: LANGUAGE_VERSION, statement: vec![statement] }
    }

    /// `allowed` under the conditions, `denied` always; both are complete ARNs. Nothing allowed is [`Self::deny_all`].
    #[must_use]
    pub(super) fn of(allowed: Vec<String>, denied: Vec<String>, conditions: Conditions, arn: &MethodArn) -> Self {
        if allowed.is_empty() {
            return Self::deny_all(arn);
        }
        let mut policy = Self::with_both_effects(allowed, denied, conditions);
        policy.statement.retain(|statement| !statement.resource.is_empty());
        policy
    }

    /// How long a policy under these conditions is without its resources, in bytes of JSON.
    pub(super) fn frame_length(conditions: &Conditions) -> usize {
        json_length(&Self::with_both_effects(Vec::new(), Vec::new(), conditions.clone()))
    }

    fn with_both_effects(allowed: Vec<String>, denied: Vec<String>, conditions: Conditions) -> Self {
        let allow = Statement { action: INVOKE, effect: Effect::Allow, resource: allowed, condition: conditions };
        let deny =
            Statement { action: INVOKE, effect: Effect::Deny, resource: denied, condition: Conditions::default() };
        Self { version: LANGUAGE_VERSION, statement: vec![allow, deny] }
    }
}

/// How long a value is as JSON, in bytes. What cannot be written fits nowhere.
pub(super) fn json_length(value: &impl Serialize) -> usize {
    serde_json::to_vec(value).map_or(usize::MAX, |json| json.len())
}
