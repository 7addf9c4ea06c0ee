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

mod address;
mod candidates;
mod combined;
mod error;
mod fixed;
mod jwk;
mod key_set;
mod key_set_error;
mod provider;
mod remote;

#[cfg(feature = "reqwest")]
pub use remote::ReqwestFetcher;
pub(crate) use {address::Address, combined::CombinedKeys, remote::UnknownKids};
pub use {
    candidates::KeyCandidates,
    error::{KeysError, KeysErrorKind},
    fixed::{SharedSecret, StaticKeys},
    key_set::{KeySet, ParsedKeySet},
    key_set_error::{KeySetError, KeySetErrorKind, SkippedKey},
    provider::{JwksProvider, KeyLookup, KeyStatus, MissingKeys, RefreshReason, UnknownKey},
    remote::{
        FetchError, FetchErrorKind, FetchRequest, Fetched, Fetcher, RefreshMode, RemoteJwks,
        RemoteJwksBuilder, RemoteJwksError, RemoteJwksErrorKind,
    },
};
