//! The client's certificate, to which a token may be bound (RFC 8705 section 3).
//!
//! It comes from one of two places:
//!
//! 1. The connection, if this server terminates TLS. Whatever accepts connections inserts a
//!    [`ClientCertificate`] into the extensions of each request.
//! 2. One header field, if a proxy terminates TLS: a [`ClientCertificateHeader`], which is read only if
//!    the connection's peer is one of the [`TrustedProxies`].
//!
//! ```
//! use authz_core::{Authorizer, ClientCertificateHeader, TrustedProxies};
//!
//! let builder = Authorizer::builder().client_certificate_from(
//!     ClientCertificateHeader::rfc9440(),
//!     TrustedProxies::new(["10.0.0.0/8", "::1"])?,
//! );
//! # Ok::<(), authz_core::InvalidNetwork>(())
//! ```
//!
//! A proxy must remove the header field from the requests of its clients, or replace it. Otherwise, a
//! client writes its own certificate, and certificates are not secret. The proxy must also make sure
//! that the client has the certificate's private key, which every TLS handshake with client
//! authentication does.
//!
//! Once a header is configured, a certificate of the connection from a trusted proxy is the proxy's own,
//! and one from an unknown peer may be. Neither counts as the client's.

mod certificate;
mod decode;
mod header;
mod mutual_tls;
mod source;
#[cfg(test)]
mod tests;
mod trusted_proxies;
mod xfcc;

pub use self::{
    certificate::{ClientCertificate, PeerAddress},
    header::ClientCertificateHeader,
    mutual_tls::MutualTls,
    trusted_proxies::{InvalidNetwork, TrustedProxies},
};
pub(crate) use self::{decode::MalformedCertificate, source::client_certificate};
