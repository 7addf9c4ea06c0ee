//! Where verification keys come from.
//!
//! A [`JwksProvider`] has two sides, because a request whose key is known must not wait for
//! anything: [`lookup`](JwksProvider::lookup) answers from what is known now, and
//! [`refresh`](JwksProvider::refresh) waits for newer keys, for a token whose key is missing.
//!
//! | provider | for |
//! |---|---|
//! | [`RemoteJwks`] | an issuer's key set over HTTP, found by discovery or at a given address |
//! | [`StaticKeys`] | keys that are known at start: a JWK Set, PEM |
//! | [`SharedSecret`] | HS256 and its kin, which have to be asked for by name |
//!
//! Anything else (certificates by `kid`, a database, a hardware module) is a type of the user's
//! own that implements the trait.

mod combined;
mod fixed;
mod jwk;
mod key_set;
mod provider;
mod remote;

pub use crate::crypto::PemError;
pub(crate) use combined::CombinedKeys;
pub use fixed::{SharedSecret, StaticKeys};
pub use key_set::{KeySet, KeySetError, ParsedKeySet, SkippedKey};
pub use provider::{
    JwksProvider, KeyCandidates, KeyLookup, KeyStatus, MissingKeys, RefreshReason, UnknownKey,
};
#[cfg(feature = "reqwest")]
pub use remote::ReqwestFetcher;
pub(crate) use remote::{Address, UnknownKids};
pub use remote::{
    DiscoveryError, FetchError, FetchRequest, Fetched, Fetcher, KeysError, RefreshMode, RemoteJwks,
    RemoteJwksBuilder, RemoteJwksError,
};
