//! Threat 60: whatever breaks, and however much is logged, no token and no client secret comes out.

use std::time::Duration;

use axum::http::{HeaderMap, StatusCode};
use okta_security_profiles::local::okta::{Endpoint, Fault};
use serde_json::json;

use crate::events::{bearer, rest_token, status_of};
use crate::http::good_request;
use crate::outage::{outages_of_okta, outages_of_ssm, side_by_side};
use crate::support::{CLIENT_ID, CLIENT_SECRET, Canaries, LambdaFunction, TIMEOUT, WireFault, basic, form_encoded};
use crate::world::{FaultyWorld, decisions_of};

const TALKATIVE: [(&str, &str); 1] = [("RUST_LOG", "trace")];

/// Which wire is broken.
#[derive(Debug, Clone, Copy)]
enum Wire {
    Okta,
    Ssm,
}

/// All that can break.
fn faults() -> Vec<(Wire, WireFault)> {
    let okta = outages_of_okta().into_iter().map(|outage| (Wire::Okta, outage.fault));
    let ssm = outages_of_ssm().into_iter().map(|fault| (Wire::Ssm, fault));
    okta.chain(ssm).chain([Wire::Okta, Wire::Ssm].map(|wire| (wire, WireFault::HangUp))).collect()
}

impl Wire {
    fn breaks(self, world: &FaultyWorld, fault: WireFault) {
        match self {
            Self::Okta => world.okta.set(fault),
            Self::Ssm => world.ssm.set(fault),
        }
    }

    /// How long a call has: with Okta until its client gives up, and less than that with SSM, where the start of a
    /// function has shown what happens then.
    const fn patience(self) -> Duration {
        match self {
            Self::Okta => TIMEOUT,
            Self::Ssm => Duration::from_secs(1),
        }
    }
}

/// Threat 60.
#[tokio::test]
async fn whatever_breaks_no_token_and_no_secret_comes_out_of_either_function() {
    side_by_side(faults(), async |(wire, fault)| {
        let world = FaultyWorld::new().await;
        let token = world.scenario.good_token();
        let granted = json!({"access_token": token, "token_type": "Bearer", "expires_in": 3600}).to_string();
        world.scenario.okta.set_fault(Endpoint::Token, Fault::Status(StatusCode::OK, HeaderMap::new(), granted));
        wire.breaks(&world, fault.clone());
        let canaries = canaries(&token);
        tokio::join!(
            async {
                let authorizer = world.authorizer(&TALKATIVE);
                let answer = authorizer.invoke(&rest_token(&bearer(&token)), wire.patience()).await;
                assert_eq!(status_of(&answer), 500, "{wire:?}, {fault:?}: {answer:?}");
                assert_discreet(authorizer, &format!("{answer:?}"), &canaries);
            },
            async {
                let function = world.token_function(&TALKATIVE);
                let answer = function.invoke(&good_request().to_string(), wire.patience()).await.response();
                let is_refusal = [502, 503].iter().any(|status| answer["statusCode"] == *status);
                assert!(is_refusal, "{wire:?}, {fault:?}: {answer}");
                assert_discreet(function, &answer.to_string(), &canaries);
            },
        );
    })
    .await;
}

/// The client's secret, and a token that is presented here and issued there.
fn canaries(token: &str) -> Canaries {
    let mut canaries = Canaries::default();
    canaries.secret("the client's secret", CLIENT_SECRET);
    canaries.secret("the client's secret in a form", &form_encoded(CLIENT_SECRET));
    canaries.secret("the client's secret in Basic", &basic(CLIENT_ID, CLIENT_SECRET));
    canaries.token("the token", token);
    // Of an answer that breaks off, half may be there.
    let payload = token.split('.').nth(1).expect("a payload");
    canaries.secret("the beginning of the token's payload", &payload[..60]);
    canaries
}

/// The one call was logged, and its token or secret was not.
fn assert_discreet(function: LambdaFunction, answer: &str, canaries: &Canaries) {
    canaries.assert_unmentioned_in("an answer", answer);
    let output = function.stop();
    assert_eq!(decisions_of(&output).len(), 1, "{output}");
    canaries.assert_unmentioned_in("the log", &output);
}
