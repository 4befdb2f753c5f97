//! Whom TLS trusts: the public roots that are compiled in, and the file that `SSL_CERT_FILE` names.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;
use rustls::{ClientConfig, RootCertStore};

/// Why the extra trust anchors cannot be used. Reads as one line.
#[derive(Debug, thiserror::Error)]
#[error("the environment variable SSL_CERT_FILE is `{}`: expected a file of PEM certificates: {problem}", path.display())]
pub struct TrustError {
    path: PathBuf,
    problem: String,
}

/// A TLS client set-up (TLS 1.2 and 1.3) that trusts the public roots and the certificates in `extra`.
///
/// # Errors
/// [`TrustError`] where `extra` cannot be read or holds no certificate.
pub fn client_config(extra: Option<&Path>) -> Result<ClientConfig, TrustError> {
    let mut roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
    if let Some(path) = extra {
        let refused = |problem: String| TrustError { path: path.to_owned(), problem };
        let certificates = CertificateDer::pem_file_iter(path)
            .and_then(Iterator::collect::<Result<Vec<_>, _>>)
            .map_err(|error| refused(error.to_string()))?;
        if roots.add_parsable_certificates(certificates).0 == 0 {
            return Err(refused("it holds no certificate".to_owned()));
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    #[expect(clippy::expect_used, reason = "the ring provider supports the default protocol versions")]
    let builder =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions().expect("TLS 1.2 and 1.3");
    Ok(builder.with_root_certificates(roots).with_no_client_auth())
}
