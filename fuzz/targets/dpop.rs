//! A DPoP proof against what a request demands, and the URIs that proofs name.

use okta_security_profiles::domain::binding::proof::{MAX_PROOF_AGE_SECONDS, ProofDemand, check};
use okta_security_profiles::domain::binding::target::{RequestTarget, TargetUri};
use okta_security_profiles::domain::jose::base64url;
use okta_security_profiles::domain::oauth::secret::DpopProof;
use okta_security_profiles::domain::time::UnixTime;

const NOW: u64 = 1_562_262_618;
/// The access token's hash that the example in RFC 9449 section 7.1 names.
const ATH: &str = "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo";
/// The URI of that example.
const URI: &str = "https://resource.example.org/protectedresource";

/// `T` and a proof; `U` and a URI; or a header, a payload and a signature as it is written, with line feeds between them.
pub(crate) fn run(input: &[u8]) {
    let Ok(text) = std::str::from_utf8(input) else { return };
    match text.split_at_checked(1) {
        Some(("T", proof)) => check_proof(proof),
        Some(("U", uri)) => check_uri(uri),
        Some(_) | None => {
            let mut parts = text.splitn(3, '\n');
            let mut part = || parts.next().unwrap_or_default();
            let (header, payload, signature) = (part(), part(), part());
            check_proof(&format!("{}.{}.{signature}", base64url::encode(header), base64url::encode(payload)));
        }
    }
}

fn check_proof(text: &str) {
    let uris = [TargetUri::parse(URI).expect("a URI")];
    let token_hash = base64url::decode(ATH).expect("base64url").try_into().expect("32 bytes");
    let now = UnixTime::from_seconds(NOW);
    let demand = ProofDemand { method: "GET", uris: &uris, token_hash, leeway_seconds: 30, now };
    let proof = DpopProof::new(text.to_owned());
    match check(&proof, &demand) {
        Ok(checked) => {
            assert!(text.len() <= 4_096 && text.matches('.').count() == 2);
            assert!(text.split('.').all(|part| base64url::encode(base64url::decode(part).expect("a part")) == part));
            assert!(!checked.id.is_empty() && checked.id.len() <= 256);
            let made = checked.issued_at;
            assert!(made.plus(MAX_PROOF_AGE_SECONDS) >= now && made <= now.plus(30));
            // Any other demand is not met.
            let elsewhere = [TargetUri::parse("https://resource.example.org/other").expect("a URI")];
            for other in [
                ProofDemand { method: "POST", ..demand },
                ProofDemand { uris: &elsewhere, ..demand },
                ProofDemand { uris: &[], ..demand },
                ProofDemand { token_hash: [0; 32], ..demand },
                ProofDemand { now: UnixTime::from_seconds(NOW + 1_000), ..demand },
            ] {
                assert!(check(&proof, &other).is_err(), "the proof fits {other:?}");
            }
        }
        Err(error) => assert!(!error.to_string().is_empty() && error.reason().starts_with("dpop_")),
    }
}

/// Reading a URI changes it once: what came out is the one spelling.
fn check_uri(text: &str) {
    let Some(uri) = TargetUri::parse(text) else { return };
    let shown = format!("{uri:?}");
    assert!(!shown.contains('#') && !shown.contains('?'), "{shown}");
    // The URL standard drops white space and control characters around and inside a URL: what is put behind them is not.
    if text.contains(|character: char| character.is_control() || character.is_whitespace()) {
        return;
    }
    let with_query = TargetUri::parse(&format!("{}?a=b#c", text.split(['?', '#']).next().unwrap_or_default()));
    assert_eq!(with_query.as_ref(), Some(&uri), "{text}");
    let target = RequestTarget { method: "GET".to_owned(), host: text.to_owned(), path: text.to_owned() };
    if let Some(of_request) = TargetUri::of_request(&target) {
        assert!(format!("{of_request:?}").contains("://"));
    }
}
