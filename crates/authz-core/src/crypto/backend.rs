use super::{
    algorithm::Algorithm, error::KeyError, material::KeyMaterial, signature_check::SignatureCheck,
};

/// The implementation that checks signatures. All of them decide alike; they differ in speed and in
/// what they need to be built.
///
/// AWS-LC is the default. RustCrypto is used only where it is chosen: a crate elsewhere in the
/// program that enables a feature of this one must not change what checks the signatures.
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

/// A key, parsed for every algorithm it may be used with.
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

    /// The backend of an authorizer for which none was chosen.
    pub(crate) const fn default_choice() -> Option<Self> {
        #[cfg(feature = "aws-lc-rs")]
        return Some(Self::AwsLcRs);
        #[cfg(not(feature = "aws-lc-rs"))]
        return None;
    }

    /// The backend that parses keys which no authorizer has yet.
    pub(crate) const fn fastest() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return Self::AwsLcRs;
        #[cfg(not(feature = "aws-lc-rs"))]
        return Self::RustCrypto;
    }

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
