//! TLS 1.2 and 1.3 by rustls on aws-lc, the one cipher library of this house: who a listener is, whom it lets in, and
//! whom a client believes.

use std::{
    fmt, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use rustls::{
    ClientConfig, DigitallySignedStruct, DistinguishedName, RootCertStore, ServerConfig, SignatureScheme,
    SupportedProtocolVersion,
    client::danger::HandshakeSignatureValid,
    crypto::{CryptoProvider, aws_lc_rs, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, PrivateKeyDer, UnixTime, pem::PemObject},
    server::{
        NoServerSessionStorage, WebPkiClientVerifier,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
    version::{TLS12, TLS13},
};

use crate::config::{
    Listen,
    secrets::{self, SecretError},
};

/// Why TLS cannot be set up.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A certificate file cannot be read.
    #[error("the certificate file {} cannot be read: {reason}", file.display())]
    Unreadable { file: PathBuf, reason: io::Error },
    /// A file holds no certificate, or no private key, in PEM.
    #[error("{} holds no {wanted} in PEM (RFC 7468)", file.display())]
    Empty {
        file: PathBuf,
        /// What was looked for.
        wanted: &'static str,
    },
    /// The private key's file is not kept as a secret.
    #[error(transparent)]
    Key(#[from] SecretError),
    /// Key and certificate do not fit, or an authority is none.
    #[error("the TLS keys cannot be used: {0}")]
    Refused(String),
}

/// Who a server or a client is: its certificate with the issuers after it, and the private key.
pub struct Identity {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({} certificates)", self.chain.len())
    }
}

impl Clone for Identity {
    fn clone(&self) -> Self {
        Self {
            chain: self.chain.clone(),
            key: self.key.clone_key(),
        }
    }
}

impl Identity {
    /// From what is in memory.
    pub fn new(chain: Vec<CertificateDer<'static>>, key: PrivateKeyDer<'static>) -> Self {
        Self { chain, key }
    }

    /// From two PEM files; the key's must be readable by its owner alone.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn load(certificate: &Path, key_file: &Path) -> Result<Self, TlsError> {
        Ok(Self {
            key: private_key(key_file)?,
            chain: certificates(certificate)?,
        })
    }

    /// The one a `[listen]` section names.
    ///
    /// # Errors
    /// [`TlsError`]
    pub fn of(listen: &Listen) -> Result<Self, TlsError> {
        Self::load(&listen.certificate, &listen.key_file)
    }

    /// Its own certificate, DER.
    pub fn certificate(&self) -> Option<&CertificateDer<'static>> {
        self.chain.first()
    }
}

/// The private key of a PEM file, which must be readable by its owner alone.
///
/// # Errors
/// [`TlsError`]
pub fn private_key(file: &Path) -> Result<PrivateKeyDer<'static>, TlsError> {
    let text = secrets::read(file)?;
    PrivateKeyDer::from_pem_slice(text.as_bytes()).map_err(|_| TlsError::Empty {
        file: file.to_owned(),
        wanted: "private key",
    })
}

/// The certificates of a PEM file, at least one.
///
/// # Errors
/// [`TlsError`]
pub fn certificates(file: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let bytes = std::fs::read(file).map_err(|reason| TlsError::Unreadable {
        file: file.to_owned(),
        reason,
    })?;
    let empty = || TlsError::Empty {
        file: file.to_owned(),
        wanted: "certificate",
    };
    let found: Vec<_> = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<_, _>>()
        .map_err(|_| empty())?;
    if found.is_empty() { Err(empty()) } else { Ok(found) }
}

/// The authorities of a PEM file, for believing those they certified.
///
/// # Errors
/// [`TlsError`]
pub fn authorities(file: &Path) -> Result<RootCertStore, TlsError> {
    roots(certificates(file)?)
}

/// Authorities from what is in memory.
///
/// # Errors
/// [`TlsError::Refused`] when one is no certificate.
pub fn roots(certificates: impl IntoIterator<Item = CertificateDer<'static>>) -> Result<RootCertStore, TlsError> {
    let mut roots = RootCertStore::empty();
    for certificate in certificates {
        roots.add(certificate).map_err(refused)?;
    }
    Ok(roots)
}

