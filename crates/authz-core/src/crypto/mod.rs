//! Verification keys: prepared once when a key arrives, used for every token it signed.
//!
//! What a key may be used for is settled here, before any signature is looked at: a key serves
//! one [`KeyFamily`], and exactly one [`Algorithm`] where its JWK names one. Weak keys never
//! become a [`VerificationKey`].

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
