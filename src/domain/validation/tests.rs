//! Tests of the ladder, with tokens signed for the purpose; its rungs are tested in their order here, each in detail below.

mod decision;
mod signature;
mod token_claims;

use std::net::IpAddr;
use std::sync::Arc;

use serde_json::{Value, json};

use super::authorize::{Call, Decision, Denied, Grant, authorize};
use super::error::{Denial, Rung, TokenError};
use super::verify::{Candidate, VerifiedToken};
use crate::domain::binding::possession::Presentation;
use crate::domain::deny_list::DenyList;
use crate::domain::gateway::method_arn::MethodArn;
use crate::domain::gateway::route::Resolution;
use crate::domain::jose::algorithm::Algorithm;
use crate::domain::jose::jwk::VerificationKey;
use crate::domain::jose::jwt::{JwtError, UnverifiedJwt};
use crate::domain::profile::SecurityProfile;
use crate::domain::time::UnixTime;
use crate::testing::{NOW, OKTA_KEY, claims, profile, profile_document, with};

static NOBODY: DenyList = DenyList::new();

/// What the ladder says of a token up to its signature, the key given as a JWK.
fn verify_at(
    token: &str,
    profile: &Arc<SecurityProfile>,
    jwk: &Value,
    now: UnixTime,
) -> Result<VerifiedToken, TokenError> {
    let jwt = UnverifiedJwt::parse(token).expect("a well-formed token");
    let key = VerificationKey::from_jwk(jwk).expect("a usable key");
    Candidate::new(&jwt, profile, now)?.verify(&key)
}

fn verify(token: &str, profile: &Arc<SecurityProfile>, jwk: &Value) -> Result<VerifiedToken, TokenError> {
    verify_at(token, profile, jwk, NOW)
}

/// Why a token is no candidate, whatever its key: nothing is looked up and nothing is verified.
fn candidate_error(token: &str, profile: &Arc<SecurityProfile>) -> TokenError {
    let jwt = UnverifiedJwt::parse(token).expect("a well-formed token");
    Candidate::new(&jwt, profile, NOW).expect_err("refused")
}

/// Why a text is not even taken for an access token.
fn parse_error(token: &str) -> JwtError {
    UnverifiedJwt::parse(token).expect_err("refused")
}

/// A token of Okta's with these claims, verified.
fn verified(claims: &Value, document: &Value) -> VerifiedToken {
    verify(&OKTA_KEY.access_token(claims), &profile(document), &OKTA_KEY.jwk()).expect("verified")
}

fn grant(claims: &Value, document: &Value, source_ip: Option<IpAddr>) -> Grant {
    match authorize(Arc::new(verified(claims, document)), call(&arn(), source_ip)) {
        Ok(Decision::Allow(grant)) => grant,
        Ok(Decision::Deny(denied)) => panic!("{}", denied.denial),
        Err(error) => panic!("{error}"),
    }
}

fn denial(claims: &Value, document: &Value, source_ip: Option<IpAddr>) -> Denial {
    match authorize(Arc::new(verified(claims, document)), call(&arn(), source_ip)) {
        Ok(Decision::Allow(_)) => panic!("allowed"),
        Ok(Decision::Deny(denied)) => denied.denial,
        Err(error) => panic!("{error}"),
    }
}

fn arn() -> MethodArn {
    MethodArn::parse("arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders").expect("an ARN")
}

fn call(arn: &MethodArn, source_ip: Option<IpAddr>) -> Call<'_> {
    Call {
        arn,
        resolution: Resolution::ResourceFirst,
        source_ip,
        deny_list: &NOBODY,
        presentation: Presentation::Fetched,
    }
}

/// One walk up the ladder: everything that can be wrong, wrong to begin with.
struct Attempt {
    header: Value,
    claims: Value,
    signed_with: Algorithm,
    jwk: Value,
    document: Value,
    source_ip: IpAddr,
}

