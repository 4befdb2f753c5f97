//! What the authorizer answers: a policy, or `isAuthorized` ("Output from an API Gateway Lambda authorizer").

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::policy::Policy;
use crate::domain::gateway::route::Resolution;
use crate::domain::validation::authorize::Grant;

/// The largest answer that API Gateway takes, in bytes (quotas of WebSocket APIs; kept for every kind of API).
const MAX_ANSWER_BYTES: usize = 8 * 1024;
/// The principal of an answer that is about nobody in particular.
const NOBODY: &str = "unauthorized";

/// An answer in one of the two forms.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(untagged)]
pub enum AuthorizerAnswer {
    /// The IAM form: every form of event understands it.
    Policy(PolicyAnswer),
    /// The simple form: payload 2.0 only, where the API has enabled it.
    Simple(SimpleAnswer),
}

/// The IAM form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct PolicyAnswer {
    principal_id: String,
    policy_document: Policy,
    context: Map<String, Value>,
    /// Absent, never `null`: API Gateway takes `null` for a malformed answer.
    #[serde(skip_serializing_if = "Option::is_none")]
    usage_identifier_key: Option<String>,
    /// What the policy says of the call that was asked about.
    #[serde(skip)]
    is_allowed: bool,
}

/// The simple form.
#[derive(Debug, Clone, PartialEq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct SimpleAnswer {
    is_authorized: bool,
    context: Map<String, Value>,
}

/// Which of the two forms is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AnswerForm {
    /// A policy.
    Policy,
    /// `isAuthorized`.
    Simple,
}

impl AuthorizerAnswer {
    /// The call may go on. `None` where no answer fits into 8 KB.
    #[must_use]
    pub fn allow(form: AnswerForm, grant: &Grant, arn: &MethodArn, resolution: Resolution) -> Option<Self> {
        Self::of_grant(form, true, grant, grant.context(), arn, resolution)
    }

    /// This call may not go on, for `reason`, but its token may make others: the policy says which, so that it holds when
    /// it is cached. `None` where no answer fits into 8 KB.
    #[must_use]
    pub fn deny_call(
        form: AnswerForm,
        reason: &'static str,
        grant: &Grant,
        arn: &MethodArn,
        resolution: Resolution,
    ) -> Option<Self> {
        let mut context = grant.context();
        context.insert("reason".to_owned(), reason.into());
        Self::of_grant(form, false, grant, context, arn, resolution)
    }

    /// No call may go on, for `reason`.
    #[must_use]
    pub fn deny(form: AnswerForm, reason: &'static str, arn: &MethodArn) -> Self {
        let context = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
        match form {
            AnswerForm::Policy => Self::Policy(PolicyAnswer {
                principal_id: NOBODY.to_owned(),
                policy_document: Policy::deny_all(arn),
                context,
                usage_identifier_key: None,
                is_allowed: false,
            }),
            AnswerForm::Simple => Self::Simple(SimpleAnswer { is_authorized: false, context }),
        }
    }

    /// Whether the call that was asked about may go on.
    #[must_use]
    pub const fn allows(&self) -> bool {
        match self {
            Self::Policy(answer) => answer.is_allowed,
            Self::Simple(answer) => answer.is_authorized,
        }
    }

    fn of_grant(
        form: AnswerForm,
        is_allowed: bool,
        grant: &Grant,
        context: Map<String, Value>,
        arn: &MethodArn,
        resolution: Resolution,
    ) -> Option<Self> {
        match form {
            AnswerForm::Simple => Some(Self::Simple(SimpleAnswer { is_authorized: is_allowed, context })),
            AnswerForm::Policy => {
                let mut answer = PolicyAnswer {
                    principal_id: grant.token().principal().to_owned(),
                    policy_document: Policy::deny_all(arn),
                    context,
                    usage_identifier_key: grant.usage_plan_key().map(str::to_owned),
                    is_allowed,
                };
                let budget = MAX_ANSWER_BYTES.checked_sub(serialized_length(&answer))?;
                answer.policy_document = grant.policy(arn, resolution, budget);
                Some(Self::Policy(answer))
            }
        }
    }
}

/// How long the answer is without its resources. What cannot be serialised leaves no room for anything.
fn serialized_length(answer: &PolicyAnswer) -> usize {
    serde_json::to_vec(answer).map_or(usize::MAX, |json| json.len())
}
