//! HTTP clients of the tests: patient but not for ever, following nothing, deaf to the tester's proxy and trust store.

use std::sync::Arc;

use reqwest::Client;
use reqwest::redirect::Policy;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

use super::{PATIENCE, PrivateCa};

/// A client that trusts the certificates in the file of `ca` and no other.
pub(crate) fn client_that_trusts(ca: &PrivateCa) -> Client {
    let mut roots = RootCertStore::empty();
    for certificate in CertificateDer::pem_file_iter(ca.file()).expect("the authority's file") {
        roots.add(certificate.expect("a certificate")).expect("a trust anchor");
    }
    client(roots)
}

/// A client for `http:` alone: it trusts nobody.
pub(crate) fn plain_client() -> Client {
    client(RootCertStore::empty())
}

fn client(roots: RootCertStore) -> Client {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let tls = ClientConfig::builder_with_provider(provider);
    let tls = tls.with_safe_default_protocol_versions().expect("protocol versions that the provider supports");
    let tls = tls.with_root_certificates(roots).with_no_client_auth();
    let client = Client::builder().no_proxy().redirect(Policy::none()).timeout(PATIENCE);
    client.tls_backend_preconfigured(tls).build().expect("an HTTP client")
}
