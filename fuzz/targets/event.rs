//! An authorizer event in any of its forms.

use okta_security_profiles::adapters::api_gateway::event::read;
use okta_security_profiles::domain::binding::possession::ShownProof;
use okta_security_profiles::domain::gateway::method_arn::MethodArn;
use okta_security_profiles::domain::oauth::bearer::Credential;

/// An event.
pub(crate) fn run(input: &[u8]) {
    let Ok(event) = std::str::from_utf8(input) else { return };
    match read(event) {
        Ok(read) => {
            let request = read.request;
            assert!(request.form.carries_request() || request.source_ip.is_none());
            let arn = &request.method_arn;
            let text = format!("{}{}/{}", arn.stage_prefix(), arn.method(), arn.path());
            assert_eq!(MethodArn::parse(&text).as_ref(), Ok(arn));
            if let ShownProof::One(proof) = &request.possession.proof {
                assert!(
                    !format!("{request:?}").contains(proof.expose()) || proof.expose().len() < 16,
                    "Debug shows it"
                );
            }
            if let Ok(Credential::Token(_, token)) = &request.credential {
                assert!(token.expose().bytes().all(|byte| byte.is_ascii_graphic() && byte != b','));
            }
        }
        Err(error) => assert!(error.to_string().len() < 8_000, "an error as long as its event"),
    }
}
