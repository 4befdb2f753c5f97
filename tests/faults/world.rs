//! One deployment whose wires can be broken: the functions reach SSM and the authorization server through a proxy each.

use std::sync::Arc;
use std::time::Duration;

use okta_security_profiles::local::okta::{AuthorizationServer, StandInOkta};
use serde_json::{Value, json};

use crate::events::{REST_ARN, bearer, http_api, policy_allows, rest_token, status_of};
use crate::http::{GRANT, request};
use crate::minting::with;
use crate::support::{
    Answer, CLIENT_ID, CLIENT_SECRET, FaultProxy, LambdaFunction, OTHER_SCOPE, PlainServer, PrivateCa, SCOPE, Scenario,
    TIMEOUT, TimedAnswer, authorization_server, basic, decisions,
};

pub(crate) const MINUTE: Duration = Duration::from_secs(60);
pub(crate) const HOUR: Duration = Duration::from_secs(3_600);
/// An API that `orders` does not cover.
const OTHER_API: &str = "other12345";
/// Less than the functions keep back of an invocation for their answer, so that a busy machine does not fail a test.
pub(crate) const IN_TIME: Duration = Duration::from_millis(100);

/// The deployment: the profile `orders`, and no stored keys.
pub(crate) struct FaultyWorld {
    pub(crate) scenario: Scenario,
    /// In front of SSM.
    pub(crate) ssm: FaultProxy,
    /// In front of the authorization server.
    pub(crate) okta: FaultProxy,
    okta_server: PlainServer,
}

impl FaultyWorld {
    /// Everything works, for now.
    pub(crate) async fn new() -> Self {
        Self::with(|_settings| {}).await
    }

    /// The same with an authorization server that is set up differently.
    pub(crate) async fn with(change: impl FnOnce(&mut AuthorizationServer)) -> Self {
        let ca = PrivateCa::create();
        let (authorization_server, okta, okta_server) = serve_behind_proxy(&ca, change);
        let scenario = Scenario::around(authorization_server, ca).await;
        let ssm = FaultProxy::plain(scenario.moto.address());
        Self { scenario, ssm, okta, okta_server }
    }

    /// The same with a key set that was stored so long ago.
    pub(crate) async fn with_stored_keys(age: Duration) -> Self {
        let world = Self::new().await;
        world.scenario.store_keys(age).await;
        world
    }

    /// Starts the authorizer for `orders`, with further variables or other values.
    pub(crate) fn authorizer(&self, variables: &[(&str, &str)]) -> LambdaFunction {
        let endpoint = self.ssm.url();
        let usual = [("AWS_ENDPOINT_URL_SSM", &*endpoint), ("PROFILES", "orders")];
        self.scenario.authorizer(&[&usual, variables].concat())
    }

    /// Starts the token function for `orders`, with further variables or other values.
    pub(crate) fn token_function(&self, variables: &[(&str, &str)]) -> LambdaFunction {
        let endpoint = self.ssm.url();
        let usual = [("AWS_ENDPOINT_URL_SSM", &*endpoint), ("PROFILES", "orders")];
        self.scenario.token_function(&[&usual, variables].concat())
    }

    /// Another way to the same authorization server.
    pub(crate) fn another_proxy_to_okta(&self) -> FaultProxy {
        FaultProxy::tls(self.scenario.ca(), self.okta_server.address())
    }

    /// The profile `orders` for another API, with the same keys under another URL: a key set of its own to the
    /// authorizer, fetched from the same server.
    pub(crate) async fn put_other_profile(&self) {
        let other = with(&self.scenario.profile(), "apis", json!([format!("{OTHER_API}/prod")]));
        let other = with(&other, "keysUrl", json!(format!("{}/v1/keys?other", self.scenario.okta.issuer())));
        self.scenario.put("other", &other.to_string()).await;
    }

    /// Three requests for tokens of their own: the function asks Okta for each. The profile is changed to grant them.
    pub(crate) async fn token_requests(&self) -> [Value; 3] {
        let profile = with(&self.scenario.profile(), "grantableScopes", json!([SCOPE, OTHER_SCOPE]));
        self.scenario.put("orders", &profile.to_string()).await;
        ["", "&scope=CustomScope+OtherScope", "&scope=OtherScope"].map(|scope| {
            let authorization = format!("Basic {}", basic(CLIENT_ID, CLIENT_SECRET));
            request(&format!("{GRANT}{scope}"), Some(&authorization))
        })
    }

    /// A call on a REST API with a good token that was never used before.
    pub(crate) fn event(&self) -> String {
        rest_token(&bearer(&self.scenario.good_token()))
    }

    /// Makes the call on the API of [`FaultyWorld::put_other_profile`] and fails the test unless it is allowed.
    pub(crate) async fn is_allowed_on_other_api(&self, authorizer: &LambdaFunction) {
        let on_other_api = |text: &str| text.replace("abcdef1234", OTHER_API);
        let answer = authorizer.invoke(&on_other_api(&self.event()), TIMEOUT).await;
        let allowed = matches!(&answer, Answer::Response(response) if policy_allows(response, &on_other_api(REST_ARN)));
        assert!(allowed, "{answer:?}\n{}", authorizer.logs());
    }

    /// Makes the call and fails the test unless it is allowed.
    pub(crate) async fn is_allowed(&self, authorizer: &LambdaFunction) {
        self.is_allowed_within(authorizer, TIMEOUT).await;
    }

    /// The same where the function is told that it has this long.
    pub(crate) async fn is_allowed_within(&self, authorizer: &LambdaFunction, timeout: Duration) -> TimedAnswer {
        let timed = authorizer.invoke_timed(&self.event(), timeout).await;
        assert_eq!(status_of(&timed.answer), 200, "{:?}\n{}", timed.answer, authorizer.logs());
        timed
    }

    /// Makes the call in two forms of event and fails the test unless each is an error for this reason.
    pub(crate) async fn fails(&self, authorizer: &LambdaFunction, reason: &str) {
        let token = self.scenario.good_token();
        for event in [rest_token(&bearer(&token)), http_api(&bearer(&token))] {
            let message = authorizer.invoke(&event, TIMEOUT).await.error_message();
            assert!(message.starts_with(&format!("{reason}: ")), "{message}\n{}", authorizer.logs());
        }
    }
}

/// An authorization server on plain loopback, behind a proxy with a certificate of `ca`. The proxy's is its address.
pub(crate) fn serve_behind_proxy(
    ca: &PrivateCa,
    change: impl FnOnce(&mut AuthorizationServer),
) -> (Arc<StandInOkta>, FaultProxy, PlainServer) {
    let mut made = None;
    let server = PlainServer::serve(|address| {
        let proxy = FaultProxy::tls(ca, address);
        let okta = authorization_server(&proxy.localhost_url(), change);
        let routes = Arc::clone(&okta).router();
        made = Some((okta, proxy));
        routes
    });
    let (okta, proxy) = made.expect("the routes are made before the server starts");
    (okta, proxy, server)
}

/// Every decision in a function's output that is whole; fails the test where it has panicked.
pub(crate) fn decisions_of(output: &str) -> Vec<Value> {
    assert!(!output.contains("panicked"), "{output}");
    decisions(output)
}

/// The reasons of the decisions, in their order.
pub(crate) fn reasons_of(output: &str) -> Vec<String> {
    let reason = |decision: &Value| decision["reason"].as_str().unwrap_or_default().to_owned();
    decisions_of(output).iter().map(reason).collect()
}

/// How many lines of the output hold this.
pub(crate) fn lines_with(output: &str, text: &str) -> usize {
    output.lines().filter(|line| line.contains(text)).count()
}
