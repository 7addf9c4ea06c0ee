//! Parses keys once and verifies signatures with them (RFC 7518, RFC 8037, RFC 9964).
//!
//! A key's use is fixed when it is parsed: it works with one [`KeyFamily`], and with one
//! [`Algorithm`] if its JWK names one. A weak key never becomes a [`VerificationKey`].

mod algorithm;
#[cfg(feature = "aws-lc-rs")]
mod aws_lc;
mod backend;
mod error;
mod key;
mod material;
pub(crate) mod pem;
#[cfg(feature = "rust-crypto")]
mod rust_crypto;
mod signature_check;

pub(crate) use algorithm::AlgorithmSet;
pub use algorithm::{Algorithm, KeyFamily, UnknownAlgorithm};
pub use backend::CryptoBackend;
pub use error::{KeyError, KeyErrorKind};
pub use key::VerificationKey;
pub(crate) use material::KeyMaterial;

#[cfg(not(any(feature = "aws-lc-rs", feature = "rust-crypto")))]
compile_error!(
    "authz-core needs a cryptography backend: enable the feature `aws-lc-rs` or `rust-crypto`"
);
