use rustls::{
    DigitallySignedStruct, DistinguishedName, Error, SignatureScheme,
    client::danger::HandshakeSignatureValid,
    crypto::{
        CryptoProvider, WebPkiSupportedAlgorithms, verify_tls12_signature, verify_tls13_signature,
    },
    pki_types::{CertificateDer, UnixTime},
    server::{
        ParsedCertificate,
        danger::{ClientCertVerified, ClientCertVerifier},
    },
};

/// Accepts **any** client certificate, self-signed ones and expired ones too, and verifies only that the
/// client has its private key.
///
/// This is enough for tokens that are bound to a certificate (RFC 8705 section 3), because the issuer has
/// said in the token which certificate it must be.
///
/// It does **not** show who the client is. Names, issuer, validity and revocation of the certificate are
/// not checked, so anybody can make a certificate with any name in it. Never authorize a request by what
/// its certificate says. If clients must have a certificate of your own authority, use
/// [`TlsConfig::client_authorities_pem`](crate::TlsConfig::client_authorities_pem) or rustls's
/// `WebPkiClientVerifier`.
///
/// The certificate must be an X.509 certificate of version 3.
#[derive(Debug)]
pub struct AnyClientCertificate {
    mandatory: bool,
    algorithms: WebPkiSupportedAlgorithms,
}

impl AnyClientCertificate {
    /// Requests a certificate, and accepts clients without one.
    #[must_use]
    pub fn optional(provider: &CryptoProvider) -> Self {
        Self {
            mandatory: false,
            algorithms: provider.signature_verification_algorithms,
        }
    }

    /// Requests a certificate, and ends the handshake with clients that do not have one.
    #[must_use]
    pub fn required(provider: &CryptoProvider) -> Self {
        Self {
            mandatory: true,
            ..Self::optional(provider)
        }
    }
}

impl ClientCertVerifier for AnyClientCertificate {
    fn client_auth_mandatory(&self) -> bool {
        self.mandatory
    }

    /// Returns no names: clients may send any certificate.
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        &[]
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        ParsedCertificate::try_from(end_entity)?;
        Ok(ClientCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}
