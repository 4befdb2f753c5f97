//! What the authorizer answers: a policy, or `isAuthorized` ("Output from an API Gateway Lambda authorizer").

use serde::Serialize;
use serde_json::{Map, Value};

use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::policy::Policy;
use crate::domain::validation::authorize::Grant;

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
    /// The call may go on.
    #[must_use]
    pub fn allow(form: AnswerForm, grant: &Grant, arn: &MethodArn) -> Self {
        let context = grant.context();
        match form {
            AnswerForm::Policy => Self::Policy(PolicyAnswer {
                principal_id: grant.token().principal().to_owned(),
                policy_document: Policy::allow(grant, arn),
                context,
                usage_identifier_key: grant.usage_plan_key().map(str::to_owned),
            }),
            AnswerForm::Simple => Self::Simple(SimpleAnswer { is_authorized: true, context }),
        }
    }

    /// The call may not go on, for `reason`.
    #[must_use]
    pub fn deny(form: AnswerForm, reason: &'static str, arn: &MethodArn) -> Self {
        let context = Map::from_iter([("reason".to_owned(), Value::from(reason))]);
        match form {
            AnswerForm::Policy => Self::Policy(PolicyAnswer {
                principal_id: NOBODY.to_owned(),
                policy_document: Policy::deny(arn),
                context,
                usage_identifier_key: None,
            }),
            AnswerForm::Simple => Self::Simple(SimpleAnswer { is_authorized: false, context }),
        }
    }
}
