//! Tests of what profiles say of a token, over profiles and an issuer in memory.

use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};

use super::{ExplainToken, Explanation, Verdict};
use crate::adapters::memory::{FixedClock, MemoryProfileStore};
use crate::application::climb::Standing;
use crate::domain::binding::possession::Possession;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::request::{AuthorizationRequest, EventForm};
use crate::domain::oauth::bearer::{Credential, CredentialError};
use crate::domain::profile::Transport;
use crate::ports::profile_store::{ProfileSelection, StoredProfile};
use crate::testing::{
    FOREIGN_KEY, KEYS_URL, KeysByUrl, NOW, OKTA_KEY, TokenEndpointTwin, after, claims, profile_document, stored, with,
};

const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders";

fn bearer(token: &str) -> Result<Credential, CredentialError> {
    Credential::from_authorization_values([format!("Bearer {token}").as_str()])
}

fn good() -> Result<Credential, CredentialError> {
    bearer(&OKTA_KEY.access_token(&claims()))
}

fn call(form: EventForm, source_ip: Option<[u8; 4]>) -> AuthorizationRequest {
    let method_arn = MethodArn::parse(ARN).expect("an ARN");
    AuthorizationRequest {
        form,
        method_arn,
        credential: good(),
        source_ip: source_ip.map(Into::into),
        possession: Possession::default(),
    }
}

/// What these profiles say, and which URLs were asked for keys.
async fn explain(
    credential: &Result<Credential, CredentialError>,
    call: Option<&AuthorizationRequest>,
    profiles: Vec<StoredProfile>,
) -> (Explanation, Vec<String>) {
    let keys = Arc::new(KeysByUrl::default());
    keys.serve(KEYS_URL, &[OKTA_KEY.jwk()]);
    let job = ExplainToken {
        store: MemoryProfileStore::holding(profiles),
        keys: Arc::clone(&keys),
        introspection: None::<TokenEndpointTwin>,
        clock: FixedClock::at(after(Duration::ZERO)),
        transport: Transport::Https,
    };
    let explanation = job.explain(credential, call, &ProfileSelection::All).await.expect("a readable store");
    (explanation, keys.asked())
}

/// Each profile's verdict in a word.
fn words(explanation: &Explanation) -> Vec<String> {
    let word = |verdict: &Verdict| match verdict {
        Verdict::Climbed(climb) => climb.refusal().map_or("accepted", |refusal| refusal.reason()).to_owned(),
        Verdict::DoesNotApply { .. } => "does not apply".to_owned(),
        Verdict::Broken(_) => "broken".to_owned(),
    };
    explanation.profiles.iter().map(|explained| word(&explained.verdict)).collect()
}

fn with_keys(document: &Value, jwk: &Value) -> StoredProfile {
    let key_set = json!({"fetchedAt": NOW.seconds() - 60, "maxAge": 3600, "keys": [jwk]}).to_string();
    StoredProfile { key_set: Some(key_set), ..stored("orders", document) }
}

#[tokio::test]
async fn every_profile_says_what_it_thinks_whatever_the_one_before_said() {
    let other = with(profile_document(), "audiences", json!(["api://other"]));
    let profiles = vec![
        stored("a", &profile_document()),
        stored("b", &other),
        stored("c", &json!({"version": 2})),
        stored("d", &profile_document()),
    ];
    let (explanation, _) = explain(&good(), None, profiles).await;
    assert_eq!(words(&explanation), ["accepted", "audience_mismatch", "broken", "accepted"]);
}

#[tokio::test]
async fn okta_is_asked_only_for_a_key_that_is_not_stored() {
    let (explanation, asked) = explain(&good(), None, vec![with_keys(&profile_document(), &OKTA_KEY.jwk())]).await;
    assert_eq!((words(&explanation), asked.len()), (vec!["accepted".to_owned()], 0));
    let (explanation, asked) = explain(&good(), None, vec![with_keys(&profile_document(), &FOREIGN_KEY.jwk())]).await;
    assert_eq!((words(&explanation), asked.len()), (vec!["accepted".to_owned()], 1));
}

