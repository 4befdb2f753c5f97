//! A private certificate authority, and the one server certificate that it issued: for `localhost` and `127.0.0.1`.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use rustls::ServerConfig;
use rustls::pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer};
use tempfile::TempDir;

/// A certificate authority that nobody trusts unless told to. Its file is deleted when it is dropped.
pub(crate) struct PrivateCa {
    pem: String,
    file: PathBuf,
    server_config: Arc<ServerConfig>,
    _directory: TempDir,
}

impl PrivateCa {
    /// Makes new keys and certificates, and writes the authority's certificate to a file.
    pub(crate) fn create() -> Self {
        let mut params = CertificateParams::default();
        params.distinguished_name.push(DnType::CommonName, "test bed authority");
        params.is_ca = IsCa::Ca(BasicConstraints::Constrained(0));
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let authority = CertifiedIssuer::self_signed(params, new_key()).expect("a self-signed certificate");

        let directory = tempfile::tempdir().expect("a temporary directory");
        let file = directory.path().join("ca.pem");
        let pem = authority.pem();
        std::fs::write(&file, &pem).expect("a file in a temporary directory");
        let server_config = server_config(&authority);
        Self { pem, file, server_config, _directory: directory }
    }

    /// The file that holds the authority's certificate as PEM: the value of `SSL_CERT_FILE`.
    pub(crate) fn file(&self) -> &Path {
        &self.file
    }

    /// The authority's certificate as PEM.
    pub(crate) fn pem(&self) -> &str {
        &self.pem
    }

    /// TLS 1.2 and 1.3 with the server certificate, speaking HTTP/1.1 only.
    pub(crate) fn server_config(&self) -> Arc<ServerConfig> {
        Arc::clone(&self.server_config)
    }
}

fn server_config(authority: &CertifiedIssuer<'_, KeyPair>) -> Arc<ServerConfig> {
    let names = ["localhost".to_owned(), "127.0.0.1".to_owned()];
    let mut params = CertificateParams::new(names).expect("names that a certificate can hold");
    params.distinguished_name.push(DnType::CommonName, "localhost");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    params.use_authority_key_identifier_extension = true;
    let key = new_key();
    let certificate = params.signed_by(&key, authority).expect("a certificate from the authority");
    let key = PrivateKeyDer::Pkcs8(PrivatePkcs8KeyDer::from(key.serialize_der()));

    // The provider is named: with `aws-lc-rs` linked as well, rustls cannot choose one by itself.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let builder = ServerConfig::builder_with_provider(provider);
    let builder = builder.with_safe_default_protocol_versions().expect("protocol versions that the provider supports");
    let mut config = builder
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a certificate that fits its key");
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Arc::new(config)
}

fn new_key() -> KeyPair {
    KeyPair::generate().expect("a new P-256 key")
}
