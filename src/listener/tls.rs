//! Encrypted connections: rustls, with the certificate and the key of two files.

use std::path::Path;
use std::sync::Arc;

use tokio::net::TcpStream;
use tokio::signal::unix::{SignalKind, signal};
use tokio::sync::watch;
use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::ring;
use tokio_rustls::rustls::pki_types::pem::PemObject;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use tokio_rustls::server::TlsStream;

use crate::config::edge;
use crate::error::{Error, Result};

/// What connections are encrypted with: what the files held when they were last read.
#[derive(Debug, Clone)]
pub struct Tls(watch::Receiver<Arc<ServerConfig>>);

impl Tls {
    /// Reads the files, and again at each SIGHUP: where they cannot be read then, it stays with what they held.
    pub fn open(files: edge::Tls) -> Result<Self> {
        let (told, read) = watch::channel(Arc::new(config(&files)?));
        let hangup = signal(SignalKind::hangup());
        let mut hangup = hangup.map_err(|error| Error::internal("listening for SIGHUP", error))?;
        tokio::spawn(async move {
            while hangup.recv().await.is_some() {
                match config(&files) {
                    Ok(config) => {
                        told.send_replace(Arc::new(config));
                        tracing::info!("the certificate was read again");
                    }
                    Err(error) => {
                        tracing::error!(%error, "the certificate was not read again, the one before holds");
                    }
                }
            }
        });
        Ok(Self(read))
    }

    /// Begins an encrypted connection.
    pub async fn accept(&self, stream: TcpStream) -> std::io::Result<TlsStream<TcpStream>> {
        let config = Arc::clone(&self.0.borrow());
        TlsAcceptor::from(config).accept(stream).await
    }
}

/// What two files hold: TLS 1.2 and 1.3, no certificates of callers.
fn config(files: &edge::Tls) -> Result<ServerConfig> {
    let wrong = |path: &Path, why: String| Error::Startup(format!("TLS: {}: {why}", path.display()));
    let (certificate, key) = (&files.certificate, &files.key);
    let chain = CertificateDer::pem_file_iter(certificate)
        .and_then(Iterator::collect::<std::result::Result<Vec<_>, _>>);
    let chain = chain.map_err(|error| wrong(certificate, error.to_string()))?;
    if chain.is_empty() {
        return Err(wrong(certificate, "holds no certificate in PEM".to_owned()));
    }
    let private = PrivateKeyDer::from_pem_file(key).map_err(|error| wrong(key, error.to_string()))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(|error| Error::internal("the versions of TLS", error))?
        .with_no_client_auth()
        .with_single_cert(chain, private)
        .map_err(|error| wrong(certificate, format!("{error}, with the key {}", key.display())))?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(config)
}
