use std::{
    fmt,
    net::SocketAddr,
    sync::{Arc, OnceLock},
};

use bytes::Bytes;

use crate::crypto::CryptoBackend;

/// The certificate with which a client authenticated its TLS connection.
///
/// A TLS acceptor inserts it into the extensions of each request, only after the handshake has shown that
/// the client has the private key. Cloning is cheap.
///
/// ```
/// use authz_core::ClientCertificate;
///
/// fn insert<B>(request: &mut http::Request<B>, der: Vec<u8>) {
///     request.extensions_mut().insert(ClientCertificate::from_der(der));
/// }
/// ```
#[derive(Clone)]
pub struct ClientCertificate(Arc<CertificateContent>);

enum CertificateContent {
    Der {
        der: Bytes,
        /// Computed once for each connection, because its requests share it.
        sha256: OnceLock<[u8; 32]>,
    },
    Sha256([u8; 32]),
}

/// The address of a connection's other end, in the extensions of its requests.
///
/// For servers that have no such value of their own. The adapters also read axum's `ConnectInfo` and the
/// addresses of warp and poem.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct PeerAddress(pub SocketAddr);

impl ClientCertificate {
    /// Creates the certificate from its DER encoding (RFC 5280 section 4.1).
    #[must_use]
    pub fn from_der(der: impl Into<Bytes>) -> Self {
        Self(Arc::new(CertificateContent::Der {
            der: der.into(),
            sha256: OnceLock::new(),
        }))
    }

    /// Creates the certificate from the SHA-256 hash of its DER encoding, which is all that a bound token
    /// names (RFC 8705 section 3.1).
    #[must_use]
    pub fn from_sha256(sha256: [u8; 32]) -> Self {
        Self(Arc::new(CertificateContent::Sha256(sha256)))
    }

    /// Returns the DER encoding, or `None` if only the hash is known.
    #[must_use]
    pub fn der(&self) -> Option<&[u8]> {
        match &*self.0 {
            CertificateContent::Der { der, .. } => Some(der),
            CertificateContent::Sha256(_) => None,
        }
    }

    /// Returns the SHA-256 hash of the DER encoding.
    pub(crate) fn sha256(&self, backend: CryptoBackend) -> [u8; 32] {
        match &*self.0 {
            CertificateContent::Der { der, sha256 } => *sha256.get_or_init(|| backend.sha256(der)),
            CertificateContent::Sha256(sha256) => *sha256,
        }
    }
}

/// Omits the content, which may identify a person.
impl fmt::Debug for ClientCertificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ClientCertificate").finish_non_exhaustive()
    }
}