impl Attempt {
    fn hopeless() -> Self {
        let mut document = profile_document();
        document["algorithms"] = json!(["RS256", "RS384"]);
        document["clients"] = json!({"allow": ["0oa1"]});
        document["claims"] = json!([{"claim": "tenant", "equals": "acme"}]);
        document["allowedIps"] = json!(["203.0.113.0/24"]);
        document["routes"] = json!([{"route": "GET /other"}]);
        Self {
            header: json!({"kid": OKTA_KEY.key_id, "alg": "PS256", "typ": "dpop+jwt"}),
            claims: json!({
                "iss": "https://evil.example", "aud": "api://other", "iat": 0, "exp": 1, "cid": "0oa2", "scp": []
            }),
            signed_with: Algorithm::Rs512,
            jwk: with(OKTA_KEY.jwk(), "alg", json!("RS384")),
            document,
            source_ip: [198, 51, 100, 1].into(),
        }
    }

    fn mend_claim(&mut self, claim: &str) {
        self.claims[claim] = claims()[claim].clone();
    }

    /// The refusal in a word and its rung; `None` at the top.
    fn refusal(&self) -> Option<(&'static str, Rung)> {
        let token = OKTA_KEY.token(&self.header, self.signed_with, &self.claims);
        match verify(&token, &profile(&self.document), &self.jwk)
            .and_then(|token| Ok(authorize(Arc::new(token), call(&arn(), Some(self.source_ip)))?))
        {
            Ok(Decision::Allow(_)) => None,
            Ok(Decision::Deny(Denied { denial, .. })) => Some((denial.reason(), denial.rung())),
            Err(error) => Some((error.reason(), error.rung())),
        }
    }
}

#[test]
fn the_rungs_are_climbed_cheapest_first_and_rank_in_that_order() {
    let mut attempt = Attempt::hopeless();
    let mut refusals = vec![attempt.refusal()];
    let mends: [fn(&mut Attempt); 13] = [
        |attempt| attempt.header["alg"] = json!("RS256"),
        |attempt| attempt.header["typ"] = json!("JWT"),
        |attempt| attempt.mend_claim("iss"),
        |attempt| attempt.mend_claim("aud"),
        |attempt| attempt.mend_claim("exp"),
        |attempt| attempt.mend_claim("iat"),
        |attempt| attempt.jwk["alg"] = json!("RS256"),
        |attempt| attempt.signed_with = Algorithm::Rs256,
        |attempt| attempt.mend_claim("cid"),
        |attempt| attempt.claims["tenant"] = json!("acme"),
        |attempt| attempt.mend_claim("scp"),
        |attempt| attempt.source_ip = [203, 0, 113, 9].into(),
        |attempt| attempt.document["routes"] = json!([{"route": "GET /orders"}]),
    ];
    for mend in mends {
        mend(&mut attempt);
        refusals.push(attempt.refusal());
    }
    assert_eq!(refusals.pop(), Some(None), "nothing is left to mend");
    let ladder = [
        ("algorithm_not_allowed", Rung::Algorithm),
        ("type_not_allowed", Rung::Type),
        ("issuer_mismatch", Rung::Issuer),
        ("audience_mismatch", Rung::Audience),
        ("token_expired", Rung::Time),
        ("token_lifetime_too_long", Rung::Time),
        ("key_unfit", Rung::Key),
        ("signature_invalid", Rung::Signature),
        ("client_not_allowed", Rung::Client),
        ("claim_mismatch", Rung::Claims),
        ("scope_missing", Rung::Scope),
        ("ip_not_allowed", Rung::SourceIp),
        ("route_unknown", Rung::Route),
    ];
    assert_eq!(refusals, ladder.map(Some));
    assert!(ladder.is_sorted_by_key(|(_, rung)| rung), "a refusal on a later rung outranks one on an earlier rung");
    assert!(Rung::Algorithm < Rung::Type && Rung::Type < Rung::Issuer && Rung::Key < Rung::Signature);
}
