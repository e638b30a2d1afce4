//! TLS to other servers: whom a script's connections and requests trust.
//!
//! Those whom the system trusts, and the authorities in files that the application names
//! (`script.ca_files`). The system's are read when they are first needed, and not again.

use std::path::{Path, PathBuf};
use std::sync::{Arc, OnceLock};

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, ServerName};
use rustls::{ClientConfig, RootCertStore};
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio::sync::OnceCell;
use tokio_rustls::TlsConnector;
use tokio_rustls::client::TlsStream;

/// Whom the connections of one instance's script trust.
#[derive(Debug, Default)]
pub(crate) struct Trust {
    ca_files: Vec<PathBuf>,
    config: OnceCell<Arc<ClientConfig>>,
}

/// A connection, over TLS or not.
pub(crate) trait Stream: AsyncRead + AsyncWrite + Unpin + Send {}

impl<S: AsyncRead + AsyncWrite + Unpin + Send> Stream for S {}

impl Trust {
    /// The system's authorities, and those in these files of PEM certificates.
    pub(crate) fn new(ca_files: Vec<PathBuf>) -> Arc<Self> {
        Arc::new(Self {
            ca_files,
            config: OnceCell::new(),
        })
    }

    /// Makes a connection secure; `host` is whom the other side must prove to be.
    ///
    /// # Errors
    ///
    /// Why it cannot, in words: it is not trusted, does not speak TLS, or nobody is trusted.
    pub(crate) async fn secure(
        &self,
        host: &str,
        stream: TcpStream,
    ) -> Result<TlsStream<TcpStream>, String> {
        let name = ServerName::try_from(host.to_owned());
        let name = name.map_err(|_| format!("{host} is no name that a certificate can have"))?;
        let config = self.config.get_or_try_init(|| self.load()).await?;
        let secured = TlsConnector::from(config.clone()).connect(name, stream);
        let secured = secured.await;
        secured.map_err(|error| format!("no secure connection to {host}: {error}"))
    }

    /// The connection as it is to be used: made secure, if that is wanted, as by
    /// [`secure`](Self::secure).
    ///
    /// # Errors
    ///
    /// As there.
    pub(crate) async fn over(
        &self,
        host: &str,
        stream: TcpStream,
        is_secure: bool,
    ) -> Result<Box<dyn Stream>, String> {
        if is_secure {
            return Ok(Box::new(self.secure(host, stream).await?));
        }
        Ok(Box::new(stream))
    }

    /// Reads files, on a thread where that disturbs nobody.
    async fn load(&self) -> Result<Arc<ClientConfig>, String> {
        let ca_files = self.ca_files.clone();
        let loaded = tokio::task::spawn_blocking(move || load(&ca_files));
        let loaded = loaded.await.map_err(|error| error.to_string())?;
        loaded.map(Arc::new)
    }
}

/// The certificates that the system trusts. What is wrong with them is told once.
fn system() -> &'static [CertificateDer<'static>] {
    static SYSTEM: OnceLock<Vec<CertificateDer<'static>>> = OnceLock::new();
    SYSTEM.get_or_init(|| {
        let found = rustls_native_certs::load_native_certs();
        for error in &found.errors {
            tracing::warn!(%error, "certificates of the system cannot be read");
        }
        found.certs
    })
}

fn load(ca_files: &[PathBuf]) -> Result<ClientConfig, String> {
    let mut roots = RootCertStore::empty();
    roots.add_parsable_certificates(system().iter().cloned());
    for file in ca_files {
        add_file(&mut roots, file)
            .map_err(|why| format!("{}: {why} (setting script.ca_files)", file.display()))?;
    }
    if roots.is_empty() {
        return Err(
            "nobody is trusted: the system has no certificates, and script.ca_files \
                    names none"
                .into(),
        );
    }
    let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
    let config =
        ClientConfig::builder_with_provider(provider).with_safe_default_protocol_versions();
    let config = config.map_err(|error| error.to_string())?;
    Ok(config.with_root_certificates(roots).with_no_client_auth())
}

fn add_file(roots: &mut RootCertStore, file: &Path) -> Result<(), String> {
    let before = roots.len();
    let certificates = CertificateDer::pem_file_iter(file).map_err(|error| error.to_string())?;
    for certificate in certificates {
        let certificate = certificate.map_err(|error| error.to_string())?;
        let added = roots.add(certificate);
        added.map_err(|error| error.to_string())?;
    }
    if roots.len() == before {
        return Err("no certificate is in it".into());
    }
    Ok(())
}

#[cfg(test)]
pub(crate) mod tests {
    use rustls::ServerConfig;
    use rustls::pki_types::PrivateKeyDer;
    use tokio::net::TcpListener;
    use tokio_rustls::TlsAcceptor;

    use super::*;

    /// A certificate for these names that signs itself, in a file, and what a server needs to
    /// show it.
    pub(crate) fn signed_by_itself(names: &[&str]) -> (tempfile::NamedTempFile, TlsAcceptor) {
        let names = names.iter().map(|&name| name.to_owned());
        let made = rcgen::generate_simple_self_signed(names.collect::<Vec<_>>()).unwrap();
        let file = tempfile::NamedTempFile::new().unwrap();
        std::fs::write(file.path(), made.cert.pem()).unwrap();
        let key = PrivateKeyDer::try_from(made.signing_key.serialize_der()).unwrap();
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .unwrap()
            .with_no_client_auth()
            .with_single_cert(vec![made.cert.der().clone()], key)
            .unwrap();
        (file, TlsAcceptor::from(Arc::new(config)))
    }

    async fn attempt(trust: &Trust, host: &str, acceptor: TlsAcceptor) -> Result<(), String> {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let serve = async {
            let (stream, _) = listener.accept().await.unwrap();
            // It fails when the client does not trust it.
            drop(acceptor.accept(stream).await);
        };
        let connect = async {
            let stream = TcpStream::connect(address).await.unwrap();
            trust.secure(host, stream).await.map(drop)
        };
        tokio::join!(serve, connect).1
    }

    #[tokio::test]
    async fn whom_the_file_names_is_trusted_under_its_own_name_only() {
        let (file, acceptor) = signed_by_itself(&["media.example", "127.0.0.1"]);
        let trust = Trust::new(vec![file.path().to_owned()]);
        for host in ["media.example", "127.0.0.1"] {
            attempt(&trust, host, acceptor.clone()).await.unwrap();
        }
        for host in ["other.example", "127.0.0.2", "not a name"] {
            let failed = attempt(&trust, host, acceptor.clone()).await;
            assert!(failed.unwrap_err().contains(host), "{host}");
        }
    }

    #[tokio::test]
    async fn a_stranger_is_not_trusted() {
        let (_, stranger) = signed_by_itself(&["media.example"]);
        let (file, _) = signed_by_itself(&["media.example"]);
        let trust = Trust::new(vec![file.path().to_owned()]);
        let failed = attempt(&trust, "media.example", stranger).await;
        assert!(failed.unwrap_err().contains("no secure connection"));
    }

    #[test]
    fn a_file_without_certificates_is_said() {
        let file = tempfile::NamedTempFile::new().unwrap();
        for path in [file.path(), Path::new("none/ca.pem")] {
            let failed = load(&[path.to_owned()]).map(drop).unwrap_err();
            assert!(failed.contains("script.ca_files"), "{failed}");
        }
    }
}
