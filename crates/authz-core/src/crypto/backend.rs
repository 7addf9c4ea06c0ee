use super::{
    algorithm::Algorithm, error::KeyError, material::KeyMaterial, signature_check::SignatureCheck,
};

/// The implementation that verifies signatures. All backends accept the same signatures. They
/// differ in speed and in what they need to build.
///
/// AWS-LC is the default. RustCrypto is used only if you choose it: a crate elsewhere in the
/// program that enables a feature must not change who verifies signatures.
///
/// ```
/// use authz_core::{Authorizer, CryptoBackend};
///
/// # #[cfg(feature = "rust-crypto")]
/// let builder = Authorizer::builder().crypto_backend(CryptoBackend::RustCrypto);
/// # assert!(!CryptoBackend::available().is_empty());
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum CryptoBackend {
    /// AWS-LC through `aws-lc-rs` (feature `aws-lc-rs`).
    #[cfg(feature = "aws-lc-rs")]
    AwsLcRs,
    /// The RustCrypto crates (feature `rust-crypto`).
    #[cfg(feature = "rust-crypto")]
    RustCrypto,
}

/// A key, parsed once for each algorithm that it may be used with.
pub(super) type Checks = Box<[(Algorithm, Box<dyn SignatureCheck>)]>;

impl CryptoBackend {
    /// Returns the backends that are compiled in, the fastest first.
    #[must_use]
    pub const fn available() -> &'static [Self] {
        &[
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs,
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto,
        ]
    }

    /// Returns the backend of an authorizer that does not choose one.
    pub(crate) const fn default_choice() -> Option<Self> {
        #[cfg(feature = "aws-lc-rs")]
        return Some(Self::AwsLcRs);
        #[cfg(not(feature = "aws-lc-rs"))]
        return None;
    }

    /// Returns the backend for keys that are parsed before an authorizer has them.
    pub(crate) const fn fastest() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return Self::AwsLcRs;
        #[cfg(not(feature = "aws-lc-rs"))]
        return Self::RustCrypto;
    }

    pub(crate) fn sha256(self, message: &[u8]) -> [u8; 32] {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::sha256(message),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::sha256(message),
        }
    }

    pub(crate) fn hmac_sha256(self, key: &[u8; 32], message: &[u8]) -> [u8; 32] {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::hmac_sha256(key, message),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::hmac_sha256(key, message),
        }
    }

    /// Parses a key for each of `algorithms`.
    pub(super) fn prepare(
        self,
        material: &KeyMaterial,
        algorithms: impl Iterator<Item = Algorithm>,
    ) -> Result<Checks, KeyError> {
        let prepare = match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::prepare,
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::prepare,
        };
        algorithms
            .map(|algorithm| Ok((algorithm, prepare(material, algorithm)?)))
            .collect()
    }
}
