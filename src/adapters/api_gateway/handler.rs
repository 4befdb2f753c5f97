//! One authorizer call from event to answer, with its log line. The Lambda and the local gateway run this same code.

use std::time::Duration;

use super::answer::{AnswerForm, AuthorizerAnswer};
use super::event::{EventError, read};
use crate::adapters::deadline::within;
use crate::adapters::system_clock::SystemClock;
use crate::application::authorize_request::{AuthorizeError, AuthorizeRequest};
use crate::application::key_ring::chain;
use crate::config::AuthorizerResponse;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::gateway::route::Resolution;
use crate::domain::jose::header::KeyId;
use crate::domain::validation::authorize::Decision;
use crate::domain::validation::verify::VerifiedToken;
use crate::ports::clock::Clock;
use crate::ports::introspection_endpoint::IntrospectionEndpoint;
use crate::ports::key_set_source::KeySetSource;
use crate::ports::profile_store::ProfileStore;
use crate::ports::token_endpoint::TokenEndpoint;
use crate::rejection::Outcome;
use crate::telemetry::DecisionRecord;

/// Answers authorizer events.
#[derive(Debug)]
pub struct AuthorizerHandler<S, K, T, C> {
    /// The decision.
    pub application: AuthorizeRequest<S, K, T, C>,
    /// How payload 2.0 events are answered.
    pub response: AuthorizerResponse,
}

