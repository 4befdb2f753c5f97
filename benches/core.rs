//! `cargo bench`: what each step of a decision costs, and the verification of an RSA signature alone beside it.

#![allow(clippy::unwrap_used, clippy::expect_used, reason = "a measurement whose parts do not fit has failed")]

use std::hint::black_box;
use std::sync::Arc;
use std::time::SystemTime;

use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RsaPublicKeyComponents};
use base64::Engine as _;
use base64::prelude::BASE64_URL_SAFE_NO_PAD;
use criterion::{Criterion, criterion_group, criterion_main};
use okta_security_profiles::domain::binding::possession::Presentation;
use okta_security_profiles::domain::deny_list::DenyList;
use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::gateway::policy_builder::{Routes, check_route};
use okta_security_profiles::domain::gateway::route::Resolution;
use okta_security_profiles::domain::jose::jwk::VerificationKey;
use okta_security_profiles::domain::jose::jwt::UnverifiedJwt;
use okta_security_profiles::domain::profile::{ProfileName, SecurityProfile, Transport};
use okta_security_profiles::domain::time::UnixTime;
use okta_security_profiles::domain::validation::authorize::{Call, Decision, Grant, authorize};
use okta_security_profiles::domain::validation::verify::{Candidate, VerifiedToken};
use okta_security_profiles::local::okta::{AuthorizationServer, StandInOkta};
use serde_json::{Value, json};

const ISSUER: &str = "https://acme.okta.com/oauth2/default";
const ARN: &str = "arn:aws:execute-api:eu-west-1:123456789012:abcdef1234/prod/GET/orders/1";
const BUDGET: usize = 7_000;

fn seconds_since_epoch() -> u64 {
    #[expect(clippy::disallowed_methods, reason = "a clock of the measurement's own")]
    let now = SystemTime::now();
    now.duration_since(SystemTime::UNIX_EPOCH).expect("a clock past 1970").as_secs()
}

/// A profile with so many routes, the called one last.
fn profile(routes: usize) -> Arc<SecurityProfile> {
    let others = (1..routes).map(|index| json!({"route": format!("GET /r{index}/{{id}}")}));
    let called = (routes > 0).then(|| json!({"route": "GET /orders/{id}"}));
    let document = json!({
        "version": 1, "issuer": ISSUER, "audiences": ["api://orders"], "scopes": ["CustomScope"],
        "apis": ["abcdef1234/prod"], "routes": others.chain(called).collect::<Value>(),
    });
    let name = ProfileName::new("orders").expect("a name");
    Arc::new(SecurityProfile::from_json(&name, &document.to_string(), Transport::Https).expect("a profile"))
}

struct Parts {
    token: String,
    jwk: Value,
    key: VerificationKey,
    arn: MethodArn,
    now: UnixTime,
}

impl Parts {
    fn new() -> Self {
        let mut settings = AuthorizationServer::new(ISSUER, "api://orders");
        settings.scopes = vec!["CustomScope".to_owned()];
        let okta = StandInOkta::new(settings, Arc::new(seconds_since_epoch)).expect("an authorization server");
        let jwk = okta.key_set()["keys"][0].clone();
        Self {
            token: okta.issue("0oa1orders2client3id", &["CustomScope"]),
            key: VerificationKey::from_jwk(&jwk).expect("a key"),
            jwk,
            arn: MethodArn::parse(ARN).expect("an ARN"),
            now: UnixTime::from_seconds(seconds_since_epoch()),
        }
    }

    fn verified(&self, profile: &Arc<SecurityProfile>) -> Arc<VerifiedToken> {
        let jwt = UnverifiedJwt::parse(&self.token).expect("a token");
        let candidate = Candidate::new(&jwt, profile, self.now).expect("a candidate");
        Arc::new(candidate.verify(&self.key).expect("a good signature"))
    }

    fn granted(&self, profile: &Arc<SecurityProfile>) -> Grant {
        let deny_list = DenyList::new();
        match authorize(self.verified(profile), self.call(&deny_list)) {
            Ok(Decision::Allow(grant)) => grant,
            other => panic!("{other:?}"),
        }
    }

    fn call<'c>(&'c self, deny_list: &'c DenyList) -> Call<'c> {
        Call {
            arn: &self.arn,
            resolution: Resolution::ResourceFirst,
            source_ip: None,
            deny_list,
            presentation: Presentation::Fetched,
        }
    }
}

fn token(criterion: &mut Criterion) {
    let parts = Parts::new();
    criterion.bench_function("parse a token", |bencher| bencher.iter(|| UnverifiedJwt::parse(black_box(&parts.token))));

    let (message, signature) = parts.token.rsplit_once('.').expect("a token");
    let decode = |text: &str| BASE64_URL_SAFE_NO_PAD.decode(text).expect("base64url");
    let member = |name: &str| decode(parts.jwk[name].as_str().expect("a number"));
    let (signature, alone) = (decode(signature), RsaPublicKeyComponents { n: member("n"), e: member("e") });
    criterion.bench_function("verify an RSA-2048 signature, the library alone", |bencher| {
        bencher.iter(|| alone.verify(&RSA_PKCS1_2048_8192_SHA256, black_box(message.as_bytes()), &signature));
    });

    let (jwt, profile) = (UnverifiedJwt::parse(&parts.token).expect("a token"), profile(0));
    criterion.bench_function("verify a token that is taken apart", |bencher| {
        bencher.iter(|| Candidate::new(black_box(&jwt), &profile, parts.now).expect("a candidate").verify(&parts.key));
    });
}

fn decision(criterion: &mut Criterion) {
    let (parts, deny_list) = (Parts::new(), DenyList::new());
    for routes in [0, 10, 200] {
        let profile = profile(routes);
        let token = parts.verified(&profile);
        criterion.bench_function(&format!("decide, {routes} routes"), |bencher| {
            bencher.iter(|| authorize(Arc::clone(black_box(&token)), parts.call(&deny_list)));
        });
        let scopes = &token.claims().scopes;
        let routes_of_profile =
            Routes { routes: profile.routes(), resolution: Resolution::ResourceFirst, granted: scopes };
        criterion.bench_function(&format!("match {routes} routes"), |bencher| {
            bencher.iter(|| check_route(black_box(routes_of_profile), "GET", "orders/1"));
        });
        let grant = parts.granted(&profile);
        criterion.bench_function(&format!("build the policy, {routes} routes"), |bencher| {
            bencher.iter(|| black_box(&grant).policy(&parts.arn, Resolution::ResourceFirst, BUDGET));
        });
        criterion.bench_function(&format!("build the context, {routes} routes"), |bencher| {
            bencher.iter(|| black_box(&grant).context());
        });
    }
}

criterion_group!(core, token, decision);
criterion_main!(core);
