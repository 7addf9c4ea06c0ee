use std::sync::Arc;

use rustls::{
    RootCertStore, ServerConfig,
    crypto::CryptoProvider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::{NoClientAuth, WebPkiClientVerifier, danger::ClientCertVerifier},
};

use crate::{
    error::{TlsError, TlsErrorKind},
    verifier::AnyClientCertificate,
};

/// Builds a rustls [`ServerConfig`] for HTTP/1.1 and HTTP/2, with the client certificates of an API.
///
/// ```no_run
/// use authz_rustls::{ClientAuth, TlsConfig};
///
/// # fn example() -> Result<(), Box<dyn std::error::Error>> {
/// let (chain, key) = (std::fs::read("chain.pem")?, std::fs::read("key.pem")?);
/// let config = TlsConfig::from_pem(&chain, &key)?
///     .client_auth(ClientAuth::Optional)
///     .build()?;
/// # Ok(())
/// # }
/// ```
///
/// Use a `ServerConfig` of your own for anything else, such as certificates that change at run time.
#[derive(Debug)]
#[must_use]
pub struct TlsConfig {
    chain: Vec<CertificateDer<'static>>,
    key: PrivateKeyDer<'static>,
    client_auth: ClientAuth,
    client_authorities: Option<RootCertStore>,
    provider: Option<Arc<CryptoProvider>>,
}

/// Whether the server requests a certificate from its clients.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum ClientAuth {
    /// Does not request a certificate.
    #[default]
    Off,
    /// Requests a certificate, and accepts clients without one.
    Optional,
    /// Ends the handshake with clients that do not have a certificate.
    Required,
}

impl TlsConfig {
    /// Creates the configuration from the server's certificate chain, its own certificate first, and the
    /// private key, both in PEM.
    ///
    /// # Errors
    ///
    /// Returns an error if one of them can't be parsed or is missing.
    pub fn from_pem(chain: &[u8], key: &[u8]) -> Result<Self, TlsError> {
        let kind = TlsErrorKind::PrivateKey;
        let key = PrivateKeyDer::from_pem_slice(key)
            .map_err(|error| TlsError::of(kind, "the server's private key", error))?;
        Ok(Self {
            chain: certificates(
                chain,
                TlsErrorKind::Certificate,
                "the server's certificate chain",
            )?,
            key,
            client_auth: ClientAuth::Off,
            client_authorities: None,
            provider: None,
        })
    }

    /// Sets whether clients send a certificate. Default: [`ClientAuth::Off`].
    ///
    /// Without [`client_authorities_pem`](Self::client_authorities_pem), **any** certificate is accepted, and
    /// only possession of its private key is verified: see [`AnyClientCertificate`] for what this does not
    /// prove.
    pub const fn client_auth(mut self, client_auth: ClientAuth) -> Self {
        self.client_auth = client_auth;
        self
    }

    /// Accepts only client certificates that one of these authorities has issued, directly or through
    /// intermediates that the client sends. They must be valid now. Revocation is not checked.
    ///
    /// # Errors
    ///
    /// Returns an error if `authorities` is not a list of certificates in PEM.
    pub fn client_authorities_pem(mut self, authorities: &[u8]) -> Result<Self, TlsError> {
        let (kind, what) = (
            TlsErrorKind::ClientAuthorities,
            "the authorities for clients",
        );
        let mut roots = RootCertStore::empty();
        for certificate in certificates(authorities, kind, what)? {
            roots
                .add(certificate)
                .map_err(|error| TlsError::of(kind, what, error))?;
        }
        self.client_authorities = Some(roots);
        Ok(self)
    }

    /// Sets the cryptography of TLS. Default: the provider that the process has installed, or AWS-LC with
    /// the feature `aws-lc-rs`.
    pub fn crypto_provider(mut self, provider: impl Into<Arc<CryptoProvider>>) -> Self {
        self.provider = Some(provider.into());
        self
    }

    /// Builds the configuration: TLS 1.3 and 1.2, HTTP/2 and HTTP/1.1 by ALPN.
    ///
    /// # Errors
    ///
    /// Returns an error if the private key does not fit the certificate, or if no cryptography provider is
    /// chosen.
    pub fn build(self) -> Result<Arc<ServerConfig>, TlsError> {
        let provider = self.provider.or_else(default_provider).ok_or_else(|| {
            TlsError::new(
                TlsErrorKind::CryptoProvider,
                "no cryptography provider for TLS: add `.crypto_provider(..)`, or enable the feature `aws-lc-rs`",
            )
        })?;
        let verifier = client_verifier(self.client_auth, self.client_authorities, &provider)?;
        let kind = TlsErrorKind::CryptoProvider;
        let mut config = ServerConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .map_err(|error| TlsError::of(kind, "the provider's protocol versions", error))?
            .with_client_cert_verifier(verifier)
            .with_single_cert(self.chain, self.key)
            .map_err(|error| {
                let kind = TlsErrorKind::PrivateKey;
                TlsError::of(kind, "the server's certificate and private key", error)
            })?;
        config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(Arc::new(config))
    }
}

fn client_verifier(
    client_auth: ClientAuth,
    authorities: Option<RootCertStore>,
    provider: &Arc<CryptoProvider>,
) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
    Ok(match (client_auth, authorities) {
        (ClientAuth::Off, _) => Arc::new(NoClientAuth),
        (ClientAuth::Optional, None) => Arc::new(AnyClientCertificate::optional(provider)),
        (ClientAuth::Required, None) => Arc::new(AnyClientCertificate::required(provider)),
        (client_auth, Some(roots)) => {
            let provider = Arc::clone(provider);
            let mut builder = WebPkiClientVerifier::builder_with_provider(roots.into(), provider);
            if client_auth == ClientAuth::Optional {
                builder = builder.allow_unauthenticated();
            }
            let kind = TlsErrorKind::ClientAuthorities;
            builder
                .build()
                .map_err(|error| TlsError::of(kind, "the authorities for clients", error))?
        }
    })
}

fn certificates(
    pem: &[u8],
    kind: TlsErrorKind,
    what: &str,
) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let parsed = CertificateDer::pem_slice_iter(pem).collect::<Result<Vec<_>, _>>();
    let certificates = parsed.map_err(|error| TlsError::of(kind, what, error))?;
    if certificates.is_empty() {
        return Err(TlsError::new(
            kind,
            format!("{what}: no certificate in PEM"),
        ));
    }
    Ok(certificates)
}

fn default_provider() -> Option<Arc<CryptoProvider>> {
    let installed = CryptoProvider::get_default().map(Arc::clone);
    #[cfg(feature = "aws-lc-rs")]
    return installed.or_else(|| Some(Arc::new(rustls::crypto::aws_lc_rs::default_provider())));
    #[cfg(not(feature = "aws-lc-rs"))]
    return installed;
}
