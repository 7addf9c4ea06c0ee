use super::{Algorithm, KeyError, KeyMaterial};

/// Which implementation checks signatures. All of them decide alike; they differ in speed and in
/// what they need to be built.
///
/// ```
/// use authz_core::CryptoBackend;
///
/// // The fastest of those compiled in.
/// let backend = CryptoBackend::default();
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

impl CryptoBackend {
    pub(crate) fn prepare(
        self,
        material: &KeyMaterial,
        algorithm: Algorithm,
    ) -> Result<Box<dyn SignatureCheck>, KeyError> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::prepare(material, algorithm),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::prepare(material, algorithm),
        }
    }
}

impl Default for CryptoBackend {
    /// `AwsLcRs` where it is compiled in, else `RustCrypto`.
    #[cfg_attr(feature = "aws-lc-rs", allow(unreachable_code))]
    fn default() -> Self {
        #[cfg(feature = "aws-lc-rs")]
        return Self::AwsLcRs;
        #[cfg(feature = "rust-crypto")]
        return Self::RustCrypto;
    }
}

/// One key, parsed for one algorithm.
pub(crate) trait SignatureCheck: Send + Sync {
    /// Whether `signature`, in its JOSE form, is this key's over `message`.
    fn verify(&self, message: &[u8], signature: &[u8]) -> bool;
}
