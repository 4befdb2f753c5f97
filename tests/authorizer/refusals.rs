//! A run of refused calls: each is answered as it must be, for its own reason, and none causes a call to anybody.

use okta_security_profiles::local::okta::Endpoint;

use crate::events::{HTTP_ARN, bearer, http_api, policy_allows, rest_request, rest_token, status_of};
use crate::support::{Answer, Canaries, LambdaFunction, Scenario, TIMEOUT, decisions};

/// A run, begun with a good token, so that the keys are held and a refusal is not for want of them.
pub(crate) struct Refusals {
    pub(crate) scenario: Scenario,
    pub(crate) canaries: Canaries,
    authorizer: LambdaFunction,
    reasons: Vec<&'static str>,
}

impl Refusals {
    /// With the profile of the events.
    pub(crate) async fn begin() -> Self {
        Self::of(Scenario::new().await).await
    }

    /// With another set-up; its authorization server must still issue good tokens.
    pub(crate) async fn of(scenario: Scenario) -> Self {
        let authorizer = scenario.authorizer(&[]);
        let mut run = Self { scenario, canaries: Canaries::default(), authorizer, reasons: Vec::new() };
        run.allows(&run.scenario.good_token()).await;
        run
    }

    /// A call with this token is allowed.
    pub(crate) async fn allows(&mut self, token: &str) {
        let answer = self.invoke(&rest_token(&bearer(token)), "").await;
        assert_eq!(status_of(&answer), 200, "{answer:?}\n{}", self.authorizer.logs());
        self.canaries.token("an allowed token", token);
    }

    /// A call with this `Authorization` value is refused in every form of event.
    pub(crate) async fn refuses(&mut self, authorization: &str, reason: &'static str) {
        self.refuses_on_rest(authorization, reason).await;
        self.denies(&http_api(authorization), reason).await;
    }

    /// The same for REST APIs only: where an HTTP API is answered with an error, since a Deny would be cached.
    pub(crate) async fn refuses_on_rest(&mut self, authorization: &str, reason: &'static str) {
        if let Some((_, token)) = authorization.split_once(' ') {
            self.canaries.token(&format!("the token refused for {reason}"), token);
        }
        self.answers_unauthorized(&rest_token(authorization), reason).await;
        self.answers_unauthorized(&rest_request(&[("Authorization", &[authorization])]), reason).await;
    }

    /// A call with this bearer token is refused in every form of event.
    pub(crate) async fn refuses_token(&mut self, token: &str, reason: &'static str) {
        self.refuses(&bearer(token), reason).await;
    }

    /// A token that no held key can have signed: 401 on a REST API; on an HTTP API an error, since a key that was
    /// published a moment ago may have signed it, and a Deny would be cached.
    pub(crate) async fn refuses_for_want_of_its_key(&mut self, token: &str) {
        self.refuses_on_rest(&bearer(token), "key_cooling_down").await;
        let answer = self.invoke(&http_api(&bearer(token)), "key_cooling_down").await;
        self.assert_says_nothing(&answer);
        assert!(answer.error_message().starts_with("key_cooling_down: "));
    }

    /// The event is answered with an error that says exactly `Unauthorized`.
    pub(crate) async fn answers_unauthorized(&mut self, event: &str, reason: &'static str) {
        let answer = self.invoke(event, reason).await;
        self.assert_says_nothing(&answer);
        assert_eq!(status_of(&answer), 401, "{reason}: {answer:?}\n{}", self.authorizer.logs());
    }

    /// The event, of an HTTP API, is answered with a Deny.
    pub(crate) async fn denies(&mut self, event: &str, reason: &'static str) {
        let answer = self.invoke(event, reason).await;
        self.assert_says_nothing(&answer);
        let answer = answer.response();
        assert!(!policy_allows(&answer, HTTP_ARN), "{reason}: {answer}");
        assert_eq!(answer["context"]["reason"], reason, "{answer}");
    }

    /// Ends the run: every call was logged with its reason, nothing but the one key set was fetched, nothing slipped
    /// out, and a good token is still allowed.
    pub(crate) async fn end(mut self) {
        self.allows(&self.scenario.good_token()).await;
        let Self { scenario, canaries, authorizer, reasons } = self;
        let output = authorizer.stop();
        let logged: Vec<_> = decisions(&output).iter().map(|decision| decision["reason"].clone()).collect();
        assert_eq!(logged, reasons, "{output}");
        canaries.assert_unmentioned_in("the log", &output);
        assert!(!output.contains("panicked"), "{output}");
        let requests = [Endpoint::Keys, Endpoint::Token, Endpoint::Discovery].map(|of| scenario.okta.requests(of));
        assert_eq!(requests, [1, 0, 0], "one key fetch and nothing else:\n{output}");
    }

    async fn invoke(&mut self, event: &str, reason: &'static str) -> Answer {
        self.reasons.push(reason);
        self.authorizer.invoke(event, TIMEOUT).await
    }

    /// Nothing in a refused token is a fact, so nothing of it goes to the backend.
    fn assert_says_nothing(&self, answer: &Answer) {
        self.canaries.assert_unmentioned_in("an answer", &format!("{answer:?}"));
    }
}