/// A call that is answered with an error. The text of [`Self::Unauthorized`] is API Gateway's sign for 401; any other
/// is a 500. None holds a part of the request's credentials.
#[derive(Debug, thiserror::Error)]
pub enum HandlerError {
    /// No or a bad token.
    #[error("Unauthorized")]
    Unauthorized,
    /// The event cannot be read.
    #[error(transparent)]
    Event(#[from] EventError),
    /// Not the caller's fault.
    #[error("{reason}: {detail}")]
    Failed {
        /// One fixed word.
        reason: &'static str,
        /// What happened and what to do.
        detail: String,
    },
}

impl<S: ProfileStore, K: KeySetSource, T: TokenEndpoint + IntrospectionEndpoint, C: Clock>
    AuthorizerHandler<S, K, T, C>
{
    /// Answers one event (JSON). `remaining` is what is left of the invocation; an answer comes 200 ms before its end.
    ///
    /// # Errors
    /// [`HandlerError`] where the answer is a 401 or a 500.
    pub async fn handle(&self, event: &str, remaining: Option<Duration>) -> Result<AuthorizerAnswer, HandlerError> {
        let began = SystemClock.elapsed();
        let read = read(event).inspect_err(|error| {
            let detail = error.to_string();
            DecisionRecord {
                // A metric's dimension may not be empty.
                form: "unknown",
                outcome: "error",
                reason: "event_unsupported",
                detail: &detail,
                ..DecisionRecord::default()
            }
            .log();
        })?;
        let decision = within(remaining, |left| self.application.decide(&read.request, left)).await;
        let decision = decision.unwrap_or(Err(AuthorizeError::Deadline));
        let answer = self.answer(&read.request, &decision);
        let route = read.request.method_arn.to_string();
        let record = DecisionRecord {
            request_id: read.request_id.as_deref().unwrap_or_default(),
            form: read.request.form.name(),
            route: &route,
            ms: (SystemClock.elapsed() - began).as_secs_f64() * 1_000.0,
            ..DecisionRecord::default()
        };
        self.log(&decision, &answer, &record);
        answer
    }

    /// Refreshes what is due, once a call is answered. `remaining` is what is left of the invocation.
    pub async fn refresh_due(&self, remaining: Option<Duration>) {
        // What the end of the invocation cuts off is tried again later.
        let _cut_off = within(remaining, |left| self.application.refresh_due(left)).await;
    }

    /// What is answered to a request that was decided about.
    ///
    /// # Errors
    /// [`HandlerError`] where the answer is a 401 or a 500.
    pub fn answer(
        &self,
        request: &AuthorizationRequest,
        decision: &Result<Decision, AuthorizeError>,
    ) -> Result<AuthorizerAnswer, HandlerError> {
        let (form, arn) = (self.answer_form(request.form), &request.method_arn);
        let resolution = Resolution::from(request.form);
        let error = match decision {
            Ok(Decision::Allow(grant)) => return granted(AuthorizerAnswer::allow(form, grant, arn, resolution)),
            Ok(Decision::Deny(denied)) => {
                let reason = denied.denial.reason();
                return match denied.grant() {
                    Some(grant) => granted(AuthorizerAnswer::deny_call(form, reason, grant, arn, resolution)),
                    None => Ok(AuthorizerAnswer::deny(form, reason, arn)),
                };
            }
            Err(error) => error,
        };
        let failed = || Err(HandlerError::Failed { reason: error.reason(), detail: chain(error) });
        match (error.outcome(), request.form.is_http_api()) {
            (Outcome::Unauthorized | Outcome::UnauthorizedForNow, false) => Err(HandlerError::Unauthorized),
            (Outcome::Unauthorized, true) => Ok(AuthorizerAnswer::deny(form, error.reason(), arn)),
            (Outcome::UnauthorizedForNow, true) | (Outcome::Failed, _) => failed(),
        }
    }

    fn answer_form(&self, form: EventForm) -> AnswerForm {
        match (form, self.response) {
            (EventForm::HttpApiV2, AuthorizerResponse::Simple) => AnswerForm::Simple,
            (EventForm::HttpApiV2, AuthorizerResponse::Iam)
            | (EventForm::RestToken | EventForm::RestRequest | EventForm::HttpApiV1 | EventForm::WebSocket, _) => {
                AnswerForm::Policy
            }
        }
    }

    fn log(
        &self,
        decision: &Result<Decision, AuthorizeError>,
        answer: &Result<AuthorizerAnswer, HandlerError>,
        record: &DecisionRecord<'_>,
    ) {
        let outcome = match answer {
            Ok(answer) if answer.allows() => "allow",
            Ok(_) => "deny",
            Err(HandlerError::Unauthorized) => "unauthorized",
            Err(HandlerError::Event(_) | HandlerError::Failed { .. }) => "error",
        };
        let of_token = |token: &VerifiedToken, record: &DecisionRecord<'_>| {
            let (profile, now) = (token.profile(), SystemClock.now().monotonic);
            let key_age = self.application.keys.age(profile, now);
            let profile_age = self.application.profiles.age(profile.name(), now);
            let (kid, cid) = (token.key_id().map_or("", KeyId::as_str), token.claims().client_id.as_str());
            DecisionRecord { profile: profile.name().as_str(), kid, cid, key_age, profile_age, ..*record }.log();
        };
        match (decision, answer) {
            (_, Err(HandlerError::Failed { reason, detail })) => {
                DecisionRecord { outcome, reason, detail, ..*record }.log();
            }
            (Ok(Decision::Allow(grant)), _) => of_token(grant.token(), &DecisionRecord { outcome, ..*record }),
            (Ok(Decision::Deny(denied)), _) => {
                let detail = denied.denial.to_string();
                let record = DecisionRecord { outcome, reason: denied.denial.reason(), detail: &detail, ..*record };
                match denied.token() {
                    Some(token) => of_token(token, &record),
                    None => record.log(),
                }
            }
            (Err(error), _) => {
                DecisionRecord { outcome, reason: error.reason(), detail: &chain(error), ..*record }.log();
            }
        }
    }
}

/// An answer that API Gateway would not take is our failure, not the caller's.
fn granted(answer: Option<AuthorizerAnswer>) -> Result<AuthorizerAnswer, HandlerError> {
    answer.ok_or_else(|| HandlerError::Failed {
        reason: "answer_too_large",
        detail: "the claims named in the profile's `context` leave no room for a policy within 8 KB; name fewer"
            .to_owned(),
    })
}
