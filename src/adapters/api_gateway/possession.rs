//! What an event shows besides its credential: the header `DPoP`, the client certificate, and what was called.

use std::borrow::Cow;

use aws_lc_rs::digest::{SHA256, digest};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

use super::event::ClientCertificate;
use crate::domain::binding::possession::{Possession, ShownCertificate, ShownProof};
use crate::domain::binding::target::RequestTarget;
use crate::domain::oauth::secret::DpopProof;

/// What was called, as far as the event says.
pub(super) struct Called<'e> {
    pub(super) method: Option<Cow<'e, str>>,
    /// `requestContext.domainName`, or else the header `Host`.
    pub(super) host: Option<Cow<'e, str>>,
    /// The path as the client wrote it, its stage or base path included.
    pub(super) path: Option<Cow<'e, str>>,
    /// The stage, where the path is nothing else.
    pub(super) stage: Option<Cow<'e, str>>,
}

/// Puts together what was shown. What was called matters to a proof alone.
pub(super) fn possession(
    proofs: Vec<Cow<'_, str>>,
    certificate: Option<ClientCertificate<'_>>,
    called: Called<'_>,
) -> Possession {
    let certificate = certificate.and_then(|certificate| certificate.client_cert_pem);
    let certificate = certificate.map_or(ShownCertificate::Absent, |pem| shown_certificate(&pem));
    let mut proofs = proofs.into_iter();
    let (proof, target) = match (proofs.next(), proofs.next()) {
        (None, _) => (ShownProof::Absent, None),
        // A gateway joins repeated headers with commas; no JWT has one.
        (Some(proof), None) if !proof.contains(',') => {
            (ShownProof::One(DpopProof::new(proof.into_owned())), request_target(called))
        }
        (Some(_), _) => (ShownProof::Several, None),
    };
    Possession { proof, certificate, target }
}

/// API Gateway has checked the certificate: what is needed is its name (RFC 8705 section 3.1).
fn shown_certificate(pem: &str) -> ShownCertificate {
    let certificate = CertificateDer::from_pem_slice(pem.as_bytes()).ok();
    let hash = certificate.map(|der| digest(&SHA256, &der));
    let hash = hash.and_then(|hash| hash.as_ref().try_into().ok());
    hash.map_or(ShownCertificate::Unreadable, ShownCertificate::Hash)
}

fn request_target(called: Called<'_>) -> Option<RequestTarget> {
    let path = match (called.path, called.stage) {
        (Some(path), _) => path.into_owned(),
        (None, Some(stage)) => format!("/{stage}"),
        (None, None) => return None,
    };
    Some(RequestTarget { method: called.method?.into_owned(), host: called.host?.into_owned(), path })
}