/// Whom a listener lets in.
#[derive(Debug, Clone)]
pub enum Clients {
    /// Anyone: browsers. No certificate is asked for.
    Anyone,
    /// Whoever shows a certificate of one of these authorities: other organisations' machines.
    Certified(RootCertStore),
    /// Anyone, asked for a certificate and taken with whichever is shown: what it is worth is judged by what stands in
    /// the request. That the client holds its key is proved.
    Shown,
    /// Whoever this verifier lets in: holders of cards, with rules of their own. Make it on [`provider`].
    Checked(Arc<dyn ClientCertVerifier>),
}

/// Which versions of TLS a listener speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Versions {
    /// TLS 1.3 (RFC 8446) and 1.2.
    #[default]
    Both,
    /// TLS 1.2 (RFC 5246) alone, for cards that can sign PKCS#1 v1.5 only, which TLS 1.3 does not know (RFC 8446 §4.2.3).
    Tls12,
}

/// The algorithms of this house: aws-lc.
pub fn provider() -> Arc<CryptoProvider> {
    Arc::new(aws_lc_rs::default_provider())
}

/// A listener's side of TLS.
///
/// # Errors
/// [`TlsError::Refused`]
pub fn server(identity: &Identity, clients: Clients, versions: Versions) -> Result<Arc<ServerConfig>, TlsError> {
    let versions: &[&SupportedProtocolVersion] = match versions {
        Versions::Both => &[&TLS13, &TLS12],
        Versions::Tls12 => &[&TLS12],
    };
    let builder = ServerConfig::builder_with_provider(provider())
        .with_protocol_versions(versions)
        .map_err(refused)?;
    let asks = !matches!(clients, Clients::Anyone);
    let builder = match clients {
        Clients::Anyone => builder.with_no_client_auth(),
        Clients::Certified(roots) => builder.with_client_cert_verifier(
            WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider())
                .build()
                .map_err(refused)?,
        ),
        Clients::Shown => builder.with_client_cert_verifier(Arc::new(AnyCertificate(provider()))),
        Clients::Checked(verifier) => builder.with_client_cert_verifier(verifier),
    };
    let mut config = builder
        .with_single_cert(identity.chain.clone(), identity.key.clone_key())
        .map_err(refused)?;
    // HTTP/1.1 alone: portals answer short pages, and HTTP/2's ways of keeping a server busy are not worth having.
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    if asks {
        // A resumed session is not checked again: a card revoked a minute ago would still come in.
        config.session_storage = Arc::new(NoServerSessionStorage {});
        config.send_tls13_tickets = 0;
    }
    Ok(Arc::new(config))
}

/// Takes every certificate whose key signs the handshake.
#[derive(Debug)]
struct AnyCertificate(Arc<CryptoProvider>);

impl ClientCertVerifier for AnyCertificate {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn client_auth_mandatory(&self) -> bool {
        false
    }

    fn verify_client_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: UnixTime,
    ) -> Result<ClientCertVerified, rustls::Error> {
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, certificate, signed, &self.0.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.0.signature_verification_algorithms.supported_schemes()
    }
}

/// A client's side of TLS: whom it believes, and who it is where the server asks.
///
/// # Errors
/// [`TlsError::Refused`]
pub fn client(believes: RootCertStore, identity: Option<&Identity>) -> Result<ClientConfig, TlsError> {
    let builder = ClientConfig::builder_with_provider(provider())
        .with_protocol_versions(&[&TLS13, &TLS12])
        .map_err(refused)?
        .with_root_certificates(believes);
    match identity {
        None => Ok(builder.with_no_client_auth()),
        Some(identity) => builder
            .with_client_auth_cert(identity.chain.clone(), identity.key.clone_key())
            .map_err(refused),
    }
}

fn refused(error: impl fmt::Display) -> TlsError {
    TlsError::Refused(error.to_string())
}
