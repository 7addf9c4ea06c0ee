//! Checks DPoP proofs: that the sender of a request holds the key that its token is bound to (RFC 9449).
//!
//! 1. [`proof`] reads the proof and checks it against the request and the token (section 4.3).
//! 2. [`htu`] compares the proof's address with that of the request.
//! 3. [`nonce`] makes and recognizes the server's nonces (sections 8 and 9).
//! 4. [`replay`] remembers proofs, so that each is accepted once (section 11.1).

mod checked_proof;
mod claims;
mod htu;
mod nonce;
mod proof;
mod public_url;
mod replay;
mod settings;

pub use self::{
    checked_proof::CheckedProof,
    nonce::{InvalidNonceKey, NonceKey},
    replay::{ProofId, ReplayError, ReplayStore},
    settings::{Dpop, DpopProofs},
};
pub(crate) use self::{
    proof::{DPOP_NONCE, Presented, Proof, ProofChecks},
    replay::Recording,
};