#[tokio::test]
async fn an_unknown_key_is_unknown_to_every_profile_of_the_issuer() {
    let token = bearer(&FOREIGN_KEY.access_token(&claims()));
    let profiles = vec![stored("a", &profile_document()), stored("b", &profile_document())];
    let (explanation, _) = explain(&token, None, profiles).await;
    assert_eq!(words(&explanation), ["key_unknown", "key_unknown"], "and not cooling down at the second one");
}

#[tokio::test]
async fn with_a_call_the_api_the_address_and_the_route_are_judged() {
    let elsewhere = with(profile_document(), "apis", json!(["other12345/*"]));
    let networks = with(profile_document(), "allowedIps", json!(["203.0.113.0/24"]));
    let routes = with(profile_document(), "routes", json!([{"route": "GET /other"}]));
    for (document, form, address, expected) in [
        (&elsewhere, EventForm::RestRequest, None, "does not apply"),
        (&networks, EventForm::RestRequest, Some([203, 0, 113, 9]), "accepted"),
        (&networks, EventForm::RestRequest, Some([198, 51, 100, 1]), "ip_not_allowed"),
        (&networks, EventForm::RestToken, None, "form_cannot_serve"),
        (&routes, EventForm::HttpApiV2, None, "route_unknown"),
    ] {
        let (explanation, _) = explain(&good(), Some(&call(form, address)), vec![stored("a", document)]).await;
        assert_eq!(words(&explanation), [expected]);
    }
}

/// How each step ended, a letter each.
fn letters(explanation: &Explanation) -> String {
    let Verdict::Climbed(climb) = &explanation.profiles[0].verdict else { panic!("a token that was judged") };
    let letter = |standing: Standing<'_>| match standing {
        Standing::Passed => 'p',
        Standing::Refused(_) => 'r',
        Standing::NotReached => '-',
        Standing::NoCall => 'n',
        Standing::OnWord => 'w',
    };
    climb.steps().map(|(_, standing)| letter(standing)).collect()
}

#[tokio::test]
async fn the_steps_before_the_refusal_pass_and_those_after_it_are_not_reached() {
    let networks = with(profile_document(), "allowedIps", json!(["203.0.113.0/24"]));
    let bound = with(profile_document(), "binding", json!("dpop"));
    let (rest_token, rest_request) = (call(EventForm::RestToken, None), call(EventForm::RestRequest, None));
    for (document, credential, call, expected) in [
        (&profile_document(), good(), None, "ppppppppppppppppnn"),
        (&profile_document(), good(), Some(&rest_request), "pppppppppppppppppp"),
        (&profile_document(), bearer("a.b"), None, "r-----------------"),
        (&bound, good(), None, "ppppppppppppr-----"),
        (&networks, good(), Some(&rest_request), "ppppppppppppppppr-"),
        (&networks, good(), Some(&rest_token), "ppppppppppp-----r-"),
    ] {
        let (explanation, _) = explain(&credential, call, vec![stored("a", document)]).await;
        assert_eq!(letters(&explanation), expected);
    }
}

#[tokio::test]
async fn a_refusal_says_what_was_found_and_what_was_expected() {
    let audiences = with(profile_document(), "audiences", json!(["api://a", "api://b"]));
    let clients = with(profile_document(), "clients", json!({"allow": ["0oa2"]}));
    let scopes = with(profile_document(), "scopes", json!(["other"]));
    let issuer = with(profile_document(), "issuer", json!("https://acme.okta.com/oauth2/aus1"));
    for (document, expected) in [
        (&audiences, "`aud` is `api://orders`, and `audiences` is `api://a`, `api://b`"),
        (&clients, "`cid` is `0oa1`"),
        (&scopes, "`scp` is `CustomScope`"),
        (
            &issuer,
            "`iss` is `https://acme.okta.com/oauth2/default`, and `issuer` is `https://acme.okta.com/oauth2/aus1`",
        ),
    ] {
        let (explanation, _) = explain(&good(), None, vec![stored("a", document)]).await;
        let Verdict::Climbed(climb) = &explanation.profiles[0].verdict else { panic!("a token that was judged") };
        let detail = climb.detail().expect("a refusal");
        assert!(detail.ends_with(&format!(": {expected}")), "{detail}");
    }
}
